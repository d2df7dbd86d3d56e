from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from sentiment_assets.learning.behaviour_cases import NO_CASES, BehaviourCases
from sentiment_assets.learning.candidate import Candidate
from sentiment_assets.learning.evaluation import Challenger, challenge, measure_champion, measure_leakage
from sentiment_assets.learning.features import Features
from sentiment_assets.learning.linear_svc import LabelledRows
from sentiment_assets.learning.model import SentimentModel
from sentiment_assets.learning.settings import PromotionRule

CASES = BehaviourCases.model_validate(
    {"minimum_functionality": {"plain": {"positive": ["superb"], "negative": ["dull"]}}}
)


def test_the_challenger_has_the_smallest_validation_loss(challenger: Challenger) -> None:
    assert challenger.validation_losses[challenger.key] == min(challenger.validation_losses.values())
    assert challenger.metrics["test_accuracy"] > 0.9


def test_the_gate_leaves_out_test_reviews_that_the_champion_was_trained_on(
    challenger: Challenger, splits: pd.DataFrame
) -> None:
    test = splits.loc[splits["split"] == "test", "text_digest"].to_numpy()
    for known, compared in ((test[:0], len(test)), (test[:30], len(test) - 30)):
        champion = replace(challenger.model, trained_on=np.sort(known))
        assert (
            f"the same {compared:,} test reviews"
            in challenge(challenger, measure_champion(champion, splits), splits, PromotionRule(), NO_CASES).reason
        )
    everything = replace(challenger.model, trained_on=np.sort(test))
    assert not challenge(challenger, measure_champion(everything, splits), splits, PromotionRule(), NO_CASES).promote


def upside_down(model: SentimentModel) -> SentimentModel:
    """The same model with every sign changed."""
    return replace(model, coefficients=-model.coefficients, intercept=-model.intercept)


def test_a_challenger_that_passes_fewer_behavioural_cases_is_not_promoted(
    challenger: Challenger, splits: pd.DataFrame
) -> None:
    confused = replace(challenger, model=upside_down(challenger.model))
    champion = measure_champion(challenger.model, splits)
    assert challenge(confused, champion, splits, PromotionRule(), NO_CASES).promote
    decision = challenge(confused, champion, splits, PromotionRule(), CASES)
    assert not decision.promote
    assert decision.reason.startswith(
        "Not promoted: the challenger passes 0 of 2 behavioural cases, the champion 2. Otherwise: Promoted:"
    )


def test_as_many_behavioural_cases_are_enough(challenger: Challenger, splits: pd.DataFrame) -> None:
    champion = measure_champion(challenger.model, splits)
    assert challenge(challenger, champion, splits, PromotionRule(), CASES).promote
    assert challenge(challenger, None, splits, PromotionRule(), CASES).promote


def test_without_near_duplicates_there_is_no_leakage_tax(
    challenger: Challenger, candidates: dict[str, Candidate], features: Features
) -> None:
    leakage = measure_leakage(candidates[challenger.key], features)
    assert leakage.figures == {
        "near_duplicates_set_aside": 0.0,
        "test_accuracy_with_near_duplicates": challenger.metrics["test_accuracy"],
        "leakage_tax": 0.0,
    }


def test_copies_of_the_test_split_in_train_are_taxed(
    challenger: Challenger, candidates: dict[str, Candidate], features: Features
) -> None:
    test = features.rows["test"]
    leaking = replace(features, rows=features.rows | {"near_duplicate": LabelledRows(test.rows, test.labels)})
    figures = measure_leakage(candidates[challenger.key], leaking).figures
    assert figures["near_duplicates_set_aside"] == len(test.labels)
    assert figures["leakage_tax"] > 0
    assert figures["leakage_tax"] == pytest.approx(
        figures["test_accuracy_with_near_duplicates"] - challenger.metrics["test_accuracy"]
    )
