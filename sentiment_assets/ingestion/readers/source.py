"""What a reader is given and what it gives: the bytes of a file with what is known of it, and numbered raw rows."""

import codecs
import io
import re
import string
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from sentiment_assets.ingestion.decoding import ESCAPING, encoding_of, proposed_encoding
from sentiment_assets.ingestion.readers.unpacking import MEGABYTE, PackedFile, UnreadableFile
from sentiment_assets.ingestion.settings import FormatSettings

_LOOKED_AT = 16 * MEGABYTE
_BEGINNING = 1000
_OF_NO_TEXT = re.compile(r"[\x00-\x08\x0e-\x1f]")
_SWITCHES_OF_ISO_2022 = re.compile(r"\x1b(?:\$(?:[@B]|\([DO-Q])|\([IJ]|\$(\)C))")
"""Japanese and Korean mail programs write seven bits: what reads as ASCII is no text before it is switched."""
_OF_NO_WIDTH = f"{string.whitespace}\u00a0\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
_BREAK = re.compile(r"[^\S ]+")
"""White space that is no plain blank: a line that somebody broke in a cell, or a blank that must not be broken."""
LINES, LINES_OF_HEADER, LINES_IN_FIELDS, LINES_PASSED_OVER = (
    "lines",
    "lines_of_header",
    "lines_in_fields",
    "lines_passed_over",
)
FILES = "files"
"""How many files a folder of texts has, which are its lines then."""
COUNTED = (LINES, LINES_OF_HEADER, LINES_IN_FIELDS, LINES_PASSED_OVER, FILES)
"""What a reader counts apart from its rows: the lines, or what the file says are rows, and those that begin none."""
ABOVE_HEADER = "above_header"
"""What stands in the rows above the header, which are passed over, and which row the header is."""
LONGEST_RECORD = "longest_record"
"""The most lines that a record has, and the line on which it begins: a quote that is not closed swallows many."""
ENCODING_PROPOSED = "encoding_proposed"
"""What is found about a text of another encoding than that which was declared."""
_UTF_8_ALL_THE_SAME = (
    "every byte of it reads as utf-8, too, which hardly happens by chance; if letters look wrong, land it with a byte "
    "order mark, or set `encoding: utf-8`"
)
SHAPE = "shape"
"""How the rows stand in the file, where its format has several ways."""
LIST_AT = "list at "
"""What the shape of a JSON file begins with whose rows are a list in an object; the way to it follows."""
SHAPE_PROPOSED = "shape_proposed"
"""What is found about a plain text whose first line names no column that is looked for."""
NOT_READ = "not_read"
"""The files of a folder that are no reviews."""

REPEATS_THE_HEADER = "repeats the header, as where files are put one behind the other; it holds no review"
"""What is the matter with a row that has the names of the columns again."""
CLASS_NAMES = "class_names"
"""The names that the file itself has for the numbers of a column, from 0 on, by the column's name."""


class RawRow(NamedTuple):  # a frozen dataclass takes three times as long to make, for every row
    """A row as the file has it, or what kept it from being read."""

    number: int
    """The line it begins on (delimited text, JSON Lines) or its position from 1 (JSON array, Parquet, spreadsheet)."""
    values: Mapping[str, object]
    """The values by column name, which is never empty; ``line`` holds what stood there if it could not be read."""
    problem: str | None = None


class SeveralInOne(UnreadableFile):
    """A file that holds several lists or sheets, of which a setting must name one."""

    def __init__(self, message: str, setting: str, names: Collection[str]) -> None:
        super().__init__(message)
        self.setting = setting
        """``records`` or ``sheet``, of ``FormatSettings``."""
        self.names = tuple(names)


class InAnotherEncoding(UnreadableFile):
    """A text that cannot be in the encoding by which it was read."""

    def __init__(self, fault: "FaultOfText") -> None:
        super().__init__(f"it {fault.said}")
        self.encodings = fault.encodings
        """Encodings that it may be in."""


@dataclass(frozen=True)
class Source:
    """A file, and what the branch says of it."""

    file: PackedFile
    encoding: str
    """The encoding of text without a byte order mark."""
    format: FormatSettings
    wanted: Collection[str] = ()
    """The columns that the branch names: a header that has them was split the right way."""
    name: str = ""
    """The file's own name, in an archive perhaps."""
    found: dict[str, object] = field(default_factory=dict)
    """What is found out while the file is read, for people to see."""
    named: list[str] = field(default_factory=list)
    """The columns that a header names, noted when it is read: they are all there is to know of a file without rows."""

    def text(self, newline: str | None) -> io.TextIOWrapper:
        """The text as a stream; ``newline`` says where its lines end, as in ``open``. Raises ``UnreadableFile``.

        What cannot be decoded stays visible in its row.
        """
        with self.file.opened() as stream:
            used, mark = encoding_of(stream.read(4), self.encoding)
        self.found["encoding"] = used
        with self._decoded(used, mark, newline) as text:
            if fault := fault_of_text(text.read(MEGABYTE), used):
                raise InAnotherEncoding(fault)
        if not self._is_in(used):
            self._propose_another_encoding()
        elif not used.startswith("utf") and self._is_in("utf-8") and not self._is_in("ascii"):
            self.found[ENCODING_PROPOSED] = _UTF_8_ALL_THE_SAME
        return self._decoded(used, mark, newline)

    def _decoded(self, encoding: str, mark: int, newline: str | None) -> io.TextIOWrapper:
        stream = self.file.opened()
        stream.read(mark)
        return io.TextIOWrapper(stream, encoding, ESCAPING, newline)

    def _is_in(self, encoding: str) -> bool:
        """Whether every byte is text in an encoding."""
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            with self.file.opened() as stream:
                while piece := stream.read(MEGABYTE):
                    decoder.decode(piece)
                decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
        return True

    def _propose_another_encoding(self) -> None:
        with self.file.opened() as stream:
            self.found.update(proposal_of_encoding(stream.read(_LOOKED_AT)))


@dataclass(frozen=True)
class FaultOfText:
    """Why a text cannot be in the encoding by which it was read."""

    said: str
    """The end of a sentence, with what to do."""
    encodings: tuple[str, ...]
    """Encodings that it may be in."""


def fault_of_text(text: str, encoding: str) -> FaultOfText | None:
    """What shows in a text, or its beginning, that it cannot be one in this encoding; ``None`` if nothing does."""
    beginning = text[:_BEGINNING]
    of_no_text = len(_OF_NO_TEXT.findall(beginning))  # Cyrillic letters in UTF-16 have others than NUL
    if "\x00" in beginning and of_no_text > len(beginning) // 5:
        return FaultOfText(
            f"is full of NUL characters when read as {encoding}: it looks like UTF-16 without a byte order mark, or "
            "like no text at all; if it is text, set `encoding` to utf-16-le or utf-16-be",
            ("utf-16-le", "utf-16-be"),
        )
    if text.isascii() and (switches := _SWITCHES_OF_ISO_2022.search(text)):
        name = "iso2022_kr" if switches[1] else "iso2022_jp_ext"
        said = f"switches between sets of characters as ISO 2022 does, and not as {encoding}: set `encoding` to {name}"
        return FaultOfText(said, (name,))
    return None


def proposal_of_encoding(content: bytes) -> dict[str, object]:
    """What ``found`` says of the encoding of bytes that are not in the declared one; nothing if none is likely."""
    name, sample = proposed_encoding(content)
    if not name:
        return {}
    said = f"it may be written in {name}, by which it reads {sample!r}; if that is right, set `encoding: {name}`"
    return {ENCODING_PROPOSED: said}


def encoding_in(proposal: str) -> str:
    """The encoding that a proposal of ``ENCODING_PROPOSED`` names; empty if there is none."""
    return proposal.rpartition("`encoding: ")[2].rstrip("`")


def classes_of(found: Mapping[str, object], column: str) -> tuple[str, ...]:
    """The names that a file has for the numbers of a column, by what was ``found`` about it; mostly none."""
    classes = found.get(CLASS_NAMES)
    return tuple(classes.get(column, ())) if isinstance(classes, dict) else ()


def way_to_rows(found: Mapping[str, object]) -> str:
    """The way to the list that holds the rows of a JSON file, by what was ``found``; empty if there is none."""
    way = str(found.get(SHAPE, ""))
    return way.removeprefix(LIST_AT) if way.startswith(LIST_AT) else ""


def plain_name(written: str) -> str:
    """The name of a column as people see it: without blanks and characters of no width around it, on one line."""
    parts = map(str.strip, _BREAK.split(written.strip(_OF_NO_WIDTH)))
    return " ".join(filter(None, parts))


def column_names(written: Collection[str]) -> list[str]:
    """A name for each column: a file may leave one out, or use it twice; the first that has it keeps it."""
    names: dict[str, None] = {}
    taken = set(written)
    for place, name in enumerate(written, start=1):
        names[_unnamed(place, taken) if not name or name in names else name] = None
    return list(names)


def all_named(values: Mapping[str, object]) -> Mapping[str, object]:
    """The same row, with a name for a column that has none."""
    if "" not in values:
        return values
    return {name or _unnamed(place, values): value for place, (name, value) in enumerate(values.items(), start=1)}


def _unnamed(place: int, taken: Collection[str]) -> str:
    name = f"column {place}"
    while name in taken:
        name += "'"
    return name
