import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment_assets.learning.challenger import Challenger
from sentiment_assets.learning.decision import Decision, Outcome
from sentiment_assets.learning.restatement import (
    PastReviews,
    Restatement,
    compare_answers,
    gather_past_reviews,
    restate,
    with_restatement,
)
from sentiment_assets.learning.settings import FeatureSet, PromotionRule
from testing.batches import batch, middling
from testing.models import made_model

PROMOTED = Decision(Outcome.PROMOTED, "Promoted: it is better.")


def past(n: int, **columns: object) -> PastReviews:
    reviews = pd.DataFrame({"review_id": [str(each) for each in range(n)], "text": "a", "batch": "a.csv"})
    reviews["created_at"] = pd.Series(pd.NaT, reviews.index, "datetime64[us, UTC]")
    return PastReviews(reviews.assign(**columns), n)


def changes(n_changed: int, n: int = 100) -> Restatement:
    champion = np.ones(n)
    return compare_answers(past(n), champion=champion, challenger=np.where(np.arange(n) < n_changed, -1.0, champion))


def test_net_sentiment_by_month_under_both_models() -> None:
    dates = pd.to_datetime(["2020-01-10"] * 60 + ["2025-03-04"] * 60 + [None] * 5, utc=True)
    champion = np.array([1.0] * 60 + [1.0] * 30 + [-1.0] * 30 + [1.0] * 5)
    challenger = champion.copy()
    challenger[60:75] = -1
    found = compare_answers(past(125, created_at=dates), champion=champion, challenger=challenger)
    assert found.kind == "month"
    assert found.periods.to_dict("records") == [
        {
            "period": "2020-01-01",
            "reviews": 60,
            "champion_net_sentiment": 1.0,
            "challenger_net_sentiment": 1.0,
            "change": 0.0,
            "share_changed": 0.0,
        },
        {
            "period": "2025-03-01",
            "reviews": 60,
            "champion_net_sentiment": 0.0,
            "challenger_net_sentiment": -0.5,
            "change": -0.5,
            "share_changed": 0.25,
        },
    ]
    assert found.share_changed == 15 / 125, "those without a date count, too"
    assert found.sentence == (
        "Of 125 past reviews, 12.0 % would change label; net sentiment would move most in the month 2025-03-01, from "
        "+0.0 to -50.0."
    )
    assert found.figures == {"restatement_share_changed": 0.12, "restatement_largest_change": 0.5}
    assert found.files["restatement.csv"].decode().splitlines()[1].startswith('"2020-01-01",60,1.0')
    assert found.files["restatement.png"].startswith(b"\x89PNG")


def test_a_period_of_a_few_reviews_is_not_named() -> None:
    batches = ["large.csv"] * 60 + ["small.csv"] * 3
    margins = np.ones(63)
    found = compare_answers(
        past(63, batch=batches), champion=margins, challenger=np.where(margins.cumsum() > 57, -1, 1)
    )
    assert found.largest is not None
    assert found.largest["period"] == "large.csv"
    assert changes(3, n=10).sentence == "Of 10 past reviews, 30.0 % would change label."


def test_reviews_in_which_a_model_recognises_nothing_are_in_no_net_sentiment() -> None:
    found = compare_answers(past(60), champion=np.zeros(60), challenger=np.array([1.0] * 45 + [0.0] * 15))
    assert np.isnan(found.periods["champion_net_sentiment"][0])
    assert found.periods["challenger_net_sentiment"][0] == 1
    assert "net sentiment would move" not in found.sentence


def test_both_models_answer_the_texts() -> None:
    reviews = past(60, text=["superb", "dull", "grand"] * 20)
    found = restate(reviews, champion=made_model(), challenger=made_model(good="grand"))
    assert found.share_changed == pytest.approx(2 / 3)
    assert restate(reviews, champion=made_model(), challenger=made_model()).share_changed == 0


def test_two_feature_sets_answer_as_each_does_alone(
    challenger_of_each_set: dict[FeatureSet, Challenger], splits: pd.DataFrame
) -> None:
    words, characters = (challenger_of_each_set[each].model for each in ("words", "characters"))
    reviews = past(100, text=splits["text"].head(100).array)
    for ours in (words, characters):
        found = restate(reviews, champion=words, challenger=ours)
        margins = [model.margins(reviews.reviews["text"]) for model in (words, ours)]
        assert found.periods.equals(compare_answers(reviews, champion=margins[0], challenger=margins[1]).periods)


def test_a_promotion_that_changes_more_than_the_branch_allows_is_held_for_a_person() -> None:
    rule = PromotionRule(largest_restatement=0.05)
    assert with_restatement(PROMOTED, changes(5), rule).promote
    held = with_restatement(PROMOTED, changes(6), rule)
    assert held.outcome is Outcome.NOT_PROMOTED
    assert held.reason.startswith("Not promoted: held for a person, because 6.0 % of the labels of past reviews would")
    assert "largest_restatement is 5.0 %" in held.reason
    assert "sentiment-assets rollback BRANCH VERSION" in held.reason
    assert "Otherwise: Promoted: it is better. Of 100 past reviews, 6.0 % would change label" in held.reason


@pytest.mark.parametrize("outcome", [Outcome.PROMOTED, Outcome.NOT_PROMOTED])
def test_without_a_limit_the_decision_says_it_and_stays(outcome: Outcome) -> None:
    told = with_restatement(Decision(outcome, "So it is."), changes(100), PromotionRule())
    assert told.outcome is outcome
    assert told.reason.startswith("So it is. Of 100 past reviews, 100.0 % would change label")


def test_what_is_not_promoted_anyway_is_not_held() -> None:
    refused = Decision(Outcome.NOT_PROMOTED, "Not promoted: it is worse.")
    told = with_restatement(refused, changes(100), PromotionRule(largest_restatement=0))
    assert told.reason.startswith("Not promoted: it is worse. Of 100")


@pytest.mark.slow
@given(st.lists(st.integers(0, 30), max_size=6), st.integers(1, 40))
def test_the_same_reviews_are_drawn_in_whatever_batches_they_come(sizes: list[int], most: int) -> None:
    reviews = batch(sum(sizes))
    ends = np.cumsum([0, *sizes])
    parts = [(str(n), reviews.iloc[start:end]) for n, (start, end) in enumerate(itertools.pairwise(ends))]
    drawn = gather_past_reviews(parts, most)
    assert drawn.n_all == len(reviews)
    assert len(drawn.reviews) == min(most, len(reviews))
    whole = gather_past_reviews([("all", reviews)], most).reviews
    assert set(drawn.reviews["review_id"]) == set(whole["review_id"])
    assert set(drawn.reviews["batch"]) <= {key for key, _ in parts}
    again = gather_past_reviews([*parts, ("again", reviews)], most)
    assert again.n_all == drawn.n_all
    assert again.reviews["review_id"].tolist() == drawn.reviews["review_id"].tolist(), "what comes again is not new"


def test_neutral_reviews_are_in_no_net_sentiment() -> None:
    drawn = gather_past_reviews([("a", batch(20)), ("b", middling(30))])
    assert drawn.n_all == 20
    assert set(drawn.reviews["batch"]) == {"a"}


def test_a_sample_is_called_one() -> None:
    drawn = gather_past_reviews([("a", batch(200))], 120)
    found = compare_answers(drawn, champion=np.ones(120), challenger=np.ones(120))
    assert found.sentence.startswith("Of 120 past reviews (a sample of 200), 0.0 % would change label")
