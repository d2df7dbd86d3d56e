import io
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from sentiment_assets.learning.behaviour import check_behaviour
from sentiment_assets.learning.behaviour_cases import NO_CASES, BehaviourCases
from sentiment_assets.learning.candidate import Candidate, train_candidate
from sentiment_assets.learning.challenger import Challenger, make_challenger
from sentiment_assets.learning.features import Features
from sentiment_assets.learning.hyperparameters import Hyperparameters
from sentiment_assets.learning.pictures import draw_search, draw_top_ngrams
from sentiment_assets.learning.promotion import measure_champion
from sentiment_assets.learning.settings import FeatureSet
from sentiment_assets.learning.splitting import TEST
from sentiment_assets.learning.train_report import TrainReport, make_train_report
from testing.corpus import BAD, GOOD

CASES = BehaviourCases.model_validate({"minimum_functionality": {"plain": {"positive": ["superb", "dull"]}}})


@pytest.fixture(scope="module")
def report(
    challenger: Challenger, candidates: dict[str, Candidate], features: Features, splits: pd.DataFrame
) -> TrainReport:
    champion = measure_champion(challenger.model, splits)
    return make_train_report(
        challenger,
        champion=champion,
        candidates=candidates,
        features=features,
        splits=splits,
        behaviour=check_behaviour(challenger.model, CASES),
    )


def test_every_picture_can_be_seen_and_is_small(report: TrainReport) -> None:
    for name, content in report.pictures.items():
        assert len(content) < 100_000, name
        if name.endswith(".svg"):
            ElementTree.fromstring(content)  # noqa: S314 - drawn by ourselves
            continue
        picture = Image.open(io.BytesIO(content))
        assert np.asarray(picture.convert("L")).std() > 5, f"{name} is blank"


def test_it_has_a_picture_of_each_kind_and_the_tables_behind_them(report: TrainReport) -> None:
    assert set(report.pictures) == {
        *("loss_per_epoch.png", "search.png", "loss_surface.png", "sweep_ledger.png"),
        *("reliability.png", "confusion.png", "top_ngrams.svg"),
    }
    assert set(report.tables) == {
        *("sweep_ledger", "top_ngrams", "behaviour", "behaviour_failures", "flips", "flips_by_ngram"),
    }
    assert report.figures == {"behaviour_cases": 2.0, "behaviour_passed": 1.0}
    assert set(report.files) == {*report.pictures, *(f"{name}.csv" for name in report.tables)}


def test_the_words_that_the_corpus_says_its_sentiment_by_come_first(report: TrainReport) -> None:
    top = report.tables["top_ngrams"]
    assert set(top["ngram"].iloc[0].split()) & set(GOOD)
    assert set(top["ngram"].iloc[20].split()) & set(BAD)
    assert (top["contribution"] > 0).sum() == (top["contribution"] < 0).sum() == 20
    assert (top["reviews"] >= 10).all()


def test_what_flips_are_test_reviews(
    challenger: Challenger, candidates: dict[str, Candidate], features: Features, splits: pd.DataFrame
) -> None:
    same = measure_champion(challenger.model, splits)
    report = make_train_report(
        challenger,
        champion=replace(same, test_margins=-same.test_margins),
        candidates=candidates,
        features=features,
        splits=splits,
        behaviour=check_behaviour(challenger.model, CASES),
    )
    known = splits["review_id"][splits["split"] == TEST][same.test_margins != 0]
    assert report.tables["flips"]["review_id"].tolist() == known.tolist()


def test_without_a_champion_there_is_nothing_to_flip(
    challenger: Challenger, candidates: dict[str, Candidate], features: Features, splits: pd.DataFrame
) -> None:
    first = make_train_report(
        challenger,
        champion=None,
        candidates=candidates,
        features=features,
        splits=splits,
        behaviour=check_behaviour(challenger.model, NO_CASES),
    )
    assert not {"flips", "flips_by_ngram"} & set(first.tables)


def test_a_search_that_is_no_grid_is_drawn_too(features: Features, splits: pd.DataFrame) -> None:
    listed = [
        Hyperparameters(epochs=1, eta0=1, l2=0),
        Hyperparameters(epochs=2, eta0=0.1, l2=1e-4, schedule="invscaling"),
        Hyperparameters(epochs=3, eta0=0.5, l2=1e-5),
    ]
    for sets in (listed, listed[:1]):
        candidates = {each.key: train_candidate(features, "v1", each, mlflow_run_id="run") for each in sets}
        challenger = make_challenger(candidates, features, splits, metric="hinge_loss")
        assert make_train_report(
            challenger,
            champion=None,
            candidates=candidates,
            features=features,
            splits=splits,
            behaviour=check_behaviour(challenger.model, NO_CASES),
        ).pictures


def test_a_search_of_many_that_are_no_grid_is_no_larger_than_they_are_many(candidates: dict[str, Candidate]) -> None:
    """As a grid of all values that occur it would have 16^4 places."""
    trained, *_ = candidates.values()
    tried = [
        Hyperparameters(
            features="words+characters",
            word_share=0.02 * number,
            epochs=number,
            eta0=0.01 * number,
            l2=1e-7 * number,
        )
        for number in range(1, 17)
    ]
    listed = {each.key: replace(trained, hyperparameters=each) for each in tried}
    drawn = draw_search(listed, dict.fromkeys(listed, 0.5), tried[7].key)
    assert max(Image.open(io.BytesIO(drawn)).size) < 3_000


@pytest.mark.parametrize("other", [{"start_from": "films"}, {"class_weight": "none"}, {"word_share": 0.9}])
def test_no_candidate_stands_in_the_place_of_another_in_the_picture_of_the_search(
    candidates: dict[str, Candidate], other: dict[str, object]
) -> None:
    trained, *_ = candidates.values()
    asked = {"features": "words+characters", "epochs": 4, "eta0": 0.3, "l2": 1e-6}
    tried = [Hyperparameters.model_validate(asked | more) for more in ({}, other, {"epochs": 2}, {"epochs": 3})]
    drawn_from = {each.key: replace(trained, hyperparameters=each) for each in tried}
    first, second = (
        draw_search(drawn_from, dict(zip(drawn_from, (loss, 0.4, 0.2, 0.6), strict=True)), tried[0].key)
        for loss in (0.3, 0.5)
    )
    assert first != second


def test_candidates_of_several_feature_sets_are_drawn_side_by_side(
    candidate_of_each_set: dict[FeatureSet, Candidate], every_set: Features, splits: pd.DataFrame
) -> None:
    """The loss surface is that of the selected one's feature set, whose W alone have the same columns."""
    candidates = {each.hyperparameters.key: each for each in candidate_of_each_set.values()}
    challenger = make_challenger(candidates, every_set, splits, metric="hinge_loss")
    report = make_train_report(
        challenger,
        champion=None,
        candidates=candidates,
        features=every_set,
        splits=splits,
        behaviour=check_behaviour(challenger.model, NO_CASES),
    )
    assert report.tables["sweep_ledger"]["candidate"].tolist() == list(candidates)
    assert len(report.pictures) == 7


def test_the_loss_surface_is_that_of_rows_in_which_words_count_as_much(
    candidate_of_each_set: dict[FeatureSet, Candidate], every_set: Features, splits: pd.DataFrame
) -> None:
    """Others have as many columns, in which a W of the selected one's is at another length."""
    selected = candidate_of_each_set["words+characters"]
    asked = selected.hyperparameters.model_copy(update={"word_share": 0.9, "epochs": 1})
    other = train_candidate(every_set, "v1", asked, mlflow_run_id="run")
    alone = {selected.hyperparameters.key: selected}
    challenger = make_challenger(alone, every_set, splits, metric="hinge_loss")
    both = alone | {asked.key: other}
    losses = dict.fromkeys(both, 0.5)
    drawn = [
        make_train_report(
            replace(challenger, validation_losses=losses),
            champion=None,
            candidates=candidates,
            features=every_set,
            splits=splits,
            behaviour=check_behaviour(challenger.model, NO_CASES),
        ).pictures["loss_surface.png"]
        for candidates in (alone, both)
    ]
    assert drawn[0] == drawn[1]


def test_any_language_and_sign_can_be_drawn() -> None:
    top = pd.DataFrame({"ngram": ["很好", "$5 <b>", "טוב", "🙂"], "contribution": [0.4, 0.2, -0.1, -0.3]})
    drawn = draw_top_ngrams(top).decode()
    assert "很好" in drawn
    assert "$5 &lt;b&gt;" in drawn


def test_no_table_holds_a_formula() -> None:
    tables = {"top_ngrams": pd.DataFrame({"ngram": ["=)", "dull"], "weight": [0.5, -0.5]})}
    files = TrainReport({}, tables, {}).files
    assert files["top_ngrams.csv"] == b'"ngram","weight"\n"\'=)",0.5\n"dull",-0.5\n'
