"""Delimited text: one record a line unless a quoted field holds line ends. What the branch does not say is found."""

import csv
import re
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from operator import itemgetter
from typing import NamedTuple

from sentiment_assets.ingestion.csv_escaping import is_protected, unprotected
from sentiment_assets.ingestion.readers.source import (
    LINES,
    LINES_IN_FIELDS,
    LINES_OF_HEADER,
    LINES_PASSED_OVER,
    LONGEST_RECORD,
    RawRow,
    Source,
    column_names,
)
from sentiment_assets.ingestion.readers.unpacking import MEGABYTE, UnreadableFile
from sentiment_assets.ingestion.settings import FormatSettings

_LARGEST_FIELD = 4 * MEGABYTE
DELIMITERS = (",", ";", "\t", "|")
"""What fields may be parted by where neither the branch nor the file says so."""
_LINES_LOOKED_AT = 100
_EXCEL_SEPARATOR = re.compile(r"\"?sep=(.)\"?\s*", re.IGNORECASE)


def read_delimited(source: Source, usual: str) -> Iterator[RawRow]:
    """The rows of a delimited text; ``usual`` is the delimiter that the file's name suggests."""
    with source.text(newline="") as text:
        yield from _read(text, source, usual)


def _read(text: Iterator[str], source: Source, usual: str) -> Iterator[RawRow]:
    beginning = list(islice(text, _LINES_LOOKED_AT))
    says_delimiter = None if source.format.names else _EXCEL_SEPARATOR.fullmatch("".join(beginning[:1]))
    first = beginning[1:] if says_delimiter else beginning
    delimiter = source.format.delimiter or (
        says_delimiter[1] if says_delimiter else _delimiter_of(first, source, usual)
    )
    lines = _Lines(chain(first, text), source.format.ignore_from, passed_over=int(says_delimiter is not None))
    records = _Records(lines, delimiter, source.format)
    names, protected = _header(records, source.format)
    one_more = _each_ends_in_a_delimiter(_first_records(first, delimiter, source.format), len(names), source.format)
    for record in records:
        if one_more and record.problem is None and len(record.fields) == len(names) + 1 and not record.fields[-1]:
            record.fields.pop()
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
            "delimiter": delimiter,
            "quoting": source.format.quoting,
            LINES: lines.count,
            LINES_OF_HEADER: int(not source.format.names),
            LINES_IN_FIELDS: records.lines_in_fields,
            LINES_PASSED_OVER: records.lines_blank + lines.passed_over,
            LONGEST_RECORD: list(records.longest),
        }
    )


def _delimiter_of(lines: Sequence[str], source: Source, usual: str) -> str:
    """The delimiter by the header, or by how the first lines fall apart.

    A header that one delimiter alone parts, or that has the columns which the branch names, decides. Otherwise it is
    the one by which the most lines have as many fields as the first, or as the branch names columns.
    """
    beginnings = {each: _first_records(lines, each, source.format) for each in dict.fromkeys((usual, *DELIMITERS))}
    if source.format.names:
        columns = len(source.format.names)
        return max(beginnings, key=lambda each: _parts_into(beginnings[each], columns))
    headers = {each: {name.strip() for name in records[0]} for each, records in beginnings.items() if records}
    having = {each: len(set(source.wanted) & names) for each, names in headers.items()}
    most = max(having.values(), default=0)
    parting = [each for each, names in headers.items() if len(names) > 1 or (most and having[each] == most)]
    if len(parting) <= 1:
        return parting[0] if parting else usual
    best = [each for each in parting if having[each] == most]
    return max(best, key=lambda each: _parts_into(beginnings[each], len(beginnings[each][0])))


def _parts_into(records: Sequence[Sequence[str]], columns: int) -> float:
    """How well a delimiter parts records: by the share that has so many fields, so that no broken one decides.

    It is twice the share where no blank follows a delimiter, as one follows the commas of a text.
    """
    fitting = [fields for fields in records if len(fields) == columns]
    without_blank = sum(not field.startswith(" ") for fields in fitting for field in fields[1:])
    after = max(sum(len(fields) - 1 for fields in fitting), 1)
    return len(fitting) / max(len(records), 1) * (1 + without_blank / after)


def _first_records(lines: Sequence[str], delimiter: str, form: FormatSettings) -> list[list[str]]:
    """The fields of the first records; the last may go on beyond the lines that are looked at."""
    records = [record.fields for record in _Records(_Lines(iter(lines), form.ignore_from), delimiter, form)]
    return records[:-1] if len(lines) >= _LINES_LOOKED_AT - 1 else records


def _each_ends_in_a_delimiter(records: Sequence[Sequence[str]], columns: int, form: FormatSettings) -> bool:
    """Whether each line that is looked at has one field more than there are columns, and nothing in it."""
    rows = records if form.names else records[1:]
    return bool(rows) and all(len(fields) == columns + 1 and not fields[-1] for fields in rows)


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


class _Lines(Iterator[str]):
    """Lines that are remembered until the record that they belong to has been read, so that they can be read again."""

    def __init__(self, lines: Iterator[str], ignore_from: str | None, passed_over: int = 0) -> None:
        self.count = self.passed_over = passed_over
        self.begins = 0
        """The number of the line on which the record begins."""
        self._of_record: list[str] = []
        self._lines, self._ignore_from = lines, ignore_from
        self._again = deque[str]()

    def __next__(self) -> str:
        line = self._next()
        while not self._of_record and self._ignore_from and line.startswith(self._ignore_from):
            self.passed_over += 1  # before a quote in it could make it the beginning of a record
            line = self._next()
        if not self._of_record:
            self.begins = self.count - len(self._again)
        self._of_record.append(line)
        return line

    def _next(self) -> str:
        if self._again:
            return self._again.popleft()
        line = next(self._lines)
        self.count += 1
        return line

    def end_record(self) -> int:
        """How many lines the record had."""
        count = len(self._of_record)
        self._of_record.clear()
        return count

    def go_back(self) -> str:
        """The line that the record begins with; those after it are read once more."""
        first, *rest = self._of_record
        self._again.extendleft(reversed(rest))
        self._of_record.clear()
        return first


class _Records(Iterator[_Record]):
    """The file's records but the blank ones; after one that is not valid, reading goes on with the next line."""

    def __init__(self, lines: _Lines, delimiter: str, form: FormatSettings) -> None:
        self.lines_in_fields = self.lines_blank = 0
        self.longest = (0, 0)
        """The most lines of a record, and the line on which it begins."""
        self._lines, self._form, self._delimiter = lines, form, delimiter
        self._records = self._read()

    def __next__(self) -> _Record:
        return next(self._records)

    def _read(self) -> Iterator[_Record]:
        csv.field_size_limit(_LARGEST_FIELD)
        while True:
            reader = csv.reader(
                self._lines,
                delimiter=self._delimiter,
                quoting=csv.QUOTE_NONE if self._form.quoting == "none" else csv.QUOTE_MINIMAL,
                escapechar=self._form.escape,
                strict=True,
            )
            try:
                for fields in reader:
                    number, lines = self._lines.begins, self._lines.end_record()
                    if fields:
                        self.lines_in_fields += lines - 1
                        self.longest = max(self.longest, (lines, number), key=itemgetter(0))
                        yield _Record(number, fields)
                    else:
                        self.lines_blank += lines
                return
            except csv.Error as error:
                yield _Record(
                    self._lines.begins,
                    [self._lines.go_back().rstrip("\r\n")],
                    f"cannot be read ({error}); put the field in double quotes and double the quotes inside it",
                )
