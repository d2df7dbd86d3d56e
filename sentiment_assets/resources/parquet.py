"""Parquet files are read in one place, so that a process that ends soon after ends well."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


def parquet_table(source: Path | bytes) -> pa.Table:
    """The table of a Parquet file on this host's disk, or of the content of one.

    Threads of Arrow still hold what they have read from when the reader returns. If that is an object of Python, which
    it is where pandas reads, a process that ends in this moment is aborted, or hangs (apache/arrow#34314 and #50482):
    here it is Arrow's own. Raises ``FileNotFoundError``, and ``pyarrow.ArrowInvalid`` for a damaged file.
    """
    with pq.ParquetFile(str(source) if isinstance(source, Path) else _in_memory_of_arrow(source)) as stored:
        return stored.read()


def _in_memory_of_arrow(content: bytes) -> pa.BufferReader:
    copy = pa.BufferOutputStream()
    copy.write(content)
    return pa.BufferReader(copy.getvalue())
