"""Two models on the same test reviews: paired tests that are exact however few the reviews are."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats import binomtest

from sentiment_assets.learning.metrics import accuracy, errors, hinge_loss, hinge_losses

Verdict = Literal["worse", "better", "neither better nor worse", "undecided"]
"""``undecided``: there are too few reviews for any outcome to be significant."""

_TESTS = 2
"""The number of tests, one of hinge loss and one of errors; each has an equal part of the level (Bonferroni)."""
_MOST_SIGNS = 2_000
"""Ways to sign the differences that are looked at: all of them if there are no more, else so many at random."""
_SIGNS_AT_ONCE = 40_000
"""How many random signs are held at once: few enough to stay in a processor's own memory."""
_MULTIPLE = 4
"""The generator draws four signs at once, so the ways that are looked at together are a multiple of it."""
_ROUNDING = 1e-9


@dataclass(frozen=True)
class PairedComparison:
    """Challenger against champion on the same n reviews; positive differences favour the champion."""

    n: int
    challenger_accuracy: float
    champion_accuracy: float
    challenger_hinge_loss: float
    champion_hinge_loss: float
    p_hinge_worse: float
    """One-sided p-value: how surprising this difference is if the two models were alike."""
    p_hinge_better: float
    only_challenger_wrong: int
    only_champion_wrong: int
    p_errors_worse: float
    """One-sided p-value of McNemar's exact test."""
    p_errors_better: float

    @property
    def hinge_difference(self) -> float:
        """Mean hinge loss of the challenger minus the champion's."""
        return self.challenger_hinge_loss - self.champion_hinge_loss

    @property
    def figures(self) -> dict[str, float]:
        """The figures as they are tracked: both models on the same reviews."""
        return {
            "compared_test_reviews": float(self.n),
            "compared_test_accuracy": self.challenger_accuracy,
            "champion_compared_test_accuracy": self.champion_accuracy,
            "compared_test_hinge_loss": self.challenger_hinge_loss,
            "champion_compared_test_hinge_loss": self.champion_hinge_loss,
        }


def compare_paired(challenger: np.ndarray, champion: np.ndarray, labels: np.ndarray, seed: int = 0) -> PairedComparison:
    """Compare two models by their margins, shape (n,), on the same n reviews, n at least 1.

    Two tests, both exact if the models are alike, however few the reviews: a sign-flip test on the differences of
    hinge loss (Fisher 1935, §21; each difference is then as likely with the other sign) and McNemar's test on
    errors (McNemar 1947) in its binomial form.
    """
    differences = hinge_losses(challenger, labels) - hinge_losses(champion, labels)
    p_hinge_worse, p_hinge_better = _sign_flip(differences, seed)
    losses, wins = discordant(errors(challenger, labels), errors(champion, labels))
    return PairedComparison(
        n=len(labels),
        challenger_accuracy=accuracy(challenger, labels),
        champion_accuracy=accuracy(champion, labels),
        challenger_hinge_loss=hinge_loss(challenger, labels),
        champion_hinge_loss=hinge_loss(champion, labels),
        p_hinge_worse=p_hinge_worse,
        p_hinge_better=p_hinge_better,
        only_challenger_wrong=losses,
        only_champion_wrong=wins,
        p_errors_worse=mcnemar(losses, wins),
        p_errors_better=mcnemar(wins, losses),
    )


def fewest_reviews(alpha: float) -> int:
    """The smallest number of reviews with which a comparison at that level can come out as better or worse.

    If all of n reviews speak for one model, the p-value is 2^-n, and each of the two tests has half of ``alpha``.
    """
    return int(np.ceil(np.log2(_TESTS / alpha)))


def judge(comparison: PairedComparison, alpha: float) -> Verdict:
    """What a comparison says: of models that are alike, ``worse`` in at most ``alpha`` of cases, and so ``better``."""
    if comparison.n < fewest_reviews(alpha):
        return "undecided"
    if _TESTS * min(comparison.p_hinge_worse, comparison.p_errors_worse) <= alpha:
        return "worse"
    if _TESTS * min(comparison.p_hinge_better, comparison.p_errors_better) <= alpha:
        return "better"
    return "neither better nor worse"


def _sign_flip(differences: np.ndarray, seed: int) -> tuple[float, float]:
    """One-sided p-values of a sum this large and this small, over all ways to sign the differences or some of them."""
    sizes = np.abs(differences[differences != 0])
    observed, slack = float(differences.sum()), _ROUNDING * float(sizes.sum())
    if 1 << min(len(sizes), 63) <= _MOST_SIGNS:
        sums, counted = _all_sums(sizes), 0
    else:
        sums, counted = _random_sums(sizes, seed), 1  # the observed signs are one of the ways, too
    of = len(sums) + counted
    more, fewer = (sums >= observed - slack).sum() + counted, (sums <= observed + slack).sum() + counted
    return float(more / of), float(fewer / of)


def _all_sums(sizes: np.ndarray) -> np.ndarray:
    sums = np.zeros(1)
    for size in sizes:
        sums = np.concatenate([sums + size, sums - size])
    return sums


def _random_sums(sizes: np.ndarray, seed: int) -> np.ndarray:
    """Some ways at a time, to keep memory small; the generator gives the same signs however many they are."""
    chance = np.random.default_rng(seed)
    at_once = _MULTIPLE * max(1, _SIGNS_AT_ONCE // (_MULTIPLE * len(sizes)))
    counts = (min(at_once, _MOST_SIGNS - done) for done in range(0, _MOST_SIGNS, at_once))
    signs = (chance.integers(0, 2, (count, len(sizes)), np.int8) for count in counts)
    return np.concatenate([2 * (each @ sizes) - sizes.sum() for each in signs])


def discordant(wrong: np.ndarray, other_wrong: np.ndarray) -> tuple[int, int]:
    """How many reviews only the one gets wrong, and how many only the other."""
    return int((wrong & ~other_wrong).sum()), int((other_wrong & ~wrong).sum())


def mcnemar(against: int, in_favour: int) -> float:
    """Return the one-sided p-value of McNemar's exact test, from the reviews that only one of two models gets wrong."""
    if against + in_favour == 0:
        return 1.0
    return float(binomtest(against, against + in_favour, 0.5, alternative="greater").pvalue)
