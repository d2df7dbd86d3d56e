"""Losses and rates of a linear classifier. Margins are W·x + b; labels are 0 and 1."""

from collections.abc import Callable, Mapping

import numpy as np
from scipy import sparse

from sentiment_assets.learning.settings import SelectionMetric


def margins_of_rows(rows: sparse.csr_matrix, coefficients: np.ndarray, intercept: float) -> np.ndarray:
    """W·x + b of each row, float64 of shape (n_reviews,); 0 for a row without an entry, of which nothing is known."""
    margins = (rows @ coefficients).astype(np.float64) + intercept
    return np.where(np.diff(rows.indptr) > 0, margins, 0.0)


def hinge_losses(margins: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """max(0, 1 - y·margin) of each review, with y = 2·label - 1; no L2 term."""
    return np.maximum(0.0, 1.0 - (2 * labels - 1) * margins)


def hinge_loss(margins: np.ndarray, labels: np.ndarray) -> float:
    """Mean unregularised hinge loss, so that it is comparable across L2 strengths."""
    return float(hinge_losses(margins, labels).mean())


def errors(margins: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """True where the sign of the margin is not the label's; a margin of 0 counts as negative."""
    return (margins > 0) != (labels == 1)


def error_rate(margins: np.ndarray, labels: np.ndarray) -> float:
    """Share of reviews on the wrong side."""
    return float(errors(margins, labels).mean())


def accuracy(margins: np.ndarray, labels: np.ndarray) -> float:
    """Share of reviews on the right side."""
    return 1.0 - error_rate(margins, labels)


def balanced_error_rate(margins: np.ndarray, labels: np.ndarray) -> float:
    """Mean of the two classes' error rates, for branches with few reviews of one class."""
    wrong = errors(margins, labels)
    return float(np.mean([wrong[labels == each].mean() for each in np.unique(labels)]))


def confusion(margins: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """How many reviews of each label, negative then positive, were given each label; int64 of shape (2, 2)."""
    return np.bincount(2 * labels.astype(np.int64) + (margins > 0), minlength=4).reshape(2, 2)


def rates_per_label(margins: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Macro-F1, and recall and precision of each label where there is something to divide by.

    A label that no review has, or was given, counts with an F1 of 0.
    """
    counts = confusion(margins, labels).astype(np.float64)
    right, there, given = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    rates = {"macro_f1": float(np.mean(2 * right / np.maximum(there + given, 1)))}
    for place, name in enumerate(("negative", "positive")):
        if there[place]:
            rates[f"recall_{name}"] = float(right[place] / there[place])
        if given[place]:
            rates[f"precision_{name}"] = float(right[place] / given[place])
    return rates


def majority_label(labels: np.ndarray) -> int:
    """The more frequent label; 0 if both are equally frequent."""
    return int(2 * int((labels == 1).sum()) > len(labels))


def majority_accuracy(labels: np.ndarray) -> float:
    """Accuracy of always answering the more frequent label."""
    return float((labels == majority_label(labels)).mean())


SELECTION_METRICS: Mapping[SelectionMetric, Callable[[np.ndarray, np.ndarray], float]] = {
    "hinge_loss": hinge_loss,
    "error_rate": error_rate,
    "balanced_error_rate": balanced_error_rate,
}
"""What candidates may be compared by on reviews that were held out; smaller is better."""
