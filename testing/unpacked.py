"""What a file says, whatever it was packed into."""

import io
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq


def said_in(file: Path) -> Iterator[str]:
    """The bytes of a file and, of a frame, an archive of arrays or an SQLite database, what is in it, as text."""
    content = file.read_bytes()
    yield content.decode("latin-1")
    if file.suffix == ".parquet":
        yield str(pd.read_parquet(io.BytesIO(content)).astype(object).to_numpy().tolist())
        yield str(pq.read_metadata(io.BytesIO(content)).metadata)
    elif file.suffix == ".npz":
        with np.load(file) as arrays:
            yield from (arrays[name].tobytes().decode("latin-1") for name in arrays.files)
    elif content.startswith(b"SQLite format 3"):
        with closing(sqlite3.connect(file)) as database:
            yield "\n".join(database.iterdump())
