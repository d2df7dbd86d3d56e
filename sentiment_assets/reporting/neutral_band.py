"""The neutral band: which scores next to 0 are called mixed, by where reviews lie that raters called neutral."""

from dataclasses import dataclass

import numpy as np

_FEWEST = 50


@dataclass(frozen=True)
class NeutralBand:
    """Scores from -``half_width`` to ``half_width`` are mixed: neither surely positive nor surely negative."""

    half_width: float
    """A score, 0 to 1."""
    share: float
    """The share of neutral reviews among those that have a label of any kind; as many have a mixed score."""
    neutral: int
    """Neutral reviews that it was fitted to."""
    recall: float
    """Share of neutral reviews whose score is mixed."""
    precision: float
    """Share of the reviews with a mixed score that are neutral."""

    def is_mixed(self, scores: np.ndarray) -> np.ndarray:
        """Whether each score, shape (n,), is mixed; 0, that of a text of which nothing is known, is not."""
        return (scores != 0) & (np.abs(scores) <= self.half_width)


def fit_neutral_band(scores: np.ndarray, neutral_scores: np.ndarray, share: float) -> NeutralBand | None:
    """The band that holds as large a share of all reviews as raters call neutral; ``None`` with fewer than 50 of these.

    ``scores``, shape (n,), are of positive and negative reviews that were held out, ``neutral_scores``, shape (k,), of
    neutral ones, and ``share``, in (0, 1), is theirs among all that have a label. Other widths tell the three kinds of
    reviews apart about as well, and only this one has no more and no fewer mixed reviews than neutral ones.
    """
    known, neutral = scores[scores != 0], neutral_scores[neutral_scores != 0]
    if len(neutral) < _FEWEST or not len(known):
        return None
    distances = np.abs(np.concatenate([known, neutral]))
    weights = np.repeat([(1 - share) / len(known), share / len(neutral)], [len(known), len(neutral)])
    order = np.argsort(distances, kind="stable")
    reached = np.searchsorted(np.cumsum(weights[order]), share)
    half_width = float(distances[order][min(int(reached), len(order) - 1)])
    mixed = distances <= half_width
    is_neutral = np.arange(len(distances)) >= len(known)
    return NeutralBand(
        half_width=half_width,
        share=share,
        neutral=len(neutral),
        recall=float(mixed[is_neutral].mean()),
        precision=float(weights[mixed & is_neutral].sum() / weights[mixed].sum()),
    )
