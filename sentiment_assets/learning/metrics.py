"""Losses and rates of a linear classifier. Margins are W·x + b; labels are 0 and 1."""

import numpy as np
from scipy import sparse
from scipy.stats import beta

from sentiment_assets.learning.settings import LabelMetric, SelectionMetric

_NEXT_TO_NOTHING = 1e-12
_OUTSIDE = 0.05


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


def exact_ends(count: int, n: int) -> tuple[float, float]:
    """The two ends of the exact 95 % interval of a share, ``count`` among n, n at least 1 (Clopper & Pearson 1934)."""
    low = float(beta.ppf(_OUTSIDE / 2, count, n - count + 1)) if count else 0.0
    high = float(beta.ppf(1 - _OUTSIDE / 2, count + 1, n - count)) if count < n else 1.0
    return low, high


def label_metric(metric: SelectionMetric) -> LabelMetric:
    """What labels are judged by in a branch that is judged by ``metric``."""
    return "error_rate" if metric == "hinge_loss" else metric


def label_loss(metric: LabelMetric, wrong: np.ndarray, there: np.ndarray) -> np.ndarray:
    """The loss of labels of which some are wrong, by how many; it is smaller for better ones, 0 to 1.

    ``there``, shape (2,), are the negative and the positive reviews, and ``wrong``, shape (2, ...), those of them that
    were given the other label; counts, or the numbers that probabilities lead one to expect. ``macro_f1`` stands for 1
    less the mean F1 of both labels, where one that no review has, or was given, counts with an F1 of 0; in
    ``balanced_error_rate`` a label that no review has does not count.
    """
    there = there.reshape(2, *(1,) * (wrong.ndim - 1))
    if metric == "error_rate":
        return wrong.sum(axis=0) / there.sum()
    if metric == "balanced_error_rate":
        return (wrong / np.maximum(there, _NEXT_TO_NOTHING)).sum(axis=0) / (there > 0).sum()
    right, given = there - wrong, there - wrong + wrong[::-1]
    return 1 - (2 * right / np.maximum(there + given, _NEXT_TO_NOTHING)).mean(axis=0)


def label_loss_of(metric: LabelMetric, margins: np.ndarray, labels: np.ndarray) -> float:
    """The loss of the labels that margins give, on reviews with these labels; see ``label_loss``."""
    counts = confusion(margins, labels)
    return float(label_loss(metric, counts[[0, 1], [1, 0]].astype(np.float64), counts.sum(axis=1)))


def confusion(margins: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """How many reviews of each label, negative then positive, were given each label; int64 of shape (2, 2)."""
    return np.bincount(2 * labels.astype(np.int64) + (margins > 0), minlength=4).reshape(2, 2)


def rates_per_label(margins: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Macro-F1, balanced error rate, and each label's recall and precision where there is something to divide by.

    A label that no review has, or was given, counts with an F1 of 0.
    """
    counts = confusion(margins, labels).astype(np.float64)
    right, there, given = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    wrong = there - right
    rates = {
        "macro_f1": 1 - float(label_loss("macro_f1", wrong, there)),
        "balanced_error_rate": float(label_loss("balanced_error_rate", wrong, there)),
    }
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
