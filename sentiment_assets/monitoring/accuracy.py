"""How good the champion is on a batch: measured where there are labels, estimated with a band where there are none.

Without labels, the accuracy of calibrated probabilities is their mean confidence, if only the reviews have changed and
not what they mean (Guillory et al. 2021; NannyML calls it CBPE). If instead the share of positives has changed, the
probabilities must first be adjusted to the new share (Saerens, Latinne & Decaestecker 2002). Nobody can know from
unlabelled reviews which of the two it is, so the estimate lies midway, and the band covers both.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.stats import beta, norm
from sklearn.linear_model import LogisticRegression

from sentiment_assets.learning.metrics import errors, hinge_loss, hinge_losses
from sentiment_assets.monitoring.finding import Finding, Verdict, judged, unknown
from sentiment_assets.monitoring.reference import Reference
from sentiment_assets.monitoring.settings import MonitoringSettings
from sentiment_assets.monitoring.two_sample import compare_counts
from sentiment_assets.presentation.wording import percent

_LEVEL = 0.95
_NORMAL = float(norm.ppf((1 + _LEVEL) / 2))
_NARROWEST, _WIDEST = 1e-9, 1e3
_CHANCE = 0.5
_SUREST = 0.995
_WEAK_PENALTY = 100.0
_ROUNDS, _CLOSE_ENOUGH = 100, 1e-5
_FEWEST_PAST_BATCHES = 3


@dataclass(frozen=True)
class Measured:
    """Accuracy on labelled reviews."""

    correct: int
    n: int
    low: float
    """The lower end of the exact 95 % interval (Clopper & Pearson 1934)."""
    high: float

    @property
    def accuracy(self) -> float:
        """Share of the reviews that are on the right side."""
        return self.correct / self.n


@dataclass(frozen=True)
class Estimate:
    """Accuracy without labels."""

    accuracy: float
    low: float
    high: float
    """The band holds the batch's true accuracy in 95 of 100 batches, mild shifts included."""
    sure: bool
    """False when the batch is so unlike the reference that calibration says little."""
    labels_used: int = 0
    """Reviews whose labels landed later, in another batch."""
    by_chance: float | None = None
    """The part of half the band that chance makes, before it was widened; ``None`` in records of former releases."""
    by_assumption: float = 0.0
    """The part of half the band that lies between the two assumptions, which is never widened."""


def measured_accuracy(
    margins: np.ndarray, labels: np.ndarray, reference: Reference, settings: MonitoringSettings
) -> Finding:
    """Compare accuracy on a batch's labelled reviews, margins and labels of shape (n,), with that on test.

    It warns when it is surely lower by more than ``accuracy_drop`` and chance does not explain it (Fisher's test).
    """
    name = "accuracy"
    if len(labels) < settings.fewest_reviews:
        reason = f"{len(labels):,} reviews of the batch have a label: fewer than {settings.fewest_reviews} say nothing."
        return unknown(name, reason)
    test_margins, test_labels = reference.on_test()
    if not len(test_labels):
        return unknown(name, "The champion has no test reviews to compare with.")
    ours = measure(margins, labels)
    theirs = measure(test_margins, test_labels)
    drop = theirs.accuracy - ours.accuracy
    difference = compare_counts(theirs.correct, theirs.n, ours.correct, ours.n)
    is_drop = difference.p_value < settings.test_alpha and not difference.upward
    hinge = f"{hinge_loss(margins, labels):.3f} ± {_half_width(hinge_losses(margins, labels)):.3f}"
    sentence = (
        f"{percent(ours.accuracy)} of {ours.n:,} labelled reviews are scored rightly (95 % interval "
        f"{percent(ours.low)} to {percent(ours.high)}), against {percent(theirs.accuracy)} of {theirs.n:,} test "
        f"reviews; mean hinge loss {hinge} against {hinge_loss(test_margins, test_labels):.3f}; "
        f"p = {difference.p_value:.2g}."
    )
    return judged(
        Finding(
            name=name,
            verdict="ok",
            sentence=sentence,
            statistic=difference.statistic,
            effect=drop,
            p_value=difference.p_value,
            threshold=settings.accuracy_drop,
            surely=difference.surely if is_drop else 0.0,
        )
    )


def measure(margins: np.ndarray, labels: np.ndarray) -> Measured:
    """Accuracy with its exact interval; n at least 1."""
    n = len(labels)
    correct = n - int(errors(margins, labels).sum())
    tail = (1 - _LEVEL) / 2
    low = float(beta.ppf(tail, correct, n - correct + 1)) if correct else 0.0
    high = float(beta.ppf(1 - tail, correct + 1, n - correct)) if correct < n else 1.0
    return Measured(correct, n, low, high)


def estimate_accuracy(
    margins: np.ndarray,
    known_ngrams: np.ndarray,
    reference: Reference,
    *,
    unlike: float = 0.0,
    widened: float = 1.0,
    labels: np.ndarray | None = None,
    surely_labelled: np.ndarray | None = None,
) -> Estimate:
    """Estimate accuracy on a batch of margins and numbers of known n-grams, shapes (n,), n at least 1.

    ``unlike`` is the share of its reviews that are unlike the reference: of these the accuracy may be anything between
    chance and perfect, and the band says so. ``widened`` is how much wider past bands should have been. ``labels``,
    float64 of shape (n,) and nan where there is none, are taken for what they are and narrow the band. Accuracy is that
    of positive and negative reviews: others count as much as they are likely to be of these, unless they are among
    ``surely_labelled``, bool of shape (n,).
    """
    n, right = len(margins), margins > 0
    probabilities = calibrated(margins, known_ngrams, reference)
    as_is = _confidence(probabilities, right)
    adjusted = _confidence(adjust_to_prior(probabilities, float(reference.labels.mean())), right)
    known = np.zeros(n, bool) if labels is None else ~np.isnan(labels)
    if labels is not None:
        as_is[known] = adjusted[known] = right[known] == (labels[known] == 1)
    weights = not_neutral(margins, known_ngrams, reference)
    weights[known if surely_labelled is None else known | surely_labelled] = 1.0
    weights /= weights.sum()
    says_as_is, says_adjusted = float(weights @ as_is), float(weights @ adjusted)
    accuracy = (says_as_is + says_adjusted) / 2
    guessed = 1 - float(weights[known].sum())
    held_out = measure(reference.margins, reference.labels).accuracy
    sampling = float((weights**2) @ (as_is * (1 - as_is)))
    calibration = guessed**2 * held_out * (1 - held_out) / len(reference.labels)
    by_chance = _NORMAL * float(np.sqrt(sampling + calibration))
    by_assumption = abs(says_as_is - says_adjusted) / 2
    half = widened * by_chance + by_assumption
    low = accuracy - half - guessed * unlike * max(accuracy - _CHANCE, 0.0)
    high = accuracy + half + guessed * unlike * (1 - accuracy)
    return Estimate(
        accuracy,
        max(low, 0.0),
        min(high, 1.0),
        sure=unlike == 0,
        labels_used=int(known.sum()),
        by_chance=by_chance,
        by_assumption=by_assumption,
    )


def estimated_accuracy(estimate: Estimate, n: int, reference: Reference, settings: MonitoringSettings) -> Finding:
    """Whether the estimate, its band included, lies below the champion's held-out accuracy by ``accuracy_drop``."""
    name = "estimated_accuracy"
    if n < settings.fewest_reviews:
        return unknown(name, f"{n:,} scored reviews: fewer than {settings.fewest_reviews} say nothing for sure.")
    expected = measure(reference.margins, reference.labels).accuracy
    without = f"With {estimate.labels_used:,} labels that landed since" if estimate.labels_used else "Without labels"
    doubt = "" if estimate.sure else " Too many reviews are unlike the champion's training data to be sure."
    sentence = (
        f"{without}, accuracy is estimated at {percent(estimate.accuracy)} (between {percent(estimate.low)} and "
        f"{percent(estimate.high)}); on held-out reviews it was {percent(expected)}.{doubt}"
    )
    drop, surely = expected - estimate.accuracy, expected - estimate.high
    without_warning: Verdict = "ok" if estimate.sure else "unknown"
    return judged(
        Finding(
            name=name,
            verdict=without_warning,
            sentence=sentence,
            statistic=estimate.accuracy,
            effect=drop,
            p_value=None,
            threshold=settings.accuracy_drop,
            surely=surely,
        )
    )


def calibrated(margins: np.ndarray, known_ngrams: np.ndarray, reference: Reference) -> np.ndarray:
    """Probability of positive of each review, fitted on the held-out reviews.

    Platt scaling (Platt 1999) whose slope and offset depend on the logarithm of how many n-grams of the review the
    model knows: rows have length 1, so the margin of three words may be as large as that of three hundred, and means
    less.
    """
    theirs = _calibration_columns(reference.margins, reference.known_ngrams)
    scale = np.maximum(theirs.std(axis=0), np.finfo(float).tiny)
    fitted = LogisticRegression(C=_WEAK_PENALTY, solver="newton-cholesky").fit(theirs / scale, reference.labels)
    ours = _calibration_columns(margins, known_ngrams) / scale
    return np.clip(fitted.predict_proba(ours)[:, 1], 1 - _SUREST, _SUREST)


def _calibration_columns(margins: np.ndarray, known_ngrams: np.ndarray) -> np.ndarray:
    sizes = np.log1p(known_ngrams)
    return np.column_stack([margins, margins * sizes, sizes])


def not_neutral(margins: np.ndarray, known_ngrams: np.ndarray, reference: Reference) -> np.ndarray:
    """Probability that each review, of which nobody says it, is no neutral one; float64, shape (n,).

    Logistic regression on how far the margin is from 0, of the reference's neutral reviews and its held-out ones, which
    weigh what they have as shares of what came.
    """
    neutral = reference.neutral
    if not len(neutral.margins):
        return np.ones(len(margins))
    theirs = np.concatenate(
        [
            _calibration_columns(np.abs(neutral.margins), neutral.known_ngrams),
            _calibration_columns(np.abs(reference.margins), reference.known_ngrams),
        ]
    )
    n_neutral, n = len(neutral.margins), len(reference.margins)
    weights = np.repeat([neutral.share / n_neutral, (1 - neutral.share) / n], [n_neutral, n]) * (n_neutral + n)
    scale = np.maximum(theirs.std(axis=0), np.finfo(float).tiny)
    fitted = LogisticRegression(C=_WEAK_PENALTY, solver="newton-cholesky").fit(
        theirs / scale, np.repeat([0, 1], [n_neutral, n]), sample_weight=weights
    )
    return fitted.predict_proba(_calibration_columns(np.abs(margins), known_ngrams) / scale)[:, 1]


def adjust_to_prior(probabilities: np.ndarray, prior: float) -> np.ndarray:
    """Probabilities, shape (n,), with the batch's own share of positives in place of the reference's, ``prior``.

    Both are found by expectation maximisation (Saerens et al. 2002).
    """
    share, adjusted = prior, probabilities
    for _ in range(_ROUNDS):
        positive = probabilities * share / prior
        negative = (1 - probabilities) * (1 - share) / (1 - prior)
        adjusted = positive / (positive + negative)
        former, share = share, float(np.clip(adjusted.mean(), 1 - _SUREST, _SUREST))
        if abs(share - former) < _CLOSE_ENOUGH:
            break
    return adjusted


@dataclass(frozen=True)
class PastEstimate:
    """An estimate that labels have checked since."""

    estimate: Estimate
    accuracy: float


@dataclass(frozen=True)
class BackTest:
    """How estimates did where labels came."""

    n: int
    mean_absolute_error: float
    covered: int
    """Batches whose true accuracy lay in the band."""
    widened: float
    """Factor by which what chance makes of a band is to be wider, at least 1; 1 with fewer than three batches that the
    estimate was sure of: the band of a batch unlike the reference is wide for another reason."""


def back_test(past: Sequence[PastEstimate]) -> BackTest | None:
    """Compare past estimates with what labels said; ``None`` when there are none."""
    if not past:
        return None
    misses = np.array([each.accuracy - each.estimate.accuracy for each in past])
    covered = sum(each.estimate.low <= each.accuracy <= each.estimate.high for each in past)
    telling = np.array([each.estimate.sure and each.estimate.by_chance is not None for each in past])
    widened = 1.0
    if telling.sum() >= _FEWEST_PAST_BATCHES:
        by_chance = np.array([each.estimate.by_chance or 0.0 for each in past])
        by_assumption = np.array([each.estimate.by_assumption for each in past])
        widened = _needed_factor(misses[telling], by_chance[telling], by_assumption[telling])
    return BackTest(len(past), float(np.abs(misses).mean()), covered, widened)


def _needed_factor(misses: np.ndarray, by_chance: np.ndarray, by_assumption: np.ndarray) -> float:
    """The factor, at least 1, at which half the band is the normal quantile times the size of the misses.

    That is a root mean square of miss / (factor * by_chance + by_assumption), arrays of shape (n,); the larger the
    factor the smaller it is. Nothing here depends on how wide the bands of the past were made.
    """

    def too_narrow(factor: float) -> float:
        halves = np.maximum(factor * by_chance + by_assumption, _NARROWEST)
        return _NORMAL * float(np.sqrt(np.mean((misses / halves) ** 2))) - 1

    if too_narrow(1.0) <= 0:
        return 1.0
    return float(brentq(too_narrow, 1.0, _WIDEST)) if too_narrow(_WIDEST) < 0 else _WIDEST


def label_budget(
    margins: np.ndarray, known_ngrams: np.ndarray, reference: Reference, *, unlikeness: np.ndarray, n: int
) -> np.ndarray:
    """Positions of the ``n`` reviews whose labels would narrow the band most, the most telling first.

    A label takes a review's p·(1-p) out of the band's variance; where the review is unlike the reference, p itself is
    in doubt, and its variance is taken towards that of a coin by ``unlikeness``, 0 to 1, shape (n_reviews,).
    """
    if not len(margins):
        return np.empty(0, np.int64)
    probabilities = calibrated(margins, known_ngrams, reference)
    variance = probabilities * (1 - probabilities)
    doubt = unlikeness**4  # half the reference is less unlike than 0.5: only the far end is in doubt
    return np.argsort(-(variance + doubt * (_CHANCE**2 - variance)), kind="stable")[:n]


def _confidence(probabilities: np.ndarray, said_positive: np.ndarray) -> np.ndarray:
    """Probability that each answer is right."""
    return np.where(said_positive, probabilities, 1 - probabilities)


def _half_width(values: np.ndarray) -> float:
    """Return half the width of a 95 % interval of a mean."""
    return float(_NORMAL * values.std(ddof=1) / np.sqrt(len(values)))
