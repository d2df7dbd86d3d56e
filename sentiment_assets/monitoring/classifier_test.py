"""A classifier two-sample test on n-grams: can a classifier tell the batch's reviews from the reference's?

Lopez-Paz & Oquab 2017, "Revisiting classifier two-sample tests". Ours is a naive Bayes classifier whose log-odds are
shrunk where counts say little, because it is fitted by counting columns: two passes over the matrices in all. It is
fitted on one half of both samples and asked about the other, then the other way round. Given the half it was fitted
on, the reviews of the other half are exchangeable if nothing has drifted, so each half's test is exact; the two
p-values are joined by Bonferroni's rule, which holds although they depend on each other. Pooling the scores of
cross-validation instead, as is often done, rejects too often. Few reviews are not halved: ``permutation_test``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from sentiment_assets.monitoring.column_odds import NOISE, presence, scores_of, shrunk_log_odds, standardised_gain
from sentiment_assets.monitoring.permutation_test import SMALLEST_ALPHA, cross_fit
from sentiment_assets.monitoring.two_sample import Differences, compare_values

_HALVES = 2
_FEW = 2_500
"""So many reviews of both samples together are too few to be halved."""
_SEED = 0


@dataclass(frozen=True)
class Separation:
    """How well the classifier tells batch from reference."""

    differences: Differences
    unlikeness: np.ndarray
    """float64, shape (n_batch,): the share of the reference's reviews that look less like the batch's; near 1 for
    reviews unlike the reference."""
    gains: np.ndarray
    """float32, shape (n_columns,): share of the batch's reviews with each column less that of the reference's, where
    the difference stands out from noise, else 0."""


def classify_samples(reference: sparse.csr_matrix, batch: sparse.csr_matrix, *, alpha: float) -> Separation:
    """Compare two samples of n-gram rows, shapes (m, n_columns) and (n, n_columns), m and n at least 2.

    Only which entries are there matters. ``alpha`` is the level at which differences will be judged.
    """
    reference, batch = presence(reference), presence(batch)
    if reference.shape[0] + batch.shape[0] <= _FEW and alpha >= SMALLEST_ALPHA:
        return _classify_few(reference, batch, alpha)
    rng = np.random.default_rng(_SEED)
    half_of_reference = rng.permutation(reference.shape[0]) % _HALVES
    half_of_batch = rng.permutation(batch.shape[0]) % _HALVES
    in_reference, in_batch = _counts(reference, half_of_reference), _counts(batch, half_of_batch)
    unlikeness = np.empty(batch.shape[0])
    halves = []
    for half in range(_HALVES):
        theirs, ours = half_of_reference == half, half_of_batch == half
        weights = shrunk_log_odds(in_reference[1 - half], int((~theirs).sum()), in_batch[1 - half], int((~ours).sum()))
        reference_scores = scores_of(reference[np.flatnonzero(theirs)], weights)
        batch_scores = scores_of(batch[np.flatnonzero(ours)], weights)
        halves.append(compare_values(reference_scores, batch_scores, upper_tail_only=True))
        unlikeness[ours] = np.searchsorted(np.sort(reference_scores), batch_scores) / len(reference_scores)
    gains = _gains(in_reference.sum(axis=0), reference.shape[0], in_batch.sum(axis=0), batch.shape[0])
    return Separation(_join(halves), unlikeness, gains)


def _classify_few(reference: sparse.csr_matrix, batch: sparse.csr_matrix, alpha: float) -> Separation:
    fitted = cross_fit(reference, batch, alpha=alpha)
    theirs = np.sort(fitted.reference_scores)
    in_reference, in_batch = (np.asarray(each.sum(axis=0)).ravel() for each in (reference, batch))
    return Separation(
        fitted.differences,
        unlikeness=np.searchsorted(theirs, fitted.batch_scores) / len(theirs),
        gains=_gains(in_reference, reference.shape[0], in_batch, batch.shape[0]),
    )


def _join(halves: Sequence[Differences]) -> Differences:
    """The halves' tests as one, quantile by quantile: its gap is the mean of the halves' gaps."""
    return Differences(
        statistics=np.max([each.statistics for each in halves], axis=0),
        p_values=np.minimum(1.0, _HALVES * np.min([each.p_values for each in halves], axis=0)),
        gaps=np.mean([each.gaps for each in halves], axis=0),
        margins=np.sqrt(np.sum([each.margins**2 for each in halves], axis=0)) / _HALVES,
        upward_only=True,
    )


def _counts(rows: sparse.csr_matrix, half: np.ndarray) -> np.ndarray:
    """Reviews with each column, float32 of shape (2, n_columns), for each half."""
    ones = np.ones(rows.shape[0], np.float32)
    members = sparse.csr_matrix((ones, (half, np.arange(rows.shape[0]))), shape=(_HALVES, rows.shape[0]))
    return (members @ rows).toarray()


def _gains(in_reference: np.ndarray, m: int, in_batch: np.ndarray, n: int) -> np.ndarray:
    stands_out = np.abs(standardised_gain(in_reference, m, in_batch, n)) > NOISE
    return np.where(stands_out, in_batch / n - in_reference / m, 0).astype(np.float32)
