import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sentiment_assets.learning import cross_fitting
from sentiment_assets.learning.behaviour import check_behaviour
from sentiment_assets.learning.behaviour_cases import NO_CASES
from sentiment_assets.learning.candidate import Candidate, train_candidate
from sentiment_assets.learning.challenger import Challenger, make_challenger
from sentiment_assets.learning.cross_fitted_margins import cross_fit
from sentiment_assets.learning.features import (
    Features,
    StaleFeatures,
    build_features,
    features_from_arrays,
    features_to_arrays,
    require_current,
)
from sentiment_assets.learning.hyperparameters import Hyperparameters, SearchSpace
from sentiment_assets.learning.leakage import measure_leakage
from sentiment_assets.learning.metrics import hinge_loss
from sentiment_assets.learning.model import PinnedVersion, SentimentModel, load_model, model_digest, save_model
from sentiment_assets.learning.promotion import ChampionTestMargins, compare_with_champion
from sentiment_assets.learning.settings import FeatureSet, FeatureSettings, SplitSettings
from sentiment_assets.learning.sister import (
    KNOWN_TO_SISTER,
    Sister,
    joined_feature_set,
    labelled_margins,
    set_known_aside,
    with_sister_weighed,
)
from sentiment_assets.learning.splitting import split_reviews
from sentiment_assets.learning.train_report import make_train_report
from sentiment_assets_tests.learning.conftest import SETTINGS
from testing.corpus import BAD, GOOD, made_up_reviews

FILMS = "films"
FEW = 160
TRIED = [
    Hyperparameters(start_from=name, features=features, epochs=4, eta0=1, l2=1e-5)
    for features in ("words", "words+characters")
    for name in (None, FILMS)
]
SHARE = 0.9
WORDS_COUNT_MORE = Hyperparameters(
    start_from=FILMS, features="words+characters", word_share=SHARE, epochs=4, eta0=1, l2=1e-5
)
SOME_WORDS = st.lists(st.sampled_from([*GOOD, *BAD, "the", "film", "unheard", "of", "."]), max_size=12).map(" ".join)


def branch_of(reviews: list[dict[str, object]]) -> pd.DataFrame:
    """The splits of a branch that has these reviews."""
    return split_reviews(pd.DataFrame(reviews).assign(split=None, batch="b"), SplitSettings()).reviews


def trained(features: Features, sets: list[Hyperparameters]) -> dict[str, Candidate]:
    return {each.key: train_candidate(features, "v1", each, mlflow_run_id="run") for each in sets}


@pytest.fixture(scope="module")
def sisters(challenger_of_each_set: dict[FeatureSet, Challenger]) -> Mapping[str, Sister]:
    """A sister that knows words and characters, from 1,500 reviews."""
    model = challenger_of_each_set["words+characters"].model
    return {FILMS: Sister(PinnedVersion(FILMS, "3", model_digest(model)), model)}


@pytest.fixture(scope="module")
def few() -> pd.DataFrame:
    return branch_of(made_up_reviews(FEW, seed=5))


@pytest.fixture(scope="module")
def features_of_few(few: pd.DataFrame, sisters: Mapping[str, Sister]) -> Features:
    return build_features(few, FeatureSettings(), ["words", "words+characters"], similarity=0.7, sisters=sisters)


@pytest.fixture(scope="module")
def candidates_of_few(features_of_few: Features) -> dict[str, Candidate]:
    return trained(features_of_few, TRIED)


@pytest.fixture(scope="module")
def started(
    candidates_of_few: dict[str, Candidate],
    features_of_few: Features,
    few: pd.DataFrame,
    sisters: Mapping[str, Sister],
) -> Challenger:
    """The challenger of a branch with few labels, which has tried with and without a sister."""
    return make_challenger(candidates_of_few, features_of_few, few, metric="hinge_loss", sisters=sisters)


def test_of_few_labels_the_search_chooses_the_sister(started: Challenger) -> None:
    losses = started.validation_losses
    assert len(losses) == len(TRIED)
    assert started.key.startswith(f"start_from={FILMS}|")
    assert losses[started.key] < 0.7 * min(loss for key, loss in losses.items() if FILMS not in key)


def test_who_starts_from_a_sister_knows_more_of_reviews_that_nobody_has_seen(
    started: Challenger, candidates_of_few: dict[str, Candidate], features_of_few: Features, few: pd.DataFrame
) -> None:
    unseen = pd.DataFrame(made_up_reviews(1_000, seed=9))
    alone = {key: each for key, each in candidates_of_few.items() if each.hyperparameters.start_from is None}
    own = make_challenger(alone, features_of_few, few, metric="hinge_loss").model
    labels = unseen["label"].to_numpy()
    assert hinge_loss(started.model.margins(unseen["text"]), labels) < 0.9 * hinge_loss(
        own.margins(unseen["text"]), labels
    )


@pytest.mark.parametrize("feature_set", ["words", "words+characters"])
def test_the_joined_margin_is_the_own_one_and_the_sisters_times_its_weight(
    feature_set: FeatureSet,
    features_of_few: Features,
    candidates_of_few: dict[str, Candidate],
    few: pd.DataFrame,
    sisters: Mapping[str, Sister],
) -> None:
    """What was trained on a column serves as n-grams of the sister, also where one of both knows nothing."""
    svc = next(
        each.svc
        for each in candidates_of_few.values()
        if (each.hyperparameters.features, each.hyperparameters.start_from) == (feature_set, FILMS)
    )
    own, sister = features_of_few.of(feature_set).fitted, sisters[FILMS].model
    coefficients, intercept = with_sister_weighed(svc, own, sister)
    joined = replace(
        sister,
        feature_set=joined_feature_set(own, sister.feature_set),
        coefficients=coefficients,
        intercept=intercept,
    )
    test = features_of_few.of(feature_set, FILMS).rows["test"]
    texts = few.loc[few["split"] == "test", "text"]
    assert joined.margins(texts) == pytest.approx(test.margins(svc.coefficients, svc.intercept), abs=1e-5)
    heaviest = np.abs(sister.coefficients).argmax()
    weight = coefficients[own.n_columns + heaviest] / sister.coefficients[heaviest]
    by_hand = own.rows(texts) @ svc.coefficients[:-1] + svc.intercept + weight * sister.margins(texts)
    assert joined.margins(texts) == pytest.approx(by_hand, abs=1e-5)


def test_what_is_measured_is_what_is_served(started: Challenger, few: pd.DataFrame) -> None:
    texts = few.loc[few["split"] == "test", "text"].tolist()
    assert started.model.margins(texts) == pytest.approx(started.test_margins, abs=1e-5)


def test_rows_with_the_sisters_margin_lie_where_all_that_is_large_does(
    features_of_few: Features, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    features = features_from_arrays(features_to_arrays(features_of_few), tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "full"))
    assert features.asked_by(WORDS_COUNT_MORE).rows["train"].n_columns


def test_with_a_sister_too_words_count_as_much_as_is_asked_for(
    features_of_few: Features, few: pd.DataFrame, sisters: Mapping[str, Sister]
) -> None:
    features = features_from_arrays(features_to_arrays(features_of_few))
    candidates = trained(features, [WORDS_COUNT_MORE])
    challenger = make_challenger(candidates, features, few, metric="hinge_loss", sisters=sisters)
    assert challenger.model.feature_set.parts[0].length ** 2 == pytest.approx(SHARE)
    assert challenger.model.margins(few.loc[few["split"] == "test", "text"]) == pytest.approx(
        challenger.test_margins, abs=1e-5
    )
    asked, equal = features.asked_by(WORDS_COUNT_MORE), features.of("words+characters", FILMS)
    assert asked.held_out_known_ngrams.tolist() == equal.held_out_known_ngrams.tolist()
    assert asked.held_out_labels.tolist() == equal.held_out_labels.tolist()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(SOME_WORDS, max_size=4))
def test_words_of_both_are_shown_as_one_and_add_up_to_the_margin(started: Challenger, texts: list[str]) -> None:
    model = started.model
    for words, margin in zip(model.contributions(texts), model.margins(texts), strict=True):
        assert sum(words.values()) + (model.intercept if margin else 0) == pytest.approx(margin, abs=1e-5)
    assert [len(set(each)) for each in model.explain(texts)["words"]] == [
        len(each) for each in model.explain(texts)["words"]
    ]


def test_ngrams_that_both_know_are_added_up(model: SentimentModel) -> None:
    """Both know n-grams of words alone, the sister all that the other knows, and half as much of each."""
    both = replace(
        model,
        feature_set=joined_feature_set(model.feature_set, model.feature_set),
        coefficients=np.concatenate([model.coefficients, model.coefficients / 2]),
    )
    text = "a superb story and the film was dull"
    [own], [together] = model.contributions([text]), both.contributions([text])
    assert list(own) == list(together), "n-grams, the heaviest first"
    assert list(together.values()) == pytest.approx([1.5 * value for value in own.values()], rel=1e-5)
    assert both.unknown_shares([text]) == pytest.approx(model.unknown_shares([text]))


def test_the_model_stands_alone(started: Challenger, sisters: Mapping[str, Sister], tmp_path: Path) -> None:
    """Saved and read, it answers as before, says which sister is part of it, and has the same digest."""
    save_model(started.model, tmp_path)
    again = load_model(tmp_path)
    texts = [str(each["text"]) for each in made_up_reviews(20, seed=3)]
    assert again.margins(texts).tolist() == started.model.margins(texts).tolist()
    assert again.started_from == (sisters[FILMS].pinned,)
    assert model_digest(again) == started.digest
    assert model_digest(replace(again, started_from=())) != started.digest


def test_labels_of_texts_in_which_a_sister_knows_nothing_do_not_recalibrate_her(model: SentimentModel) -> None:
    reviews = pd.DataFrame({"text": ["superb, a moving tale", "zzqx vvkj"], "label": pd.array([1, 0], "Int8")})
    found = labelled_margins(model, reviews)
    assert (len(found.margins), found.labels.tolist(), found.n_labelled) == (1, [1], 2)


def test_a_sister_of_a_sister_is_told(few: pd.DataFrame, started: Challenger, sisters: Mapping[str, Sister]) -> None:
    from_few = {"few": Sister(PinnedVersion("few", "1", started.digest), started.model)}
    others = branch_of(made_up_reviews(FEW, seed=8))
    features = build_features(others, SETTINGS, sisters=from_few)
    sets = [Hyperparameters(start_from="few", epochs=4, eta0=1, l2=1e-5)]
    model = make_challenger(trained(features, sets), features, others, metric="hinge_loss", sisters=from_few).model
    assert [str(each) for each in model.started_from] == ["few/1", "films/3"]
    assert np.isin(sisters[FILMS].model.trained_on, model.trained_on).all()


def test_the_gate_counts_as_known_what_the_sister_was_trained_on(
    started: Challenger, splits: pd.DataFrame, challenger: Challenger
) -> None:
    """The same text comes to the branch later, among its test reviews: it can tell nothing of a champion."""
    champion = ChampionTestMargins(started.model, started.model.margins(splits.loc[splits["split"] == "test", "text"]))
    compared = compare_with_champion(challenger, champion, splits.assign(text="other"), None, batch_keys=["b"])
    assert compared is not None
    assert compared.n == (splits["split"] == "test").sum(), "of the sister's test reviews none was trained on"
    known = splits.assign(text_digest=splits.loc[splits["split"] == "train", "text_digest"].iloc[0])
    assert compare_with_champion(challenger, champion, known, None, batch_keys=["b"]) is None


def test_reviews_that_the_sister_was_trained_on_are_set_aside(
    splits: pd.DataFrame, sisters: Mapping[str, Sister]
) -> None:
    """Wherever they are: in test they would flatter it, in train it would be given too much weight."""
    knows = splits.loc[splits["split"] == "train"].head(40)
    shared = [*made_up_reviews(FEW, seed=5), *knows[["review_id", "text", "label"]].to_dict("records")]
    branch = branch_of(shared)
    aside = set_known_aside(branch, sisters.values(), None)
    told = aside["split"] == KNOWN_TO_SISTER
    assert set(aside.loc[told, "text"]) == set(knows["text"])
    assert branch.loc[told, "split"].isin(["train", "test"]).any()
    features = build_features(aside, SETTINGS, sisters=sisters)
    alone = build_features(branch[~told.to_numpy()], SETTINGS)
    for name, rows in alone.of().rows.items():
        assert (rows.rows != features.of().rows[name].rows).nnz == 0
        assert len(features.sisters[FILMS].answers[name].margins) == len(rows.labels)
    require_current(features, aside, SETTINGS, sisters=[FILMS])


def test_near_duplicates_of_what_the_sister_knows_are_set_aside_too(
    splits: pd.DataFrame, sisters: Mapping[str, Sister]
) -> None:
    text = splits.loc[splits["split"] == "train", "text"].iloc[0]
    branch = pd.DataFrame({"text": [f"{text} indeed"], "split": ["test"], "text_digest": np.array([1], np.uint64)})
    assert set_known_aside(branch, sisters.values(), 0.7)["split"].tolist() == [KNOWN_TO_SISTER]
    assert set_known_aside(branch, sisters.values(), None)["split"].tolist() == ["test"]


def test_of_a_text_that_neither_knows_nothing_is_said(started: Challenger) -> None:
    assert started.model.margins(["", "qqqq zzzz"])[0] == 0
    assert started.model.contributions([""]) == [{}]


@pytest.mark.parametrize("below", [0, 5_000], ids=["validation split", "folds"])
def test_known_ngrams_are_those_of_both(
    few: pd.DataFrame, sisters: Mapping[str, Sister], below: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cross_fitting, "CROSS_VALIDATED_BELOW", below)
    features = build_features(few, SETTINGS, sisters=sisters)
    own, both = features.of(), features.of(start_from=FILMS)
    development = few[few["split"].isin(["train", "validation"])]
    theirs = np.diff(sisters[FILMS].model.rows(development["text"]).indptr)
    assert both.held_out_known_ngrams.tolist() == (own.held_out_known_ngrams + theirs[own.held_out]).tolist()


def test_labels_of_reviews_that_only_the_sister_knows_are_looked_at_too(
    started: Challenger, candidates_of_few: dict[str, Candidate], features_of_few: Features, few: pd.DataFrame
) -> None:
    candidate = candidates_of_few[started.key]
    fitted = cross_fit(candidate, features_of_few, few)
    asked = candidate.hyperparameters
    both = features_of_few.of(asked.features, asked.start_from).held_out_known_ngrams
    assert (
        fitted.known_ngrams.tolist()
        == both.tolist()
        != features_of_few.of(asked.features).held_out_known_ngrams.tolist()
    )


def test_the_near_duplicates_that_the_sister_knows_are_known_to_the_model(
    started: Challenger, sisters: Mapping[str, Sister]
) -> None:
    theirs = sisters[FILMS].model.trained_signatures
    assert len(theirs)
    assert started.model.trained_signatures[-len(theirs) :].tolist() == theirs.tolist()


def test_features_with_a_sister_survive_storage(
    features_of_few: Features, few: pd.DataFrame, sisters: Mapping[str, Sister]
) -> None:
    again = features_from_arrays(features_to_arrays(features_of_few))
    assert again.sisters[FILMS].pinned == sisters[FILMS].pinned
    for name, rows in features_of_few.of("words", FILMS).rows.items():
        assert (rows.rows != again.of("words", FILMS).rows[name].rows).nnz == 0
    assert again.of("words", FILMS).held_out_known_ngrams.tolist() == (
        features_of_few.of("words", FILMS).held_out_known_ngrams.tolist()
    )
    with pytest.raises(StaleFeatures, match="other settings"):
        require_current(again, few, FeatureSettings(), ["words", "words+characters"], similarity=0.7)


def test_the_train_report_and_the_leakage_tax_know_the_column(
    started: Challenger, candidates_of_few: dict[str, Candidate], features_of_few: Features, few: pd.DataFrame
) -> None:
    report = make_train_report(
        started,
        champion=None,
        candidates=candidates_of_few,
        features=features_of_few,
        splits=few,
        behaviour=check_behaviour(started.model, NO_CASES),
    )
    assert {"loss_surface.png", "top_ngrams.svg"} <= set(report.pictures)
    assert 0.8 < measure_leakage(candidates_of_few[started.key], features_of_few, "hinge_loss").accuracy_without <= 1


def test_the_default_search_tries_every_set_without_and_with_each_sister() -> None:
    keys = [each.key for each in SearchSpace().hyperparameter_sets(sisters=["films", "shops@3"])]
    alone = [each.key for each in SearchSpace().hyperparameter_sets()]
    assert keys == [*alone, *(f"start_from={name}|{key}" for name in ("films", "shops@3") for key in alone)]


def test_a_listed_candidate_says_itself_which_sister_it_starts_from() -> None:
    search = SearchSpace.model_validate(
        {"candidates": [{"start_from": "films", "features": "characters", "epochs": 1, "eta0": 1, "l2": 0}]}
    )
    assert [each.key for each in search.hyperparameter_sets(sisters=["films", "shops"])] == [
        "start_from=films|features=characters|epochs=1|eta0=1|l2=0"
    ]
    assert search.feature_sets(FeatureSettings()) == ("characters",)
    with pytest.raises(ValueError, match="asks for the sister films, which .* does not name; it names shops"):
        search.hyperparameter_sets(sisters=["shops"])
