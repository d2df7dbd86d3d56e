"""Made-up stars, of which three and four are neutral, so that the middle of the scale is not where labels part."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment_assets.learning import cross_fitting
from sentiment_assets.learning.calibration import Calibration, CannotCalibrate, RatingCurve
from sentiment_assets.learning.candidate import train_candidate
from sentiment_assets.learning.challenger import Challenger, make_challenger
from sentiment_assets.learning.features import Features, build_features
from sentiment_assets.learning.model import SentimentModel, load_model, model_digest, save_model, stored_digest
from sentiment_assets.learning.ratings import (
    NeutralRatings,
    RatedReviews,
    Ratings,
    fit_rating_curve,
    in_proportion,
    measure_ratings,
)
from sentiment_assets.learning.settings import SplitSettings
from sentiment_assets.learning.splitting import SPLITS, split_of_digests, split_reviews
from sentiment_assets.text_identity import text_digests
from sentiment_assets_tests.learning.conftest import SETS, SETTINGS
from testing.corpus import made_up_ratings

SHARES = SplitSettings()
STARS = (1.0, 5.0)


def rated(n: int, seed: int) -> pd.DataFrame:
    reviews = pd.DataFrame(made_up_ratings(n, seed)).rename(columns={"label": "stars"})
    label = reviews["stars"].map({1: 0, 2: 0, 5: 1}).astype("Int8")
    return reviews.assign(label=label, rating_position=(reviews["stars"] - 3) / 2, split=None, batch="b")


REVIEWS = rated(2_500, seed=0)
_NEUTRAL = REVIEWS[REVIEWS["label"].isna()]
NEUTRAL = NeutralRatings(_NEUTRAL["text"], _NEUTRAL["rating_position"].to_numpy(), share=0.4)


@pytest.fixture(scope="module")
def rated_splits() -> pd.DataFrame:
    return split_reviews(REVIEWS, SHARES).reviews


@pytest.fixture(scope="module")
def rated_features(rated_splits: pd.DataFrame) -> Features:
    return build_features(rated_splits, SETTINGS)


def challenger_of(features: Features, splits: pd.DataFrame, neutral: NeutralRatings | None) -> Challenger:
    candidate = train_candidate(features, "v1", SETS[1], mlflow_run_id="run")
    ratings = Ratings(STARS, neutral, SHARES) if neutral else None
    return make_challenger({"one": candidate}, features, splits, metric="hinge_loss", ratings=ratings)


@pytest.fixture(scope="module")
def by_rating(rated_features: Features, rated_splits: pd.DataFrame) -> Challenger:
    return challenger_of(rated_features, rated_splits, NEUTRAL)


@pytest.fixture(scope="module")
def by_label(rated_features: Features, rated_splits: pd.DataFrame) -> Challenger:
    return challenger_of(rated_features, rated_splits, None)


def scores_by(curve: RatingCurve, margins: np.ndarray) -> np.ndarray:
    return Calibration(1.0, rating_curve=curve).scores(margins)


def test_a_new_review_has_the_score_of_its_stars(by_rating: Challenger, by_label: Challenger) -> None:
    unseen = rated(1_000, seed=1)
    told, plain = (each.model.score(unseen["text"])["score"] for each in (by_rating, by_label))
    mean = told.groupby(unseen["stars"]).mean()
    assert mean.to_numpy() == pytest.approx([-1, -0.5, 0, 0.5, 1], abs=0.2)
    assert abs(plain[unseen["stars"] == 3].mean()) > 0.5, "2p - 1: surely none of five stars"


def test_labels_and_confidence_are_the_same_as_without(by_rating: Challenger, by_label: Challenger) -> None:
    unseen = rated(200, seed=2)["text"]
    told, plain = (each.model.score(unseen)[["label", "confidence"]] for each in (by_rating, by_label))
    pd.testing.assert_frame_equal(told, plain)
    without = {name: value for name, value in by_rating.metrics.items() if "rat" not in name and "middle" not in name}
    assert without == {name: by_label.metrics[name] for name in without}


def test_what_is_measured_is_what_unseen_reviews_show(by_rating: Challenger) -> None:
    unseen = rated(1_000, seed=3)
    apart = by_rating.model.score(unseen["text"])["score"] - unseen["rating_position"]
    assert by_rating.metrics["test_rating_error"] == pytest.approx(2 * np.abs(apart).mean(), abs=0.1)
    assert by_rating.metrics["test_rating_error"] < by_rating.metrics["test_rating_error_of_median"] / 2
    assert by_rating.metrics["test_rating_correlation"] > 0.9
    assert by_rating.metrics["test_middle_mean_score"] == pytest.approx(0, abs=0.1)


def test_neutral_reviews_of_test_are_measured_and_never_fitted(
    rated_features: Features, rated_splits: pd.DataFrame, by_rating: Challenger
) -> None:
    of_test = split_of_digests(text_digests(NEUTRAL.texts), SHARES) == "test"
    odd = replace(NEUTRAL, positions=np.where(of_test, -1.0, NEUTRAL.positions))
    measured_otherwise = challenger_of(rated_features, rated_splits, odd)
    assert measured_otherwise.model.calibration == by_rating.model.calibration
    assert measured_otherwise.metrics["test_rating_error"] > by_rating.metrics["test_rating_error"]


@pytest.mark.parametrize(("cross_validated_below", "fitted"), [(0, ["validation"]), (5_000, ["train", "validation"])])
def test_neutral_reviews_are_fitted_that_would_be_held_out(
    rated_splits: pd.DataFrame, cross_validated_below: int, fitted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cross_fitting, "CROSS_VALIDATED_BELOW", cross_validated_below)
    features, split = build_features(rated_splits, SETTINGS), split_of_digests(text_digests(NEUTRAL.texts), SHARES)
    usual = challenger_of(features, rated_splits, NEUTRAL).model.calibration
    moved_by = [
        each
        for each in SPLITS
        if usual
        != challenger_of(
            features, rated_splits, replace(NEUTRAL, positions=np.where(split == each, -1.0, NEUTRAL.positions))
        ).model.calibration
    ]
    assert moved_by == fitted


def test_as_many_neutral_reviews_are_measured_as_come(rated_features: Features, rated_splits: pd.DataFrame) -> None:
    """Not all that there are: of a large corpus there is a sample."""
    n_test = int((rated_splits["split"] == "test").sum())
    measured = challenger_of(rated_features, rated_splits, replace(NEUTRAL, share=0.1)).metrics["test_rated_reviews"]
    assert measured == n_test + round(n_test / 9)


def test_neutral_reviews_like_those_that_the_model_has_learnt_are_neither_fitted_nor_measured(
    rated_features: Features, rated_splits: pd.DataFrame, by_rating: Challenger
) -> None:
    """A sister may have learnt the very text, and the model itself a later version of it."""
    learnt = rated_splits.loc[rated_splits["split"].isin(["train", "validation"]), "text"].iloc[:400]
    texts = pd.concat([NEUTRAL.texts, learnt, learnt + " indeed"], ignore_index=True)
    positions = np.concatenate([NEUTRAL.positions, np.ones(2 * len(learnt))])
    among_others = challenger_of(rated_features, rated_splits, replace(NEUTRAL, texts=texts, positions=positions))
    assert among_others.model.calibration == by_rating.model.calibration
    assert among_others.metrics == by_rating.metrics


def test_the_model_says_so_after_storage_and_is_another_one_than_without(
    by_rating: Challenger, by_label: Challenger, tmp_path: Path
) -> None:
    model: SentimentModel = by_rating.model
    save_model(model, tmp_path)
    texts = REVIEWS["text"][:50]
    pd.testing.assert_frame_equal(load_model(tmp_path).score(texts), model.score(texts))
    assert stored_digest(tmp_path) == model_digest(model) == by_rating.digest != by_label.digest
    assert model.score(["qqq"])["score"].tolist() == [0.0], "of which nothing is known"


def test_a_label_begins_at_the_least_positive_score(by_rating: Challenger) -> None:
    scored = by_rating.model.score(rated(500, seed=4)["text"])
    least = by_rating.model.calibration.least_positive_score
    assert ((scored["score"] > least) == (scored["label"] == 1)).all()
    assert least == pytest.approx(0.25, abs=0.25), "between two and five stars"


def test_both_labels_are_as_likely_at_the_even_score() -> None:
    plain = Calibration(2.0, log_odds=-1.4)
    by_rating = replace(plain, rating_curve=RatingCurve(1.5, 0.3))
    assert plain.even_score == 0
    assert by_rating.scores(np.array([by_rating.even_margin])) == pytest.approx(by_rating.even_score)
    assert by_rating.probabilities(np.array([by_rating.even_margin])) == pytest.approx(0.5)


def test_held_out_reviews_without_ratings_cannot_be_calibrated_by(
    rated_features: Features, rated_splits: pd.DataFrame
) -> None:
    with pytest.raises(
        CannotCalibrate, match=r"of the labelled reviews held out 0 have one, .* materialize `raw_reviews`"
    ):
        challenger_of(rated_features, rated_splits.drop(columns="rating_position"), NEUTRAL)


@pytest.mark.parametrize("seed", range(5))
def test_of_ratings_that_are_equally_frequent_the_mean_score_is_the_mean(seed: int) -> None:
    chance = np.random.default_rng(seed)
    positions = np.repeat([-1, -0.5, 0, 0.5, 1], 80)
    margins = chance.normal(chance.normal(), 1, 400) + positions
    scores = scores_by(fit_rating_curve(RatedReviews(margins, positions)), margins)
    assert scores.mean() == pytest.approx(0, abs=0.005)
    assert (scores * margins).mean() == pytest.approx((positions * margins).mean(), abs=0.02)


@pytest.mark.parametrize(
    ("scale", "each"), [((1, 5), 0.5), ((0, 5), 1), ((0, 10), 1), ((1, 10), 1), ((-1, 1), 0.2), ((0, 100), 5)]
)
def test_ratings_that_stand_mirrored_have_scores_that_do(scale: tuple[float, float], each: float) -> None:
    """Every fifth of the scale has its mirror image, though 6 of 10 is where two of them meet."""
    ratings = np.arange(scale[0], scale[1] + each / 2, each)
    positions = np.repeat(2 * (ratings - scale[0]) / (scale[1] - scale[0]) - 1, 50)
    margins = np.random.default_rng(0).normal(positions, 1)
    reviews = RatedReviews(margins, positions)
    curve = fit_rating_curve(reviews.and_also(RatedReviews(-margins, -positions)))
    assert scores_by(curve, np.array([1e-9])) == pytest.approx(0, abs=1e-6)


def test_what_is_in_the_middle_lies_on_both_sides_of_it(model: SentimentModel) -> None:
    positions = np.array([-1, -0.6, -0.2, 0.2, 0.6, 1])  # 0 to 5
    figures = measure_ratings(model, RatedReviews(np.array([-9.0, -9, -9, 9, 9, 9]), positions), (0, 5))
    assert figures["middle_mean_score"] == pytest.approx(0, abs=1e-9), "2 and 3 of 5"


def test_how_often_a_rating_is_given_moves_no_score() -> None:
    """Where nearly all give five stars, three of them are the middle of the scale still."""
    chance = np.random.default_rng(0)
    positions = np.repeat([-1, -0.5, 0, 0.5, 1], [40, 40, 100, 300, 3_000])
    margins = chance.normal(positions, 0.7)
    scores = scores_by(fit_rating_curve(RatedReviews(margins, positions)), margins)
    assert scores[positions == 0].mean() == pytest.approx(0, abs=0.1)
    assert scores[positions == 1].mean() == pytest.approx(-scores[positions == -1].mean(), abs=0.1)


def test_a_text_of_which_nothing_is_known_moves_no_curve_whatever_its_stars() -> None:
    chance = np.random.default_rng(0)
    positions = np.repeat([-1, -0.5, 0, 0.5, 1], 40)
    reviews = RatedReviews(chance.normal(positions, 1), positions)
    unknown = RatedReviews(np.zeros(300), np.full(300, -1.0))
    assert fit_rating_curve(reviews.and_also(unknown)) == fit_rating_curve(reviews)


def test_positions_that_fall_with_the_margin_give_scores_next_to_0() -> None:
    curve = fit_rating_curve(RatedReviews(np.array([-1.0, 0.5, 1.0]), np.array([1.0, 0.0, -1.0])))
    assert curve.slope > 0
    assert np.abs(scores_by(curve, np.array([-1.0, 1.0]))).max() < 1e-5


def test_an_error_is_told_in_stars(model: SentimentModel) -> None:
    reviews = RatedReviews(np.zeros(5), np.array([-0.5, 1.0, 1.0, 1.0, 1.0]))
    assert measure_ratings(model, reviews, (1, 10)) == {
        "rated_reviews": 5,
        "rating_error": pytest.approx(0.9 * 4.5),
        "rating_error_of_median": pytest.approx(0.3 * 4.5),
        "balanced_rating_error": pytest.approx(0.75 * 4.5),
    }, "nothing of ranks, where all scores are 0, and of the middle"
    assert measure_ratings(model, reviews.at(np.arange(0)), STARS) == {"rated_reviews": 0}


@given(st.integers(0, 5_000), st.integers(0, 5_000), st.just(0.0) | st.floats(0.001, 0.95))
def test_as_many_as_can_be_are_taken_in_proportion(n_labelled: int, n_neutral: int, share: float) -> None:
    labelled, neutral = in_proportion(n_labelled, n_neutral, share)
    assert 0 <= labelled <= n_labelled
    assert 0 <= neutral <= n_neutral
    if n_neutral and share:
        assert abs(neutral - share * (labelled + neutral)) <= 1
        assert labelled == n_labelled or neutral == n_neutral
    else:
        assert (labelled, neutral) == (n_labelled, 0)
