"""Calibration: how a margin becomes a probability, and a probability becomes a score."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

_NEXT_TO_NOTHING = 1e-300
SAYS_NOTHING = 1e-6
"""The slope of a calibration whose margins do not rise with the labels: every score is next to 0."""


@dataclass(frozen=True)
class RatingCurve:
    """Where on the scale from -1 to 1 a rating is expected by its review's margin: tanh((slope·margin + log_odds) / 2).

    ``slope`` is above 0.
    """

    slope: float
    log_odds: float


@dataclass(frozen=True)
class Calibration:
    """p = 1 / (1 + exp(-(slope·margin + log_odds))), with a slope above 0.

    ``log_odds`` are those at a margin of 0, where the label changes: 0, so that p is one half there and the signs of
    margin and score are one, unless the branch chose another threshold. A margin of exactly 0 is that of a text of
    which nothing is known, and has p = 0.5 all the same.
    """

    slope: float
    log_odds: float = 0.0
    rating_curve: RatingCurve | None = None
    """What makes scores of margins, where the branch calibrates scores to ratings; p is the same without it."""

    @property
    def threshold(self) -> float:
        """The p above which a review is positive, in (0, 1)."""
        return float(expit(self.log_odds))

    @property
    def least_positive_score(self) -> float:
        """The score above which a review is positive; 0 unless the branch chose a threshold, or scores by rating."""
        return float(np.tanh((self.rating_curve or self).log_odds / 2))

    @property
    def even_score(self) -> float:
        """The score at which p is one half; 0 unless scores go by rating."""
        curve = self.rating_curve
        return float(np.tanh((curve.slope * self.even_margin + curve.log_odds) / 2)) if curve else 0.0

    @property
    def even_margin(self) -> float:
        """The margin at which p is one half."""
        return -self.log_odds / self.slope

    def probabilities(self, margins: np.ndarray) -> np.ndarray:
        """Probability that each review is positive, float64 in [0, 1]; above the threshold where it is."""
        return expit(_log_odds(self, margins))

    def scores(self, margins: np.ndarray) -> np.ndarray:
        """The sentiment score, float64 in [-1, 1]: 2·p - 1, with the sign of p - 1/2 however small that is.

        With a rating curve it is the place on the scale that this expects.
        """
        return np.tanh(_log_odds(self.rating_curve or self, margins) / 2)


def _log_odds(curve: Calibration | RatingCurve, margins: np.ndarray) -> np.ndarray:
    return np.where(margins == 0, 0.0, curve.slope * margins + curve.log_odds)


@dataclass(frozen=True)
class FittedCalibration:
    """A calibration, and what must be added to every margin before it holds."""

    calibration: Calibration
    shift: float

    def with_threshold(self, probability: float) -> "FittedCalibration":
        """The same probabilities, with the margin 0 where p is ``probability``, in (0, 1), instead of one half.

        Where margins say nothing of labels, no threshold does, and it is left where it is.
        """
        slope, log_odds = self.calibration.slope, float(logit(probability))
        if slope <= SAYS_NOTHING:
            return self
        return FittedCalibration(Calibration(slope, log_odds), self.shift - log_odds / slope)


class CannotCalibrate(ValueError):
    """There are no held-out reviews of both labels to calibrate by; the message says what to do."""


def fit_calibration(margins: np.ndarray, labels: np.ndarray) -> FittedCalibration:
    """Platt scaling (Platt 1999): logistic regression of the label on the margin, p = 1 / (1 + exp(-(a·margin + c))).

    c becomes a shift of the margins by c/a, so that a margin of 0 is where p is one half
    (docs/decisions/0012-one-decision-rule.md). Margins that do not rise with the labels are not shifted and get scores
    next to 0. Fitted on held-out reviews. Raises ``CannotCalibrate`` unless both labels occur.
    """
    n_positive, n = int((labels == 1).sum()), len(labels)
    if not 0 < n_positive < n:
        raise CannotCalibrate(
            f"scores cannot be calibrated: of {n:,} held-out reviews in which the model knows a word {n_positive:,} "
            "are positive, and it takes both labels. Land more labelled reviews, or give more of them to validation "
            "(`splits`)"
        )
    fitted = LogisticRegression(C=1e6).fit(margins.reshape(-1, 1), labels)
    return calibration_of(float(fitted.coef_[0, 0]), float(fitted.intercept_[0]))


def calibration_of(slope: float, offset: float) -> FittedCalibration:
    """The calibration with p = 1 / (1 + exp(-(slope·margin + offset))), its offset as a shift of the margins."""
    if slope <= SAYS_NOTHING:
        return FittedCalibration(Calibration(SAYS_NOTHING), 0.0)
    return FittedCalibration(Calibration(slope), offset / slope)


def best_scale(margins: np.ndarray, labels: np.ndarray) -> float:
    """The factor c > 0 that makes the mean hinge loss of c·margins smallest; 1.0 when no factor helps.

    ``margins`` and ``labels`` (0 and 1) have shape (n,). The loss is convex and piecewise linear in c, so its
    minimum is at a kink, where some review's loss reaches 0: the first kink with a slope of at least 0 is taken.
    """
    signed = (2 * labels - 1) * margins
    reached = np.sort(signed[signed > 0])[::-1]
    slopes = np.cumsum(reached) - signed.sum()
    if signed.sum() <= _NEXT_TO_NOTHING:
        return 1.0
    rounding = 1e-12 * np.abs(signed).sum()
    return float(1 / reached[np.argmax(slopes >= -rounding)])


@dataclass(frozen=True)
class CalibrationBin:
    """Reviews of neighbouring predicted probabilities."""

    n: int
    predicted: float
    """Mean predicted probability of positive."""
    observed: float
    """Share that is positive."""


def equal_mass_bins(probabilities: np.ndarray, labels: np.ndarray, bins: int = 15) -> list[CalibrationBin]:
    """The reviews in order of probability, in ``bins`` parts of as equal a size as can be; empty ones are left out."""
    order = np.argsort(probabilities, kind="stable")
    return [
        CalibrationBin(len(part), float(probabilities[part].mean()), float(labels[part].mean()))
        for part in np.array_split(order, bins)
        if len(part)
    ]


def brier_score(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Mean squared gap between predicted probability and label (Brier 1950)."""
    return float(np.mean((probabilities - labels) ** 2))


def expected_calibration_error(probabilities: np.ndarray, labels: np.ndarray, bins: int = 15) -> float:
    """Mean gap between predicted probability and observed share over equal-mass bins (Naeini et al. 2015)."""
    parts = equal_mass_bins(probabilities, labels, bins)
    return sum(part.n * abs(part.predicted - part.observed) for part in parts) / len(labels)
