"""From a margin to a probability, and from a probability to a score."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

_NEXT_TO_NOTHING = 1e-300


@dataclass(frozen=True)
class Calibration:
    """p = 1 / (1 + exp(-(slope·margin + offset)))."""

    slope: float
    offset: float

    def probabilities(self, margins: np.ndarray) -> np.ndarray:
        """Probability that each review is positive, float64 in [0, 1]."""
        return expit(self.slope * margins + self.offset)

    def scores(self, margins: np.ndarray) -> np.ndarray:
        """2·p - 1: the sentiment score, float64 in [-1, 1]."""
        return 2 * self.probabilities(margins) - 1


def fit_calibration(margins: np.ndarray, labels: np.ndarray) -> Calibration:
    """Platt scaling (Platt 1999): logistic regression of the label on the margin.

    Fitted on the validation split. Raises ``ValueError`` when only one label occurs.
    """
    fitted = LogisticRegression(C=1e6).fit(margins.reshape(-1, 1), labels)
    return Calibration(float(fitted.coef_[0, 0]), float(fitted.intercept_[0]))


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


def expected_calibration_error(probabilities: np.ndarray, labels: np.ndarray, bins: int = 15) -> float:
    """Mean gap between predicted probability and observed share over equal-mass bins (Naeini et al. 2015)."""
    parts = equal_mass_bins(probabilities, labels, bins)
    return sum(part.n * abs(part.predicted - part.observed) for part in parts) / len(labels)
