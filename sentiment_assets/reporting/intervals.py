"""Net sentiment with its band, as the champion counts it and corrected for the champion's known error rates.

Shares and mean scores have theirs here too.

Net sentiment is the share of positive reviews less that of negative ones, 2p - 1, in [-1, 1].
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.stats import norm, t

LEVEL = 0.95
_BINS = 20


@dataclass(frozen=True)
class Band:
    """An estimate between two ends."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class ErrorRates:
    """What is known of the champion's answers on its test reviews."""

    true_positives: float
    positives: float
    """Reviews that are positive."""
    true_negatives: float
    negatives: float
    """Reviews that are negative."""


def error_rates(margins: np.ndarray, labels: np.ndarray, weights: np.ndarray | None = None) -> ErrorRates:
    """Counts on reviews that the model was not fitted to: margins and labels (1 or 0) of shape (n,).

    Reviews in which the model knows nothing, with a margin of 0, are left out, as they are in a report. With
    ``weights``, 0 to 1, of the same shape, a review counts for so much.
    """
    weights = np.where(margins != 0, 1.0 if weights is None else weights, 0.0)
    positive, answered = labels == 1, margins > 0
    return ErrorRates(
        true_positives=float(weights[answered & positive].sum()),
        positives=float(weights[positive].sum()),
        true_negatives=float(weights[~answered & ~positive].sum()),
        negatives=float(weights[~positive].sum()),
    )


def weights_as_left(scores: np.ndarray, left: np.ndarray, test_scores: np.ndarray) -> np.ndarray:
    """Weights of test reviews, shape (n_test,), by which they are as doubtful as the reviews that are ``left``.

    ``scores`` are of all reviews, shape (n,), and ``left`` says which of them have no label. Labels are asked for where
    the model is in doubt, and about what is left it is right more often than about all. So a test review counts for
    as much as the share of the reviews with about its absolute score that is left, the largest share being 1. Doubt is
    greatest at a score of 0 (``about_even``).
    """
    edges = np.unique(np.quantile(np.abs(scores), np.linspace(0, 1, _BINS + 1)[1:-1]))
    of, of_test = (np.searchsorted(edges, np.abs(each), side="right") for each in (scores, test_scores))
    shares = np.bincount(of, left, len(edges) + 1) / np.maximum(np.bincount(of, minlength=len(edges) + 1), 1)
    return (shares / shares.max())[of_test]


def about_even(scores: np.ndarray, even: float) -> np.ndarray:
    """Scores, shape (n,), moved so that what lay at ``even`` has 0: equally far from it is equally doubtful.

    A score is tanh of half of its log odds, and the moved one is tanh of half their difference to those of ``even``.
    """
    return (scores - even) / (1 - scores * even)


def net_sentiment(positive: int, n: int) -> Band:
    """Return net sentiment as counted, n at least 1, with Wilson's interval."""
    share = share_of(positive, n)
    return _net(share.value, share.low, share.high)


def share_of(count: int, n: int) -> Band:
    """The share of ``count`` among n, at least 1, with Wilson's interval (Wilson 1927)."""
    z = _z()
    share, spread = count / n, z**2 / n
    centre = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * np.sqrt(share * (1 - share) / n + spread / (4 * n))
    return Band(share, float(max(min(centre - half, share), 0.0)), float(min(max(centre + half, share), 1.0)))


def mean_score(scores: np.ndarray) -> Band | None:
    """The mean of scores of shape (n,), with Student's interval; ``None`` for fewer than two, which have none."""
    if len(scores) < 2:
        return None
    mean, error = float(scores.mean()), float(scores.std(ddof=1)) / np.sqrt(len(scores))
    half = _student(len(scores) - 1) * float(error)
    return Band(mean, max(mean - half, -1.0), min(mean + half, 1.0))


def adjusted_sentiment(positive: int, n: int, rates: ErrorRates) -> Band | None:
    """Corrected for the error rates, n at least 1; ``None`` where the model does no better than chance.

    So few reviews that their rates do not say it surely count as that: one of one, say, beside one of five.
    Rogan & Gladen 1978, known in text classification as adjusted count (Forman 2008). The interval is that of Lang &
    Reiczigel 2014, which counts the uncertainty of the error rates in.
    """
    if not rates.positives or not rates.negatives:
        return None
    sensitivity, specificity = rates.true_positives / rates.positives, rates.true_negatives / rates.negatives
    shrunk_sensitivity = (rates.true_positives + 1) / (rates.positives + 2)
    shrunk_specificity = (rates.true_negatives + 1) / (rates.negatives + 2)
    slope = shrunk_sensitivity + shrunk_specificity - 1
    if min(sensitivity + specificity - 1, slope) <= 0:
        return None
    z = _z()
    observed = (positive + z**2 / 2) / (n + z**2)
    share = (observed + shrunk_specificity - 1) / slope
    of_sensitivity = shrunk_sensitivity * (1 - shrunk_sensitivity) / (rates.positives + 2)
    of_specificity = shrunk_specificity * (1 - shrunk_specificity) / (rates.negatives + 2)
    shift = 2 * z**2 * (share * of_sensitivity - (1 - share) * of_specificity)
    variance = observed * (1 - observed) / (n + z**2) + share**2 * of_sensitivity + (1 - share) ** 2 * of_specificity
    half = z * np.sqrt(variance) / slope
    low, high = np.clip([share + shift - half, share + shift + half], 0, 1)
    plain = (positive / n + specificity - 1) / (sensitivity + specificity - 1)
    return _net(float(np.clip(plain, low, high)), float(low), float(high))


def join_bands(parts: Sequence[tuple[int, Band]]) -> Band:
    """The band of several groups of reviews together, each with its number of reviews; at least one group.

    The ends' distances from the value are added as independent errors are (MOVER: Zou & Donner 2008, "Construction of
    confidence limits about effect measures").
    """
    sizes = np.array([n for n, _ in parts]) / sum(n for n, _ in parts)
    value, low, high = (sizes * [getattr(band, end) for _, band in parts] for end in ("value", "low", "high"))
    below, above = np.sqrt(((value - low) ** 2).sum()), np.sqrt(((high - value) ** 2).sum())
    middle = float(value.sum())
    return Band(middle, float(middle - below), float(middle + above))


def difference(later: Band, earlier: Band) -> Band:
    """How much ``later`` is above ``earlier``, in [-2, 2]; where the band holds 0, chance explains the difference.

    The ends' distances are added as independent errors are (MOVER, as in ``join_bands``). Two bands that overlap may
    well differ surely; and the errors of one model in two periods are alike, so that this band is rather too wide.
    """
    value = later.value - earlier.value
    below = np.hypot(later.value - later.low, earlier.high - earlier.value)
    above = np.hypot(later.high - later.value, earlier.value - earlier.low)
    return Band(value, float(value - below), float(value + above))


def _net(share: float, low: float, high: float) -> Band:
    return Band(float(2 * share - 1), float(2 * low - 1), float(2 * high - 1))


@cache
def _z() -> float:
    return float(norm.ppf((1 + LEVEL) / 2))


@cache
def _student(freedom: int) -> float:
    return float(t.ppf((1 + LEVEL) / 2, freedom))
