"""The odds of hashed columns in two samples of reviews, shrunk where counts say little: a naive Bayes classifier."""

import numpy as np
from scipy import sparse
from scipy.special import xlogy

NOISE = 2.0
"""Standard errors of a column's difference below which it is taken for noise."""


def presence(rows: sparse.csr_matrix) -> sparse.csr_matrix:
    """The same rows with a 1 for every entry, float32."""
    return sparse.csr_matrix((np.ones(rows.nnz, np.float32), rows.indices, rows.indptr), shape=rows.shape)


def shrunk_log_odds(
    in_reference: np.ndarray, m: int | np.ndarray, in_batch: np.ndarray, n: int | np.ndarray
) -> np.ndarray:
    """Log-odds ratio of each column, shrunk to 0 within ``NOISE`` standard errors and little far beyond.

    ``in_reference`` of ``m`` reviews have a column, and ``in_batch`` of ``n``.
    """
    squared = standardised_gain(in_reference, m, in_batch, n) ** 2
    weights = np.zeros_like(squared)
    telling = squared > NOISE**2  # few columns are, and logarithms take long
    ours, theirs, of_ours, of_theirs = (
        np.broadcast_to(each, squared.shape)[telling] for each in (in_batch, in_reference, n, m)
    )
    odds = np.log((ours + 0.5) / (of_ours - ours + 0.5)) - np.log((theirs + 0.5) / (of_theirs - theirs + 0.5))
    weights[telling] = odds * (1 - (NOISE**2 / squared[telling]) ** 2)
    return weights


def standardised_gain(
    in_reference: np.ndarray, m: int | np.ndarray, in_batch: np.ndarray, n: int | np.ndarray
) -> np.ndarray:
    """The difference of the shares of reviews with each column, in standard errors."""
    share = (in_batch + in_reference + 0.5) / (m + n + 1)
    error = np.sqrt(share * (1 - share) * (1 / m + 1 / n))
    return (in_batch / n - in_reference / m) / error


def log_likelihood_ratio(ours: np.ndarray, n: int, theirs: np.ndarray, m: int) -> np.ndarray:
    """How much more likely each pair of shares is than one share of both, twice the logarithm (Dunning 1993).

    ``ours`` of ``n`` reviews and ``theirs`` of ``m`` have a column; 0 or more.
    """
    both = (n * ours + m * theirs) / (n + m)
    total = sum(
        size * (xlogy(share, share / both) + xlogy(1 - share, (1 - share) / np.maximum(1 - both, np.finfo(float).tiny)))
        for size, share in ((n, ours), (m, theirs))
    )
    return np.maximum(2 * total, 0.0)


def scores_of(rows: sparse.csr_matrix, weights: np.ndarray) -> np.ndarray:
    """Sum of the weights of a review's columns over the root of their number, so that long reviews do not rule.

    ``weights`` are of shape (n_columns,), or (n_columns, k) for ``k`` classifiers at once.
    """
    roots = np.sqrt(np.maximum(np.diff(rows.indptr), 1))
    return (rows @ weights) / (roots if weights.ndim == 1 else roots[:, None])
