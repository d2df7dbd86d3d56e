"""Feature rows and the labels of the same reviews, as every step of training takes them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import IO

import numpy as np
from scipy import sparse

from sentiment_assets.learning.metrics import margins_of_rows
from sentiment_assets.learning.unfinished_file import unfinished_file

MOST_ENTRIES = np.iinfo(np.int32).max
"""The largest number of entries that scikit-learn's SGD can index."""
_ROWS_AT_ONCE, _ENTRIES_AT_ONCE = 1_000, 1 << 23


@dataclass(frozen=True)
class LabelledRows:
    """Feature rows and their labels, however many: CSR arrays of which scipy and scikit-learn see a part at a time.

    Scipy would take 64-bit column indices, and scikit-learn refuse, from 2^31 entries on.
    """

    data: np.ndarray
    """float32, shape (n_entries,); it may be a mapped file, as ``indices`` and ``indptr``."""
    indices: np.ndarray
    """int32, shape (n_entries,): columns, ascending within each row."""
    indptr: np.ndarray
    """int64, shape (n_reviews + 1,): where each row begins and ends."""
    labels: np.ndarray
    """int8 of 0 and 1, shape (n_reviews,)."""
    n_columns: int
    most_entries: int = MOST_ENTRIES
    """How many entries a part has at most."""

    @classmethod
    def of(cls, rows: sparse.csr_matrix, labels: np.ndarray, most_entries: int = MOST_ENTRIES) -> "LabelledRows":
        """Rows of one matrix, float32 of shape (n_reviews, n_columns), without a copy of its entries."""
        indices = rows.indices.astype(np.int32, copy=False)
        return cls(rows.data, indices, rows.indptr.astype(np.int64), labels, rows.shape[1], most_entries)

    @cached_property
    def parts(self) -> tuple[sparse.csr_matrix, ...]:
        """The rows in as few matrices as ``most_entries`` allows, without a copy of what they hold.

        Raises ``ValueError`` for a single row of more entries.
        """
        cuts = [0]
        while cuts[-1] < len(self.labels) or len(cuts) == 1:
            end = int(np.searchsorted(self.indptr, self.indptr[cuts[-1]] + self.most_entries, side="right")) - 1
            if end == cuts[-1] < len(self.labels):
                raise ValueError(f"row {end} has more than {self.most_entries:,} entries")
            cuts.append(end)
        return tuple(self._between(first, last) for first, last in pairwise(cuts))

    @property
    def rows(self) -> sparse.csr_matrix:
        """All rows in one matrix, float32 of shape (n_reviews, n_columns); a copy where there are several parts."""
        return self.parts[0] if len(self.parts) == 1 else sparse.vstack(self.parts, format="csr")

    def between(self, first: int, last: int) -> "LabelledRows":
        """The rows from ``first`` to before ``last``, without a copy of what they hold."""
        start, end = self.indptr[first], self.indptr[last]
        return replace(
            self,
            data=self.data[start:end],
            indices=self.indices[start:end],
            indptr=self.indptr[first : last + 1] - start,
            labels=self.labels[first:last],
        )

    def chunks(self) -> Iterator[tuple[sparse.csr_matrix, np.ndarray]]:
        """A thousand rows at a time, and their labels."""
        for first in range(0, len(self.labels), _ROWS_AT_ONCE):
            last = min(first + _ROWS_AT_ONCE, len(self.labels))
            yield self._between(first, last), self.labels[first:last]

    def column_sums(self) -> np.ndarray:
        """The sum of each column, float64 of shape (n_columns,)."""
        sums = np.zeros(self.n_columns)
        for some, _ in self.chunks():  # all at once, the entries would be copied as 64-bit numbers
            np.add.at(sums, some.indices, some.data.astype(np.float64))  # of one type, or it takes far longer
        return sums

    def margins(self, coefficients: np.ndarray, intercept: float) -> np.ndarray:
        """The margin of each row, float64 of shape (n_reviews,); see ``margins_of_rows``."""
        return np.concatenate([margins_of_rows(part, coefficients, intercept) for part in self.parts])

    def taken(self, order: np.ndarray) -> Iterator[tuple[sparse.csr_matrix, np.ndarray]]:
        """The rows at the positions ``order``, copied a block at a time, and their labels.

        What a block holds depends on the order and the rows, and not on the parts that these are in.
        """
        ends = np.cumsum(np.diff(self.indptr)[order])
        starts = np.cumsum([0, *(len(part.indptr) - 1 for part in self.parts)])
        for places in np.split(order, np.flatnonzero(np.diff(ends // _ENTRIES_AT_ONCE)) + 1):
            part_of = np.searchsorted(starts, places, side="right") - 1
            held = [part[places[part_of == number] - starts[number]] for number, part in enumerate(self.parts)]
            back = np.argsort(np.argsort(part_of, kind="stable"), kind="stable")
            yield sparse.vstack(held, format="csr")[back], self.labels[places]

    def _between(self, first: int, last: int) -> sparse.csr_matrix:
        start, end = self.indptr[first], self.indptr[last]
        rows = sparse.csr_matrix((last - first, self.n_columns), dtype=np.float32)
        # Set one by one: scipy would copy what is less than half of a larger array.
        rows.data, rows.indices = self.data[start:end], self.indices[start:end]
        rows.indptr = (self.indptr[first : last + 1] - start).astype(np.int32)
        rows.has_canonical_format = True
        return rows


def filed_rows(
    chunks: Iterable[sparse.csr_matrix], labels: np.ndarray, n_columns: int, folder: Path | None = None
) -> LabelledRows:
    """Rows that come some at a time, written to files without a name, and mapped: they need no memory of their own.

    The files lie in ``folder``, or where this machine has its temporary files, and are gone with the arrays.
    """
    indptr = [np.zeros(1, np.int64)]
    with unfinished_file(folder) as data, unfinished_file(folder) as indices:
        for rows in chunks:
            data.write(np.ascontiguousarray(rows.data, np.float32).data)
            indices.write(np.ascontiguousarray(rows.indices, np.int32).data)
            indptr.append(indptr[-1][-1] + rows.indptr[1:].astype(np.int64))
        return LabelledRows(
            data=_mapped(data, np.float32),
            indices=_mapped(indices, np.int32),
            indptr=np.concatenate(indptr),
            labels=labels,
            n_columns=n_columns,
        )


def joined_rows(*some: LabelledRows, folder: Path | None = None) -> LabelledRows:
    """The rows of all in turn, which have the same columns, in files of their own (``filed_rows``)."""
    chunks = (rows for each in some for rows, _ in each.chunks())
    return filed_rows(chunks, np.concatenate([each.labels for each in some]), some[0].n_columns, folder)


def with_scaled_columns(rows: LabelledRows, factors: np.ndarray, folder: Path | None = None) -> LabelledRows:
    """Each column times its factor, float32 of shape (n_columns,), in a file of its own (``filed_rows``)."""
    with unfinished_file(folder) as data:
        for first in range(0, len(rows.data), _ENTRIES_AT_ONCE):
            some = slice(first, first + _ENTRIES_AT_ONCE)
            data.write((rows.data[some] * factors[rows.indices[some]]).data)
        return replace(rows, data=_mapped(data, np.float32))


def _mapped(file: IO[bytes], dtype: type) -> np.ndarray:
    file.flush()
    return np.memmap(file, dtype, "r") if file.tell() else np.empty(0, dtype)  # no file without content can be mapped
