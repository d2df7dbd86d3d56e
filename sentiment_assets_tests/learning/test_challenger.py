from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from sentiment_assets.learning.behaviour_cases import NO_CASES, BehaviourCases
from sentiment_assets.learning.candidate import Candidate, train_candidate
from sentiment_assets.learning.challenger import (
    Challenger,
    Standing,
    challenge,
    compare_with_champion,
    make_challenger,
    measure_champion,
    measure_leakage,
)
from sentiment_assets.learning.features import Features, build_features
from sentiment_assets.learning.labelled_rows import LabelledRows
from sentiment_assets.learning.model import SentimentModel
from sentiment_assets.learning.near_duplicates import NO_SIGNATURES, text_signatures
from sentiment_assets.learning.promotion import Decision, judge
from sentiment_assets.learning.settings import PromotionRule, SplitSettings
from sentiment_assets.learning.splitting import split_reviews
from testing.corpus import made_up_reviews
from sentiment_assets_tests.learning.conftest import SETS, SETTINGS

CASES = BehaviourCases.model_validate(
    {"minimum_functionality": {"plain": {"positive": ["superb"], "negative": ["dull"]}}}
)


def test_the_challenger_has_the_smallest_validation_loss(challenger: Challenger) -> None:
    assert challenger.validation_losses[challenger.key] == min(challenger.validation_losses.values())
    assert challenger.metrics["test_accuracy"] > 0.9


def decide(
    challenger: Challenger, model: SentimentModel, splits: pd.DataFrame, similarity: float | None = 0.7
) -> Decision:
    champion = measure_champion(model, splits)
    comparison = compare_with_champion(challenger, champion, splits, similarity)
    return challenge(challenger, champion, comparison, splits, PromotionRule(), NO_CASES)


def without_memory(model: SentimentModel) -> SentimentModel:
    """The model as if it had been trained on nothing."""
    return replace(model, trained_on=model.trained_on[:0], trained_signatures=NO_SIGNATURES)


def test_the_gate_leaves_out_test_reviews_that_the_champion_was_trained_on(
    challenger: Challenger, splits: pd.DataFrame
) -> None:
    test = splits.loc[splits["split"] == "test", "text_digest"].to_numpy()
    for known, compared in ((test[:0], len(test)), (test[:30], len(test) - 30)):
        champion = replace(without_memory(challenger.model), trained_on=np.sort(known))
        assert f"the same {compared:,} test reviews" in decide(challenger, champion, splits).reason
    everything = decide(challenger, replace(without_memory(challenger.model), trained_on=np.sort(test)), splits)
    assert not everything.promote
    assert "trained on every test review" in everything.reason


def test_the_gate_leaves_out_near_duplicates_of_what_the_champion_was_trained_on(
    challenger: Challenger, splits: pd.DataFrame
) -> None:
    test = splits.loc[splits["split"] == "test", "text"]
    copies = text_signatures([f"{text} indeed" for text in test[:30]])
    champion = replace(without_memory(challenger.model), trained_signatures=copies)
    assert f"the same {len(test) - 30:,} test reviews" in decide(challenger, champion, splits).reason
    assert f"the same {len(test):,} test reviews" in decide(challenger, champion, splits, similarity=None).reason


def test_near_duplicates_are_recognised_by_the_champions_own_kind_of_shingles(
    challenger: Challenger, splits: pd.DataFrame
) -> None:
    """Texts without spaces have no shingles of words."""
    test = splits["split"] == "test"
    bare = splits.assign(text=splits["text"].where(~test, splits["text"].str.replace(" ", "")))
    copies = text_signatures([f"{text}!" for text in bare.loc[test, "text"][:30]], "char")
    characters = challenger.model.ngrams.model_copy(update={"analyzer": "char"})
    champion = replace(without_memory(challenger.model), trained_signatures=copies, ngrams=characters)
    assert f"the same {test.sum() - 30:,} test reviews" in decide(challenger, champion, bare).reason


def test_a_champion_that_knows_near_duplicates_of_test_reviews_does_not_win_by_them(
    challenger: Challenger, splits: pd.DataFrame
) -> None:
    """It is right and sure about these reviews alone; about the others it is no better than the challenger."""
    test = splits[splits["split"] == "test"]
    signs = 2 * test["label"].to_numpy() - 1
    known = np.arange(len(test)) < len(test) // 2
    copies = text_signatures([f"{text} indeed" for text in test["text"][known]])
    champion = Standing(
        replace(without_memory(challenger.model), trained_signatures=copies),
        np.where(known, 5.0 * signs, challenger.test_margins),
    )
    unsure = replace(challenger, test_margins=np.where(known, 0.1 * signs, challenger.test_margins))
    fair = compare_with_champion(unsure, champion, splits, 0.7)
    unfair = compare_with_champion(unsure, champion, splits, None)
    assert fair is not None
    assert unfair is not None
    assert judge(fair, 0.05) == "neither better nor worse"
    assert judge(unfair, 0.05) == "worse"


def test_what_is_measured_is_what_is_served(challenger: Challenger, splits: pd.DataFrame) -> None:
    """Accuracy, confusion and gate count by the label that the model gives."""
    test = splits[splits["split"] == "test"]
    served = challenger.model.score(test["text"])
    assert (served["label"].to_numpy() == (challenger.test_margins > 0)).all()
    assert challenger.metrics["test_accuracy"] == pytest.approx(
        (served["label"].to_numpy() == test["label"].to_numpy()).mean()
    )


def test_on_unbalanced_data_measured_and_served_labels_are_the_same() -> None:
    """The threshold that calibration finds there is far from where SGD left it."""
    reviews = pd.DataFrame(made_up_reviews(3000, positive_share=0.93)).assign(split=None, batch="b")
    splits = split_reviews(reviews, SplitSettings()).reviews
    features = build_features(splits, SETTINGS)
    candidate = train_candidate(features, "v1", SETS[0], "run")
    challenger = make_challenger({"one": candidate}, features, splits, "hinge_loss")
    test = splits[splits["split"] == "test"]
    served = challenger.model.score(test["text"])["label"].to_numpy()
    assert challenger.model.intercept != pytest.approx(candidate.svc.intercept, abs=0.05)
    assert (served == (challenger.test_margins > 0)).all()
    standing = measure_champion(challenger.model, splits)
    assert ((standing.test_margins > 0) == served).all()
    validation = splits[splits["split"] == "validation"]
    mean = challenger.model.calibration.probabilities(challenger.model.margins(validation["text"])).mean()
    assert mean == pytest.approx(validation["label"].mean(), abs=0.01), "as Platt scaling leaves it"


def test_reviews_in_which_nothing_is_known_move_no_threshold(
    candidates: dict[str, Candidate], features: Features, splits: pd.DataFrame
) -> None:
    """They stay at 0 whatever b is, and are as many as you like."""
    validation = features.rows["validation"]
    empty = sparse.csr_matrix((500, validation.rows.shape[1]), dtype=np.float32)
    padded = LabelledRows(
        sparse.vstack([validation.rows, empty], format="csr"), np.append(validation.labels, np.ones(500, np.int8))
    )
    with_unknown = replace(features, rows=features.rows | {"validation": padded})
    plain, other = (make_challenger(candidates, each, splits, "error_rate") for each in (features, with_unknown))
    assert other.model.intercept == pytest.approx(plain.model.intercept)


def upside_down(model: SentimentModel) -> SentimentModel:
    """The same model with every sign changed."""
    return replace(model, coefficients=-model.coefficients, intercept=-model.intercept)


def test_a_challenger_that_passes_fewer_behavioural_cases_is_not_promoted(
    challenger: Challenger, splits: pd.DataFrame
) -> None:
    confused = replace(challenger, model=upside_down(challenger.model))
    champion = measure_champion(challenger.model, splits)
    comparison = compare_with_champion(confused, champion, splits, None)
    assert challenge(confused, champion, comparison, splits, PromotionRule(), NO_CASES).promote
    decision = challenge(confused, champion, comparison, splits, PromotionRule(), CASES)
    assert not decision.promote
    assert decision.reason.startswith(
        "Not promoted: the challenger passes 0 of 2 behavioural cases, the champion 2. Otherwise: Promoted:"
    )


def test_as_many_behavioural_cases_are_enough(challenger: Challenger, splits: pd.DataFrame) -> None:
    champion = measure_champion(challenger.model, splits)
    comparison = compare_with_champion(challenger, champion, splits, None)
    assert challenge(challenger, champion, comparison, splits, PromotionRule(), CASES).promote
    assert challenge(challenger, None, None, splits, PromotionRule(), CASES).promote


def test_without_near_duplicates_there_is_no_leakage_tax(
    challenger: Challenger, candidates: dict[str, Candidate], features: Features
) -> None:
    leakage = measure_leakage(challenger, candidates[challenger.key], features)
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
    figures = measure_leakage(challenger, candidates[challenger.key], leaking).figures
    assert figures["near_duplicates_set_aside"] == len(test.labels)
    assert figures["leakage_tax"] > 0
    assert figures["leakage_tax"] == pytest.approx(
        figures["test_accuracy_with_near_duplicates"] - challenger.metrics["test_accuracy"]
    )
