"""The challenger: chosen on validation, calibrated on validation, measured once on test."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from sentiment_assets.learning.behaviour import check_behaviour
from sentiment_assets.learning.behaviour_cases import BehaviourCases
from sentiment_assets.learning.calibration import expected_calibration_error, fit_calibration
from sentiment_assets.learning.candidate import Candidate, train_again
from sentiment_assets.learning.features import Features
from sentiment_assets.learning.linear_svc import LabelledRows
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
from sentiment_assets.learning.splitting import NEAR_DUPLICATE, TEST, TRAIN, VALIDATION


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


@dataclass(frozen=True)
class Standing:
    """The champion, on the same test reviews as the challenger."""

    model: SentimentModel
    test_margins: np.ndarray
    """float64, shape (n_test_reviews,)."""


def measure_champion(champion: SentimentModel, splits: pd.DataFrame) -> Standing:
    """Score the test reviews with the champion."""
    return Standing(champion, champion.margins(splits.loc[splits["split"] == TEST, "text"]))


@dataclass(frozen=True)
class LeakageTax:
    """What near-duplicates of held-out reviews in train would have brought, without being true."""

    n_near_duplicates: int
    accuracy_without: float
    """Test accuracy of the candidate, trained without them."""
    accuracy_with: float
    """Test accuracy of the same hyperparameter set, trained with them as well."""

    @property
    def figures(self) -> dict[str, float]:
        """As they are tracked; the tax is how much too high test accuracy would have been."""
        return {
            "near_duplicates_set_aside": float(self.n_near_duplicates),
            "test_accuracy_with_near_duplicates": self.accuracy_with,
            "leakage_tax": self.accuracy_with - self.accuracy_without,
        }


def measure_leakage(candidate: Candidate, features: Features) -> LeakageTax:
    """Train a candidate's hyperparameter set once more, with the near-duplicates that were set aside."""
    train, aside, test = (features.rows[name] for name in (TRAIN, NEAR_DUPLICATE, TEST))
    without = accuracy(candidate.svc.margins(test.rows), test.labels)
    if not len(aside.labels):
        return LeakageTax(0, without, without)
    together = LabelledRows(
        sparse.vstack([train.rows, aside.rows], format="csr"), np.concatenate([train.labels, aside.labels])
    )
    leaking = train_again(candidate, together, features.rows[VALIDATION])
    return LeakageTax(len(aside.labels), without, accuracy(leaking.margins(test.rows), test.labels))


def challenge(
    challenger: Challenger,
    champion: Standing | None,
    splits: pd.DataFrame,
    rule: PromotionRule,
    cases: BehaviourCases,
) -> Decision:
    """Compare on the test reviews that neither model was trained on, apply the rule, and let no behaviour get worse.

    A test review that the champion was trained on (its official split came later) is left out of the comparison.
    """
    decision = _compare(challenger, champion, splits, rule)
    if champion is None or not decision.promote:
        return decision
    ours, theirs = check_behaviour(challenger.model, cases), check_behaviour(champion.model, cases)
    if ours.n_passed >= theirs.n_passed:
        return decision
    return Decision(
        False,
        f"Not promoted: the challenger passes {ours.n_passed} of {len(ours.cases)} behavioural cases, the champion "
        f"{theirs.n_passed}. Otherwise: {decision.reason}",
    )


def _compare(challenger: Challenger, champion: Standing | None, splits: pd.DataFrame, rule: PromotionRule) -> Decision:
    test = splits[splits["split"] == TEST]
    labels = test["label"].to_numpy()
    if champion is None:
        return decide_first_promotion(challenger.test_margins, labels, rule)
    unseen = ~np.isin(test["text_digest"].to_numpy(), champion.model.trained_on)
    if not unseen.any():
        return Decision(False, "Not promoted: the champion was trained on every test review, so none can compare them.")
    comparison = compare_paired(challenger.test_margins[unseen], champion.test_margins[unseen], labels[unseen])
    return decide_promotion(comparison, rule)
