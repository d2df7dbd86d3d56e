"""Readers of the formats that reviews land in: bytes in, numbered raw rows out."""

import csv
import gzip
import io
import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from sentiment_assets.ingestion.csv_escaping import is_protected, unprotected
from sentiment_assets.ingestion.decoding import decode
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


_Reader = Callable[[bytes, str, int], Iterator[RawRow]]
"""A reader takes the content, its encoding and the number of bytes that it may expand to."""


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
    plain = _unpack(content, compression, allowed)
    if not plain:
        raise UnreadableFile("nothing is left after decompression; land it again with its content")
    return _READERS[ending](plain, encoding, allowed)


def _unpack(content: bytes, compression: str, allowed: int) -> bytes:
    """The content without its compression, read piece by piece, so that no more than allowed is ever held."""
    if not compression:
        return content
    pieces, size = [], 0
    try:
        with _unpacked(content, compression) as stream:
            while piece := stream.read(_MEGABYTE):
                size += len(piece)
                _require_bounded(size, allowed, len(content))
                pieces.append(piece)
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableFile(
            f"it cannot be decompressed as .{compression} ({error}); it may be cut short: land it again"
        ) from error
    return b"".join(pieces)


def _require_bounded(size: int, allowed: int, packed: int) -> None:
    if size > allowed:
        raise UnreadableFile(
            f"its {packed:,} bytes expand to more than {allowed:,}, and no file of reviews should; if this one "
            "is meant to, unpack it first, or raise `unpacking` in the branch's YAML"
        )


def _unpacked(content: bytes, compression: str) -> Any:
    if compression == "gz":
        return gzip.open(io.BytesIO(content))
    return pa.CompressedInputStream(pa.BufferReader(content), "zstd")


def _text(content: bytes, encoding: str) -> str:
    text, used = decode(content, encoding)
    beginning = text[:1000]
    if beginning.count("\x00") > len(beginning) // 5:
        raise UnreadableFile(
            f"it is full of NUL characters when read as {used}: it looks like UTF-16 without a byte order "
            "mark, or like no text at all; if it is text, set `encoding` to utf-16-le or utf-16-be"
        )
    return text


def _read_delimited(content: bytes, encoding: str, delimiter: str) -> Iterator[RawRow]:
    lines = io.StringIO(_text(content, encoding), newline="").readlines()
    csv.field_size_limit(_LARGEST_FIELD)
    rows = _records(lines, delimiter)
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


def _records(lines: list[str], delimiter: str) -> Iterator[_Record]:
    """The file's records; after one that is not valid, reading goes on with the next line."""
    position = 0
    while position < len(lines):
        rest = (lines[index] for index in range(position, len(lines)))
        reader = csv.reader(rest, delimiter=delimiter, strict=True)
        consumed = 0
        try:
            for fields in reader:
                yield _Record(position + consumed + 1, fields)
                consumed = reader.line_num
            return
        except csv.Error as error:
            broken = position + consumed
            yield _Record(
                broken + 1,
                [lines[broken].rstrip("\r\n")],
                f"cannot be read ({error}); put the field in double quotes and double the quotes inside it",
            )
            position = broken + 1


def _read_csv(content: bytes, encoding: str, allowed: int) -> Iterator[RawRow]:
    return _read_delimited(content, encoding, ",")


def _read_tsv(content: bytes, encoding: str, allowed: int) -> Iterator[RawRow]:
    return _read_delimited(content, encoding, "\t")


def _read_json_lines(content: bytes, encoding: str, allowed: int) -> Iterator[RawRow]:
    for number, line in enumerate(_text(content, encoding).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            yield _json_row(number, _from_json(line))
        except (ValueError, RecursionError) as error:
            problem = f"is not valid JSON ({error}); write one complete object on each line"
            yield RawRow(number, {"line": line.rstrip("\r")}, problem)


def _read_json_array(content: bytes, encoding: str, allowed: int) -> Iterator[RawRow]:
    try:
        items = _from_json(_text(content, encoding))
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


def _read_parquet(content: bytes, encoding: str, allowed: int) -> Iterator[RawRow]:
    try:
        file = pq.ParquetFile(pa.BufferReader(content))
        groups = range(file.metadata.num_row_groups)
        _require_bounded(sum(file.metadata.row_group(each).total_byte_size for each in groups), allowed, len(content))
        _require_distinct(file.schema_arrow.names)
        batches = _bounded(file.iter_batches(_ROWS_AT_ONCE), allowed, len(content))
        rows = (row for batch in batches for row in _python_rows(batch))
        for number, values in enumerate(rows, start=1):
            yield RawRow(number, _all_named(values) if "" in values else values)
    except (pa.ArrowException, OSError) as error:
        raise UnreadableFile(f"it is not a readable Parquet file ({error}); land it again") from error


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
