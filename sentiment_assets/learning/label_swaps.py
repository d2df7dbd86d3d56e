"""Two models' labels of the same reviews, compared by any loss of labels: exact however few the reviews are."""

import numpy as np
from scipy.stats import binom

from sentiment_assets.learning.metrics import label_loss
from sentiment_assets.learning.settings import LabelMetric

_ROUNDING = 1e-12
_WINDOW = 6.0
"""How many times the square root of their number is looked at on either side of half of the swaps: twelve standard
deviations, so what is left out has a probability below 1e-30."""


def swap_test(
    wrong: np.ndarray, other_wrong: np.ndarray, labels: np.ndarray, *, metric: LabelMetric
) -> tuple[float, float]:
    """One-sided p-values of the one model's loss being so much larger than the other's, and so much smaller.

    ``wrong`` and ``other_wrong``, bool of shape (n,), say which of the reviews, with these ``labels``, each model gets
    wrong. If the models are alike, each review that only one of them gets wrong is as likely to be wrong by the other
    (Fisher's randomisation test), so the wrong ones of each label are those of tosses of a coin, and every outcome is
    counted with its probability. With ``error_rate`` it is McNemar's exact test (McNemar 1947).
    """
    of_label = [labels != 1, labels == 1]
    there = np.array([each.sum() for each in of_label])
    both = np.array([(wrong & other_wrong & each).sum() for each in of_label])
    ours = np.array([(wrong & ~other_wrong & each).sum() for each in of_label])
    theirs = np.array([(other_wrong & ~wrong & each).sum() for each in of_label])

    by_one_alone = ours + theirs

    def difference(swapped: np.ndarray) -> np.ndarray:
        """The one's loss less the other's where so many of each label, shape (2, k), are wrong by the one alone."""
        one, other = both[:, None] + swapped, both[:, None] + by_one_alone[:, None] - swapped
        return label_loss(metric, one, there) - label_loss(metric, other, there)

    tosses = [_tosses(int(n)) for n in by_one_alone]
    outcomes = np.stack(np.meshgrid(*tosses, indexing="ij")).reshape(2, -1)
    chances = np.outer(*(binom.pmf(each, n, 0.5) for each, n in zip(tosses, by_one_alone, strict=True))).ravel()
    differences, observed = difference(outcomes), difference(ours[:, None]).item()
    worse, better = differences >= observed - _ROUNDING, differences <= observed + _ROUNDING
    return float(min(chances[worse].sum(), 1.0)), float(min(chances[better].sum(), 1.0))


def _tosses(n: int) -> np.ndarray:
    """The numbers of heads in ``n`` tosses of a coin that are worth counting."""
    middle, width = n / 2, _WINDOW * np.sqrt(n)
    return np.arange(max(0, int(middle - width)), min(n, int(middle + width) + 1) + 1)
