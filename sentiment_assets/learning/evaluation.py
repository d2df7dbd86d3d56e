"""The challenger: chosen on validation, calibrated on validation, measured once on test."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sentiment_assets.learning.calibration import expected_calibration_error, fit_calibration
from sentiment_assets.learning.candidate import Candidate
from sentiment_assets.learning.features import Features
from sentiment_assets.learning.metrics import (
    SELECTION_METRICS,
    accuracy,
    hinge_loss,
    majority_accuracy,
)
from sentiment_assets.learning.model import SentimentModel, model_digest
from sentiment_assets.learning.promotion import (
    Decision,
    compare_paired,
    decide_first_promotion,
    decide_promotion,
)
from sentiment_assets.learning.selection import select_candidate
from sentiment_assets.learning.settings import NgramSettings, PromotionRule, SelectionMetric
from sentiment_assets.learning.splitting import TEST, TRAIN, VALIDATION


@dataclass(frozen=True)
class Challenger:
    """The selected candidate as a complete model, with its figures."""

    key: str
    """Of the selected candidate."""
    model: SentimentModel
    digest: str
    validation_losses: Mapping[str, float]
    """By candidate key, in the metric that selected."""
    test_margins: np.ndarray
    metrics: Mapping[str, float]
    """test_accuracy, test_hinge_loss, test_majority_accuracy, test_expected_calibration_error, test_reviews."""


def make_challenger(
    candidates: Mapping[str, Candidate],
    features: Features,
    splits: pd.DataFrame,
    ngrams: NgramSettings,
    metric: SelectionMetric,
) -> Challenger:
    """Select the candidate with the smallest validation loss, calibrate it and evaluate it once on test."""
    validation, test = features.rows[VALIDATION], features.rows[TEST]
    losses = {
        key: SELECTION_METRICS[metric](each.svc.margins(validation.rows), validation.labels)
        for key, each in candidates.items()
    }
    key = select_candidate(losses)
    svc = candidates[key].svc
    calibration = fit_calibration(svc.margins(validation.rows), validation.labels)
    trained_on = splits.loc[splits["split"] == TRAIN, "text_digest"].to_numpy()
    model = SentimentModel(
        ngrams=ngrams,
        column_weights=features.column_weights,
        coefficients=svc.coefficients,
        intercept=svc.intercept,
        calibration=calibration,
        trained_on=np.sort(trained_on),
    )
    margins = svc.margins(test.rows)
    metrics = {
        "test_accuracy": accuracy(margins, test.labels),
        "test_hinge_loss": hinge_loss(margins, test.labels),
        "test_majority_accuracy": majority_accuracy(test.labels),
        "test_expected_calibration_error": expected_calibration_error(calibration.probabilities(margins), test.labels),
        "test_reviews": float(len(test.labels)),
    }
    return Challenger(key, model, model_digest(model), losses, margins, metrics)


def challenge(
    challenger: Challenger,
    champion: SentimentModel | None,
    splits: pd.DataFrame,
    rule: PromotionRule,
) -> Decision:
    """Compare on the test reviews that neither model was trained on, and apply the rule.

    A test review that the champion was trained on (its official split came later) is left out of the comparison.
    """
    test = splits[splits["split"] == TEST]
    labels = test["label"].to_numpy()
    if champion is None:
        return decide_first_promotion(challenger.test_margins, labels, rule)
    unseen = ~np.isin(test["text_digest"].to_numpy(), champion.trained_on)
    if not unseen.any():
        return Decision(False, "Not promoted: the champion was trained on every test review, so none can compare them.")
    former = champion.margins(test.loc[unseen, "text"].tolist())
    comparison = compare_paired(challenger.test_margins[unseen], former, labels[unseen])
    return decide_promotion(comparison, rule)
