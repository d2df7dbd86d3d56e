"""The challenger: chosen on validation, calibrated on validation, measured once on test."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import sparse

from sentiment_assets.learning.behaviour import check_behaviour
from sentiment_assets.learning.behaviour_cases import BehaviourCases
from sentiment_assets.learning.calibration import Calibration, expected_calibration_error, fit_calibration
from sentiment_assets.learning.candidate import Candidate, train_again
from sentiment_assets.learning.features import Features
from sentiment_assets.learning.labelled_rows import LabelledRows
from sentiment_assets.learning.linear_svc import LinearSVC
from sentiment_assets.learning.metrics import (
    SELECTION_METRICS,
    accuracy,
    hinge_loss,
    majority_accuracy,
)
from sentiment_assets.learning.model import SentimentModel, model_digest
from sentiment_assets.learning.near_duplicates import resembles_any, text_signatures
from sentiment_assets.learning.promotion import (
    Decision,
    PairedComparison,
    compare_paired,
    decide_first_promotion,
    decide_promotion,
)
from sentiment_assets.learning.selection import select_candidate
from sentiment_assets.learning.settings import PromotionRule, SelectionMetric
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
    metric: SelectionMetric,
    n_jobs: int = 1,
) -> Challenger:
    """Select the candidate with the smallest validation loss, calibrate it and evaluate it once on test.

    ``features`` must be built from ``splits`` (``require_current``).
    """
    validation, test = features.rows[VALIDATION], features.rows[TEST]
    losses = {
        key: SELECTION_METRICS[metric](each.svc.margins(validation.rows), validation.labels)
        for key, each in candidates.items()
    }
    key = select_candidate(losses)
    svc, calibration = _calibrated(candidates[key].svc, validation)
    ngrams, train = features.settings.ngrams, splits[splits["split"] == TRAIN]
    model = SentimentModel(
        ngrams=ngrams,
        column_weights=features.column_weights,
        coefficients=svc.coefficients,
        intercept=svc.intercept,
        calibration=calibration,
        trained_on=np.sort(train["text_digest"].to_numpy()),
        trained_signatures=text_signatures(train["text"], ngrams.analyzer, n_jobs),
    )
    margins = model.margins_of_rows(test.rows)
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


def measure_leakage(challenger: Challenger, candidate: Candidate, features: Features) -> LeakageTax:
    """Train the challenger's ``candidate`` once more, with the near-duplicates that were set aside."""
    train, aside, test = (features.rows[name] for name in (TRAIN, NEAR_DUPLICATE, TEST))
    without = challenger.metrics["test_accuracy"]
    if not len(aside.labels):
        return LeakageTax(0, without, without)
    together = LabelledRows(
        sparse.vstack([train.rows, aside.rows], format="csr"), np.concatenate([train.labels, aside.labels])
    )
    leaking, _ = _calibrated(train_again(candidate, together, features.rows[VALIDATION]), features.rows[VALIDATION])
    return LeakageTax(len(aside.labels), without, accuracy(leaking.margins(test.rows), test.labels))


def _calibrated(svc: LinearSVC, validation: LabelledRows) -> tuple[LinearSVC, Calibration]:
    """W with the b that makes 0 the decision threshold, and the calibration of its margins.

    Fitted on the reviews in which something is known: the others stay at 0 whatever b is.
    """
    known = np.diff(validation.rows.indptr) > 0
    fitted = fit_calibration(svc.margins(validation.rows)[known], validation.labels[known])
    return replace(svc, intercept=svc.intercept + fitted.shift), fitted.calibration


def compare_with_champion(
    challenger: Challenger, champion: Standing, splits: pd.DataFrame, similarity: float | None
) -> PairedComparison | None:
    """Compare on the test reviews that the champion does not know, ``None`` if it knows all.

    It knows those that it was trained on (their official split came later), and their near-duplicates from
    ``similarity`` on (``SplitSettings.near_duplicate_similarity``; ``None``: near-duplicates are let be). The
    challenger knows none: its near-duplicates were set aside before it was trained.
    """
    test = splits[splits["split"] == TEST]
    known = np.isin(test["text_digest"].to_numpy(), champion.model.trained_on)
    if similarity is not None:
        signatures = text_signatures(test["text"], champion.model.ngrams.analyzer)
        known |= resembles_any(signatures, champion.model.trained_signatures, similarity)
    if known.all():
        return None
    labels = test["label"].to_numpy()
    return compare_paired(challenger.test_margins[~known], champion.test_margins[~known], labels[~known])


def challenge(
    challenger: Challenger,
    champion: Standing | None,
    comparison: PairedComparison | None,
    splits: pd.DataFrame,
    rule: PromotionRule,
    cases: BehaviourCases,
) -> Decision:
    """Apply the rule to the comparison with the champion, if there is one, and let no behaviour get worse."""
    if champion is None:
        labels = splits.loc[splits["split"] == TEST, "label"].to_numpy()
        return decide_first_promotion(challenger.test_margins, labels, rule)
    if comparison is None:
        return Decision(
            False,
            "Not promoted: the champion was trained on every test review or a near-duplicate of it, so none can "
            "compare them.",
        )
    decision = decide_promotion(comparison, rule)
    if not decision.promote:
        return decision
    ours, theirs = check_behaviour(challenger.model, cases), check_behaviour(champion.model, cases)
    if ours.n_passed >= theirs.n_passed:
        return decision
    return Decision(
        False,
        f"Not promoted: the challenger passes {ours.n_passed} of {len(ours.cases)} behavioural cases, the champion "
        f"{theirs.n_passed}. Otherwise: {decision.reason}",
    )
