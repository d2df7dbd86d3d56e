"""The commands of ``sentiment-assets``, one file per command: what each does once the command line is understood."""
