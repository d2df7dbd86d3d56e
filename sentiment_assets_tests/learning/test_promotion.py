from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from sentiment_assets.learning import promotion
from sentiment_assets.learning.behaviour_cases import NO_CASES, BehaviourCases
from sentiment_assets.learning.challenger import Challenger
from sentiment_assets.learning.decision import Decision
from sentiment_assets.learning.feature_set import FittedFeatureSet
from sentiment_assets.learning.model import SentimentModel
from sentiment_assets.learning.near_duplicates import NO_SIGNATURES, text_signatures
from sentiment_assets.learning.paired_comparison import PairedComparison, compare_paired, judge
from sentiment_assets.learning.promotion import (
    ChampionTestMargins,
    compare_with_champion,
    decide,
    decide_first_promotion,
    decide_promotion,
    measure_champion,
    newest_reviews,
)
from sentiment_assets.learning.settings import PromotionRule

LABELS = np.tile([0, 1], 500)
SIGNS = 2 * LABELS - 1
GOOD = SIGNS * 2.0
WORSE = np.where(np.arange(1000) < 60, -GOOD, GOOD)

CASES = BehaviourCases.model_validate(
    {"minimum_functionality": {"plain": {"positive": ["superb"], "negative": ["dull"]}}}
)


@pytest.mark.parametrize(
    ("challenger", "champion", "rule", "promoted", "verdict"),
    [
        (GOOD, GOOD, "if_not_worse", True, "neither better nor worse"),
        (GOOD, GOOD, "if_better", False, "neither better nor worse"),
        (GOOD, WORSE, "if_not_worse", True, "better"),
        (GOOD, WORSE, "if_better", True, "better"),
        (WORSE, GOOD, "if_not_worse", False, "worse"),
        (WORSE, GOOD, "if_better", False, "worse"),
    ],
)
def test_the_gate(challenger: np.ndarray, champion: np.ndarray, rule: str, promoted: bool, verdict: str) -> None:
    decision = decide_promotion(
        compare_paired(challenger, champion, LABELS), PromotionRule.model_validate({"rule": rule})
    )
    assert decision.promote is promoted
    assert decision.reason.startswith(
        f"{'Promoted' if promoted else 'Not promoted'}: the challenger is {verdict} at level 0.05 (rule {rule}); "
        "on the same 1,000 test reviews its accuracy is"
    )


def test_the_reason_says_whose_hinge_loss_is_the_smaller_one() -> None:
    """Sixty of a thousand are wrong by a hinge loss of three each."""
    rule = PromotionRule()
    better = decide_promotion(compare_paired(GOOD, WORSE, LABELS), rule)
    worse = decide_promotion(compare_paired(WORSE, GOOD, LABELS), rule)
    assert "its hinge loss is 0.1800 below the champion's" in better.reason
    assert "its hinge loss is 0.1800 above the champion's" in worse.reason


def with_newest(challenger: np.ndarray, champion: np.ndarray, n: int) -> PairedComparison:
    """A comparison of which the last ``n`` reviews are the newest."""
    newest = compare_paired(challenger[-n:], champion[-n:], LABELS[-n:])
    return replace(compare_paired(challenger, champion, LABELS), newest=newest)


def test_a_model_for_todays_reviews_is_not_held_back_by_those_of_years_ago() -> None:
    """It is wrong about sixty old reviews, and right about forty new ones that the champion gets wrong."""
    champion = np.where(np.arange(1000) >= 960, -GOOD, GOOD)
    decision = decide_promotion(with_newest(WORSE, champion, 250), PromotionRule())
    assert decision.promote
    assert "the challenger is better on the newest reviews at level 0.05" in decision.reason
    assert "on the newest 250 of them its accuracy is 1.0000, the champion's 0.8400" in decision.reason
    turned = decide_promotion(with_newest(champion, WORSE, 250), PromotionRule())
    assert not turned.promote
    assert "the challenger is worse on the newest reviews" in turned.reason


def test_where_the_newest_reviews_tell_nothing_all_of_them_decide() -> None:
    decision = decide_promotion(with_newest(WORSE, GOOD, 250), PromotionRule())
    assert not decision.promote
    assert "the challenger is worse at level 0.05" in decision.reason
    assert with_newest(WORSE, GOOD, 250).figures["newest_test_accuracy"] == 1.0


@pytest.mark.slow
@pytest.mark.parametrize("rule", ["if_not_worse", "if_better"])
def test_with_newest_reviews_the_gate_holds_its_level(rule: str) -> None:
    """Models that are alike are refused by the one rule, and promoted by the other, at most at the level."""
    chance, rounds, wrong = np.random.default_rng(0), 1_000, 0
    asked = PromotionRule.model_validate({"rule": rule, "alpha": 0.1})
    for _ in range(rounds):
        labels = chance.integers(0, 2, 240)
        shared = (2 * labels - 1) + chance.normal(size=240)
        one, other = (shared + chance.normal(size=240) for _ in range(2))
        newest = compare_paired(one[-60:], other[-60:], labels[-60:])
        found = replace(compare_paired(one, other, labels), newest=newest)
        wrong += decide_promotion(found, asked).promote == (rule == "if_better")
    assert wrong <= binom.ppf(0.9999, rounds, 0.1)


def test_the_newest_reviews_are_those_with_the_latest_dates_or_of_the_last_batches(
    challenger: Challenger, splits: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    champion = measure_champion(without_memory(challenger.model), splits)

    def compare(splits: pd.DataFrame) -> PairedComparison:
        found = compare_with_champion(challenger, champion, splits, None, batch_keys=["b1", "b2"])
        assert found is not None
        return found

    test = splits["split"] == "test"
    three_in_four = np.cumsum(test) <= 0.75 * test.sum()
    batches = splits.assign(batch=np.where(three_in_four, "b1", "b2"))
    assert compare(batches).newest is None, "they are fewer than fifty"
    monkeypatch.setattr(promotion, "FEWEST_NEWEST", 20)
    assert compare(splits).newest is None, "one batch, no dates"
    wrong = (challenger.test_margins > 0) != (splits.loc[test, "label"] == 1).to_numpy()
    n = int((test & ~three_in_four).sum())
    of_batches = compare(batches).newest
    assert of_batches is not None
    assert (of_batches.n, of_batches.challenger_accuracy) == (n, pytest.approx(1 - wrong[-n:].mean()))
    of_swapped = compare(splits.assign(batch=np.where(three_in_four, "b2", "b1"))).newest
    assert of_swapped is None, "the last batch has three quarters, wherever its reviews stand"
    large = splits.assign(batch=np.where(np.cumsum(test) < 0.4 * test.sum(), "b1", "b2"))
    assert compare(large).newest is None, "part of a batch says nothing of time, whose rows may lie by label"
    sorted_by_label = splits.assign(batch=np.where(splits["label"] == 1, "b1", "b2"))
    assert compare(sorted_by_label.sort_values("batch")).newest is None, "one label tells nothing"
    backwards = pd.Series(pd.date_range("2026-01-01", periods=len(splits), tz="UTC")[::-1] - pd.Timedelta("2000D"))
    dates = backwards.set_axis(splits.index)
    of_dates = compare(batches.assign(created_at=dates)).newest
    assert of_dates is not None
    quarter = round(test.sum() / 4)
    assert of_dates.challenger_accuracy == pytest.approx(1 - wrong[:quarter].mean()), "the first have the latest"
    last = np.flatnonzero(test)[-30:]
    dates.iloc[last] = pd.Timestamp("2999-01-01", tz="UTC")
    assert compare(batches.assign(created_at=dates)).newest == of_dates, "a date of the future is wrong"


def test_the_last_batches_are_the_last_of_all_keys_wherever_their_reviews_stand() -> None:
    """Splits are in the order of digests, so the first review may be of any batch."""
    reviews = pd.DataFrame({"batch": ["c", "a", "gone", "b", "a", "c", "b", "a"]})
    now = datetime.now(UTC)
    assert newest_reviews(reviews, ["a", "b", "c", "unlabelled"], now).tolist() == [0, 5]
    assert newest_reviews(reviews, ["c", "a", "b"], now).tolist() == [3, 6]
    assert newest_reviews(reviews, ["b", "c", "a"], now).tolist() == [1, 4, 7], "it alone has less than a half"
    assert newest_reviews(reviews, [], now).tolist() == []


def test_with_two_comparisons_each_has_half_of_the_level() -> None:
    alike = compare_paired(GOOD, GOOD, LABELS)
    told = replace(alike, p_hinge_worse=0.02)
    assert not decide_promotion(told, PromotionRule()).promote
    assert decide_promotion(replace(told, newest=alike), PromotionRule()).promote
    assert not decide_promotion(replace(alike, newest=replace(alike, p_hinge_worse=0.01)), PromotionRule()).promote


def test_by_hand_is_never_by_itself() -> None:
    decision = decide_promotion(compare_paired(GOOD, WORSE, LABELS), PromotionRule(rule="manual"))
    assert not decision.promote
    assert "accuracy is 1.0000, the champion's 0.9400" in decision.reason


@pytest.mark.parametrize("rule", ["if_not_worse", "if_better"])
def test_with_too_few_reviews_to_tell_the_champion_stays_and_the_reason_says_how_many_are_needed(rule: str) -> None:
    found = compare_paired(GOOD[:5], -GOOD[:5], LABELS[:5])
    anything = PromotionRule.model_validate({"rule": rule, "fewest_test_reviews": 1})
    decision = decide_promotion(found, anything)
    assert not decision.promote
    assert "5 test reviews cannot tell which model is better, at least 6 are needed at level 0.05" in decision.reason
    assert decide_promotion(compare_paired(GOOD[:6], -GOOD[:6], LABELS[:6]), anything).promote


def test_with_fewer_test_reviews_than_the_branch_wants_the_champion_stays() -> None:
    for n, promoted in ((19, False), (20, True)):
        decision = decide_promotion(compare_paired(GOOD[:n], -GOOD[:n], LABELS[:n]), PromotionRule())
        assert decision.promote is promoted
        assert ("19 test reviews that the champion does not know are too few" in decision.reason) is not promoted


def test_the_first_model_must_know_positive_from_negative_reviews() -> None:
    rule = PromotionRule()
    assert decide_first_promotion(GOOD, LABELS, rule).reason == (
        "Promoted: there was no champion; in 100.0 % of pairs of a positive and a negative test review the positive "
        "one has the larger margin (p 0.000 for chance); 1,000 of 1,000 are given the right label, 500 would be by "
        "always answering the more frequent one."
    )
    always = decide_first_promotion(np.ones(1000), LABELS, rule)
    assert not always.promote
    assert "at level 0.05 chance explains what the model knows; in 50.0 % of pairs" in always.reason
    assert not decide_first_promotion(GOOD, LABELS, PromotionRule(rule="manual")).promote


def test_where_nearly_all_reviews_are_positive_a_model_need_not_be_right_more_often_than_saying_so() -> None:
    """It calls all of them positive, but the negative ones least."""
    labels = (np.arange(200) >= 10).astype(int)
    margins = 1 + labels + np.random.default_rng(0).normal(0, 0.5, 200)
    decision = decide_first_promotion(margins, labels, PromotionRule())
    assert decision.promote
    assert "190 of 200 are given the right label, 190 would be" in decision.reason


def test_a_model_whose_labels_are_surely_worse_than_the_more_frequent_label_is_not_let_in() -> None:
    """Its threshold is far off, whatever it knows."""
    labels = (np.arange(200) >= 10).astype(int)
    margins = labels - 1.5 + np.random.default_rng(0).normal(0, 0.5, 200)
    decision = decide_first_promotion(margins, labels, PromotionRule())
    assert not decision.promote
    assert "the smallest error rate is that of the more frequent label alone; in " in decision.reason


def test_a_first_model_whose_labels_are_for_macro_f1_may_be_wrong_more_often_than_the_more_frequent_label() -> None:
    """It finds all ten negative reviews among 200, and calls thirty positive ones negative."""
    labels = (np.arange(200) >= 10).astype(int)
    margins = np.where(np.arange(200) < 40, -1.0, 1.0)
    assert not decide_first_promotion(margins, labels, PromotionRule(), "error_rate").promote
    assert decide_first_promotion(margins, labels, PromotionRule(), "macro_f1").promote
    ranks_well = np.select([labels == 0, np.arange(200) < 160], [-2.0, -1.0], 1.0)
    decision = decide_first_promotion(ranks_well, labels, PromotionRule(), "macro_f1")
    assert "the largest macro-F1 is that of the more frequent label alone; in " in decision.reason


def test_with_few_test_reviews_or_of_one_label_there_is_no_champion_yet() -> None:
    for n, promoted in ((19, False), (20, True)):
        decision = decide_first_promotion(GOOD[:n], LABELS[:n], PromotionRule())
        assert decision.promote is promoted
        assert ("19 test reviews are too few, fewest_test_reviews is 20; in 100.0 %" in decision.reason) is not promoted
    alike = decide_first_promotion(np.ones(50), np.ones(50, int), PromotionRule())
    assert alike.reason == (
        "Not promoted: no champion yet, but all 50 test reviews have the same label. "
        "Land more labelled reviews, of both labels."
    )


@pytest.mark.slow
@pytest.mark.parametrize(("share", "rounds"), [(0.5, 2_000), (0.9, 200)])
def test_a_model_that_answers_by_chance_is_let_in_at_most_at_the_level(share: float, rounds: int) -> None:
    """It says positive as often as there are positives, whatever the review."""
    chance, promoted = np.random.default_rng(1), 0
    for _ in range(rounds):
        labels = (chance.random(100) < share).astype(int)
        answers = np.where(chance.random(100) < share, 1.0, -1.0)
        promoted += decide_first_promotion(answers, labels, PromotionRule()).promote
    assert promoted <= binom.ppf(0.9999, rounds, 0.05)


def verdict_on(
    challenger: Challenger, model: SentimentModel, splits: pd.DataFrame, similarity: float | None = 0.7
) -> Decision:
    champion = measure_champion(model, splits)
    comparison = compare_with_champion(challenger, champion, splits, similarity, batch_keys=["b"])
    return decide(
        challenger, champion=champion, comparison=comparison, splits=splits, rule=PromotionRule(), cases=NO_CASES
    )


def without_memory(model: SentimentModel) -> SentimentModel:
    """The model as if it had been trained on nothing."""
    return replace(model, trained_on=model.trained_on[:0], trained_signatures=NO_SIGNATURES)


def test_the_gate_leaves_out_test_reviews_that_the_champion_was_trained_on(
    challenger: Challenger, splits: pd.DataFrame
) -> None:
    test = splits.loc[splits["split"] == "test", "text_digest"].to_numpy()
    for known, compared in ((test[:0], len(test)), (test[:30], len(test) - 30)):
        champion = replace(without_memory(challenger.model), trained_on=np.sort(known))
        assert f"the same {compared:,} test reviews" in verdict_on(challenger, champion, splits).reason
    everything = verdict_on(challenger, replace(without_memory(challenger.model), trained_on=np.sort(test)), splits)
    assert not everything.promote
    assert "trained on every test review" in everything.reason


def test_the_gate_leaves_out_near_duplicates_of_what_the_champion_was_trained_on(
    challenger: Challenger, splits: pd.DataFrame
) -> None:
    test = splits.loc[splits["split"] == "test", "text"]
    copies = text_signatures([f"{text} indeed" for text in test[:30]])
    champion = replace(without_memory(challenger.model), trained_signatures=copies)
    assert f"the same {len(test) - 30:,} test reviews" in verdict_on(challenger, champion, splits).reason
    assert f"the same {len(test):,} test reviews" in verdict_on(challenger, champion, splits, similarity=None).reason


def test_near_duplicates_are_recognised_by_the_champions_own_kind_of_shingles(
    challenger: Challenger, splits: pd.DataFrame
) -> None:
    """Texts without spaces have no shingles of words."""
    test = splits["split"] == "test"
    bare = splits.assign(text=splits["text"].where(~test, splits["text"].str.replace(" ", "")))
    copies = text_signatures([f"{text}!" for text in bare.loc[test, "text"][:30]], "char")
    [part] = challenger.model.feature_set.parts
    characters = replace(part, ngrams=part.ngrams.model_copy(update={"analyzer": "char"}))
    champion = replace(
        without_memory(challenger.model), trained_signatures=copies, feature_set=FittedFeatureSet((characters,))
    )
    assert f"the same {test.sum() - 30:,} test reviews" in verdict_on(challenger, champion, bare).reason


def test_a_champion_that_knows_near_duplicates_of_test_reviews_does_not_win_by_them(
    challenger: Challenger, splits: pd.DataFrame
) -> None:
    """It is right and sure about these reviews alone; about the others it is no better than the challenger."""
    test = splits[splits["split"] == "test"]
    signs = 2 * test["label"].to_numpy() - 1
    known = np.arange(len(test)) < len(test) // 2
    copies = text_signatures([f"{text} indeed" for text in test["text"][known]])
    champion = ChampionTestMargins(
        replace(without_memory(challenger.model), trained_signatures=copies),
        np.where(known, 5.0 * signs, challenger.test_margins),
    )
    unsure = replace(challenger, test_margins=np.where(known, 0.1 * signs, challenger.test_margins))
    fair = compare_with_champion(unsure, champion, splits, 0.7, batch_keys=["b"])
    unfair = compare_with_champion(unsure, champion, splits, None, batch_keys=["b"])
    assert fair is not None
    assert unfair is not None
    assert judge(fair, 0.05) == "neither better nor worse"
    assert judge(unfair, 0.05) == "worse"


def upside_down(model: SentimentModel) -> SentimentModel:
    """The same model with every sign changed."""
    return replace(model, coefficients=-model.coefficients, intercept=-model.intercept)


def test_a_challenger_that_passes_fewer_behavioural_cases_is_not_promoted(
    challenger: Challenger, splits: pd.DataFrame
) -> None:
    confused = replace(challenger, model=upside_down(challenger.model))
    champion = measure_champion(challenger.model, splits)
    comparison = compare_with_champion(confused, champion, splits, None, batch_keys=["b"])
    assert decide(
        confused, champion=champion, comparison=comparison, splits=splits, rule=PromotionRule(), cases=NO_CASES
    ).promote
    decision = decide(
        confused, champion=champion, comparison=comparison, splits=splits, rule=PromotionRule(), cases=CASES
    )
    assert not decision.promote
    assert decision.reason.startswith(
        "Not promoted: the challenger passes 0 of 2 behavioural cases, the champion 2. Otherwise: Promoted:"
    )


def test_as_many_behavioural_cases_are_enough(challenger: Challenger, splits: pd.DataFrame) -> None:
    champion = measure_champion(challenger.model, splits)
    comparison = compare_with_champion(challenger, champion, splits, None, batch_keys=["b"])
    assert decide(
        challenger, champion=champion, comparison=comparison, splits=splits, rule=PromotionRule(), cases=CASES
    ).promote
    assert decide(challenger, champion=None, comparison=None, splits=splits, rule=PromotionRule(), cases=CASES).promote
