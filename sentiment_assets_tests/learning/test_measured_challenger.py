from dataclasses import replace

import pandas as pd
import pytest

from sentiment_assets.learning.behaviour_cases import BehaviourCases
from sentiment_assets.learning.candidate import Candidate
from sentiment_assets.learning.challenger import Challenger
from sentiment_assets.learning.features import Features
from sentiment_assets.learning.leakage import measure_leakage
from sentiment_assets.learning.measured_challenger import MeasuredChallenger, measure_challenger
from sentiment_assets.learning.model import SentimentModel
from sentiment_assets.learning.near_duplicates import NO_SIGNATURES, text_signatures


def measured(
    challenger: Challenger,
    champion: SentimentModel | None,
    candidates: dict[str, Candidate],
    features: Features,
    splits: pd.DataFrame,
) -> MeasuredChallenger:
    return measure_challenger(
        challenger,
        champion,
        candidates=candidates,
        features=features,
        splits=splits,
        cases=BehaviourCases(),
        batch_keys=["b"],
    )


def test_without_a_champion_it_is_measured_alone(
    challenger: Challenger, candidates: dict[str, Candidate], features: Features, splits: pd.DataFrame
) -> None:
    found = measured(challenger, None, candidates, features, splits)
    assert found.champion is found.comparison is None
    assert {"validation_accuracy", "leakage_tax", "behaviour_passed"} <= set(found.figures)
    assert "epochs_kept" not in found.figures, "what a candidate took stands in its own run"
    assert "flips" not in found.report.tables


def test_the_leakage_tax_is_that_of_the_selected_candidate(
    challenger: Challenger, candidates: dict[str, Candidate], features: Features, splits: pd.DataFrame
) -> None:
    taxes = {key: measure_leakage(each, features, challenger.metric).figures for key, each in candidates.items()}
    for key in candidates:
        found = measured(replace(challenger, key=key), None, candidates, features, splits)
        assert found.figures.items() >= taxes[key].items()
    assert len({each["test_accuracy_with_near_duplicates"] for each in taxes.values()}) == len(taxes)


def test_beside_a_champion_both_answer_the_same_test_reviews(
    challenger: Challenger, candidates: dict[str, Candidate], features: Features, splits: pd.DataFrame
) -> None:
    opposite = -challenger.model.coefficients
    champion = replace(challenger.model, coefficients=opposite, trained_signatures=NO_SIGNATURES)
    found = measured(challenger, champion, candidates, features, splits)
    assert found.champion is not None
    assert found.comparison is not None
    assert found.champion.test_margins.shape == challenger.test_margins.shape
    assert found.figures == pytest.approx({**found.figures, **found.comparison.figures})
    assert len(found.report.tables["flips"])


def test_a_champion_that_knows_near_duplicates_of_all_test_reviews_is_not_compared(
    challenger: Challenger, candidates: dict[str, Candidate], features: Features, splits: pd.DataFrame
) -> None:
    alike = text_signatures([f"{text} indeed" for text in splits.loc[splits["split"] == "test", "text"]])
    champion = replace(challenger.model, trained_signatures=alike)
    found = measured(challenger, champion, candidates, replace(features, similarity=0.7), splits)
    assert found.champion is not None
    assert found.comparison is None
