"""Whether the challenger takes the champion's place: paired tests on the same test reviews."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from sentiment_assets.learning.metrics import accuracy, errors, hinge_losses, majority_accuracy
from sentiment_assets.learning.settings import PromotionRule

_RESAMPLES = 2_000


@dataclass(frozen=True)
class PairedComparison:
    """Challenger against champion on the same n reviews; positive differences favour the champion."""

    n: int
    hinge_difference: float
    """Mean hinge loss of the challenger minus the champion's."""
    p_hinge_worse: float
    """One-sided p-value: how surprising this difference is if the challenger were no worse."""
    p_hinge_better: float
    only_challenger_wrong: int
    only_champion_wrong: int
    p_errors_worse: float
    """One-sided McNemar exact p-value."""
    p_errors_better: float


@dataclass(frozen=True)
class Decision:
    """Whether to promote, and the sentence that says why."""

    promote: bool
    reason: str


def compare_paired(challenger: np.ndarray, champion: np.ndarray, labels: np.ndarray, seed: int = 0) -> PairedComparison:
    """Paired bootstrap on hinge loss and McNemar's exact test on errors.

    ``challenger`` and ``champion`` are margins of shape (n,) on the same reviews. Bootstrap: Efron & Tibshirani
    1993, ch. 16 (differences recentred to mean 0). McNemar 1947, in its exact binomial form.
    """
    differences = hinge_losses(challenger, labels) - hinge_losses(champion, labels)
    resampled = _bootstrap_means(differences - differences.mean(), seed)
    observed = float(differences.mean())
    wrong, was_wrong = errors(challenger, labels), errors(champion, labels)
    losses, wins = int((wrong & ~was_wrong).sum()), int((was_wrong & ~wrong).sum())
    return PairedComparison(
        n=len(labels),
        hinge_difference=observed,
        p_hinge_worse=float((1 + (resampled >= observed).sum()) / (1 + _RESAMPLES)),
        p_hinge_better=float((1 + (resampled <= observed).sum()) / (1 + _RESAMPLES)),
        only_challenger_wrong=losses,
        only_champion_wrong=wins,
        p_errors_worse=_mcnemar(losses, wins),
        p_errors_better=_mcnemar(wins, losses),
    )


def decide_promotion(comparison: PairedComparison, rule: PromotionRule) -> Decision:
    """Apply the branch's rule to a comparison with the champion."""
    worse = min(comparison.p_hinge_worse, comparison.p_errors_worse) < rule.alpha
    better = min(comparison.p_hinge_better, comparison.p_errors_better) < rule.alpha and not worse
    figures = (
        f"on the same {comparison.n:,} test reviews its hinge loss is {comparison.hinge_difference:+.4f} "
        f"against the champion's (p {comparison.p_hinge_worse:.3f} for worse, {comparison.p_hinge_better:.3f} for "
        f"better); {comparison.only_challenger_wrong} reviews are wrong only now, "
        f"{comparison.only_champion_wrong} were wrong only before "
        f"(p {comparison.p_errors_worse:.3f} for worse, {comparison.p_errors_better:.3f} for better)"
    )
    if rule.rule == "manual":
        return Decision(False, f"Not promoted: the rule is manual. For your choice: {figures}.")
    promote = better if rule.rule == "if_better" else not worse
    verdict = "worse" if worse else "better" if better else "neither better nor worse"
    outcome = "Promoted" if promote else "Not promoted"
    return Decision(
        promote,
        f"{outcome}: the challenger is {verdict} at level {rule.alpha:g} (rule {rule.rule}); {figures}.",
    )


def decide_first_promotion(margins: np.ndarray, labels: np.ndarray, rule: PromotionRule) -> Decision:
    """Without a champion: the first model is let in if it beats the majority class on test."""
    reached, floor = accuracy(margins, labels), majority_accuracy(labels)
    figures = f"test accuracy {reached:.4f}, always answering the majority class {floor:.4f}"
    if rule.rule == "manual":
        return Decision(False, f"Not promoted: the rule is manual. For your choice: {figures}.")
    if reached > floor:
        return Decision(True, f"Promoted: there was no champion; {figures}.")
    return Decision(False, f"Not promoted: no champion yet, but it does not beat the majority class; {figures}.")


def _bootstrap_means(centred: np.ndarray, seed: int) -> np.ndarray:
    """Means of resamples with replacement, a few at a time to keep memory small."""
    generator = np.random.default_rng(seed)
    means = [
        centred[generator.integers(0, len(centred), (20, len(centred)))].mean(axis=1) for _ in range(_RESAMPLES // 20)
    ]
    return np.concatenate(means)


def _mcnemar(against: int, in_favour: int) -> float:
    if against + in_favour == 0:
        return 1.0
    return float(binomtest(against, against + in_favour, 0.5, alternative="greater").pvalue)
