"""Which batches have a text, and the label that each of them gave it last: a table that is sorted by text.

A few texts are found among millions by bisection, which touches a handful of the table's rows for each of them. So the
table may lie in a file, mapped into memory, and what a batch costs hardly depends on how many reviews came before it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

NO_LABEL, NEUTRAL = -1, 2


@dataclass(frozen=True)
class TextTable:
    """One row for each distinct text of each batch; batches are known by numbers."""

    digests: np.ndarray
    """uint64 of shape (n,), ascending: the texts (``text_digests``)."""
    batches: np.ndarray
    """int32 of shape (n,): the number of a batch that has the text, 0 or more."""
    labels: np.ndarray
    """int8 of shape (n,): the last label that this batch gave the text: 1, 0 or ``NEUTRAL``; else ``NO_LABEL``.

    Tables of former releases have ``NO_LABEL`` for neutral, too."""

    def rows_of(self, digests: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Find texts, uint64 of shape (m,), in the table.

        Returns two int64 arrays of one shape, an entry for each row that has one of the texts: the position of that
        text in ``digests``, and the row.
        """
        first = np.searchsorted(self.digests, digests, "left")
        counts = np.searchsorted(self.digests, digests, "right") - first
        positions = np.repeat(np.arange(len(digests)), counts)
        before = np.cumsum(counts) - counts
        return positions, np.arange(len(positions)) + np.repeat(first - before, counts)


def make_table(remembered: Iterable[pd.DataFrame]) -> TextTable:
    """Make a table of what is remembered of batches (``digests_and_labels``), numbered from 0 in that order."""
    frames = list(remembered)
    digests = [np.empty(0, np.uint64), *(frame["text_digest"].to_numpy(np.uint64) for frame in frames)]
    labels = [np.empty(0, np.int8), *(frame["label"].to_numpy(np.int8, na_value=NO_LABEL) for frame in frames)]
    numbers = np.repeat(np.arange(len(frames), dtype=np.int32), [len(frame) for frame in frames])
    return _distinct(_sorted(np.concatenate(digests), numbers, np.concatenate(labels)))


def join_tables(tables: Sequence[TextTable], numbers: Sequence[np.ndarray]) -> TextTable:
    """Join tables whose batches get new numbers.

    ``numbers`` has an int32 array for each table: the new number of each of its batches, or -1 for a batch whose rows
    are left out. No two batches that stay may get the same number.
    """
    renumbered = [new[table.batches] for table, new in zip(tables, numbers, strict=True)]
    kept = [new >= 0 for new in renumbered]
    return _sorted(
        np.concatenate([table.digests[stays] for table, stays in zip(tables, kept, strict=True)]),
        np.concatenate([new[stays] for new, stays in zip(renumbered, kept, strict=True)]),
        np.concatenate([table.labels[stays] for table, stays in zip(tables, kept, strict=True)]),
    )


def _sorted(digests: np.ndarray, batches: np.ndarray, labels: np.ndarray) -> TextTable:
    order = np.argsort(digests, kind="stable")  # stable: rows of a text keep their order, and sorted parts are merged
    return TextTable(digests[order], batches[order], labels[order])


def _distinct(table: TextTable) -> TextTable:
    """Keep one row for each text and batch, with its last label; a text's rows stand in the order of the reviews."""
    if not len(table.digests):
        return table
    is_first = np.r_[True, (np.diff(table.digests) != 0) | (np.diff(table.batches) != 0)]
    first = np.flatnonzero(is_first)
    labelled = np.where(table.labels == NO_LABEL, -1, np.arange(len(table.labels)))
    last_labelled = np.maximum.reduceat(labelled, first)
    labels = np.where(last_labelled < first, NO_LABEL, table.labels[last_labelled]).astype(np.int8)
    return TextTable(table.digests[first], table.batches[first], labels)
