"""The most similar of many sets for each of others, by exact Jaccard similarity and without comparing all with all.

Prefix filtering: two sets that share most of their elements share some of their rarest ones (Chaudhuri, Ganti & Kaushik
2006, "A primitive operator for similarity joins in data cleaning"; Xiao et al. 2008, "Efficient similarity joins for
near duplicate detection"). Sets are the rows of sparse matrices, their elements the columns that have an entry.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import sparse

ELEMENT_BITS = 26
"""Elements are numbers below 2^ELEMENT_BITS."""
_MOST_COUNTED = np.iinfo(np.uint8).max
_MET_AT_ONCE, _SETS_AT_ONCE = 1_000_000, 4_000
_ROUNDING = 1e-9
_SHARE_TO_MEET = 4
"""Pairs are compared that share a quarter of what they must share already among their rarest elements."""


@dataclass(frozen=True)
class SetIndex:
    """Sets in which similar ones are looked for."""

    sets: sparse.csr_matrix
    """int8, shape (n_sets, 2^ELEMENT_BITS)."""
    similarity: float
    """The smallest Jaccard similarity that is found."""
    frequency: np.ndarray
    """uint8, shape (2^ELEMENT_BITS,): how many sets have each element, 255 for more."""
    elements: np.ndarray
    """int32, ascending, shape (n_elements,): those that are among the rarest of some set."""
    found_by: sparse.csr_matrix
    """int32, shape (n_elements, n_sets): 1 where the element is among the set's rarest."""

    @classmethod
    def of(cls, parts: Iterable[sparse.csr_matrix], similarity: float) -> "SetIndex":
        """Index sets that come some at a time, as the rows of canonical CSR matrices; similarity is above 0."""
        sets = _joined(parts)
        frequency = np.zeros(1 << ELEMENT_BITS, np.uint8)
        found = [np.empty((2, 0), np.int32)]
        starts = range(0, sets.shape[0], _SETS_AT_ONCE)
        for start in starts:
            _count(sets[start : start + _SETS_AT_ONCE], frequency)
        for start in starts:
            owners, elements = _rarest(sets[start : start + _SETS_AT_ONCE], frequency, similarity)
            found.append(np.array([owners + start, elements], np.int32))
        owners, elements = np.concatenate(found, axis=1)
        order = np.argsort(elements, kind="stable")
        owners, elements = owners[order], elements[order]
        first = np.flatnonzero(np.diff(elements, prepend=-1))
        parts_of_csr = np.ones(len(owners), np.int32), owners, np.append(first, len(owners))
        found_by = sparse.csr_matrix(parts_of_csr, shape=(len(first), sets.shape[0]))
        return cls(sets, similarity, frequency, elements[first], found_by)

    def most_similar(self, sets: sparse.csr_matrix) -> tuple[np.ndarray, np.ndarray]:
        """The largest Jaccard similarity of each set with one of the index, and the position of the first such one.

        ``sets`` are the rows of a canonical CSR matrix of shape (n, 2^ELEMENT_BITS). Both arrays have shape (n,):
        float64 and int64, 0.0 and -1 where no set of the index reaches the similarity asked for.
        """
        best, at = np.zeros(sets.shape[0]), np.full(sets.shape[0], -1)
        asked = np.flatnonzero(self._has_some_known(sets))
        ones = _ones(sets[asked])
        for rows, twins in self._candidates(ones):
            similarities = self._jaccard(ones, rows, twins)
            order = np.lexsort((twins, -similarities, rows))
            order = order[similarities[order] >= self.similarity]
            rows, first = np.unique(rows[order], return_index=True)
            best[asked[rows]], at[asked[rows]] = similarities[order][first], twins[order][first]
        return best, at

    def _candidates(self, sets: sparse.csr_matrix) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """The pairs that may be similar enough, some sets at a time: positions in ``sets`` and in the index."""
        least, least_here = (_least_to_meet(np.diff(each.indptr), self.similarity) for each in (sets, self.sets))
        rarest = self._rarest_of(sets)
        met = np.cumsum(rarest @ np.diff(self.found_by.indptr))  # as many as there are to add up
        parts = np.flatnonzero(np.diff(met // _MET_AT_ONCE)) + 1
        for start, end in pairwise([0, *parts, sets.shape[0]]):
            shared = (rarest[start:end] @ self.found_by).tocoo()
            rows, twins = shared.row + start, shared.col
            enough = shared.data >= np.maximum(least[rows], least_here[twins])
            yield rows[enough], twins[enough]

    def _rarest_of(self, sets: sparse.csr_matrix) -> sparse.csr_matrix:
        """The rarest elements of each set, int32 of shape (n, n_elements), those that the index knows."""
        owners, elements = _rarest(sets, self.frequency, self.similarity)
        order = np.argsort(elements)  # they are looked up in less than half the time
        owners, elements = owners[order], elements[order]
        places = np.minimum(np.searchsorted(self.elements, elements), len(self.elements) - 1)
        known = self.elements[places] == elements
        ones = np.ones(known.sum(), np.int32)
        return sparse.csr_matrix((ones, (owners[known], places[known])), shape=(sets.shape[0], len(self.elements)))

    def _has_some_known(self, sets: sparse.csr_matrix) -> np.ndarray:
        """True for sets of whose rarest elements the index has some: for most texts it has none, and they are done."""
        known = np.concatenate([[0], np.cumsum(self.frequency[sets.indices] > 0)])
        sizes = np.diff(sets.indptr)
        unknown = sizes - np.diff(known[sets.indptr])
        return unknown < _prefix_sizes(sizes, self.similarity)

    def _jaccard(self, sets: sparse.csr_matrix, rows: np.ndarray, twins: np.ndarray) -> np.ndarray:
        """The Jaccard similarity of each pair, float64."""
        shared = [np.empty(0, np.int64)]
        for start in range(0, len(rows), _SETS_AT_ONCE):
            part = slice(start, start + _SETS_AT_ONCE)
            shared.append(np.diff(sets[rows[part]].multiply(self.sets[twins[part]]).tocsr().indptr))
        together = np.concatenate(shared)
        return together / (np.diff(sets.indptr)[rows] + np.diff(self.sets.indptr)[twins] - together)


def _joined(parts: Iterable[sparse.csr_matrix]) -> sparse.csr_matrix:
    """The rows of all parts in one matrix, of which no part is held longer than it is copied."""
    sizes, indices = [np.empty(0, np.int64)], [np.empty(0, np.int32)]
    for part in parts:
        sizes.append(np.diff(part.indptr))
        indices.append(part.indices)
    elements = np.concatenate(indices)
    indptr = np.concatenate([[0], np.cumsum(np.concatenate(sizes))])
    shape = (len(indptr) - 1, 1 << ELEMENT_BITS)
    return sparse.csr_matrix((np.ones(len(elements), np.int8), elements, indptr), shape=shape)


def _ones(sets: sparse.csr_matrix) -> sparse.csr_matrix:
    return sparse.csr_matrix((np.ones(sets.nnz, np.int8), sets.indices, sets.indptr), shape=sets.shape)


def _count(sets: sparse.csr_matrix, frequency: np.ndarray) -> None:
    """Add how many of the sets have each element."""
    elements, counts = np.unique(sets.indices, return_counts=True)
    frequency[elements] = np.minimum(frequency[elements] + counts, _MOST_COUNTED)


def _rarest(sets: sparse.csr_matrix, frequency: np.ndarray, similarity: float) -> tuple[np.ndarray, np.ndarray]:
    """The rarest elements of each set, as many as similar sets cannot all do without: sets, ascending, and elements.

    Elements of frequency 0 are the rarest, and left out: no set has been found by them.
    """
    sizes = np.diff(sets.indptr)
    often = frequency[sets.indices]
    there = np.flatnonzero(often)
    owners = np.repeat(np.arange(len(sizes)), sizes)[there]
    keys = ((owners << 8) | often[there]) << ELEMENT_BITS | sets.indices[there]
    keys.sort()
    counts = np.bincount(owners, minlength=len(sizes))
    place = np.arange(len(keys)) + (sizes - np.cumsum(counts))[owners]
    kept = place < _prefix_sizes(sizes, similarity)[owners]
    return owners[kept], (keys[kept] & ((1 << ELEMENT_BITS) - 1)).astype(np.int32)


def _to_share(sizes: np.ndarray, similarity: float) -> np.ndarray:
    """How many elements a set has in common with one that is similar enough, at least."""
    return np.ceil(similarity * sizes - _ROUNDING).astype(np.int64)


def _least_to_meet(sizes: np.ndarray, similarity: float) -> np.ndarray:
    """How many of these are among the rarest elements of both, at least."""
    return -(-_to_share(sizes, similarity) // _SHARE_TO_MEET)


def _prefix_sizes(sizes: np.ndarray, similarity: float) -> np.ndarray:
    """How many of a set's rarest elements must be looked at for that."""
    return sizes - _to_share(sizes, similarity) + _least_to_meet(sizes, similarity)
