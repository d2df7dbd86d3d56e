"""Exact two-sample tests: is the batch drawn from where the reference was drawn?

All rest on one fact: if it is, then of the K pooled reviews above any pooled quantile, the number that lie in the
batch is hypergeometric, whatever the distribution. Nothing is approximated, ties do no harm, and the far quantiles
see a few odd reviews that a mean or a Kolmogorov-Smirnov distance overlooks.

How large a difference is surely is another question: Newcombe's interval answers it at the same quantile (Newcombe
1998, "Interval estimation for the difference between independent proportions", his method 10).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import hypergeom, norm

UPPER_QUANTILES = (0.5, 0.75, 0.9, 0.95, 0.975, 0.99, 0.995, 0.998)
"""The quantiles at which an excess of large values is looked for."""
_BOTH = tuple(sorted({round(1 - each, 3) for each in UPPER_QUANTILES} | set(UPPER_QUANTILES)))
_SURE = float(norm.ppf(0.95))
"""A difference is surely as large as the lower end of its one-sided 95 % interval."""


@dataclass(frozen=True)
class Difference:
    """How a batch differs from the reference at one place."""

    statistic: float
    """Standard deviations by which the number of the batch's reviews above the place differs from what is expected
    without drift."""
    p_value: float
    """Multiplied by the number of places and sides that were looked at (Bonferroni)."""
    effect: float
    """The difference between the two shares of reviews above the place: a lower estimate of the share of the batch's
    reviews that would have to change for the two distributions to be equal (total variation)."""
    surely: float
    """How large the effect surely is, 0 at least."""
    upward: bool
    """Whether the batch has more of the large values."""


@dataclass(frozen=True)
class Differences:
    """The same at every place that was looked at, quantiles of the pooled values; arrays of shape (n_places,)."""

    statistics: np.ndarray
    p_values: np.ndarray
    gaps: np.ndarray
    """Share of the batch's reviews above each place less that of the reference's."""
    margins: np.ndarray
    """How much nearer to 0 the end of each gap's interval lies."""
    upward_only: bool = False
    """Whether only an excess of large values counts."""

    @property
    def effects(self) -> np.ndarray:
        """The size of each gap, 0 for one that does not count."""
        return np.maximum(self.gaps, 0) if self.upward_only else np.abs(self.gaps)

    @property
    def surely(self) -> np.ndarray:
        """How large each effect surely is, 0 at least."""
        return np.maximum(self.effects - self.margins, 0)

    def most_telling(self, alpha: float) -> Difference:
        """Return the place that surely differs most of those that are significant at ``alpha``, or else the sharpest.

        Of places that are equally sharp, as those are where chance explains everything, the one that differs most.
        So significance and effect are always those of one and the same place.
        """
        surely = self.surely
        significant = self.p_values < alpha
        if significant.any():
            at = int(np.argmax(np.where(significant, surely, -1)))
        else:
            at = int(np.lexsort((-self.effects, self.p_values))[0])
        return Difference(
            statistic=float(self.statistics[at]),
            p_value=float(self.p_values[at]),
            effect=float(self.effects[at]),
            surely=float(surely[at]),
            upward=bool(self.gaps[at] > 0),
        )


def compare_values(reference: np.ndarray, batch: np.ndarray, *, upper_tail_only: bool = False) -> Differences:
    """Compare two samples of shapes (m,) and (n,), both at least 1, at fixed quantiles of the pooled values.

    ``upper_tail_only`` asks for an excess of large values in the batch alone, which is what a score of unlikeness has.
    """
    pooled = np.sort(np.concatenate([reference, batch]))
    quantiles = UPPER_QUANTILES if upper_tail_only else _BOTH
    cuts = pooled[np.minimum((np.array(quantiles) * len(pooled)).astype(int), len(pooled) - 1)]
    in_batch = len(batch) - np.searchsorted(np.sort(batch), cuts)
    in_both = len(pooled) - np.searchsorted(pooled, cuts)
    return _compare(
        of_reference=in_both - in_batch,
        reference=len(reference),
        of_batch=in_batch,
        batch=len(batch),
        places=len(np.unique(cuts)),
        upward_only=upper_tail_only,
    )


def sharpest_excess(values: np.ndarray, in_batch: np.ndarray) -> np.ndarray:
    """The largest statistic of ``compare_values``, upper tail only, for each of k ways to divide reviews in two.

    ``values`` and ``in_batch``, 1 for a review of the batch and 0 for one of the reference, have shape (n_reviews, k).
    """
    total = len(values)
    pooled = np.sort(values, axis=0)
    places = np.minimum((np.array(UPPER_QUANTILES) * total).astype(int), total - 1)
    above = values[None, :, :] >= pooled[places][:, None, :]
    drawn = (above * in_batch[None, :, :]).sum(axis=1)
    return standardised_count(drawn, in_batch.sum(axis=0), above.sum(axis=1), total).max(axis=0)


def compare_counts(of_reference: int, reference: int, of_batch: int, batch: int) -> Difference:
    """Compare two shares, ``of_reference`` of ``reference`` reviews and ``of_batch`` of ``batch``: Fisher's exact test.

    Two-sided by doubling the smaller tail.
    """
    return compare_many_counts(np.array([of_reference]), reference, np.array([of_batch]), batch).most_telling(alpha=1)


def compare_many_counts(of_reference: np.ndarray, reference: int, of_batch: np.ndarray, batch: int) -> Differences:
    """The same for many pairs of shares at once, each for itself."""
    return _compare(
        of_reference=of_reference, reference=reference, of_batch=of_batch, batch=batch, places=1, upward_only=False
    )


def _compare(
    *, of_reference: np.ndarray, reference: int, of_batch: np.ndarray, batch: int, places: int, upward_only: bool
) -> Differences:
    """Compare counts above each place, int64 of shape (n_places,), of samples of ``reference`` and ``batch`` reviews.

    ``places`` of them differ.
    """
    marked, total = of_reference + of_batch, reference + batch
    more, fewer = _tails(of_batch, batch, marked, total)
    sides, smaller = (1, more) if upward_only else (2, np.minimum(more, fewer))
    gaps = of_batch / batch - of_reference / reference
    (low, high), (reference_low, reference_high) = _wilson(of_batch, batch), _wilson(of_reference, reference)
    below = np.hypot(of_batch / batch - low, reference_high - of_reference / reference)
    above = np.hypot(high - of_batch / batch, of_reference / reference - reference_low)
    return Differences(
        statistics=standardised_count(of_batch, batch, marked, total),
        p_values=np.minimum(1.0, sides * smaller * places),
        gaps=gaps,
        margins=np.where(upward_only | (gaps > 0), below, above),
        upward_only=upward_only,
    )


def _wilson(marked: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the interval of a share (Wilson 1927), each one-sided."""
    share, squared = marked / n, _SURE**2
    centre = share + squared / (2 * n)
    half = _SURE * np.sqrt(share * (1 - share) / n + squared / (4 * n**2))
    return (centre - half) / (1 + squared / n), (centre + half) / (1 + squared / n)


def _tails(drawn: Any, draws: int, marked: Any, total: int) -> tuple[Any, Any]:
    """Probabilities of at least, and of at most, ``drawn`` marked ones among ``draws`` of ``total``."""
    return hypergeom.sf(drawn - 1, total, marked, draws), hypergeom.cdf(drawn, total, marked, draws)


def standardised_count(drawn: np.ndarray, draws: int | np.ndarray, marked: np.ndarray, total: int) -> np.ndarray:
    """Standard deviations by which ``drawn`` marked ones among ``draws`` exceed what chance has.

    ``marked`` of all ``total`` are marked. It is 0 where chance leaves no choice.
    """
    share = marked / total
    deviation = np.sqrt(draws * share * (1 - share) * (total - draws) / (total - 1))
    return np.where(deviation > 0, (drawn - draws * share) / np.where(deviation > 0, deviation, 1), 0.0)
