"""Parquet and Arrow (Feather) files."""

import json
from collections.abc import Iterable, Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from sentiment_assets.ingestion.decoding import decode
from sentiment_assets.ingestion.readers.source import CLASS_NAMES, LINES, RawRow, Source, column_names
from sentiment_assets.ingestion.readers.unpacking import UnreadableFile

_ROWS_AT_ONCE = 100
_DAMAGED = (pa.ArrowException, OSError, UnicodeDecodeError)
"""What Arrow raises for a damaged file; the last for a column whose name is no text."""


def read_parquet(source: Source) -> Iterator[RawRow]:
    """The rows of a Parquet file."""
    try:
        file = pq.ParquetFile(memory_of_arrow(source.file.whole()))
        groups = range(file.metadata.num_row_groups)
        source.file.require_bounded(sum(file.metadata.row_group(each).total_byte_size for each in groups))
        source.found[LINES] = file.metadata.num_rows
        if classes := _class_names(file.schema_arrow):
            source.found[CLASS_NAMES] = classes
        yield from _rows(file.iter_batches(_rows_at_once(file.metadata, source.file.allowed)), source)
    except _DAMAGED as error:
        raise UnreadableFile(f"it is not a readable Parquet file ({error}); land it again") from error


def read_arrow(source: Source) -> Iterator[RawRow]:
    """The rows of an Arrow file, which Feather of today is, or an Arrow stream."""
    content = source.file.whole()
    buffer, is_file = pa.BufferReader(content), content.startswith(b"ARROW1")
    try:
        reader = pa.ipc.open_file(buffer) if is_file else pa.ipc.open_stream(buffer)
        batches = (reader.get_batch(each) for each in range(reader.num_record_batches)) if is_file else reader
        yield from _rows((part for batch in map(_validated, batches) for part in _parts(batch)), source)
    except _DAMAGED as error:
        raise UnreadableFile(f"it is not a readable Arrow file ({error}); land it again") from error


def memory_of_arrow(content: bytes) -> pa.BufferReader:
    """The content of a Parquet file, to be read from.

    Threads of Arrow still hold what they have read from when the reader returns. If that is an object of Python, which
    it is where pandas reads, a process that ends in this moment is aborted, or hangs (apache/arrow#34314 and #50482):
    here it is Arrow's own.
    """
    copy = pa.BufferOutputStream()
    copy.write(content)
    return pa.BufferReader(copy.getvalue())


def _class_names(schema: pa.Schema) -> dict[str, list[str]]:
    """The names of the classes that the numbers of a column stand for, if Hugging Face noted them."""
    try:
        features = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
        return {
            name: list(map(str, feature["names"]))
            for name, feature in features.items()
            if isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
        }
    except (KeyError, TypeError, ValueError, AttributeError):  # anybody may write into a file's metadata
        return {}


def _rows_at_once(metadata: pq.FileMetaData, allowed: int) -> int:
    """So few that they hold no more than allowed, even if each had the largest value that a dictionary can hold."""
    groups = [metadata.row_group(each) for each in range(metadata.num_row_groups)]
    sizes = [group.column(each).total_uncompressed_size for group in groups for each in range(group.num_columns)]
    return max(1, min(_ROWS_AT_ONCE, allowed // max([1, *sizes])))


def _validated(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The same batch. Raises ``pa.ArrowInvalid`` for one that is damaged.

    Arrow takes what is in a file for its memory, and a length or a place that lies would end the process.
    """
    for column in batch.columns:
        is_text = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
        as_bytes = pa.large_binary() if pa.types.is_large_string(column.type) else pa.binary()
        column.validate()
        (column.view(as_bytes) if is_text else column).validate(
            full=True
        )  # a text that is no UTF-8 costs its row alone
    return batch


def _parts(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    return (batch.slice(start, _ROWS_AT_ONCE) for start in range(0, batch.num_rows, _ROWS_AT_ONCE))


def _rows(batches: Iterable[pa.RecordBatch], source: Source) -> Iterator[RawRow]:
    """Rows, while together they hold no more than allowed: a dictionary expands beyond what the metadata say."""
    number = size = 0
    for batch in batches:
        size += batch.nbytes
        source.file.require_bounded(size)
        for values in _python_rows(batch):
            number += 1
            yield RawRow(number, values)


def _python_rows(batch: pa.RecordBatch) -> list[dict[str, object]]:
    named = batch.rename_columns(column_names(batch.schema.names))
    try:
        rows: list[dict[str, object]] = named.to_pylist()
    except (ValueError, OverflowError):
        columns = [[_python_value(scalar) for scalar in column] for column in named.columns]
        rows = [dict(zip(named.schema.names, row, strict=True)) for row in zip(*columns, strict=True)]
    for field in named.schema:
        if pa.types.is_binary(field.type) or pa.types.is_large_binary(field.type):
            for row in rows:
                row[field.name] = _text_for_bytes(row[field.name])
    return rows


def _text_for_bytes(value: object) -> object:
    """The text that an export has written as bytes, which are UTF-8 nearly always."""
    return decode(value, "utf-8")[0] if isinstance(value, bytes) else value


def _python_value(scalar: pa.Scalar) -> object:
    """A value, or what can be said of one that Python cannot hold, such as a text that is not UTF-8."""
    try:
        return scalar.as_py()
    except UnicodeDecodeError as error:
        return decode(error.object, "utf-8")[0]
    except (ValueError, OverflowError) as error:
        return f"(a {scalar.type} that cannot be read: {error})"
