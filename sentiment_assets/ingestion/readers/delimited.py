"""Delimited text: one record a line unless a quoted field holds line ends. What the branch does not say is found."""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from sentiment_assets.ingestion.csv_escaping import is_protected, unprotected
from sentiment_assets.ingestion.readers.header import no_such_row, place_of_header, said_of_rows_above
from sentiment_assets.ingestion.readers.source import (
    ABOVE_HEADER,
    LINES,
    LINES_IN_FIELDS,
    LINES_OF_HEADER,
    LINES_PASSED_OVER,
    LONGEST_RECORD,
    REPEATS_THE_HEADER,
    RawRow,
    Source,
    column_names,
    plain_name,
)
from sentiment_assets.ingestion.readers.unpacking import MEGABYTE, UnreadableFile
from sentiment_assets.ingestion.settings import FormatSettings

_LARGEST_FIELD = 4 * MEGABYTE
DELIMITERS = (",", ";", "\t", "|")
"""What fields may be parted by where neither the branch nor the file says so."""
RARE_DELIMITERS = ("^", "~", "\x01")
"""What they may be parted by where none of the usual ones parts the header."""
_NUMBER = re.compile(r"(?i:id|number|nummer|(?:\b|_)(?:nr|no|num|index|row|key))$|[a-z](?:Nr|No|Num|Index)$|^#$")
_LINES_LOOKED_AT = 100
_LINES_AT_ONCE = 1000
_EXCEL_SEPARATOR = re.compile(r"\"?sep=(.)\"?\s*", re.IGNORECASE)


def read_delimited(source: Source, usual: str) -> Iterator[RawRow]:
    """The rows of a delimited text; ``usual`` is the delimiter that the file's name suggests."""
    with source.text(newline="") as text:
        yield from _read(text, source, usual)


def _read(text: Iterator[str], source: Source, usual: str) -> Iterator[RawRow]:
    beginning = list(islice(text, _LINES_LOOKED_AT))
    if not source.format.names and _is_json(beginning):
        raise UnreadableFile("it is JSON, and no delimited text: land it by a name that ends in .jsonl or .json")
    says_delimiter = None if source.format.names else _EXCEL_SEPARATOR.fullmatch("".join(beginning[:1]))
    first = beginning[1:] if says_delimiter else beginning
    delimiter = source.format.delimiter or (
        says_delimiter[1] if says_delimiter else _delimiter_of(first, source, usual)
    )
    lines_of_excel = int(says_delimiter is not None)
    padded = _has_blanks_before_quotes(first, delimiter, source.format)
    records = _Records(chain(first, text), delimiter, source.format, first_line=1 + lines_of_excel, padded=padded)
    looked_at = _first_records(first, delimiter, source.format, padded=padded)
    above: list[list[str]] = []
    if source.format.names:
        names, protected, header = column_names(source.format.names), list[int](), None
    else:
        above, header = _down_to_header(iter(records), looked_at, source)
        names, protected = _header(header)
        source.named.extend(names)
        looked_at = looked_at[len(above) + 1 :]
    one_more = _each_ends_in_a_delimiter(looked_at, len(names))
    if not source.format.names and _have_names_of_r(first, looked_at, names, delimiter):
        names, protected = column_names(["", *names]), [place + 1 for place in protected]
    columns = len(names)
    repeated = header[1] if header and columns > 1 else None
    for number, fields, fault in records:
        if one_more and not fault and len(fields) == columns + 1 and not fields[-1]:
            fields.pop()
        if fields == repeated:
            yield RawRow(number, {"line": delimiter.join(fields)}, REPEATS_THE_HEADER)
        elif not fault and len(fields) == columns:
            for place in protected:
                fields[place] = unprotected(fields[place])
            yield RawRow(number, dict(zip(names, fields, strict=True)))
        else:
            problem = fault or (
                f"has {len(fields)} fields where the header has {columns}; quote fields that hold the delimiter"
            )
            yield RawRow(number, {"line": delimiter.join(fields)}, problem)
    source.found.update(
        {
            "delimiter": delimiter,
            "quoting": source.format.quoting,
            LINES: records.lines,
            LINES_OF_HEADER: int(not source.format.names),
            LINES_IN_FIELDS: records.lines_in_fields,
            LINES_PASSED_OVER: records.lines_blank + records.lines_ignored + lines_of_excel + len(above),
            LONGEST_RECORD: list(records.longest),
        }
    )


def _is_json(lines: Sequence[str]) -> bool:
    """Whether the first line that holds something is an object, or begins one or a list of them."""
    first = next((line.strip() for line in lines if line.strip()), "")
    if first in ("{", "[") or first.startswith("[{"):
        return True
    try:
        return first.startswith("{") and isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return False


def _down_to_header(
    records: Iterator["_Record"], looked_at: Sequence[Sequence[str]], source: Source
) -> tuple[list[list[str]], "_Record | None"]:
    """What stands above the header, and the header; both are taken from the records."""
    said = source.format.header
    place = place_of_header(looked_at, source.wanted)
    above: list[list[str]] = []
    for record in records:
        if record[0] >= said if said else len(above) == place:
            if said and record[0] != said:
                break
            if above:
                source.found[ABOVE_HEADER] = said_of_rows_above(above, record[0])
            return above, record
        above.append(record[1])
    if said:
        raise no_such_row(said)
    return above, None


def _delimiter_of(lines: Sequence[str], source: Source, usual: str) -> str:
    """The delimiter by the header, or by how the first lines fall apart.

    A header that one delimiter alone parts, or that has the columns which the branch names, decides. Otherwise it is
    the one by which the most lines have as many fields as the first, or as the branch names columns.
    """
    beginnings = {each: _first_records(lines, each, source.format) for each in dict.fromkeys((usual, *DELIMITERS))}
    if source.format.names:
        columns = len(source.format.names)
        best_usual = max(beginnings, key=lambda each: _parts_into(beginnings[each], columns))
        fits = all(len(fields) == columns for fields in beginnings[best_usual])
        return best_usual if fits else _rare_delimiter(lines, source, columns) or best_usual
    places = {each: _place_of_header(records, source) for each, records in beginnings.items()}
    headers = {
        each: {name.strip() for name in records[places[each]]} for each, records in beginnings.items() if records
    }
    having = {each: len(set(source.wanted) & names) for each, names in headers.items()}
    most = max(having.values(), default=0)
    parting = [each for each, names in headers.items() if len(names) > 1 or (most and having[each] == most)]
    if not parting:
        return _rare_delimiter(lines, source) or usual
    if len(parting) == 1:
        return parting[0]
    best = [each for each in parting if having[each] == most]
    return max(best, key=lambda each: _parts_into(beginnings[each], len(beginnings[each][places[each]])))


def _place_of_header(records: Sequence[Sequence[str]], source: Source) -> int:
    """The place of the header among the first records; where the branch says its row, about that."""
    said = source.format.header
    return min(said, len(records)) - 1 if said else place_of_header(records, source.wanted)


def _parts_into(records: Sequence[Sequence[str]], columns: int) -> float:
    """How well a delimiter parts records: by the share that has so many fields, so that no broken one decides.

    It is twice the share where no blank follows a delimiter, as one follows the commas of a text.
    """
    fitting = [fields for fields in records if len(fields) == columns]
    without_blank = sum(not field.startswith(" ") for fields in fitting for field in fields[1:])
    after = max(sum(len(fields) - 1 for fields in fitting), 1)
    return len(fitting) / max(len(records), 1) * (1 + without_blank / after)


def _rare_delimiter(lines: Sequence[str], source: Source, columns: int | None = None) -> str | None:
    """The first by which every record, and the header if there is one, has as many fields, and more than one.

    One with a blank behind it stands in a text: "it took me ~ 5 minutes".
    """
    for each in RARE_DELIMITERS:
        records = _first_records(lines, each, source.format)
        widths = {len(fields) for fields in records}
        parts_all = len(records) > 1 and len(widths) == 1 and max(widths) > 1 and columns in (None, *widths)
        if parts_all and not any(field.startswith(" ") for fields in records for field in fields[1:]):
            return each
    return None


def _has_blanks_before_quotes(lines: Sequence[str], delimiter: str, form: FormatSettings) -> bool:
    """Whether the first record is parted by a delimiter with a blank behind it, and has its fields in quotes.

    A text that only begins with a quote, such as ``5, "Great" is what I say``, can be read with its blank alone.
    """
    _, fields, _ = next(iter(_Records(iter(lines), delimiter, form)), _NO_RECORD)
    if len(fields) <= 1 or not all(field.startswith(' "') for field in fields[1:]):
        return False
    _, _, fault = next(iter(_Records(iter(lines), delimiter, form, padded=True)), _NO_RECORD)
    return not fault


def _first_records(
    lines: Sequence[str], delimiter: str, form: FormatSettings, *, padded: bool = False
) -> list[list[str]]:
    """The fields of the first records; the last may go on beyond the lines that are looked at."""
    records = [fields for _, fields, _ in _Records(iter(lines), delimiter, form, padded=padded)]
    return records[:-1] if len(lines) >= _LINES_LOOKED_AT - 1 else records


def _each_ends_in_a_delimiter(rows: Sequence[Sequence[str]], columns: int) -> bool:
    """Whether each row that is looked at has one field more than there are columns, and nothing in it."""
    return bool(rows) and all(len(fields) == columns + 1 and not fields[-1] for fields in rows)


def _have_names_of_r(lines: Sequence[str], rows: Sequence[Sequence[str]], names: Sequence[str], delimiter: str) -> bool:
    """Whether each row has its number, in quotes, before the columns of the header, as R writes the names of rows.

    Where the first column is called like a number, it is rather the last name that is missing.
    """
    numbers = [fields[0] for fields in rows if len(fields) == len(names) + 1]
    counted_up = len(numbers) == len(rows) > 1 and numbers == [str(place) for place in range(1, len(rows) + 1)]
    return counted_up and any(line.startswith(f'"1"{delimiter}') for line in lines) and not _NUMBER.search(names[0])


def _header(header: "_Record | None") -> tuple[list[str], list[int]]:
    """The columns' names, and the places of those that are protected from spreadsheets."""
    if header is None:
        raise UnreadableFile("it holds blank lines only; the first line must name the columns")
    _, fields, fault = header
    if fault:
        raise UnreadableFile(f"its header cannot be read: {fault}")
    written = list(map(plain_name, fields))
    protected = [place for place, name in enumerate(written) if is_protected(name)]
    return column_names(
        [unprotected(name) if place in protected else name for place, name in enumerate(written)]
    ), protected


_Record = tuple[int, list[str], str]
"""The line on which a record begins, its fields, and what is the matter with it, if anything."""
_NO_RECORD: _Record = (0, [], "")


class _Lines:
    """The numbered lines of a text. Those of the record that is being read are kept, so that they can be read again."""

    def __init__(self, text: Iterator[str], first: int) -> None:
        self.needed_from = first
        """The first line that may be asked for again."""
        self._text, self._kept, self._first_kept = text, list[str](), first

    def beginning_with(self, number: int) -> Iterator[str]:
        """All lines from this one on; most are handed out without a step of Python's."""
        return chain.from_iterable(self._pieces(number))

    def line(self, number: int) -> str:
        """One of the lines that are kept."""
        return self._kept[number - self._first_kept]

    def _pieces(self, number: int) -> Iterator[list[str]]:
        place = number - self._first_kept
        while place < len(self._kept):  # a few at a time: after each broken line of many, all would be copied again
            yield self._kept[place : place + _LINES_AT_ONCE]
            place += _LINES_AT_ONCE
        while piece := list(islice(self._text, _LINES_AT_ONCE)):
            del self._kept[: self.needed_from - self._first_kept]
            self._first_kept = self.needed_from
            self._kept += piece
            yield piece


class _Records(Iterable[_Record]):
    """The file's records but the blank ones; after one that is not valid, reading goes on with the next line."""

    def __init__(
        self, text: Iterator[str], delimiter: str, form: FormatSettings, *, first_line: int = 1, padded: bool = False
    ) -> None:
        self.lines = first_line - 1
        """How many lines there are, once all are read."""
        self.lines_in_fields = self.lines_blank = self.lines_ignored = 0
        self.longest = (0, 0)
        """The most lines of a record, and the line on which it begins."""
        self._lines, self._delimiter, self._form = _Lines(text, first_line), delimiter, form
        self._padded = padded
        self._between_records = True
        self._records = self._read(first_line)

    def __iter__(self) -> Iterator[_Record]:
        return self._records

    def _read(self, line: int) -> Iterator[_Record]:
        csv.field_size_limit(_LARGEST_FIELD)
        while True:
            reader = csv.reader(
                self._without_ignored(self._lines.beginning_with(line)),
                delimiter=self._delimiter,
                quoting=csv.QUOTE_NONE if self._form.quoting == "none" else csv.QUOTE_MINIMAL,
                escapechar=self._form.escape,
                skipinitialspace=self._padded,
                strict=True,
            )
            before, read, self._between_records = line - self.lines_ignored, 0, True
            try:
                for fields in reader:
                    count, read = reader.line_num - read, reader.line_num
                    self._lines.needed_from = after = before + read + self.lines_ignored
                    self._between_records = True
                    if fields:
                        self.lines_in_fields += count - 1
                        if count > self.longest[0]:
                            self.longest = count, after - count
                        yield after - count, fields, ""
                    else:
                        self.lines_blank += count
                self.lines = before + read + self.lines_ignored - 1
                return
            except csv.Error as error:
                line = before + read + self.lines_ignored
                fault = f"cannot be read ({error}); put the field in double quotes and double the quotes inside it"
                yield line, [self._lines.line(line).rstrip("\r\n")], fault
                self._lines.needed_from = line = line + 1

    def _without_ignored(self, lines: Iterator[str]) -> Iterator[str]:
        """The lines but those to ignore: before a quote in one could make it the beginning of a record."""
        return self._not_ignored(lines, self._form.ignore_from) if self._form.ignore_from else lines

    def _not_ignored(self, lines: Iterator[str], beginning: str) -> Iterator[str]:
        for line in lines:
            if self._between_records and line.startswith(beginning):
                self.lines_ignored += 1
            else:
                self._between_records = False
                yield line
