"""Which columns count, and for how much: fitted on the training split only."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from sentiment_assets.learning.settings import Weighting


@dataclass(frozen=True)
class ColumnWeights:
    """The columns that carry weight, and the weight of a 1 in each."""

    columns: np.ndarray
    """int32, ascending, shape (n_columns,): positions among the hashed columns."""
    weights: np.ndarray
    """float32, shape (n_columns,)."""


def fit_column_weights(
    presence: sparse.csr_matrix, labels: np.ndarray, weighting: Weighting, min_reviews: int
) -> ColumnWeights:
    """Weights of the columns that occur in at least ``min_reviews`` training reviews.

    ``presence`` has shape (n_reviews, n_hashed_columns) and holds ones; ``labels`` holds 0 and 1.
    ``naive_bayes`` is the log-count ratio with one added to each count (Wang & Manning 2012, "Baselines
    and bigrams"); ``tfidf`` is ``ln((1 + n) / (1 + df)) + 1``, as in scikit-learn's TfidfTransformer.
    """
    reviews_with = np.bincount(presence.indices, minlength=presence.shape[1])
    columns = np.flatnonzero(reviews_with >= min_reviews).astype(np.int32)
    if weighting == "presence":
        weights = np.ones(len(columns))
    elif weighting == "tfidf":
        weights = np.log((1 + presence.shape[0]) / (1 + reviews_with[columns])) + 1
    else:
        entry_labels = np.repeat(labels, np.diff(presence.indptr))
        positive = np.bincount(presence.indices, weights=entry_labels == 1, minlength=presence.shape[1])[columns]
        negative = reviews_with[columns] - positive
        weights = np.log((1 + positive) / (1 + positive).sum())
        weights -= np.log((1 + negative) / (1 + negative).sum())
    return ColumnWeights(columns, weights.astype(np.float32))


def apply_column_weights(presence: sparse.csr_matrix, fitted: ColumnWeights) -> sparse.csr_matrix:
    """The weighted columns alone, each row scaled to length 1 (rows without any stay empty).

    Returns a float32 CSR matrix of shape (n_reviews, n_columns).
    """
    position = np.full(presence.shape[1], -1, np.int32)
    position[fitted.columns] = np.arange(len(fitted.columns), dtype=np.int32)
    moved = position[presence.indices]
    kept = moved >= 0
    before = np.concatenate([[0], np.cumsum(kept)])
    indices = moved[kept]
    indptr = before[presence.indptr]
    row_of = np.repeat(np.arange(presence.shape[0]), np.diff(indptr))
    data = fitted.weights[indices]
    squares = np.bincount(row_of, weights=data.astype(np.float64) ** 2, minlength=presence.shape[0])
    lengths = np.sqrt(np.where(squares > 0, squares, 1)).astype(np.float32)
    shape = (presence.shape[0], len(fitted.columns))
    return sparse.csr_matrix((data / lengths[row_of], indices, indptr), shape=shape)
