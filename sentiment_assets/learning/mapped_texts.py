"""Texts that lie in a mapped file: a corpus of any size needs no more memory than its other columns do."""

import mmap
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from sentiment_assets.learning.ngrams import Texts, as_chunked_column, texts_at
from sentiment_assets.learning.unfinished_file import unfinished_file

_TEXT = "text"
_SCHEMA = pa.schema([(_TEXT, pa.large_string())])


def mapped_texts(parts: Iterable[Texts], folder: Path | None = None) -> pd.api.extensions.ExtensionArray:
    """Texts that come some at a time, as one pandas column of type ``str`` whose characters lie in a mapped file.

    The file has no name. It lies in ``folder``, or where this machine has its temporary files, and is gone with the
    column.
    """
    with unfinished_file(folder) as file:
        with pa.ipc.new_file(file, _SCHEMA) as written:
            for part in parts:
                written.write_table(pa.table([as_chunked_column(part).cast(pa.large_string())], _SCHEMA))
        file.flush()
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return pd.array(pa.ipc.open_file(pa.py_buffer(content)).read_all()[_TEXT], dtype="str")


def joined_with_mapped_texts(frames: Iterable[pd.DataFrame], folder: Path | None = None) -> pd.DataFrame:
    """Frames with a column ``text`` as one, in which this column is mapped (``mapped_texts``); at least one is needed.

    Only one of the frames need be in memory at a time.
    """
    rest: list[pd.DataFrame] = []

    def texts() -> Iterator[Texts]:
        for frame in frames:
            rest.append(frame.drop(columns=_TEXT))
            yield frame[_TEXT]

    column = mapped_texts(texts(), folder)
    return pd.concat(rest, ignore_index=True).assign(**{_TEXT: column})


def reviews_at(reviews: pd.DataFrame, places: np.ndarray) -> pd.DataFrame:
    """The reviews at some places, in their order: what ``iloc`` gives, which copies the texts of all on the way."""
    some = reviews.drop(columns=_TEXT).iloc[places]
    texts = pa.chunked_array(texts_at(reviews[_TEXT], places), pa.large_string())
    return some.assign(**{_TEXT: pd.array(texts, dtype="str")})[list(reviews.columns)]
