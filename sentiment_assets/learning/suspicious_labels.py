"""Suspicious labels: which of the labelled reviews probably have the wrong label.

Confident learning (Northcutt, Jiang & Chuang 2021, "Confident learning: estimating uncertainty in dataset labels").
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sentiment_assets.learning.calibration import CannotCalibrate, fit_calibration
from sentiment_assets.learning.cross_fitted_margins import CrossFittedMargins
from sentiment_assets.learning.mapped_texts import reviews_at
from sentiment_assets.presentation.wording import counted, percent

_NOTHING_KNOWN = 0.5
_SUSPICIOUS_BELOW = 0.49
"""The largest self-confidence of a suspicious label: not one half, which is what a model says that knows nothing."""
MANY = 0.1
"""The share from which on people are warned: five labelled corpora have 2 to 7 %, see docs/benchmarks.md."""
COLUMNS = ("review_id", "batch", "split", "text", "label", "likely_label", "probability")


@dataclass(frozen=True)
class SuspiciousLabels:
    """The labels that are most likely wrong."""

    reviews: pd.DataFrame
    """The reviews of these labels, the most suspicious first, by the names of ``COLUMNS``: label (int8), the label that
    is more likely (int8), and the cross-fitted probability that the review is positive (float64)."""
    n_reviews: int
    """How many labels were looked at."""

    @property
    def share(self) -> float:
        """The share of them that looks wrong."""
        return len(self.reviews) / self.n_reviews

    @property
    def are_many(self) -> bool:
        """Whether so many look wrong that somebody should look at them."""
        return self.share >= MANY

    @property
    def sentence(self) -> str:
        """What people are told."""
        if self.reviews.empty:
            return f"No label of {counted(self.n_reviews, 'review')} looks wrong."
        return (
            f"About {percent(self.share)} of the labels of {counted(self.n_reviews, 'review')} look wrong: models that "
            f"have not seen them would give {len(self.reviews):,} of them the other label."
        )


def find_suspicious_labels(splits: pd.DataFrame, cross_fitted: CrossFittedMargins) -> SuspiciousLabels:
    """Look for wrong labels among the reviews of ``splits`` that have cross-fitted margins."""
    labels = splits["label"].to_numpy()[cross_fitted.places]
    probabilities = _probabilities(cross_fitted, labels)
    joint = confident_joint(labels, probabilities)
    found = ranked(labels, probabilities, joint)
    reviews = reviews_at(splits, cross_fitted.places[found]).reset_index(drop=True)
    told = reviews.assign(likely_label=1 - reviews["label"], probability=probabilities[found])
    return SuspiciousLabels(told[list(COLUMNS)], len(labels))


def _probabilities(cross_fitted: CrossFittedMargins, labels: np.ndarray) -> np.ndarray:
    """Probability that each review is positive; one half where a model knows nothing of it, or of any."""
    known = cross_fitted.known_ngrams > 0
    try:
        fitted = fit_calibration(cross_fitted.margins[known], labels[known])
    except CannotCalibrate:
        return np.full(len(labels), _NOTHING_KNOWN)
    probabilities = fitted.calibration.probabilities(cross_fitted.margins + fitted.shift)
    return np.where(known, probabilities, _NOTHING_KNOWN)


def confident_joint(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """How many reviews of each given label (rows) are estimated to have each true one (columns), shape (2, 2).

    A review is counted for a true label if its probability of it is at least the label's threshold, the mean
    probability of it among the reviews that were given it; for the more probable one if that holds of both. The counts
    of each given label are then scaled to how many reviews were given it (Northcutt et al. 2021, section 3.1).
    """
    of_label = np.column_stack([1 - probabilities, probabilities])
    given = [int((labels == label).sum()) for label in (0, 1)]
    thresholds = [of_label[labels == label, label].mean() if given[label] else np.inf for label in (0, 1)]
    confident = of_label >= thresholds
    likely = np.where(confident, of_label, -1).argmax(axis=1)
    sure = confident.any(axis=1)
    counts = np.bincount(2 * labels[sure].astype(np.int64) + likely[sure], minlength=4).reshape(2, 2).astype(float)
    for label in (0, 1):
        counts[label] = given[label] * (
            counts[label] / counts[label].sum() if counts[label].sum() else np.eye(2)[label]
        )
    return counts


def ranked(labels: np.ndarray, probabilities: np.ndarray, joint: np.ndarray) -> np.ndarray:
    """Positions of the suspicious labels, the most suspicious first: those with the smallest self-confidence.

    Self-confidence is the probability of the label that was given. Of each label there are as many as the joint says
    are wrong (the paper's "prune by class"), but only with a self-confidence below one half: where one label is rare,
    or the model knows little, the joint says too many (docs/decisions/0032-suspicious-labels.md).
    """
    confidence = np.where(labels == 1, probabilities, 1 - probabilities)
    order = np.argsort(confidence, kind="stable")
    order = order[confidence[order] < _SUSPICIOUS_BELOW]
    chosen = [order[labels[order] == label][: round(joint[label, 1 - label])] for label in (0, 1)]
    found = np.concatenate(chosen)
    return found[np.argsort(confidence[found], kind="stable")]


def to_correct(found: SuspiciousLabels, words: Mapping[int, str]) -> pd.DataFrame:
    """What somebody needs to correct the labels: texts of columns review_id, text and what speaks against the label.

    ``words`` are how the branch writes the labels 0 and 1, so that the likely one can be copied.
    """
    reviews = found.reviews
    return pd.DataFrame(
        {
            "review_id": reviews["review_id"],
            "text": reviews["text"],
            "given_label": reviews["label"].map(words),
            "likely_label": reviews["likely_label"].map(words),
            "probability_of_positive": reviews["probability"].map("{:.4f}".format),
        }
    )
