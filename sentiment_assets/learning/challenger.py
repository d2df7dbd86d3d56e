"""The challenger: chosen on validation, calibrated on validation, measured once on test."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from sentiment_assets.learning.calibration import Calibration, expected_calibration_error, fit_calibration
from sentiment_assets.learning.candidate import Candidate
from sentiment_assets.learning.features import FeatureRows, Features
from sentiment_assets.learning.labelled_rows import LabelledRows
from sentiment_assets.learning.linear_svc import LinearSVC
from sentiment_assets.learning.metrics import (
    SELECTION_METRICS,
    accuracy,
    hinge_loss,
    majority_accuracy,
)
from sentiment_assets.learning.model import SentimentModel, model_digest
from sentiment_assets.learning.near_duplicates import text_signatures
from sentiment_assets.learning.selection import select_candidate
from sentiment_assets.learning.settings import SelectionMetric
from sentiment_assets.learning.splitting import TEST, TRAIN, VALIDATION


@dataclass(frozen=True)
class Challenger:
    """The selected candidate as a complete model, with its figures."""

    key: str
    """The key of the selected candidate."""
    features: FeatureRows
    """The rows of the feature set that it was trained on."""
    model: SentimentModel
    digest: str
    validation_losses: Mapping[str, float]
    """The validation loss of each candidate in the metric that selected, by candidate key."""
    test_margins: np.ndarray
    metrics: Mapping[str, float]
    """test_accuracy, test_hinge_loss, test_majority_accuracy, test_expected_calibration_error, test_reviews."""


def make_challenger(
    candidates: Mapping[str, Candidate],
    features: Features,
    splits: pd.DataFrame,
    *,
    metric: SelectionMetric,
    n_jobs: int = 1,
) -> Challenger:
    """Select the candidate with the smallest validation loss, calibrate it and evaluate it once on test.

    ``features`` must be built from ``splits`` (``require_current``).
    """
    losses = {
        key: _validation_loss(each, features.of(each.hyperparameters.features).rows[VALIDATION], metric)
        for key, each in candidates.items()
    }
    key = select_candidate(losses)
    chosen = features.of(candidates[key].hyperparameters.features)
    svc, calibration = calibrated(candidates[key].svc, chosen.rows[VALIDATION])
    test, train = chosen.rows[TEST], splits[splits["split"] == TRAIN]
    model = SentimentModel(
        feature_set=chosen.fitted,
        coefficients=svc.coefficients,
        intercept=svc.intercept,
        calibration=calibration,
        trained_on=np.sort(train["text_digest"].to_numpy()),
        trained_signatures=text_signatures(train["text"], chosen.fitted.main_ngrams.analyzer, n_jobs),
    )
    margins = model.margins_of_rows(test.rows)
    metrics = {
        "test_accuracy": accuracy(margins, test.labels),
        "test_hinge_loss": hinge_loss(margins, test.labels),
        "test_majority_accuracy": majority_accuracy(test.labels),
        "test_expected_calibration_error": expected_calibration_error(calibration.probabilities(margins), test.labels),
        "test_reviews": float(len(test.labels)),
    }
    return Challenger(
        key=key,
        features=chosen,
        model=model,
        digest=model_digest(model),
        validation_losses=losses,
        test_margins=margins,
        metrics=metrics,
    )


def _validation_loss(candidate: Candidate, validation: LabelledRows, metric: SelectionMetric) -> float:
    return SELECTION_METRICS[metric](candidate.svc.margins(validation.rows), validation.labels)


def calibrated(svc: LinearSVC, validation: LabelledRows) -> tuple[LinearSVC, Calibration]:
    """W with the b that makes 0 the decision threshold, and the calibration of its margins.

    Fitted on the reviews in which something is known: the others stay at 0 whatever b is.
    """
    known = np.diff(validation.rows.indptr) > 0
    fitted = fit_calibration(svc.margins(validation.rows)[known], validation.labels[known])
    return replace(svc, intercept=svc.intercept + fitted.shift), fitted.calibration
