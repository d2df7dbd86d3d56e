"""How good the champion is on a batch: measured where there are labels, estimated with a band where there are none.

Without labels, the accuracy of calibrated probabilities is their mean confidence, if only the reviews have changed and
not what they mean (Guillory et al. 2021; NannyML calls it CBPE). Where texts or answers have drifted nobody knows
that: the confidence is too high there as a rule, so an estimate that lies surely below warns all the same, and any
other says that it cannot tell, and which labels would. Of labels that were drawn by lot the estimate is what they say.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression

from sentiment_assets.learning.metrics import errors, exact_ends, hinge_loss, hinge_losses
from sentiment_assets.monitoring.finding import Finding, judged, unknown
from sentiment_assets.monitoring.reference import Reference
from sentiment_assets.monitoring.settings import MonitoringSettings
from sentiment_assets.monitoring.two_sample import compare_counts
from sentiment_assets.presentation.wording import percent

_LEVEL = 0.95
_NORMAL = float(norm.ppf((1 + _LEVEL) / 2))
_CHANCE = 0.5
_SUREST = 0.995
_WEAK_PENALTY = 100.0
_FEWEST_PAST_BATCHES = 3
_FEWEST_DRAWN, _ANSWERED = 10, 0.75
"""So many labels say something of all if that share of the reviews that were drawn has one: others may be neutral."""


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
    """Accuracy without labels, or with few."""

    accuracy: float
    low: float
    high: float
    """The band holds the batch's true accuracy in 95 of 100 batches that are like the reference."""
    sure: bool
    """False where texts or answers have drifted, so that calibrated scores say little."""
    labels_used: int = 0
    """Reviews whose labels landed later, in another batch."""
    half: float | None = None
    """Half the band, before it was widened; ``None`` in records of former releases, which estimated otherwise."""


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
    test_margins, test_labels = reference.answered_on_test()
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
    return measured(len(labels) - int(errors(margins, labels).sum()), len(labels))


def measured(correct: int, n: int) -> Measured:
    """Accuracy of ``correct`` right ones among n, at least 1, with its exact interval."""
    return Measured(correct, n, *exact_ends(correct, n))


def estimate_accuracy(
    margins: np.ndarray,
    known_ngrams: np.ndarray,
    reference: Reference,
    *,
    even_margin: float = 0.0,
    sure: bool = True,
    widened: float = 1.0,
    labels: np.ndarray | None = None,
    surely_labelled: np.ndarray | None = None,
) -> Estimate:
    """Estimate accuracy on a batch of margins and numbers of known n-grams, shapes (n,), n at least 1.

    ``even_margin`` is that at which p is one half. ``sure`` is whether it is like the reference. ``widened`` is how
    much wider past bands should have been. ``labels``, float64 of shape (n,) and nan where there is none, are taken for
    what they are and narrow the band. Accuracy is that of positive and negative reviews: others count as much as they
    are likely to be of these, unless they are among ``surely_labelled``, bool of shape (n,).
    """
    n, right = len(margins), margins > 0
    probabilities = calibrated(margins, known_ngrams, reference)
    confidence = np.where(right, probabilities, 1 - probabilities)
    known = np.zeros(n, bool) if labels is None else ~np.isnan(labels)
    if labels is not None:
        confidence[known] = right[known] == (labels[known] == 1)
    weights = not_neutral(margins, known_ngrams, reference, even_margin)
    weights[known if surely_labelled is None else known | surely_labelled] = 1.0
    weights /= weights.sum()
    accuracy = float(weights @ confidence)
    guessed = 1 - float(weights[known].sum())
    held_out = _on_held_out(reference).accuracy
    sampling = float((weights**2) @ (confidence * (1 - confidence)))
    calibration = guessed**2 * held_out * (1 - held_out) / len(reference.labels)
    half = _NORMAL * float(np.sqrt(sampling + calibration))
    low, high = max(accuracy - widened * half, 0.0), min(accuracy + widened * half, 1.0)
    return Estimate(accuracy, low, high, sure, labels_used=int(known.sum()), half=half)


def estimate_by_lot(margins: np.ndarray, labels: np.ndarray) -> Estimate | None:
    """Estimate accuracy by the labels of the reviews that the lot drew first; ``None`` where they are too few.

    ``margins`` and ``labels``, float64 of shape (n,) and nan where there is none, are in the order of the lot. The
    longest beginning counts of which nearly all have a label: whoever labelled did not choose which.
    """
    known = ~np.isnan(labels)
    answered = np.cumsum(known) >= _ANSWERED * np.arange(1, len(labels) + 1)
    drawn = int(np.flatnonzero(answered)[-1]) + 1 if answered.any() else 0
    if known[:drawn].sum() < _FEWEST_DRAWN:
        return None
    said = measure(margins[:drawn][known[:drawn]], labels[:drawn][known[:drawn]].astype(np.int8))
    return Estimate(said.accuracy, said.low, said.high, sure=True, labels_used=said.n)


def estimated_accuracy(
    estimate: Estimate, n: int, reference: Reference, settings: MonitoringSettings, *, to_label: int = 0
) -> Finding:
    """Whether the estimate, its band included, lies below the champion's held-out accuracy by ``accuracy_drop``.

    Where it does not, and texts or answers have drifted, nothing can be said but with labels: ``to_label`` is how many
    reviews the label budget holds. It warns nobody of that, because the check that found the drift does.
    """
    name = "estimated_accuracy"
    if n < settings.fewest_reviews:
        return unknown(name, f"{n:,} scored reviews: fewer than {settings.fewest_reviews} say nothing for sure.")
    expected = _on_held_out(reference).accuracy
    finding = Finding(
        name=name,
        verdict="ok" if estimate.sure else "unknown",
        sentence=_says(estimate, expected),
        statistic=estimate.accuracy,
        effect=expected - estimate.accuracy,
        p_value=None,
        threshold=settings.accuracy_drop,
        surely=expected - estimate.high,
    )
    found = judged(finding)
    return replace(found, sentence=_cannot_tell(finding.sentence, to_label)) if found.verdict == "unknown" else found


def _on_held_out(reference: Reference) -> Measured:
    """Accuracy on the held-out reviews in which the champion knows something: of a batch no others are judged."""
    answered = reference.margins != 0
    return measure(reference.margins[answered], reference.labels[answered])


def _says(estimate: Estimate, expected: float) -> str:
    without = f"With {estimate.labels_used:,} labels that landed since" if estimate.labels_used else "Without labels"
    return (
        f"{without}, accuracy is estimated at {percent(estimate.accuracy)} (between {percent(estimate.low)} and "
        f"{percent(estimate.high)}); on held-out reviews it was {percent(expected)}."
    )


def _cannot_tell(says: str, to_label: int) -> str:
    asked = (
        f"Label the {to_label:,} reviews of the label budget, land them, and score this batch again."
        if to_label
        else "The batch's own labels can: see the check accuracy."
    )
    return (
        "Scores cannot tell the accuracy, because texts or answers are unlike those that the champion was tested on. "
        f"{asked} If the scores were right: {says[0].lower()}{says[1:]}"
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


def not_neutral(
    margins: np.ndarray, known_ngrams: np.ndarray, reference: Reference, even_margin: float = 0.0
) -> np.ndarray:
    """Probability that each review, of which nobody says it, is no neutral one; float64, shape (n,).

    Logistic regression on how far the margin is from the one at which p is one half, of the reference's neutral reviews
    and its held-out ones, which weigh what they have as shares of what came.
    """
    neutral = reference.neutral
    if not len(neutral.margins):
        return np.ones(len(margins))
    theirs = np.concatenate(
        [
            _calibration_columns(np.abs(neutral.margins - even_margin), neutral.known_ngrams),
            _calibration_columns(np.abs(reference.margins - even_margin), reference.known_ngrams),
        ]
    )
    n_neutral, n = len(neutral.margins), len(reference.margins)
    weights = np.repeat([neutral.share / n_neutral, (1 - neutral.share) / n], [n_neutral, n]) * (n_neutral + n)
    scale = np.maximum(theirs.std(axis=0), np.finfo(float).tiny)
    fitted = LogisticRegression(C=_WEAK_PENALTY, solver="newton-cholesky").fit(
        theirs / scale, np.repeat([0, 1], [n_neutral, n]), sample_weight=weights
    )
    ours = _calibration_columns(np.abs(margins - even_margin), known_ngrams)
    return fitted.predict_proba(ours / scale)[:, 1]


@dataclass(frozen=True)
class PastEstimate:
    """An estimate that labels have checked since."""

    estimate: Estimate
    accuracy: float


@dataclass(frozen=True)
class BackTest:
    """How sure estimates did where labels came."""

    n: int
    mean_absolute_error: float
    covered: int
    """Batches whose true accuracy lay in the band."""
    widened: float
    """Factor by which bands are to be wider, at least 1; 1 with fewer than three batches."""


def back_test(past: Sequence[PastEstimate]) -> BackTest | None:
    """Compare past estimates with what labels said; ``None`` when there are none.

    Those of batches unlike the reference do not count, because they promised nothing.
    """
    sure = [each for each in past if each.estimate.sure]
    if not sure:
        return None
    misses = np.array([each.accuracy - each.estimate.accuracy for each in sure])
    covered = sum(each.estimate.low <= each.accuracy <= each.estimate.high for each in sure)
    halves = np.array([each.estimate.half or np.nan for each in sure])
    return BackTest(len(sure), float(np.abs(misses).mean()), covered, _needed_factor(misses / halves))


def _needed_factor(misses: np.ndarray) -> float:
    """The factor, at least 1, at which half the band is the normal quantile times the size of the misses.

    ``misses`` are in halves of bands as they were before they were widened, nan where nobody knows.
    """
    known = misses[~np.isnan(misses)]
    return max(1.0, _NORMAL * float(np.sqrt(np.mean(known**2)))) if len(known) >= _FEWEST_PAST_BATCHES else 1.0


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


def _half_width(values: np.ndarray) -> float:
    """Return half the width of a 95 % interval of a mean."""
    return float(_NORMAL * values.std(ddof=1) / np.sqrt(len(values)))
