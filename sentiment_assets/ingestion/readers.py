"""Readers of the formats that reviews land in: bytes in, numbered raw rows out."""

import csv
import gzip
import io
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from sentiment_assets.ingestion.decoding import decode

_LARGEST_FIELD = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row as the file has it, or what kept it from being read."""

    number: int
    """The line it begins on (CSV, TSV, JSON Lines) or its position from 1 (JSON array, Parquet)."""
    values: Mapping[str, object]
    """By column name; under the key ``line`` what stood there when the row could not be read."""
    problem: str | None = None


class UnreadableFile(ValueError):
    """A file that fails as a whole; the message says why and what to do."""


def read_rows(content: bytes, file_name: str, encoding: str) -> Iterator[RawRow]:
    """Every row of a landed file, in order.

    The format is told by the name's endings: one of csv, tsv, jsonl, ndjson, json or parquet, then
    possibly gz or zst. Raises ``UnreadableFile``, before or while rows are read.
    """
    reader, compression = _format_of(file_name)
    if not content:
        raise UnreadableFile("the file is empty (0 bytes); land it again with its content")
    plain = _decompress(content, compression)
    if not plain:
        raise UnreadableFile("nothing is left after decompression; land it again with its content")
    return reader(plain, encoding)


def batch_formats() -> str:
    """The endings that ``read_rows`` knows, for messages and documentation."""
    return ", ".join(f".{ending}" for ending in _READERS) + ", each also with .gz or .zst"


def _format_of(file_name: str) -> tuple[Callable[[bytes, str], Iterator[RawRow]], str | None]:
    endings = file_name.lower().rsplit("/", 1)[-1].split(".")[1:]
    compression = endings.pop() if endings and endings[-1] in ("gz", "zst") else None
    if not endings or endings[-1] not in _READERS:
        raise UnreadableFile(f"its name does not end in a known format ({batch_formats()})")
    return _READERS[endings[-1]], compression


def _decompress(content: bytes, compression: str | None) -> bytes:
    if compression is None:
        return content
    try:
        if compression == "gz":
            return gzip.decompress(content)
        with pa.CompressedInputStream(pa.BufferReader(content), "zstd") as stream:
            return stream.read()
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableFile(
            f"it cannot be decompressed as .{compression} ({error}); it may be cut short: land it again"
        ) from error


def _text(content: bytes, encoding: str) -> str:
    text, used = decode(content, encoding)
    beginning = text[:1000]
    if beginning.count("\x00") > len(beginning) // 5:
        raise UnreadableFile(
            f"it is full of NUL characters when read as {used}: it looks like UTF-16 without a byte order "
            "mark, or like no text at all; if it is text, set the branch's `encoding` to utf-16-le or utf-16-be"
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
    names = [name.strip() for name in header.fields]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise UnreadableFile(f"its header names a column twice: {', '.join(map(repr, repeated))}")
    for record in rows:
        if record.problem is None and len(record.fields) == len(names):
            yield RawRow(record.number, dict(zip(names, record.fields, strict=True)))
        elif record.problem or record.fields:
            problem = record.problem or (
                f"has {len(record.fields)} fields where the header has {len(names)}; "
                "quote fields that hold the delimiter"
            )
            yield RawRow(record.number, {"line": delimiter.join(record.fields)}, problem)


@dataclass(frozen=True, slots=True)
class _Record:
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


def _read_csv(content: bytes, encoding: str) -> Iterator[RawRow]:
    return _read_delimited(content, encoding, ",")


def _read_tsv(content: bytes, encoding: str) -> Iterator[RawRow]:
    return _read_delimited(content, encoding, "\t")


def _read_json_lines(content: bytes, encoding: str) -> Iterator[RawRow]:
    for number, line in enumerate(_text(content, encoding).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            yield _json_row(number, json.loads(line))
        except (ValueError, RecursionError) as error:
            problem = f"is not valid JSON ({error}); write one complete object on each line"
            yield RawRow(number, {"line": line.rstrip("\r")}, problem)


def _read_json_array(content: bytes, encoding: str) -> Iterator[RawRow]:
    try:
        items = json.loads(_text(content, encoding))
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


def _json_row(number: int, item: object) -> RawRow:
    if isinstance(item, dict):
        return RawRow(number, item)
    problem = f"is a JSON {_json_type(item)}, not an object with named fields"
    return RawRow(number, {"line": json.dumps(item)}, problem)


def _json_type(item: object) -> str:
    names = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(item), "number")


def _read_parquet(content: bytes, encoding: str) -> Iterator[RawRow]:
    try:
        file = pq.ParquetFile(pa.BufferReader(content))
        number = 0
        for batch in file.iter_batches():
            for values in batch.to_pylist():
                number += 1
                yield RawRow(number, values)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise UnreadableFile(f"it is not a readable Parquet file ({error}); land it again") from error


_READERS: Mapping[str, Callable[[bytes, str], Iterator[RawRow]]] = {
    "csv": _read_csv,
    "tsv": _read_tsv,
    "jsonl": _read_json_lines,
    "ndjson": _read_json_lines,
    "json": _read_json_array,
    "parquet": _read_parquet,
}
