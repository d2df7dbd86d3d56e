"""Texts that are gathered in columns, compactly: as objects of Python they would take twice the memory."""

from collections.abc import Iterable

import pandas as pd
import pyarrow as pa

_ROWS_OF_A_PIECE = 20_000


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
        pool = pa.system_memory_pool()  # the usual one keeps up to twice as much for pieces of this size
        self._pieces.append(pa.array(self._last, pa.large_string(), memory_pool=pool))
        self._last = []
