"""The classifier two-sample test on small samples: every review is asked about, and permutations say what chance does.

Each of five folds is scored by a classifier that was fitted on the other four, so that all of both samples is used for
both; halves of a small sample teach too little (``classifier_test``). Such scores depend on one another, and counting
them as if they did not would reject too often. So the test is one of permutations: reviews are dealt out anew to
reference and batch, the whole procedure is repeated, and its sharpest quantile counted (Westfall & Young 1993). Where
nothing has drifted few permutations are enough to say so (Besag & Clifford 1991).
"""

from dataclasses import dataclass, replace
from math import ceil

import numpy as np
from scipy import sparse

from sentiment_assets.monitoring.column_odds import scores_of, shrunk_log_odds
from sentiment_assets.monitoring.two_sample import Differences, compare_values, sharpest_excess

_FOLDS = 5
_AT_FIRST, _AT_ONCE = 32, 256
"""Permutations that are looked at together: few at first, since few are enough where nothing has drifted."""
_AS_SHARP = 4
"""So many permutations as sharp as what was observed are enough to say that chance explains it."""
_MOST = 20_000
SMALLEST_ALPHA = _AS_SHARP / _MOST
"""A smaller level would take too many permutations."""
_SEED = 0


@dataclass(frozen=True)
class CrossFitted:
    """Scores by classifiers that had not seen the review, and what they say of the two samples."""

    differences: Differences
    reference_scores: np.ndarray
    """float64, shape (m,)."""
    batch_scores: np.ndarray
    """float64, shape (n,)."""


def cross_fit(reference: sparse.csr_matrix, batch: sparse.csr_matrix, *, alpha: float) -> CrossFitted:
    """Compare samples of presences of columns, shapes (m, n_columns) and (n, n_columns), m and n at least 2.

    p-values are as small as it takes to be below ``alpha``, at least ``SMALLEST_ALPHA``, and hardly smaller.
    """
    both = sparse.vstack([reference, batch], format="csr")
    in_how_many = np.bincount(both.indices, minlength=both.shape[1])
    rows = both[:, np.flatnonzero(in_how_many > 1)]
    m, total = reference.shape[0], both.shape[0]
    rng = np.random.default_rng(_SEED)
    fold_of = rng.permutation(total) % _FOLDS
    is_batch = (np.arange(total) >= m).astype(np.float32)
    scores = _cross_fitted_scores(rows, fold_of, is_batch[:, None])[:, 0]
    observed = compare_values(scores[:m], scores[m:], upper_tail_only=True)
    permutations = ceil(_AS_SHARP / alpha)
    sharpest, as_sharp, together = np.empty(0), 0, _AT_FIRST
    while len(sharpest) < permutations and as_sharp < _AS_SHARP:
        dealt = rng.permuted(np.tile(is_batch, (together, 1)), axis=1).T
        together = min(2 * together, _AT_ONCE)
        found = sharpest_excess(_cross_fitted_scores(rows, fold_of, dealt), dealt)
        sharpest = np.concatenate([sharpest, found])
        as_sharp = int((sharpest >= observed.statistics.max()).sum())
    counts = (sharpest[:, None] >= observed.statistics[None, :]).sum(axis=0)
    p_values = (1 + counts) / (1 + len(sharpest))
    return CrossFitted(replace(observed, p_values=p_values), scores[:m], scores[m:])


def _cross_fitted_scores(rows: sparse.csr_matrix, fold_of: np.ndarray, is_batch: np.ndarray) -> np.ndarray:
    """Scores of every review, float64 of shape (total, k), by each way, of ``k``, to tell the batch's from the others.

    ``is_batch`` is float32 of shape (total, k).
    """
    scores = np.empty(is_batch.shape)
    having, in_batch = np.asarray(rows.sum(axis=0)).reshape(-1, 1), rows.T @ is_batch
    n, total = is_batch.sum(axis=0), rows.shape[0]
    for fold in range(_FOLDS):
        held_out = np.flatnonzero(fold_of == fold)
        own, own_batch = rows[held_out], is_batch[held_out]
        others_in_batch = in_batch - own.T @ own_batch
        others = having - np.asarray(own.sum(axis=0)).reshape(-1, 1) - others_in_batch
        n_others = np.maximum(n - own_batch.sum(axis=0), 1)
        m_others = np.maximum(total - len(held_out) - n_others, 1)
        scores[held_out] = scores_of(own, shrunk_log_odds(others, m_others, others_in_batch, n_others))
    return scores
