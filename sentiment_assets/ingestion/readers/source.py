"""What a reader is given and what it gives: the bytes of a file with what is known of it, and numbered raw rows."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from sentiment_assets.ingestion.decoding import decode, proposed_encoding
from sentiment_assets.ingestion.settings import FormatSettings

MEGABYTE = 1024 * 1024
LINES, LINES_OF_HEADER, LINES_IN_FIELDS, LINES_PASSED_OVER = (
    "lines",
    "lines_of_header",
    "lines_in_fields",
    "lines_passed_over",
)
COUNTED = (LINES, LINES_OF_HEADER, LINES_IN_FIELDS, LINES_PASSED_OVER)
"""What a reader counts apart from its rows: the lines, or what the file says are rows, and those that begin none."""
LONGEST_RECORD = "longest_record"
"""The most lines that a record has, and the line on which it begins: a quote that is not closed swallows many."""
ENCODING_PROPOSED = "encoding_proposed"
"""What is found about a text of another encoding than that which was declared."""


class RawRow(NamedTuple):  # a frozen dataclass takes three times as long to make, for every row
    """A row as the file has it, or what kept it from being read."""

    number: int
    """The line it begins on (delimited text, JSON Lines) or its position from 1 (JSON array, Parquet, spreadsheet)."""
    values: Mapping[str, object]
    """The values by column name, which is never empty; ``line`` holds what stood there if it could not be read."""
    problem: str | None = None


class UnreadableFile(ValueError):
    """A file that fails as a whole; the message says why and what to do."""


@dataclass(frozen=True)
class Source:
    """A file without its compression, and what the branch says of it."""

    content: bytes
    encoding: str
    """That of text without a byte order mark."""
    allowed: int
    """The most bytes that it may expand to."""
    packed: int
    """The bytes that it had with its compression."""
    format: FormatSettings
    wanted: Collection[str] = ()
    """The columns that the branch names: a header that has them was split the right way."""
    found: dict[str, object] = field(default_factory=dict)
    """What is found out while the file is read, for people to see."""

    def text(self) -> str:
        """The content as text; what cannot be decoded stays visible in its row. Raises ``UnreadableFile``."""
        text, used = decode(self.content, self.encoding)
        self.found["encoding"] = used
        self._propose_another_encoding(text)
        beginning = text[:1000]
        if beginning.count("\x00") > len(beginning) // 5:
            raise UnreadableFile(
                f"it is full of NUL characters when read as {used}: it looks like UTF-16 without a byte order "
                "mark, or like no text at all; if it is text, set `encoding` to utf-16-le or utf-16-be"
            )
        return text

    def _propose_another_encoding(self, text: str) -> None:
        try:
            text.encode()
        except UnicodeEncodeError:
            name, sample = proposed_encoding(self.content)
            if name:
                self.found[ENCODING_PROPOSED] = (
                    f"it may be written in {name}, by which it reads {sample!r}; if that is right, set "
                    f"`encoding: {name}`"
                )


def require_bounded(size: int, source: Source) -> None:
    """Raise ``UnreadableFile`` when a file expands to more than it may."""
    if size > source.allowed:
        raise too_large(source.packed, source.allowed)


def too_large(packed: int, allowed: int) -> UnreadableFile:
    """The error of a file that expands without end."""
    return UnreadableFile(
        f"its {packed:,} bytes expand to more than {allowed:,}, and no file of reviews should; if this one "
        "is meant to, unpack it first, or raise `unpacking` in the branch's YAML"
    )


def column_names(written: Collection[str]) -> list[str]:
    """A name for each column: a file may leave one out, or use it twice; the first that has it keeps it."""
    names: dict[str, None] = {}
    for place, name in enumerate(written, start=1):
        names[_unnamed(place) if not name or name in names else name] = None
    return list(names)


def all_named(values: Mapping[str, object]) -> Mapping[str, object]:
    """The same row, with a name for a column that has none."""
    if "" not in values:
        return values
    return {name or _unnamed(place): value for place, (name, value) in enumerate(values.items(), start=1)}


def _unnamed(place: int) -> str:
    return f"column {place}"
