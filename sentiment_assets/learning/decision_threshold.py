"""The decision threshold: from which probability on a review is called positive, by what the branch is judged by.

See docs/decisions/0030-the-threshold.md.
"""

import numpy as np

from sentiment_assets.learning.calibration import FittedCalibration, fit_calibration
from sentiment_assets.learning.metrics import label_loss, label_metric
from sentiment_assets.learning.settings import LabelMetric, SelectionMetric


def fit_decision(margins: np.ndarray, labels: np.ndarray, metric: SelectionMetric) -> FittedCalibration:
    """Calibrate by reviews that were held out, and put the margin 0 where the label is to change.

    ``margins`` and ``labels``, 0 and 1, have shape (n,). Raises ``CannotCalibrate`` unless both labels occur.
    """
    fitted = fit_calibration(margins, labels)
    judged_by = label_metric(metric)
    if judged_by == "error_rate":
        return fitted
    return fitted.with_threshold(best_threshold(fitted.calibration.probabilities(margins + fitted.shift), judged_by))


def best_threshold(probabilities: np.ndarray, metric: LabelMetric) -> float:
    """The probability, in (0, 1), above which calling a review positive makes the expected loss of labels smallest.

    It is what ``probabilities``, shape (n,), lead one to expect, and not what the labels of these reviews say: that
    would follow the few of the rarer label. It lies half-way between the last review that is called positive and the
    first that is not. (Of the error rate it is one half, of the balanced one the share of positive reviews.)
    """
    sorted_down = np.sort(probabilities)[::-1]
    called_positive = np.arange(len(sorted_down) + 1)
    true_positive = np.concatenate([[0.0], np.cumsum(sorted_down)])
    n_positive = true_positive[-1]
    wrong = np.array([called_positive - true_positive, n_positive - true_positive])
    losses = label_loss(metric, wrong, np.array([len(sorted_down) - n_positive, n_positive]))
    ends = np.concatenate([[1.0], sorted_down, [0.0]])
    best = int(np.argmin(np.where(ends[:-1] > ends[1:], losses, np.inf)))  # equal ones are called the same
    return float((ends[best] + ends[best + 1]) / 2)
