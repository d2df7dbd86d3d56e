"""The way from the bytes of a landed file to a batch of reviews and a table of quarantined rows. Pure Python."""
