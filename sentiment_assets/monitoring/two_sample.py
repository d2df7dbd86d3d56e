"""Exact two-sample tests: is the batch drawn from where the reference was drawn?

All rest on one fact: if it is, then of the K pooled reviews above any pooled quantile, the number that lie in the
batch is hypergeometric, whatever the distribution. Nothing is approximated, ties do no harm, and the far quantiles
see a few odd reviews that a mean or a Kolmogorov-Smirnov distance overlooks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import hypergeom

_UPPER = (0.5, 0.75, 0.9, 0.95, 0.975, 0.99, 0.995, 0.998)
_BOTH = tuple(sorted({round(1 - each, 3) for each in _UPPER} | set(_UPPER)))


@dataclass(frozen=True)
class Difference:
    """How a batch differs from the reference in one number a review."""

    statistic: float
    """Standard deviations by which the number of the batch's reviews above the sharpest quantile differs from what is
    expected without drift."""
    p_value: float
    """Of the sharpest quantile, multiplied by the number of quantiles and sides looked at (Bonferroni)."""
    effect: float
    """The largest difference between the two shares of reviews above a quantile: a lower estimate of the share of the
    batch's reviews that would have to change for the two distributions to be equal (total variation)."""
    upward: bool
    """Whether the batch has more of the large values."""


def compare_values(reference: np.ndarray, batch: np.ndarray, *, upper_tail_only: bool = False) -> Difference:
    """Compare two samples of shapes (m,) and (n,), both at least 1, at fixed quantiles of the pooled values.

    ``upper_tail_only`` asks for an excess of large values in the batch alone, which is what a score of unlikeness has.
    """
    pooled = np.sort(np.concatenate([reference, batch]))
    quantiles = _UPPER if upper_tail_only else _BOTH
    places = np.minimum((np.array(quantiles) * len(pooled)).astype(int), len(pooled) - 1)
    cuts = np.unique(pooled[places])
    in_batch = len(batch) - np.searchsorted(np.sort(batch), cuts)
    in_both = len(pooled) - np.searchsorted(pooled, cuts)
    gaps = in_batch / len(batch) - (in_both - in_batch) / len(reference)
    more, fewer = _tails(in_batch, len(batch), in_both, len(pooled))
    if upper_tail_only:
        sharpest, at, sides = int(np.argmin(more)), int(np.argmax(gaps)), 1
        smallest = more[sharpest]
    else:
        either = np.minimum(more, fewer)
        sharpest, at, sides = int(np.argmin(either)), int(np.argmax(np.abs(gaps))), 2
        smallest = either[sharpest]
    return Difference(
        statistic=_standardised(in_batch[sharpest], len(batch), in_both[sharpest], len(pooled)),
        p_value=float(min(1.0, sides * smallest * len(cuts))),
        effect=float(max(gaps[at], 0.0) if upper_tail_only else abs(gaps[at])),
        upward=bool(gaps[at] > 0),
    )


def compare_counts(of_reference: int, reference: int, of_batch: int, batch: int) -> Difference:
    """Compare two shares, ``of_reference`` of ``reference`` reviews and ``of_batch`` of ``batch``: Fisher's exact test.

    Two-sided by doubling the smaller tail.
    """
    total, marked = reference + batch, of_reference + of_batch
    more, fewer = _tails(of_batch, batch, marked, total)
    gap = of_batch / batch - of_reference / reference
    p_value = float(min(1.0, 2 * min(more, fewer)))
    return Difference(_standardised(of_batch, batch, marked, total), p_value, abs(gap), gap > 0)


def _tails(drawn: Any, draws: int, marked: Any, total: int) -> tuple[Any, Any]:
    """Probabilities of at least, and of at most, ``drawn`` marked ones among ``draws`` of ``total``."""
    return hypergeom.sf(drawn - 1, total, marked, draws), hypergeom.cdf(drawn, total, marked, draws)


def _standardised(drawn: int, draws: int, marked: int, total: int) -> float:
    share = marked / total
    variance = draws * share * (1 - share) * (total - draws) / (total - 1)
    return float((drawn - draws * share) / np.sqrt(variance)) if variance > 0 else 0.0


def holm(p_values: Sequence[float]) -> np.ndarray:
    """P-values corrected for their number (Holm 1979); valid whatever their dependence."""
    values = np.asarray(p_values, float)
    order = np.argsort(values, kind="stable")
    stepped = np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1))
    corrected = np.empty(len(values))
    corrected[order] = np.minimum(stepped, 1.0)
    return corrected
