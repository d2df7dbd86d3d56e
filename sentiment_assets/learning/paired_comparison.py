"""Two models on the same test reviews: paired tests that are exact however few the reviews are."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from sentiment_assets.learning.label_swaps import swap_test
from sentiment_assets.learning.metrics import accuracy, errors, hinge_loss, hinge_losses, label_loss_of, label_metric
from sentiment_assets.learning.settings import SelectionMetric

Verdict = Literal["worse", "better", "neither better nor worse", "undecided"]
"""``undecided``: there are too few reviews for any outcome to be significant."""

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
    metric: SelectionMetric
    """What the branch is judged by."""
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
    """One-sided p-value of the test of labels (``swap_test``)."""
    p_errors_better: float
    challenger_label_loss: float
    """The loss of labels that was tested (``label_loss``)."""
    champion_label_loss: float
    newest: "PairedComparison | None" = None
    """The same on the newest of these reviews; ``None`` where they are too few, or nobody knows which they are."""

    @property
    def hinge_difference(self) -> float:
        """Mean hinge loss of the challenger minus the champion's."""
        return self.challenger_hinge_loss - self.champion_hinge_loss

    @property
    def figures(self) -> dict[str, float]:
        """The figures as they are tracked: both models on the same reviews."""
        newest = self.newest.figures if self.newest else {}
        return {
            **{name.replace("compared", "newest"): value for name, value in newest.items()},
            "compared_test_reviews": float(self.n),
            "compared_test_accuracy": self.challenger_accuracy,
            "champion_compared_test_accuracy": self.champion_accuracy,
            "compared_test_hinge_loss": self.challenger_hinge_loss,
            "champion_compared_test_hinge_loss": self.champion_hinge_loss,
        }

    @property
    def n_tests(self) -> int:
        """Two, of hinge loss and of labels, each with an equal part of the level (Bonferroni).

        Labels are tested alone where they are what the branch is judged by: their threshold does not suit hinge loss.
        """
        return 2 if self.metric == "hinge_loss" else 1


def compare_paired(
    challenger: np.ndarray,
    champion: np.ndarray,
    labels: np.ndarray,
    *,
    metric: SelectionMetric = "hinge_loss",
    seed: int = 0,
) -> PairedComparison:
    """Compare two models by their margins, shape (n,), on the same n reviews, n at least 1.

    Two tests, both exact if the models are alike, however few the reviews: a sign-flip test on the differences of
    hinge loss (Fisher 1935, §21; each difference is then as likely with the other sign) and ``swap_test`` on labels: by
    the error rate, or the ``metric`` that the branch is judged by.
    """
    differences = hinge_losses(challenger, labels) - hinge_losses(champion, labels)
    p_hinge_worse, p_hinge_better = _sign_flip(differences, seed)
    wrong, champion_wrong = errors(challenger, labels), errors(champion, labels)
    tested = label_metric(metric)
    p_errors_worse, p_errors_better = swap_test(wrong, champion_wrong, labels, metric=tested)
    return PairedComparison(
        n=len(labels),
        metric=metric,
        challenger_accuracy=accuracy(challenger, labels),
        champion_accuracy=accuracy(champion, labels),
        challenger_hinge_loss=hinge_loss(challenger, labels),
        champion_hinge_loss=hinge_loss(champion, labels),
        p_hinge_worse=p_hinge_worse,
        p_hinge_better=p_hinge_better,
        only_challenger_wrong=int((wrong & ~champion_wrong).sum()),
        only_champion_wrong=int((champion_wrong & ~wrong).sum()),
        p_errors_worse=p_errors_worse,
        p_errors_better=p_errors_better,
        challenger_label_loss=label_loss_of(tested, challenger, labels),
        champion_label_loss=label_loss_of(tested, champion, labels),
    )


def fewest_reviews(alpha: float, n_tests: int) -> int:
    """The smallest number of reviews with which a comparison at that level can come out as better or worse.

    If all of n reviews speak for one model, the p-value is 2^-n, and each test has an equal part of ``alpha``.
    """
    return int(np.ceil(np.log2(n_tests / alpha)))


def judge(comparison: PairedComparison, alpha: float) -> Verdict:
    """What a comparison says: of models that are alike, ``worse`` in at most ``alpha`` of cases, and so ``better``."""
    n_tests = comparison.n_tests
    if comparison.n < fewest_reviews(alpha, n_tests):
        return "undecided"
    worse, better = [comparison.p_errors_worse], [comparison.p_errors_better]
    if comparison.metric == "hinge_loss":
        worse, better = [*worse, comparison.p_hinge_worse], [*better, comparison.p_hinge_better]
    if n_tests * min(worse) <= alpha:
        return "worse"
    if n_tests * min(better) <= alpha:
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
