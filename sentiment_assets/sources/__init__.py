"""Sources: reviews are pulled from where a vendor keeps them into the landing place, each of them once."""
