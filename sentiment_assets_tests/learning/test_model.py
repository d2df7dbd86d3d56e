import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sentiment_assets.learning.calibration import Calibration
from sentiment_assets.learning.challenger import Challenger
from sentiment_assets.learning.model import (
    SentimentModel,
    ServedModel,
    _load_pyfunc,
    load_model,
    model_digest,
    save_model,
    stored_digest,
)
from sentiment_assets.learning.settings import FeatureSet
from testing.corpus import made_up_reviews
from testing.models import made_model


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


@pytest.mark.parametrize("text", ["", "the and of", "🙂 🙃", "שלום עולם", "很好的电影", "word " * 200_000])
def test_any_text_has_a_score_and_exact_contributions(model: SentimentModel, text: str) -> None:
    [margin] = model.margins([text])
    [contributions] = model.contributions([text])
    together = sum(contributions.values()) + model.intercept if contributions else 0
    assert together == pytest.approx(margin, abs=1e-5)
    assert model.score([text])["score"].between(-1, 1).all()


@pytest.mark.parametrize("text", ["", "xyzzy plugh", "🙃", "很好的电影"])
def test_a_text_in_which_nothing_is_known_is_answered_as_such(model: SentimentModel, text: str) -> None:
    [answer] = model.explain([text]).to_dict("records")
    assert answer == {"score": 0, "label": 0, "confidence": 0.5, "words": [], "contributions": []}


def test_a_label_is_the_sign_of_the_score(model: SentimentModel) -> None:
    texts = [str(review["text"]) for review in made_up_reviews(200, seed=8)]
    scores = model.score(texts)
    assert (scores["label"] == (scores["score"] > 0)).all()
    assert (scores["label"] == (model.margins(texts) > 0)).all()


def test_where_the_branch_chose_another_threshold_it_decides_the_label_and_not_the_sign_of_the_score(
    model: SentimentModel, tmp_path: Path
) -> None:
    """A p of 0.8 is needed for positive: what is just above one half has a positive score and is called negative."""
    strict = replace(model, calibration=Calibration(model.calibration.slope, log_odds=float(np.log(4))))
    texts = [str(review["text"]) for review in made_up_reviews(200, seed=8)]
    scores = strict.score(texts)
    p = (scores["score"] + 1) / 2
    assert ((p > 0.8) == (scores["label"] == 1)).all()
    assert ((scores["score"] > 0) & (scores["label"] == 0)).any()
    assert scores["confidence"].to_numpy() == pytest.approx(np.where(scores["label"] == 1, p, 1 - p))
    assert strict.score(["xyzzy plugh"]).to_dict("records") == [{"score": 0, "label": 0, "confidence": 0.5}]
    save_model(strict, tmp_path)
    assert load_model(tmp_path).calibration == strict.calibration
    assert stored_digest(tmp_path) == model_digest(strict) != model_digest(model)


def test_the_served_model_answers_each_row_whatever_it_holds(model: SentimentModel) -> None:
    texts = pd.DataFrame({"text": ["superb", None, float("nan"), 7, pd.NA, "dull", 1.5]})
    answers = ServedModel(model).predict(texts)
    assert answers["score"].tolist()[::5] == model.score(["superb", "dull"])["score"].tolist()
    assert ServedModel(made_model(good="nan")).predict(texts)["label"].tolist() == [0] * 7, "NaN is no word"
    assert answers.loc[[1, 2, 4], ["score", "confidence"]].to_numpy().tolist() == [[0, 0.5]] * 3


def test_a_model_of_a_former_release_answers_as_it_did(model: SentimentModel, tmp_path: Path) -> None:
    """It kept the offset of p = 1 / (1 + exp(-(slope·margin + offset))) apart, and no signatures."""
    save_model(model, tmp_path)
    facts = json.loads((tmp_path / "model.json").read_text())
    facts["calibration"] = {"slope": 3.0, "offset": 0.6}
    (tmp_path / "model.json").write_text(json.dumps(facts))
    with np.load(tmp_path / "model.npz") as arrays:
        kept = {name: array for name, array in arrays.items() if name != "trained_signatures"}
    np.savez_compressed(tmp_path / "model.npz", **kept)
    former, texts = load_model(tmp_path), ["superb", "dull"]
    probabilities = 1 / (1 + np.exp(-(3.0 * model.margins(texts) + 0.6)))
    assert former.score(texts)["score"].to_numpy() == pytest.approx(2 * probabilities - 1, abs=1e-6)
    assert len(former.trained_signatures) == 0


def test_the_digest_of_stored_files_is_that_of_the_model_until_they_change(
    model: SentimentModel, tmp_path: Path
) -> None:
    save_model(model, tmp_path)
    assert stored_digest(tmp_path) == model_digest(model)
    save_model(replace(model, intercept=model.intercept + 1e-9), tmp_path)
    assert stored_digest(tmp_path) != model_digest(model)


def test_contributions_are_those_of_explaining_without_an_end(model: SentimentModel) -> None:
    texts = [str(review["text"]) for review in made_up_reviews(20, seed=3)]
    explained = model.explain(texts, top=10_000)
    for contributions, words, terms in zip(
        model.contributions(texts), explained["words"], explained["contributions"], strict=True
    ):
        assert list(contributions.items()) == list(zip(words, terms, strict=True))


def test_its_rows_are_what_the_margins_are_made_of(model: SentimentModel) -> None:
    texts = ["a splendid story", "dull and awful"] * 700
    rows = model.rows(texts)
    assert rows.shape == (len(texts), len(model.coefficients))
    assert np.allclose(rows @ model.coefficients + model.intercept, model.margins(texts), atol=1e-6)
    assert model.rows([]).shape == (0, len(model.coefficients))


def test_the_share_of_unknown_words_is_that_of_each_text(model: SentimentModel) -> None:
    texts = ["splendid story", "splendid xyzzy", "xyzzy plugh", ""]
    assert model.unknown_shares(texts).tolist() == [0, 0.5, 1, 0]
    assert model.unknown_shares([]).tolist() == []


def test_the_files_of_a_model_of_words_are_those_of_a_former_release(tmp_path: Path) -> None:
    """An equal model keeps its digest, so that a release alone makes no new version of it."""
    save_model(made_model(), tmp_path)
    assert json.loads((tmp_path / "model.json").read_text()) == {
        "ngrams": {"analyzer": "word", "shortest": 1, "longest": 1, "columns_log2": 16, "values": "presence"},
        "intercept": 0.0,
        "calibration": {"slope": 2.0},
    }
    with np.load(tmp_path / "model.npz", allow_pickle=False) as arrays:
        assert list(arrays) == ["columns", "weights", "coefficients", "trained_on", "trained_signatures"]
        assert {name: arrays[name].dtype.name for name in ("columns", "weights", "coefficients")} == {
            "columns": "int32",
            "weights": "float32",
            "coefficients": "float32",
        }
    assert stored_digest(tmp_path) == "335b5404ffd40b37"


def test_a_model_of_each_feature_set_survives_storage(
    challenger_of_each_set: dict[FeatureSet, Challenger], tmp_path: Path
) -> None:
    texts = ["a superb film", "dull", "", "很好"]
    for name, challenger in challenger_of_each_set.items():
        save_model(challenger.model, tmp_path / name)
        again = load_model(tmp_path / name)
        assert again.margins(texts).tolist() == challenger.model.margins(texts).tolist()
        assert again.explain(texts)["words"].tolist() == challenger.model.explain(texts)["words"].tolist()
        assert model_digest(again) == challenger.digest == stored_digest(tmp_path / name)
