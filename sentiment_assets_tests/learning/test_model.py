from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sentiment_assets.learning.candidate import Candidate, candidate_from_bytes, candidate_to_bytes, train_candidate
from sentiment_assets.learning.evaluation import Challenger, challenge, make_challenger
from sentiment_assets.learning.features import (
    Features,
    build_features,
    features_from_arrays,
    features_to_arrays,
)
from sentiment_assets.learning.hyperparameters import Hyperparameters
from sentiment_assets.learning.model import SentimentModel, _load_pyfunc, load_model, model_digest, save_model
from sentiment_assets.learning.settings import FeatureSettings, NgramSettings, PromotionRule, SplitSettings
from sentiment_assets.learning.splitting import split_reviews
from sentiment_assets_tests.corpus import made_up_reviews

SETTINGS = FeatureSettings(ngrams=NgramSettings(longest=2, columns_log2=16))
SETS = [Hyperparameters(epochs=epochs, eta0=1, l2=1e-5) for epochs in (1, 4)]


@pytest.fixture(scope="module")
def splits() -> pd.DataFrame:
    reviews = pd.DataFrame(made_up_reviews(1500)).assign(split=None, batch="b")
    return split_reviews(reviews, SplitSettings()).reviews


@pytest.fixture(scope="module")
def features(splits: pd.DataFrame) -> Features:
    return build_features(splits, SETTINGS)


@pytest.fixture(scope="module")
def candidates(features: Features) -> dict[str, Candidate]:
    return {each.key: train_candidate(features, "v1", each, "run") for each in SETS}


@pytest.fixture(scope="module")
def challenger(candidates: dict[str, Candidate], features: Features, splits: pd.DataFrame) -> Challenger:
    return make_challenger(candidates, features, splits, SETTINGS.ngrams, "hinge_loss")


@pytest.fixture(scope="module")
def model(challenger: Challenger) -> SentimentModel:
    return challenger.model


def test_the_challenger_has_the_smallest_validation_loss(challenger: Challenger) -> None:
    assert challenger.validation_losses[challenger.key] == min(challenger.validation_losses.values())
    assert challenger.metrics["test_accuracy"] > 0.9


def test_nothing_is_fitted_on_validation_or_test(splits: pd.DataFrame, features: Features) -> None:
    elsewhere = splits.assign(text=splits["text"].where(splits["split"] == "train", "words never seen before"))
    refitted = build_features(elsewhere, SETTINGS).column_weights
    assert np.array_equal(refitted.columns, features.column_weights.columns)
    assert np.array_equal(refitted.weights, features.column_weights.weights)


def test_features_survive_storage_as_arrays(features: Features) -> None:
    again = features_from_arrays(features_to_arrays(features))
    for name, labelled in features.rows.items():
        assert (labelled.rows != again.rows[name].rows).nnz == 0
        assert np.array_equal(labelled.labels, again.rows[name].labels)


def test_a_candidate_survives_storage(candidates: dict[str, Candidate]) -> None:
    for candidate in candidates.values():
        again = candidate_from_bytes(candidate_to_bytes(candidate))
        assert again.hyperparameters == candidate.hyperparameters
        assert again.svc.coefficients.tobytes() == candidate.svc.coefficients.tobytes()
        assert again.loss_per_epoch == candidate.loss_per_epoch


def test_the_model_scores_raw_text_as_the_candidate_scored_its_row(
    challenger: Challenger, splits: pd.DataFrame
) -> None:
    texts = splits.loc[splits["split"] == "test", "text"].tolist()
    assert challenger.model.margins(texts) == pytest.approx(challenger.test_margins, abs=1e-5)


def test_a_score_says_what_the_text_says(model: SentimentModel) -> None:
    scores = model.score(["a splendid and lovely film", "it was dreadful and boring", ""])
    assert scores["label"].tolist()[:2] == [1, 0]
    assert scores["score"].between(-1, 1).all()
    assert scores["score"].tolist() == pytest.approx(
        (
            2
            * model.calibration.probabilities(
                model.margins(["a splendid and lovely film", "it was dreadful and boring", ""])
            )
            - 1
        ).tolist()
    )
    assert scores["confidence"].between(0.5, 1).all()


def test_contributions_add_up_to_the_margin(model: SentimentModel) -> None:
    texts = [str(review["text"]) for review in made_up_reviews(40, seed=9)]
    explained = model.explain(texts, top=10_000)
    for total, margin in zip(explained["contributions"].map(sum), model.margins(texts), strict=True):
        assert total + model.intercept == pytest.approx(margin, abs=1e-5)


def test_the_words_that_weighed_most_stand_in_the_text(model: SentimentModel) -> None:
    explained = model.explain(["the superb story", "", "unheard-of"], top=3)
    assert explained["words"][0][0] == "superb"
    assert all(word in "the superb story" for word in explained["words"][0])
    assert explained["words"].tolist()[1:] == [[], []]


def test_explaining_gives_the_scores_of_scoring(model: SentimentModel) -> None:
    texts = [str(review["text"]) for review in made_up_reviews(2500, seed=5)]
    columns = ["score", "label", "confidence"]
    pd.testing.assert_frame_equal(model.explain(texts)[columns], model.score(texts))
    assert model.explain([]).columns.tolist() == [*columns, "words", "contributions"]


def test_a_model_survives_storage_without_pickles(model: SentimentModel, tmp_path: Path) -> None:
    save_model(model, tmp_path / "model")
    assert sorted(file.name for file in (tmp_path / "model").iterdir()) == ["model.json", "model.npz"]
    again = load_model(tmp_path / "model")
    assert model_digest(again) == model_digest(model)
    served = _load_pyfunc(str(tmp_path / "model")).predict(pd.DataFrame({"text": ["superb"]}))
    pd.testing.assert_frame_equal(served, model.score(["superb"]))


def test_the_gate_leaves_out_test_reviews_that_the_champion_was_trained_on(
    challenger: Challenger, splits: pd.DataFrame
) -> None:
    test = splits.loc[splits["split"] == "test", "text_digest"].to_numpy()
    for known, compared in ((test[:0], len(test)), (test[:30], len(test) - 30)):
        champion = replace(challenger.model, trained_on=np.sort(known))
        assert f"the same {compared:,} test reviews" in challenge(challenger, champion, splits, PromotionRule()).reason
    everything = replace(challenger.model, trained_on=np.sort(test))
    assert not challenge(challenger, everything, splits, PromotionRule()).promote
