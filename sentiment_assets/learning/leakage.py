"""The leakage tax: how much too high test accuracy would be if near-duplicates of held-out reviews stayed in train."""

from dataclasses import dataclass

import numpy as np

from sentiment_assets.learning.calibration import CannotCalibrate, best_scale
from sentiment_assets.learning.candidate import Candidate, train_again
from sentiment_assets.learning.decision_threshold import fit_decision
from sentiment_assets.learning.features import Features
from sentiment_assets.learning.labelled_rows import LabelledRows, joined_rows
from sentiment_assets.learning.linear_svc import LinearClassifier
from sentiment_assets.learning.metrics import accuracy
from sentiment_assets.learning.settings import SelectionMetric
from sentiment_assets.learning.splitting import NEAR_DUPLICATE, TEST, TRAIN, VALIDATION


@dataclass(frozen=True)
class LeakageTax:
    """What near-duplicates of held-out reviews in train would have brought, without being true."""

    n_near_duplicates: int
    accuracy_without: float
    """Test accuracy of the candidate, trained on train without them."""
    accuracy_with: float
    """Test accuracy of the same hyperparameter set, trained with them as well."""

    @property
    def figures(self) -> dict[str, float]:
        """The figures as they are tracked; the tax is how much too high test accuracy would have been."""
        return {
            "near_duplicates_set_aside": float(self.n_near_duplicates),
            "test_accuracy_with_near_duplicates": self.accuracy_with,
            "leakage_tax": self.accuracy_with - self.accuracy_without,
        }


def measure_leakage(candidate: Candidate, features: Features, metric: SelectionMetric) -> LeakageTax:
    """Train the selected candidate once more, with the near-duplicates that were set aside.

    Both are of the training split alone, each with the threshold that validation gives it.
    """
    rows = features.asked_by(candidate.hyperparameters).rows
    train, aside, test, validation = (rows[name] for name in (TRAIN, NEAR_DUPLICATE, TEST, VALIDATION))
    without = _test_accuracy(candidate.svc, validation, test, metric)
    if not len(aside.labels):
        return LeakageTax(0, without, without)
    together = joined_rows(train, aside, folder=features.folder)
    leaking = _test_accuracy(train_again(candidate, together), validation, test, metric)
    return LeakageTax(len(aside.labels), without, leaking)


def _test_accuracy(
    trained: LinearClassifier, validation: LabelledRows, test: LabelledRows, metric: SelectionMetric
) -> float:
    known = np.diff(validation.indptr) > 0
    margins = validation.margins(trained.coefficients, trained.intercept)
    scale = best_scale(margins, validation.labels)
    try:
        shift = fit_decision(scale * margins[known], validation.labels[known], metric).shift
    except CannotCalibrate:  # of a small validation split; the challenger is calibrated by more
        shift = 0.0
    return accuracy(test.margins(trained.coefficients, trained.intercept + shift / scale), test.labels)
