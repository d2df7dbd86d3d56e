"""The names that review files have. Light to import, so that definitions load quickly."""

ZIP = "zip"
FOLDER = "folder"
"""What the format of a folder of texts is called, which no name tells."""
TEXT = ("csv", "tsv", "txt", "jsonl", "ndjson", "json", "pos", "neg")
"""The endings of text."""
_BINARY = ("parquet", "arrow", "feather", "xlsx", "xls", "ods")
_COMPRESSIONS = ("gz", "bz2", "xz", "zst")


def format_of(file_name: str) -> tuple[str, str]:
    """Format and compression, told by the name's endings; an empty format for a name that is no review file's.

    The format ``zip`` is that of an archive, whose one file has a format of its own.
    """
    endings = file_name.lower().rsplit("/", 1)[-1].split(".")[1:]
    compression = endings.pop() if endings and endings[-1] in _COMPRESSIONS else ""
    return endings[-1] if endings and endings[-1] in (*TEXT, *_BINARY, ZIP) else "", compression


def known_formats() -> str:
    """The endings of review files, for messages and documentation."""
    formats, compressions = ([f".{each}" for each in endings] for endings in ((*TEXT, *_BINARY), _COMPRESSIONS))
    return f"{', '.join(formats)}, each also with {', '.join(compressions)}, or in a .{ZIP} by itself"
