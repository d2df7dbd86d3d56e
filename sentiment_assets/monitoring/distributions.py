"""How a number is spread over the reviews of a batch, beside the reference's: what a histogram needs."""

from dataclasses import dataclass

import numpy as np

_BINS = 12
_TAIL = 0.01
"""The first bin and the last one each hold so much of both samples together, however far out it lies."""


@dataclass(frozen=True)
class Typical:
    """What a sample is like as a whole."""

    mean: float
    median: float


@dataclass(frozen=True)
class Distribution:
    """A text column in the batch and in the reference."""

    name: str
    """The name of its test, such as ``length``."""
    of_batch: Typical
    of_reference: Typical
    edges: tuple[float, ...]
    """The ends of the bins, one more than there are bins; the first and the last bin hold all beyond them."""
    in_batch: tuple[float, ...]
    """The share of the batch's reviews in each bin."""
    in_reference: tuple[float, ...]


def compare_distributions(name: str, reference: np.ndarray, batch: np.ndarray) -> Distribution:
    """Put both samples, of at least one number each, into the same bins.

    Positive numbers that are spread over more than two orders of magnitude have bins that are as wide in logarithms.
    """
    both = np.concatenate([reference, batch])
    low, high = np.quantile(both, [_TAIL, 1 - _TAIL])
    edges = np.geomspace(low, high, _BINS + 1) if low > 0 and high > 100 * low else np.linspace(low, high, _BINS + 1)
    if low == high:
        edges = np.array([low, high])
    return Distribution(
        name=name,
        of_batch=_typical(batch),
        of_reference=_typical(reference),
        edges=tuple(edges.tolist()),
        in_batch=_shares(batch, edges),
        in_reference=_shares(reference, edges),
    )


def _typical(values: np.ndarray) -> Typical:
    return Typical(float(values.mean()), float(np.median(values)))


def _shares(values: np.ndarray, edges: np.ndarray) -> tuple[float, ...]:
    bins = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(edges) - 2)
    return tuple((np.bincount(bins, minlength=len(edges) - 1) / len(values)).tolist())
