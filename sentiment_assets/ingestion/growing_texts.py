"""Texts that are gathered in columns, compactly: as objects of Python they would take twice the memory."""

from collections.abc import Iterable, Iterator, Sequence

import pandas as pd
import pyarrow as pa

from sentiment_assets.ingestion.moments import Written

_ROWS_OF_A_PIECE = 2_000


class GrowingTexts:
    """A column of texts, some of them missing, which is Arrow's but for its last rows."""

    def __init__(self) -> None:
        self._pieces: list[pa.Array] = []
        self._last: list[str | None] = []

    def extend(self, texts: Iterable[str | None]) -> None:
        """Add texts at the end."""
        self._last.extend(texts)
        if len(self._last) >= _ROWS_OF_A_PIECE:
            self._close_piece()

    def series(self) -> "pd.Series[str]":
        """All texts, of pandas' type ``str``."""
        self._close_piece()
        return pa.chunked_array(self._pieces, pa.large_string()).to_pandas()

    def _close_piece(self) -> None:
        self._pieces.append(as_arrow(self._last, pa.large_string()))
        self._last = []


class GrowingDates:
    """A column of dates as they are written, some of them missing; those that are texts are held as Arrow's."""

    def __init__(self) -> None:
        self._pieces: list[pa.Array | list[Written | None]] = []
        self._last: list[Written | None] = []

    def extend(self, dates: Iterable[Written | None]) -> None:
        """Add dates at the end."""
        self._last.extend(dates)
        if len(self._last) >= _ROWS_OF_A_PIECE:
            texts = [each for each in self._last if each is None or isinstance(each, str)]
            self._pieces.append(as_arrow(texts, pa.large_string()) if len(texts) == len(self._last) else self._last)
            self._last = []

    def __iter__(self) -> Iterator[Written | None]:
        for piece in self._pieces:
            yield from piece.to_pylist() if isinstance(piece, pa.Array) else piece
        yield from self._last


def as_arrow(values: Sequence[object], kind: pa.DataType) -> pa.Array:
    """An array of a few thousand values, which takes no more memory than they need."""
    return pa.array(values, kind, memory_pool=pa.system_memory_pool())  # the usual one keeps up to twice as much
