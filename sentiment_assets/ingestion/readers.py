"""Readers of the formats that reviews land in: bytes in, numbered raw rows out."""

import csv
import gzip
import io
import json
import zlib
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, BinaryIO, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from sentiment_assets.ingestion.csv_escaping import is_protected, unprotected
from sentiment_assets.ingestion.decoding import ESCAPING, decode, encoding_of
from sentiment_assets.ingestion.formats import format_of, known_formats
from sentiment_assets.ingestion.settings import DEFAULT_LIMITS, UnpackingLimits

_MEGABYTE = 1024 * 1024
_LARGEST_FIELD = 4 * _MEGABYTE
_LONGEST_INTEGER = 400
_ROWS_AT_ONCE = 100
_ALWAYS_UNPACKED = 64 * _MEGABYTE


class RawRow(NamedTuple):  # a frozen dataclass takes three times as long to make, for every row
    """A row as the file has it, or what kept it from being read."""

    number: int
    """The line it begins on (CSV, TSV, JSON Lines) or its position from 1 (JSON array, Parquet)."""
    values: Mapping[str, object]
    """The values by column name, which is never empty; ``line`` holds what stood there if it could not be read."""
    problem: str | None = None


class UnreadableFile(ValueError):
    """A file that fails as a whole; the message says why and what to do."""


class _Packed(NamedTuple):
    """A file as it lies there. It is unpacked while it is read, so that no more of it is held than is needed."""

    content: bytes
    compression: str

    def opened(self) -> BinaryIO:
        """A stream of the content without its compression."""
        stream: Any = io.BytesIO(self.content)
        if self.compression == "gz":
            stream = gzip.GzipFile(fileobj=stream)
        elif self.compression == "zst":
            stream = pa.CompressedInputStream(pa.BufferReader(self.content), "zstd")
        return io.BufferedReader(stream, _MEGABYTE)

    def whole(self) -> bytes:
        """The content without its compression, for formats that are not read from beginning to end."""
        return self.opened().read() if self.compression else self.content


_Reader = Callable[[_Packed, str, int], Iterator[RawRow]]
"""A reader takes the file, its encoding and the number of bytes that it may expand to."""


def read_rows(
    content: bytes, file_name: str, encoding: str, unpacking: UnpackingLimits = DEFAULT_LIMITS
) -> Iterator[RawRow]:
    """Every row of a landed file, in order. Each column has a name: one that the file gives none is "column N".

    The format is told by the name's endings: one of csv, tsv, jsonl, ndjson, json or parquet, then
    possibly gz or zst. Raises ``UnreadableFile``, before or while rows are read.
    """
    ending, compression = format_of(file_name)
    if not ending:
        raise UnreadableFile(f"its name does not end in a known format ({known_formats()})")
    if not content:
        raise UnreadableFile("the file is empty (0 bytes); land it again with its content")
    allowed = min(unpacking.megabytes * _MEGABYTE, max(unpacking.times * len(content), _ALWAYS_UNPACKED))
    packed = _Packed(content, compression)
    if compression:
        _require_unpackable(packed, allowed)
    return _READERS[ending](packed, encoding, allowed)


def _require_unpackable(packed: _Packed, allowed: int) -> None:
    """Unpack the content once to see how large it is, and keep nothing: no row is read of a file that is too large."""
    size = 0
    try:
        with packed.opened() as stream:
            while piece := stream.read(_MEGABYTE):
                size += len(piece)
                _require_bounded(size, allowed, len(packed.content))
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableFile(
            f"it cannot be decompressed as .{packed.compression} ({error}); it may be cut short: land it again"
        ) from error
    if not size:
        raise UnreadableFile("nothing is left after decompression; land it again with its content")


def _require_bounded(size: int, allowed: int, packed: int) -> None:
    if size > allowed:
        raise UnreadableFile(
            f"its {packed:,} bytes expand to more than {allowed:,}, and no file of reviews should; if this one "
            "is meant to, unpack it first, or raise `unpacking` in the branch's YAML"
        )


def _text(packed: _Packed, encoding: str, newline: str) -> io.TextIOWrapper:
    """The text of a file as a stream; ``newline`` says where its lines end, as in ``open``."""
    with packed.opened() as stream:
        used, mark = encoding_of(stream.read(4), encoding)
    with _decoded(packed, used, mark, newline) as text:
        beginning = text.read(1000)
    if beginning.count("\x00") > len(beginning) // 5:
        raise UnreadableFile(
            f"it is full of NUL characters when read as {used}: it looks like UTF-16 without a byte order "
            "mark, or like no text at all; if it is text, set `encoding` to utf-16-le or utf-16-be"
        )
    return _decoded(packed, used, mark, newline)


def _decoded(packed: _Packed, encoding: str, mark: int, newline: str) -> io.TextIOWrapper:
    stream = packed.opened()
    stream.read(mark)
    return io.TextIOWrapper(stream, encoding, ESCAPING, newline)


def _read_delimited(packed: _Packed, encoding: str, delimiter: str) -> Iterator[RawRow]:
    csv.field_size_limit(_LARGEST_FIELD)
    rows = _records(_text(packed, encoding, newline=""), delimiter)
    header = next((row for row in rows if row.problem or row.fields), None)
    if header is None:
        raise UnreadableFile("it holds blank lines only; the first line must name the columns")
    if header.problem:
        raise UnreadableFile(f"its header cannot be read: {header.problem}")
    written = [name.strip() or _unnamed(place) for place, name in enumerate(header.fields, start=1)]
    protected = [place for place, name in enumerate(written) if is_protected(name)]
    names = [unprotected(name) if place in protected else name for place, name in enumerate(written)]
    _require_distinct(names)
    for record in rows:
        if record.problem is None and len(record.fields) == len(names):
            for place in protected:
                record.fields[place] = unprotected(record.fields[place])
            yield RawRow(record.number, dict(zip(names, record.fields, strict=True)))
        elif record.problem or record.fields:
            problem = record.problem or (
                f"has {len(record.fields)} fields where the header has {len(names)}; "
                "quote fields that hold the delimiter"
            )
            yield RawRow(record.number, {"line": delimiter.join(record.fields)}, problem)


def _require_distinct(names: list[str]) -> None:
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise UnreadableFile(f"its header names a column twice: {', '.join(map(repr, repeated))}")


class _Record(NamedTuple):
    number: int
    fields: list[str]
    problem: str | None = None


class _Lines:
    """Lines that are remembered until the record that they belong to has been read, so that they can be read again."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._again = deque[str]()
        self._of_record: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines)
        self._of_record.append(line)
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


def _records(text: Iterator[str], delimiter: str) -> Iterator[_Record]:
    """The file's records; after one that is not valid, reading goes on with the next line."""
    number, lines = 1, _Lines(text)
    while True:
        try:
            for fields in csv.reader(lines, delimiter=delimiter, strict=True):
                yield _Record(number, fields)
                number += lines.end_record()
            return
        except csv.Error as error:
            yield _Record(
                number,
                [lines.go_back().rstrip("\r\n")],
                f"cannot be read ({error}); put the field in double quotes and double the quotes inside it",
            )
            number += 1


def _read_csv(packed: _Packed, encoding: str, allowed: int) -> Iterator[RawRow]:
    return _read_delimited(packed, encoding, ",")


def _read_tsv(packed: _Packed, encoding: str, allowed: int) -> Iterator[RawRow]:
    return _read_delimited(packed, encoding, "\t")


def _read_json_lines(packed: _Packed, encoding: str, allowed: int) -> Iterator[RawRow]:
    for number, ended in enumerate(_text(packed, encoding, newline="\n"), start=1):
        line = ended.removesuffix("\n")
        if not line.strip():
            continue
        try:
            yield _json_row(number, _from_json(line))
        except (ValueError, RecursionError) as error:
            problem = f"is not valid JSON ({error}); write one complete object on each line"
            yield RawRow(number, {"line": line.rstrip("\r")}, problem)


def _read_json_array(packed: _Packed, encoding: str, allowed: int) -> Iterator[RawRow]:
    try:
        items = _from_json(_text(packed, encoding, newline="").read())
    except (ValueError, RecursionError) as error:
        raise UnreadableFile(
            f"it is not valid JSON ({error}); a .json file must hold one array of objects, "
            "a file with an object on each line must be named .jsonl"
        ) from error
    if not isinstance(items, list):
        raise UnreadableFile(
            f"it holds a JSON {_json_type(items)} where an array of objects is expected: [{{...}}, {{...}}]"
        )
    for number, item in enumerate(items, start=1):
        yield _json_row(number, item)


def _from_json(text: str) -> object:
    return json.loads(text, parse_int=_integer, object_pairs_hook=_object)


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    values = dict(pairs)
    if len(values) < len(pairs):
        repeated = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        raise ValueError(f"an object names {repeated!r} twice")
    return values


def _integer(digits: str) -> int | str:
    """A number of more digits than Python converts stays as it is written: its row is at fault, not its file."""
    return int(digits) if len(digits) <= _LONGEST_INTEGER else digits


def _json_row(number: int, item: object) -> RawRow:
    if isinstance(item, dict):
        return RawRow(number, _all_named(item) if "" in item else item)
    return RawRow(number, {"line": item}, f"is a JSON {_json_type(item)}, not an object with named fields")


def _all_named(values: dict[str, object]) -> dict[str, object]:
    return {name or _unnamed(place): value for place, (name, value) in enumerate(values.items(), start=1)}


def _unnamed(place: int) -> str:
    return f"column {place}"


def _json_type(item: object) -> str:
    names = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(item), "number")


def _read_parquet(packed: _Packed, encoding: str, allowed: int) -> Iterator[RawRow]:
    content = packed.whole()
    try:
        file = pq.ParquetFile(pa.BufferReader(content))
        groups = range(file.metadata.num_row_groups)
        _require_bounded(sum(file.metadata.row_group(each).total_byte_size for each in groups), allowed, len(content))
        _require_distinct(file.schema_arrow.names)
        batches = _bounded(file.iter_batches(_rows_at_once(file.metadata, allowed)), allowed, len(content))
        rows = (row for batch in batches for row in _python_rows(batch))
        for number, values in enumerate(rows, start=1):
            yield RawRow(number, _all_named(values) if "" in values else values)
    except (pa.ArrowException, OSError) as error:
        raise UnreadableFile(f"it is not a readable Parquet file ({error}); land it again") from error


def _rows_at_once(metadata: pq.FileMetaData, allowed: int) -> int:
    """So few that they hold no more than allowed, even if each had the largest value that a dictionary can hold."""
    groups = [metadata.row_group(each) for each in range(metadata.num_row_groups)]
    sizes = [group.column(each).total_uncompressed_size for group in groups for each in range(group.num_columns)]
    return max(1, min(_ROWS_AT_ONCE, allowed // max([1, *sizes])))


def _bounded(batches: Iterable[pa.RecordBatch], allowed: int, packed: int) -> Iterator[pa.RecordBatch]:
    """The same, while together they hold no more than allowed: a dictionary expands beyond what the metadata say."""
    size = 0
    for batch in batches:
        size += batch.nbytes
        _require_bounded(size, allowed, packed)
        yield batch


def _python_rows(batch: pa.RecordBatch) -> list[dict[str, object]]:
    try:
        return batch.to_pylist()
    except (ValueError, OverflowError):
        columns = [[_python_value(scalar) for scalar in column] for column in batch.columns]
        return [dict(zip(batch.schema.names, row, strict=True)) for row in zip(*columns, strict=True)]


def _python_value(scalar: pa.Scalar) -> object:
    """A value, or what can be said of one that Python cannot hold, such as a text that is not UTF-8."""
    try:
        return scalar.as_py()
    except UnicodeDecodeError as error:
        return decode(error.object, "utf-8")[0]
    except (ValueError, OverflowError) as error:
        return f"(a {scalar.type} that cannot be read: {error})"


_READERS: Mapping[str, _Reader] = {
    "csv": _read_csv,
    "tsv": _read_tsv,
    "jsonl": _read_json_lines,
    "ndjson": _read_json_lines,
    "json": _read_json_array,
    "parquet": _read_parquet,
}
