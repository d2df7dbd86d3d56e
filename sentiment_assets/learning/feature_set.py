"""A feature set: words, characters, or both side by side; and how a text becomes a row of one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise, tee
from typing import Any

import numpy as np
import pyarrow as pa
from scipy import sparse

from sentiment_assets.learning.ngrams import (
    ColumnLookup,
    Occurrences,
    Texts,
    find_ngrams,
    hash_chunks,
    occurrences_to_rows,
)
from sentiment_assets.learning.settings import NgramSettings
from sentiment_assets.learning.vectorizer import name_columns
from sentiment_assets.learning.weighting import ColumnWeights, weigh

PART_ARRAYS = ("columns", "weights")
"""What is stored of all parts of a feature set together (``parts_to_arrays``)."""


@dataclass(frozen=True)
class FeaturePart:
    """One kind of n-grams of a feature set, with the weights that were fitted on train."""

    ngrams: NgramSettings
    column_weights: ColumnWeights
    length: float = 1.0
    """The length of this part of each row; the squares of the lengths of a model's own parts add up to 1, and so do
    those of a sister's."""

    @cached_property
    def lookup(self) -> ColumnLookup:
        """The hashed columns that carry weight."""
        return ColumnLookup.of(self.column_weights.columns, 1 << self.ngrams.columns_log2)

    def rows(self, occurrences: Occurrences) -> sparse.csr_matrix:
        """The part's columns of the rows of one chunk, shape (n_texts, n_columns), rows of ``length`` or 0."""
        return self.weighed(occurrences_to_rows(occurrences, self.ngrams, self.lookup))

    def weighed(self, rows: sparse.csr_matrix) -> sparse.csr_matrix:
        """The same from hashed n-grams in the columns of ``lookup``; changes ``rows`` itself."""
        return scaled(weigh(rows, self.column_weights.weights), self.length)


@dataclass(frozen=True)
class FittedFeatureSet:
    """How a text becomes a row: the columns of its parts stand side by side."""

    parts: tuple[FeaturePart, ...]

    @property
    def n_columns(self) -> int:
        """Columns of a row."""
        return self._starts[-1]

    @property
    def column_ranges(self) -> list[range]:
        """The columns of each part."""
        return [range(start, end) for start, end in pairwise(self._starts)]

    @property
    def main_ngrams(self) -> NgramSettings:
        """The n-grams that texts are described by where one kind is enough: words wherever there are any."""
        return self.parts[0].ngrams

    def find(self, texts: Texts) -> Iterator[tuple[Occurrences, ...]]:
        """Every n-gram of ``texts`` with its place: for each chunk of texts, the n-grams of each part.

        Parts with the same kind of n-grams share them.
        """
        kinds = list(dict.fromkeys(part.ngrams for part in self.parts))
        for found in zip(*(find_ngrams(texts, each) for each in kinds), strict=True):
            yield tuple(found[kinds.index(part.ngrams)] for part in self.parts)

    def rows_of(self, occurrences: Sequence[Occurrences]) -> sparse.csr_matrix:
        """The rows of one chunk from the n-grams that ``find`` found, float32 of shape (n_texts, n_columns)."""
        return side_by_side([part.rows(each) for part, each in zip(self.parts, occurrences, strict=True)])

    def rows(self, texts: Texts) -> sparse.csr_matrix:
        """The row of each text, float32 of shape (n_texts, n_columns)."""
        empty = sparse.csr_matrix((0, self.n_columns), dtype=np.float32)
        return sparse.vstack([empty, *(self.rows_of(each) for each in self.find(texts))], format="csr")

    def row_chunks(self, chunks: Iterator[pa.Array], n_jobs: int = 1) -> Iterator[sparse.csr_matrix]:
        """The rows of each of some chunks of texts (``chunks_of``), ``n_jobs`` threads side by side."""
        copies = tee(chunks, len(self.parts))
        hashed = [
            hash_chunks(own, part.ngrams, part.lookup, n_jobs) for own, part in zip(copies, self.parts, strict=True)
        ]
        for chunk in zip(*hashed, strict=True):
            yield side_by_side([part.weighed(rows) for part, rows in zip(self.parts, chunk, strict=True)])

    def names(self, texts: Texts, columns: np.ndarray) -> list[str]:
        """The n-gram most often behind each of ``columns`` in ``texts``; see ``name_columns``."""
        names = np.full(len(columns), "", object)
        for part, places in zip(self.parts, self.column_ranges, strict=True):
            own = np.flatnonzero((columns >= places.start) & (columns < places.stop))
            if len(own):
                hashed = part.column_weights.columns[columns[own] - places.start]
                names[own] = name_columns(texts, hashed, part.ngrams)
        return names.tolist()

    @property
    def _starts(self) -> list[int]:
        return [0, *accumulate(len(part.column_weights.columns) for part in self.parts)]


def side_by_side(parts: Sequence[sparse.csr_matrix]) -> sparse.csr_matrix:
    """The columns of all parts, which have the same rows; one part alone is given back as it is."""
    return parts[0] if len(parts) == 1 else sparse.hstack(parts, format="csr", dtype=np.float32)


def scaled(rows: sparse.csr_matrix, length: float) -> sparse.csr_matrix:
    """Rows times a length; without a copy where it is 1."""
    if length == 1:
        return rows
    return sparse.csr_matrix((rows.data * np.float32(length), rows.indices, rows.indptr), shape=rows.shape)


def parts_to_facts(fitted: FittedFeatureSet) -> list[dict[str, object]]:
    """What ``parts_from`` needs of a feature set beside its arrays, for JSON."""
    return [
        {"ngrams": part.ngrams.model_dump(), "length": part.length, "columns": len(part.column_weights.columns)}
        for part in fitted.parts
    ]


def parts_to_arrays(fitted: FittedFeatureSet) -> dict[str, np.ndarray]:
    """The columns and weights of all parts, one part after the other."""
    weights = [part.column_weights for part in fitted.parts]
    return {
        "columns": np.concatenate([each.columns for each in weights]),
        "weights": np.concatenate([each.weights for each in weights]),
    }


def parts_from(facts: Sequence[Mapping[str, Any]], arrays: Mapping[str, np.ndarray]) -> FittedFeatureSet:
    """The inverse of ``parts_to_facts`` and ``parts_to_arrays``."""
    ends = list(accumulate(each["columns"] for each in facts))
    columns, weights = (np.split(arrays[name], ends[:-1]) for name in PART_ARRAYS)
    return FittedFeatureSet(
        tuple(
            FeaturePart(NgramSettings(**each["ngrams"]), ColumnWeights(*own), each["length"])
            for each, *own in zip(facts, columns, weights, strict=True)
        )
    )
