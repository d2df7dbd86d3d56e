"""Net sentiment with its band, as the champion counts it and corrected for the champion's known error rates.

Net sentiment is the share of positive reviews less that of negative ones, 2p - 1, in [-1, 1].
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

LEVEL = 0.95


@dataclass(frozen=True)
class Band:
    """An estimate in [-1, 1] between two ends."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class ErrorRates:
    """What is known of the champion's answers on its test reviews."""

    true_positives: int
    positives: int
    """Reviews that are positive."""
    true_negatives: int
    negatives: int
    """Reviews that are negative."""


def error_rates(margins: np.ndarray, labels: np.ndarray) -> ErrorRates:
    """Counts on reviews that the model was not fitted to: margins and labels (1 or 0) of shape (n,).

    Reviews in which the model knows nothing, with a margin of 0, are left out, as they are in a report.
    """
    margins, labels = margins[margins != 0], labels[margins != 0]
    positive, answered = labels == 1, margins > 0
    return ErrorRates(
        true_positives=int((answered & positive).sum()),
        positives=int(positive.sum()),
        true_negatives=int((~answered & ~positive).sum()),
        negatives=int((~positive).sum()),
    )


def net_sentiment(positive: int, n: int) -> Band:
    """As counted, n at least 1, with Wilson's interval (Wilson 1927)."""
    z = _z()
    share, spread = positive / n, z**2 / n
    centre = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * np.sqrt(share * (1 - share) / n + spread / (4 * n))
    return _net(share, max(min(centre - half, share), 0.0), min(max(centre + half, share), 1.0))


def adjusted_sentiment(positive: int, n: int, rates: ErrorRates) -> Band | None:
    """Corrected for the error rates, n at least 1; ``None`` where the model does no better than chance.

    Rogan & Gladen 1978, known in text classification as adjusted count (Forman 2008). The interval is that of Lang &
    Reiczigel 2014, which counts the uncertainty of the error rates in.
    """
    if not rates.positives or not rates.negatives:
        return None
    sensitivity, specificity = rates.true_positives / rates.positives, rates.true_negatives / rates.negatives
    if sensitivity + specificity <= 1:
        return None
    z = _z()
    shrunk_sensitivity = (rates.true_positives + 1) / (rates.positives + 2)
    shrunk_specificity = (rates.true_negatives + 1) / (rates.negatives + 2)
    observed = (positive + z**2 / 2) / (n + z**2)
    slope = shrunk_sensitivity + shrunk_specificity - 1
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


def _net(share: float, low: float, high: float) -> Band:
    return Band(float(2 * share - 1), float(2 * low - 1), float(2 * high - 1))


def _z() -> float:
    return float(norm.ppf((1 + LEVEL) / 2))
