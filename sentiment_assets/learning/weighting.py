"""Which columns count, and for how much: fitted on what a model is trained on, and nothing else."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.sparsefuncs_fast import inplace_csr_row_normalize_l2
from sklearn.utils.validation import check_is_fitted, validate_data

from sentiment_assets.learning.labelled_rows import LabelledRows
from sentiment_assets.learning.ngrams import ColumnLookup, select_columns
from sentiment_assets.learning.settings import Weighting


@dataclass(frozen=True)
class ColumnWeights:
    """The columns that carry weight, and the weight of a 1 in each."""

    columns: np.ndarray
    """int32, shape (n_columns,): positions among the hashed columns, in the order in which rows have them."""
    weights: np.ndarray
    """float32, shape (n_columns,)."""


@dataclass(frozen=True)
class ColumnCounts:
    """The number of reviews that each column occurs in."""

    n_reviews: int
    reviews_with: np.ndarray
    """int32, shape (n_columns,)."""
    positive: np.ndarray
    """int32, shape (n_columns,): how many of these are positive."""

    def without(self, some: "ColumnCounts") -> "ColumnCounts":
        """The counts of the other reviews, when ``some`` of them are left out."""
        return ColumnCounts(
            self.n_reviews - some.n_reviews, self.reviews_with - some.reviews_with, self.positive - some.positive
        )


def count_columns(chunks: Iterable[tuple[sparse.csr_matrix, np.ndarray]], n_columns: int) -> ColumnCounts:
    """Count rows that come some at a time with their labels; only which entries are there matters."""
    everywhere, positive = (np.zeros(n_columns, np.int32) for _ in range(2))
    n_reviews = 0
    for rows, labels in chunks:
        np.add.at(everywhere, rows.indices, np.int32(1))
        np.add.at(positive, rows.indices[np.repeat(labels == 1, np.diff(rows.indptr))], np.int32(1))
        n_reviews += len(labels)
    return ColumnCounts(n_reviews, everywhere, positive)


def fit_column_weights(ngrams: LabelledRows, weighting: Weighting, min_reviews: int) -> ColumnWeights:
    """Weights of the columns that occur in at least ``min_reviews`` training reviews, by ``column_weights``.

    ``ngrams`` has shape (n_reviews, n_hashed_columns); only which entries are there matters.
    """
    return column_weights(count_columns(ngrams.chunks(), ngrams.n_columns), weighting, min_reviews)


def column_weights(counts: ColumnCounts, weighting: Weighting, min_reviews: int) -> ColumnWeights:
    """Weights of the columns that occur in at least ``min_reviews`` of the reviews that were counted.

    With r the log-count ratio, one added to each count (Wang & Manning 2012, "Baselines and bigrams"), and idf =
    ln((1 + n) / (1 + df)) + 1 as in scikit-learn's TfidfTransformer, a column weighs by ``naive_bayes_idf``
    sign(r)·√|r|·idf² (docs/decisions/0004-weighting.md), by ``naive_bayes`` r, by ``tfidf`` idf, by ``presence`` 1.
    The columns of most reviews come first: SGD then finds in the processor's caches what it needs most often of W.
    """
    columns = np.flatnonzero(counts.reviews_with >= min_reviews).astype(np.int32)
    columns = columns[np.argsort(-counts.reviews_with[columns], kind="stable")]
    reviews_with, positive = counts.reviews_with[columns], counts.positive[columns]
    if weighting == "presence" or not len(columns):
        return ColumnWeights(columns, np.ones(len(columns), np.float32))
    idf = np.log((1 + counts.n_reviews) / (1 + reviews_with)) + 1
    if weighting == "tfidf":
        return ColumnWeights(columns, idf.astype(np.float32))
    ratio = _log_share(positive) - _log_share(reviews_with - positive)
    weights = ratio if weighting == "naive_bayes" else np.sign(ratio) * np.sqrt(np.abs(ratio)) * idf**2
    return ColumnWeights(columns, weights.astype(np.float32))


def weigh(rows: sparse.csr_matrix, weights: np.ndarray) -> sparse.csr_matrix:
    """Each column times its weight, then each row scaled to length 1 (empty rows stay so); changes ``rows`` itself.

    ``rows`` is float32 of shape (n_reviews, n_columns), ``weights`` of shape (n_columns,).
    """
    rows.data *= weights[rows.indices]
    inplace_csr_row_normalize_l2(rows)  # what `normalize` does, which looks at its arguments for longer than at one row
    return rows


def weigh_anew(rows: sparse.csr_matrix, former: np.ndarray, now: ColumnWeights) -> sparse.csr_matrix:
    """Rows that ``weigh`` has made with the weights ``former``, as others make them; changes ``rows`` itself.

    ``now.columns`` are positions among the columns of ``rows``; the others carry no weight any more, nor do columns
    whose former weight was 0. Where words and characters stand side by side, their shares stay about the same.
    """
    ratios = np.zeros(len(former), np.float32)
    there = now.columns[former[now.columns] != 0]
    ratios[now.columns] = now.weights
    ratios[there] /= former[there]
    ratios[former == 0] = 0
    rows = weigh(rows, ratios)
    rows.eliminate_zeros()  # a row without an entry is one of which nothing is known
    return rows


def _log_share(counts: np.ndarray) -> np.ndarray:
    return np.log(1 + counts) - np.log(np.sum(1 + counts))


class ColumnWeighting(TransformerMixin, BaseEstimator):
    """``fit_column_weights`` and ``weigh`` as a scikit-learn transformer, for pipelines in notebooks."""

    def __init__(self, weighting: Weighting = "naive_bayes_idf", min_reviews: int = 2) -> None:
        self.weighting = weighting
        self.min_reviews = min_reviews

    def fit(self, X: ArrayLike | sparse.spmatrix, y: ArrayLike | None = None) -> Self:  # noqa: N803
        """Fit the weights on n-grams of shape (n_reviews, n_hashed_columns) and labels 0 and 1."""
        rows, labels = validate_data(self, X, y, accept_sparse="csr")
        self.fitted_ = fit_column_weights(
            LabelledRows.of(sparse.csr_matrix(rows), labels), self.weighting, self.min_reviews
        )
        return self

    def transform(self, X: ArrayLike | sparse.spmatrix) -> sparse.csr_matrix:  # noqa: N803
        """The weighted columns alone, float32 of shape (n_reviews, n_columns), rows of length 1."""
        check_is_fitted(self)
        rows = validate_data(self, X, accept_sparse="csr", reset=False)
        lookup = ColumnLookup.of(self.fitted_.columns, rows.shape[1])
        chosen = select_columns(sparse.csr_matrix(rows, dtype=np.float32), lookup)
        return weigh(chosen, self.fitted_.weights)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.target_tags.required = True
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags
