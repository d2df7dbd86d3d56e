"""Delimited text: one record a line unless a quoted field holds line ends. What the branch does not say is found."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from sentiment_assets.ingestion.csv_escaping import is_protected, unprotected
from sentiment_assets.ingestion.readers.source import (
    LINES,
    LINES_IN_FIELDS,
    LINES_OF_HEADER,
    LINES_PASSED_OVER,
    LONGEST_RECORD,
    MEGABYTE,
    RawRow,
    Source,
    UnreadableFile,
    column_names,
)
from sentiment_assets.ingestion.settings import FormatSettings

_LARGEST_FIELD = 4 * MEGABYTE
_DELIMITERS = (",", ";", "\t", "|")
_LINES_LOOKED_AT = 100
_EXCEL_SEPARATOR = re.compile(r"\"?sep=(.)\"?\s*", re.IGNORECASE)


def read_delimited(source: Source, usual: str) -> Iterator[RawRow]:
    """The rows of a delimited text; ``usual`` is the delimiter that the file's name suggests."""
    lines = io.StringIO(source.text(), newline="").readlines()
    skipped = _before_the_header(lines, source.format)
    delimiter = source.format.delimiter or _delimiter_of(lines, skipped, source, usual)
    source.found.update({"delimiter": delimiter, "quoting": source.format.quoting, LINES: len(lines)})
    records = _Records(lines, delimiter, source.format, skipped)
    names, protected = _header(records, source.format)
    source.found[LINES_OF_HEADER] = int(not source.format.names)
    for record in records:
        if record.problem is None and len(record.fields) == len(names) + 1 and not record.fields[-1]:
            record.fields.pop()  # the line ends in a delimiter, and the header does not
        if record.problem is None and len(record.fields) == len(names):
            for place in protected:
                record.fields[place] = unprotected(record.fields[place])
            yield RawRow(record.number, dict(zip(names, record.fields, strict=True)))
        else:
            problem = record.problem or (
                f"has {len(record.fields)} fields where the header has {len(names)}; "
                "quote fields that hold the delimiter"
            )
            yield RawRow(record.number, {"line": delimiter.join(record.fields)}, problem)
    source.found.update(
        {
            LINES_IN_FIELDS: records.lines_in_fields,
            LINES_PASSED_OVER: records.lines_passed_over + skipped,
            LONGEST_RECORD: list(records.longest),
        }
    )


def _before_the_header(lines: Sequence[str], form: FormatSettings) -> int:
    """How many lines stand before the header and say nothing: Excel's ``sep=`` line."""
    return int(bool(lines) and not form.names and _EXCEL_SEPARATOR.fullmatch(lines[0]) is not None)


def _delimiter_of(lines: Sequence[str], skipped: int, source: Source, usual: str) -> str:
    """The delimiter by Excel's ``sep=`` line, by the header, or by how the first lines fall apart.

    A header that one delimiter alone parts, or that has the columns which the branch names, decides. Otherwise it is
    the one delimiter by which every line has as many fields as the first.
    """
    if skipped and (said := _EXCEL_SEPARATOR.fullmatch(lines[0])):
        return said[1]
    beginnings = {
        each: [record.fields for record in islice(_Records(lines, each, source.format, skipped), _LINES_LOOKED_AT)]
        for each in dict.fromkeys((usual, *_DELIMITERS))
    }
    parting = [each for each, records in beginnings.items() if records and len(records[0]) > 1]
    if len(parting) <= 1:
        return parting[0] if parting else usual
    wanted = set(source.wanted)
    having = {each: len(wanted & {name.strip() for name in beginnings[each][0]}) for each in parting}
    best = [each for each in parting if having[each] == max(having.values())]
    even = [each for each in best if len({len(fields) for fields in beginnings[each]}) == 1]
    return (even or best)[0]


def _header(records: "_Records", form: FormatSettings) -> tuple[list[str], list[int]]:
    """The columns' names, and the places of those that are protected from spreadsheets."""
    if form.names:
        return column_names(form.names), []
    header = next(records, None)
    if header is None:
        raise UnreadableFile("it holds blank lines only; the first line must name the columns")
    if header.problem:
        raise UnreadableFile(f"its header cannot be read: {header.problem}")
    written = [name.strip() for name in header.fields]
    protected = [place for place, name in enumerate(written) if is_protected(name)]
    return column_names(
        [unprotected(name) if place in protected else name for place, name in enumerate(written)]
    ), protected


class _Record(NamedTuple):
    number: int
    fields: list[str]
    problem: str | None = None


class _Records(Iterator[_Record]):
    """The file's records but the blank ones; after one that is not valid, reading goes on with the next line."""

    def __init__(self, lines: Sequence[str], delimiter: str, form: FormatSettings, skipped: int) -> None:
        self.lines_in_fields = self.lines_passed_over = 0
        self.longest = (0, 0)
        """The most lines of a record, and the line on which it begins."""
        self._lines, self._delimiter, self._form = lines, delimiter, form
        self._records = self._read(skipped)

    def __next__(self) -> _Record:
        return next(self._records)

    def _read(self, position: int) -> Iterator[_Record]:
        csv.field_size_limit(_LARGEST_FIELD)
        comment = self._form.comment
        while position < len(self._lines):
            rest = (self._lines[index] for index in range(position, len(self._lines)))
            reader = csv.reader(
                rest,
                delimiter=self._delimiter,
                quoting=csv.QUOTE_NONE if self._form.quoting == "none" else csv.QUOTE_MINIMAL,
                escapechar=self._form.escape,
                strict=True,
            )
            consumed = 0
            try:
                for fields in reader:
                    number, lines = position + consumed + 1, reader.line_num - consumed
                    consumed = reader.line_num
                    if not fields or (comment and self._lines[number - 1].startswith(comment)):
                        self.lines_passed_over += lines
                        continue
                    if lines > 1:
                        self.lines_in_fields += lines - 1
                    self.longest = max(self.longest, (lines, number), key=lambda longest: longest[0])
                    yield _Record(number, fields)
                return
            except csv.Error as error:
                broken = position + consumed
                yield _Record(
                    broken + 1,
                    [self._lines[broken].rstrip("\r\n")],
                    f"cannot be read ({error}); put the field in double quotes and double the quotes inside it",
                )
                position = broken + 1
