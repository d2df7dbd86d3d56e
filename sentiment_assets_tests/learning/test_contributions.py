from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sentiment_assets.learning import ngrams
from sentiment_assets.learning.calibration import Calibration
from sentiment_assets.learning.challenger import Challenger
from sentiment_assets.learning.feature_set import FeaturePart, FittedFeatureSet
from sentiment_assets.learning.model import SentimentModel
from sentiment_assets.learning.near_duplicates import NO_SIGNATURES
from sentiment_assets.learning.ngrams import find_ngrams, hash_ngrams
from sentiment_assets.learning.settings import Analyzer, FeatureSet, NgramSettings
from sentiment_assets.learning.weighting import ColumnWeights
from testing.corpus import made_up_reviews

ANY_TEXT = st.text(
    st.one_of(st.sampled_from(" \n.!,:)(—🙂❤️ab很好不กa\u0301가\u2028\x0b"), st.characters(exclude_categories=["Cs"])),
    max_size=40,
)
KNOWN = ["not good at all! 很好,不好很 🙂 :) กา 가나 — ab"]
ANALYZERS: list[tuple[Analyzer, ...]] = [("char",), ("char_blank",), ("word", "char"), ("word", "char_blank")]


def model_that_knows(texts: list[str], *analyzers: Analyzer, longest: int = 4) -> SentimentModel:
    """A model with a weight of its own for each n-gram of some texts."""
    chance = np.random.default_rng(0)
    parts = []
    for analyzer in analyzers:
        rules = NgramSettings(analyzer=analyzer, longest=longest, columns_log2=16)
        columns = np.unique(hash_ngrams(texts, rules).indices)
        weights = ColumnWeights(columns, chance.uniform(0.5, 2, len(columns)).astype(np.float32))
        parts.append(FeaturePart(rules, weights, length=len(analyzers) ** -0.5))
    feature_set = FittedFeatureSet(tuple(parts))
    return SentimentModel(
        feature_set=feature_set,
        coefficients=chance.normal(size=feature_set.n_columns).astype(np.float32),
        intercept=0.25,
        calibration=Calibration(1.0),
        trained_on=np.empty(0, np.uint64),
        trained_signatures=NO_SIGNATURES,
    )


MODELS = [model_that_knows(KNOWN, *each) for each in ANALYZERS]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ANY_TEXT, max_size=4))
@pytest.mark.parametrize("model", MODELS, ids=["+".join(each) for each in ANALYZERS])
def test_the_words_of_any_text_add_up_to_its_margin_less_b(model: SentimentModel, texts: list[str]) -> None:
    for words, margin in zip(model.contributions(texts), model.margins(texts), strict=True):
        assert sum(words.values()) + (model.intercept if margin else 0) == pytest.approx(margin, abs=1e-5)


def test_the_words_of_a_trained_model_add_up_whatever_it_was_trained_on(
    challenger_of_each_set: dict[FeatureSet, Challenger],
) -> None:
    texts = [str(review["text"]) for review in made_up_reviews(60, seed=4)]
    for challenger in challenger_of_each_set.values():
        model = challenger.model
        explained = model.explain(texts, top=1_000)
        sums = explained["contributions"].map(sum).to_numpy() + model.intercept
        assert sums == pytest.approx(model.margins(texts), abs=1e-5)
        assert explained["score"].tolist() == model.score(texts)["score"].tolist()


@pytest.mark.parametrize("feature_set", ["characters", "words+characters"])
def test_people_are_shown_words_where_characters_decided(
    challenger_of_each_set: dict[FeatureSet, Challenger], feature_set: FeatureSet
) -> None:
    model = challenger_of_each_set[feature_set].model
    text = "The story was superb, and the box was dull."
    [explained] = model.explain([text], top=2).to_dict("records")
    assert set(explained["words"]) == {"superb", "dull"}
    assert explained["contributions"][explained["words"].index("superb")] > 0
    assert explained["contributions"][explained["words"].index("dull")] < 0
    [contributions] = model.contributions([text])
    assert set(contributions) <= {"the", "story", "was", "superb", ",", "and", "box", "dull", "."}


def model_that_knows_only(ngram: str, text: str, rules: NgramSettings) -> SentimentModel:
    """A model with a weight for one n-gram of a text; its term of W·x is 1."""
    [found] = find_ngrams([text], rules)
    names = found.ngrams(np.arange(len(found.rows)))
    weights = ColumnWeights(found.columns[[names.index(ngram)]], np.ones(1, np.float32))
    return replace(
        MODELS[0],
        feature_set=FittedFeatureSet((FeaturePart(rules, weights),)),
        coefficients=np.ones(1, np.float32),
    )


def test_an_ngram_is_divided_among_the_words_that_it_touches() -> None:
    """By its characters; blanks and punctuation have nothing of it, unless there is nothing else."""
    model = model_that_knows_only("ot o", "not ok", NgramSettings(analyzer="char_blank", longest=4, columns_log2=16))
    [words] = model.contributions(["not ok"])
    assert words == pytest.approx({"not": 2 / 3, "ok": 1 / 3})
    marks = model_that_knows_only("!, (", "no!, (", NgramSettings(analyzer="char_blank", longest=4, columns_log2=16))
    [signs] = marks.contributions(["no!, ("])
    assert signs == pytest.approx({"!": 0.25, ",": 0.5, "(": 0.25}), "a blank goes with what stands before it"


def test_a_word_has_the_sum_of_all_its_places() -> None:
    model = model_that_knows(["good"], "char", longest=1)
    once, twice = model.contributions(["good", "good x good"])
    assert set(twice) == {"good"}
    assert twice["good"] == pytest.approx(once["good"], abs=1e-6), "presence counts once, however often it is there"


def test_a_language_without_spaces_has_ngrams_of_characters() -> None:
    """Nobody knows there where a word ends."""
    model = model_that_knows(["很好"], "char_blank")
    [words] = model.contributions(["不很好 xy"])
    assert set(words) == {"很", "好", "很好"}


def test_a_text_in_which_nothing_is_known_has_no_words() -> None:
    for model in MODELS:
        assert model.contributions(["", "xyz xyz", "  "]) == [{}, {}, {}]
        assert model.explain([]).columns.tolist() == ["score", "label", "confidence", "words", "contributions"]


def test_chunks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["not good", "很好 ok", "", "at all! 🙂", "ab"] * 3
    for model in MODELS:
        whole = model.contributions(texts)
        with monkeypatch.context() as patched:
            patched.setattr(ngrams, "_TEXTS_PER_CHUNK", 4)
            in_parts = replace(model).contributions(texts)
        assert [list(each) for each in in_parts] == [list(each) for each in whole]
