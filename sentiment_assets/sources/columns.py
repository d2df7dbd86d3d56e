"""Rows of any source as one Parquet file: names and values as the vendor gives them, whatever each page holds.

Pages are kept on disk until the last one has come: only then is it known of which type a column is.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

_PLAIN = (str, bytes, bool, int, float, Decimal, datetime, date, time)
CLASHES = (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError)
"""What Arrow says of values that are not of one type."""
_UTC = pa.timestamp("us", "UTC")
_BITS = 64


class KeptRows:
    """Pages of rows in a folder of this host's disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._types: dict[str, list[pa.DataType]] = {}
        self._pages = self.rows = 0

    @property
    def columns(self) -> Sequence[str]:
        """Their names, in the order in which they came."""
        return list(self._types)

    def add(self, page: pa.Table) -> None:
        """Keep a page."""
        if not page.num_rows:
            return
        with pa.OSFile(str(self._path(self._pages)), "wb") as file, pa.ipc.new_file(file, page.schema) as writer:
            writer.write_table(page)
        for each in page.schema:
            types = self._types.setdefault(each.name, [])
            if each.type not in types:
                types.append(each.type)
        self._pages += 1
        self.rows += page.num_rows

    def write(self, stream: BinaryIO) -> None:
        """Write all of them as one Parquet file."""
        schema = pa.schema([(name, self._type_of(name)) for name in self._types])
        with pq.ParquetWriter(stream, schema) as writer:
            for page in self._read():
                arrays = [
                    _cast(page[each.name], each.type)
                    if each.name in page.schema.names
                    else pa.nulls(page.num_rows, each.type)
                    for each in schema
                ]
                writer.write_table(pa.Table.from_arrays(arrays, schema=schema))

    def _path(self, number: int) -> Path:
        return self._folder / f"{number}.arrow"

    def _read(self) -> Iterator[pa.Table]:
        for number in range(self._pages):
            with pa.memory_map(str(self._path(number))) as file:
                yield pa.ipc.open_file(file).read_all()

    def _type_of(self, name: str) -> pa.DataType:
        """The type of a column: one that holds every value of it as it is, or text."""
        types = [each for each in self._types[name] if not pa.types.is_null(each)]
        if len(types) == 1:
            return types[0]
        with suppress(*CLASHES):
            schemas = [pa.schema([(name, each)]) for each in types]
            wider = pa.unify_schemas(schemas, promote_options="permissive").field(0).type
            for page in self._read():
                if name in page.schema.names:
                    page[name].cast(wider)
            return wider
        return pa.string()


def page_of(rows: Sequence[Mapping[str, object]]) -> pa.Table:
    """Rows as a table. What is nested becomes JSON text, and a column of values of several kinds becomes text."""
    names = dict.fromkeys(name for row in rows for name in row)
    return pa.table({name: _column([row.get(name) for row in rows]) for name in names})


def as_json_holds(value: object) -> object:
    """A value in which what no JSON holds is text, however deep it lies: odd characters, large numbers, odd types."""
    if isinstance(value, Mapping):
        return {_text(name): as_json_holds(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json_holds(each) for each in value]
    if isinstance(value, str) or (isinstance(value, int) and value.bit_length() >= _BITS):
        return _text(value)
    return _plain(value)


def _cast(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray | pa.Array:
    """A column of a type that holds each of its values; what is nested becomes JSON text if that is what it is beside.

    A table that somebody hands over holds nested values as such, unlike pages of rows.
    """
    try:
        return column.cast(kind)
    except pa.ArrowNotImplementedError:
        return pa.array(_as_texts(map(_plain, column.to_pylist())), kind)


def _column(values: Sequence[object]) -> pa.Array:
    plain = [_plain(each) for each in values]
    if (
        len({_kind(each) for each in plain if each is not None}) > 1
    ):  # Arrow would cut times off, or take a zone for UTC
        plain = _as_texts(plain)
    try:
        column = pa.array(plain)
    except (*CLASHES, UnicodeEncodeError):  # half of a pair of surrogates, which JSON can spell and UTF-8 cannot
        column = pa.array(_as_texts(plain))
    return column.cast(_UTC) if pa.types.is_timestamp(column.type) and column.type.tz else column


def _kind(value: object) -> str:
    """What of a value Arrow would lose beside one of another kind: a time of day, a zone, or bytes."""
    if isinstance(value, datetime):
        return "moment with a zone" if value.tzinfo else "moment"
    return "date" if isinstance(value, date) else "bytes" if isinstance(value, bytes) else "other"


def _plain(value: object) -> object:
    if value is None or isinstance(value, _PLAIN):
        return value
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    if isinstance(value, (Mapping, list, tuple)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def _as_texts(values: Iterable[object]) -> list[object]:
    return [each if each is None else _text(each) for each in values]


def _text(value: object) -> str:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, datetime):
        return value.isoformat(" ", "microseconds")  # as Arrow writes it
    return json.dumps(value) if isinstance(value, (bool, int, float)) else str(value)
