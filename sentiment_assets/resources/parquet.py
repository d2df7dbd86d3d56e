"""Parquet files are read in one place, so that a process that ends soon after ends well."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile, gettempdir

import pyarrow as pa
import pyarrow.parquet as pq
from upath import UPath

from sentiment_assets.ingestion.readers.arrow import memory_of_arrow
from sentiment_assets.learning.unfinished_file import with_remedy
from sentiment_assets.resources.home import is_local


def parquet_table(source: Path | bytes) -> pa.Table:
    """The table of a Parquet file on this host's disk, or of the content of one.

    What is read from belongs to Arrow (``memory_of_arrow`` says why). Raises ``FileNotFoundError``, and
    ``pyarrow.ArrowInvalid`` for a damaged file.
    """
    with pq.ParquetFile(str(source) if isinstance(source, Path) else memory_of_arrow(source)) as stored:
        return stored.read()


@contextmanager
def opened_parquet(path: UPath) -> Iterator[pq.ParquetFile]:
    """A Parquet file of which a part is read at a time; one in a bucket is copied to this host's disk for that long.

    Raises as ``parquet_table`` does.
    """
    if is_local(path):
        with pq.ParquetFile(path.path) as stored:
            yield stored
        return
    with with_remedy(gettempdir()), NamedTemporaryFile() as copy:
        with path.open("rb") as there:
            shutil.copyfileobj(there, copy)
        copy.flush()
        with pq.ParquetFile(copy.name) as stored:
            yield stored
