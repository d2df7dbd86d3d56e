"""Whether margins rank positive reviews above negative ones: what a model knows, however few of one label there are."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import mannwhitneyu, rankdata

_FEWEST_FOR_THE_NORMAL_LAW = 20
"""Reviews of each label from which on the normal law gives the p-value; with fewer, labels are dealt out anew."""
_DEALS = 1_999
_CELLS_AT_ONCE = 1_000_000


@dataclass(frozen=True)
class Ranking:
    """How margins rank reviews of both labels."""

    area: float
    """The area under the ROC curve: the share of pairs of a positive and a negative review in which the positive one
    has the larger margin; a tie counts half."""
    p_chance: float
    """How surprising so large an area is if margins say nothing of labels; one-sided (Mann and Whitney 1947)."""


def measure_ranking(margins: np.ndarray, labels: np.ndarray, seed: int = 0) -> Ranking | None:
    """Rank reviews by margin, shape (n,), with labels 0 and 1; ``None`` where one of the labels is missing."""
    positive, negative = margins[labels == 1], margins[labels == 0]
    if not len(positive) or not len(negative):
        return None
    found = mannwhitneyu(positive, negative, alternative="greater", method="asymptotic")
    few = min(len(positive), len(negative)) < _FEWEST_FOR_THE_NORMAL_LAW
    p_chance = _p_of_deals(margins, labels == 1, seed) if few else float(found.pvalue)
    return Ranking(float(found.statistic) / (len(positive) * len(negative)), p_chance)


def _p_of_deals(margins: np.ndarray, positive: np.ndarray, seed: int) -> float:
    """How often the rarer label lies as far out as it does when it is dealt out to as many reviews by lot."""
    rare = positive if positive.sum() * 2 <= len(positive) else ~positive
    ranks = rankdata(margins if rare is positive else -margins)
    chance, n, n_rare = np.random.default_rng(seed), len(ranks), int(rare.sum())
    at_once = max(1, _CELLS_AT_ONCE // n)
    as_far_out = 0
    for first in range(0, _DEALS, at_once):
        drawn = chance.random((min(at_once, _DEALS - first), n))
        dealt = ranks[np.argpartition(drawn, n_rare - 1, axis=1)[:, :n_rare]].sum(axis=1)
        as_far_out += int((dealt >= ranks[rare].sum()).sum())
    return (1 + as_far_out) / (1 + _DEALS)
