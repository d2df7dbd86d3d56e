"""Parquet files are read in one place, so that a process that ends soon after ends well."""

import io

import pyarrow as pa
import pyarrow.parquet as pq


def parquet_table(content: bytes) -> pa.Table:
    """The table of a Parquet file. Raises ``pyarrow.ArrowInvalid`` for a damaged one.

    ``pyarrow.parquet.read_table``, which pandas calls too, returns while threads of its own still hold what they have
    read from. A process that ends in this moment is aborted, or hangs (apache/arrow#34314 and #50482).
    """
    with pq.ParquetFile(io.BytesIO(content)) as stored:
        return stored.read()
