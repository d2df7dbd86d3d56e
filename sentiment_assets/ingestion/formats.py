"""The names that review files have. Light to import, so that definitions load quickly."""

FORMATS = ("csv", "tsv", "jsonl", "ndjson", "json", "parquet")
COMPRESSIONS = ("gz", "zst")


def format_of(file_name: str) -> tuple[str, str]:
    """Format and compression, told by the name's endings; an empty format for a name that is no review file's."""
    endings = file_name.lower().rsplit("/", 1)[-1].split(".")[1:]
    compression = endings.pop() if endings and endings[-1] in COMPRESSIONS else ""
    return endings[-1] if endings and endings[-1] in FORMATS else "", compression


def known_formats() -> str:
    """The endings of review files, for messages and documentation."""
    formats, compressions = ([f".{each}" for each in endings] for endings in (FORMATS, COMPRESSIONS))
    return f"{', '.join(formats)}, each also with {' or '.join(compressions)}"
