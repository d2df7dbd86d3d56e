import io
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sentiment_assets.learning.settings import SplitSettings
from sentiment_assets.learning.splitting import (
    UnusableSplits,
    digest_of_splits,
    require_usable,
    split_of_digests,
    split_reviews,
)
from sentiment_assets.text_identity import normalise, text_digests
from testing.corpus import made_up_reviews

SHARES = SplitSettings()
NOW = datetime(2026, 11, 2, tzinfo=UTC)


def corpus(rows: list[tuple[str, int | None, str | None]], batch: str = "b") -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["text", "label", "split"])
    ids = [f"{batch}{number}" for number in range(len(frame))]
    return frame.assign(label=frame["label"].astype("Int8"), batch=batch, review_id=ids)


def made_up(n: int) -> pd.DataFrame:
    return pd.DataFrame(made_up_reviews(n)).assign(split=None, batch="b")


def test_shares_must_make_a_hundred() -> None:
    with pytest.raises(ValidationError, match="must make 100, they make 110"):
        SplitSettings(train=90)


@pytest.mark.parametrize("shares", [SHARES, SplitSettings(train=97, validation=1, test=2)])
def test_the_shares_are_met_to_the_hundredth(shares: SplitSettings) -> None:
    names = split_of_digests(np.arange(10_000, dtype=np.uint64), shares)
    counted = {name: int((names == name).sum()) for name in ("train", "validation", "test")}
    assert counted == {"train": 100 * shares.train, "validation": 100 * shares.validation, "test": 100 * shares.test}


def test_the_splits_are_disjoint() -> None:
    assert split_reviews(made_up(5000), SHARES).reviews["text_digest"].is_unique


@given(st.text(), st.text())
def test_equal_texts_fall_in_the_same_split(text: str, padding: str) -> None:
    """White space, case and Unicode form do not make a text another one."""
    shouted = f"  {text}\n".replace(" ", "  ")
    if normalise(shouted) == normalise(text):
        assert text_digests([text]) == text_digests([shouted])
    assert split_of_digests(text_digests([text]), SHARES) == split_of_digests(text_digests([text, padding])[:1], SHARES)


def dated(n: int) -> pd.DataFrame:
    """A review a day, the last one on 2026-11-01."""
    days = pd.date_range(end="2026-11-01", periods=n, freq="D", tz="UTC")
    return made_up(n).assign(created_at=days)


def test_of_labelled_reviews_with_dates_those_of_the_last_days_may_be_kept_alone() -> None:
    reviews = dated(400)
    found = split_reviews(reviews, SplitSettings(last_days=100), now=NOW)
    assert set(found.reviews["review_id"]) == set(reviews["review_id"].iloc[-101:]), "the hundredth day counts"
    assert (found.n_too_old, found.n_unlabelled) == (299, 0)
    assert split_reviews(reviews, SHARES, now=NOW).n_too_old == 0


def test_reviews_without_a_date_stay_and_one_of_the_future_makes_no_other_old() -> None:
    reviews = dated(400)
    reviews.loc[[0, 1], "created_at"] = [pd.NaT, pd.Timestamp("2099-01-01", tz="UTC")]
    reviews["label"] = reviews["label"].astype("Int8").mask(reviews.index == 2)
    found = split_reviews(reviews, SplitSettings(last_days=100), now=NOW)
    assert set(found.reviews["review_id"]) == {"0-0", "0-1", *reviews["review_id"].iloc[-101:]}
    assert (found.n_too_old, found.n_unlabelled) == (296, 1)
    undated = split_reviews(made_up(50), SplitSettings(last_days=1))
    assert len(undated.reviews) + len(undated.near_duplicates) >= 50 - undated.n_duplicate_texts
    assert undated.n_too_old == 0


def test_a_label_that_lands_later_leaves_a_review_as_old_as_it_is() -> None:
    """A label budget or a file of suspicious labels has no dates."""
    old = dated(400).iloc[:100]
    again = old.assign(created_at=pd.NaT, batch="c", label=1 - old["label"])
    everything = pd.concat([dated(400), again], ignore_index=True)
    found = split_reviews(everything, SplitSettings(last_days=100), now=NOW)
    assert (found.n_too_old, found.n_corrected) == (299, 100)
    assert found.reviews["created_at"].notna().all()


def test_a_review_keeps_its_split_as_the_corpus_grows() -> None:
    everything = made_up(2000)
    before = split_reviews(everything[:800], SHARES).reviews.set_index("text")["split"]
    after = split_reviews(everything, SHARES).reviews.set_index("text")["split"]
    assert before.equals(after[before.index])


def test_an_official_split_wins_for_the_rows_that_have_it() -> None:
    rows = [(f"text {number}", 1, "test") for number in range(50)]
    assert set(split_reviews(corpus(rows), SHARES).reviews["split"]) == {"test"}


def test_one_text_in_several_splits_stays_in_test_alone() -> None:
    rows = [("Same text", 1, "train"), ("same  TEXT", 1, "validation"), ("same text", 0, "test")]
    outcome = split_reviews(corpus(rows), SHARES)
    assert outcome.reviews[["text", "split"]].to_numpy().tolist() == [["same text", "test"]]
    assert (outcome.n_duplicate_texts, outcome.n_conflicting_labels) == (2, 2)


def test_one_text_in_train_and_validation_stays_in_validation_alone() -> None:
    rows = [("Same text", 1, "train"), ("same  TEXT", 1, "validation")]
    assert split_reviews(corpus(rows), SHARES).reviews["split"].tolist() == ["validation"]


def test_of_equal_texts_the_earliest_batch_is_kept() -> None:
    both = pd.concat([corpus([("text", 1, None)], "early"), corpus([("Text", 1, None)], "late")], ignore_index=True)
    assert split_reviews(both, SHARES).reviews["batch"].tolist() == ["early"]


def test_unlabelled_reviews_are_counted_and_left_out() -> None:
    outcome = split_reviews(corpus([("a", None, None), ("b", 1, None)]), SHARES)
    assert (len(outcome.reviews), outcome.n_unlabelled) == (1, 1)


def test_too_few_reviews_are_refused_by_what_is_missing() -> None:
    outcome = split_reviews(corpus([("a", 1, "train"), ("b", 0, "train"), ("c", 1, "test")]), SHARES)
    with pytest.raises(UnusableSplits, match="validation has no positive review; .* test has no negative review"):
        require_usable(outcome.reviews)


def test_the_digest_tells_equal_splits_from_others_stored_or_not() -> None:
    one, same, other = (split_reviews(made_up(n), SHARES).reviews for n in (100, 100, 101))
    assert digest_of_splits(one) == digest_of_splits(same) != digest_of_splits(other)
    stored = pd.read_parquet(io.BytesIO(one.to_parquet()))
    assert digest_of_splits(stored) == digest_of_splits(one)
    assert digest_of_splits(one.assign(label=1 - one["label"])) != digest_of_splits(one)


LONG = "The room was clean and the staff were kind to us"


def batches(*rows_of_batches: list[tuple[str, str, int | None]]) -> pd.DataFrame:
    """Batches of rows with an id, a text and a label."""
    rows = [(f"b{number}", *row) for number, rows in enumerate(rows_of_batches) for row in rows]
    frame = pd.DataFrame(rows, columns=["batch", "review_id", "text", "label"])
    return frame.assign(label=frame["label"].astype("Int8"), split=None)


def test_a_later_batch_corrects_a_label() -> None:
    outcome = split_reviews(batches([("a", LONG, 1), ("b", "Fine", 1)], [("a", LONG, 0)]), SHARES)
    assert dict(zip(outcome.reviews["text"], outcome.reviews["label"], strict=True)) == {LONG: 0, "Fine": 1}
    assert (outcome.n_corrected, outcome.n_conflicting_labels, outcome.n_duplicate_texts) == (1, 0, 0)


def test_a_later_batch_corrects_a_text() -> None:
    mended = LONG.replace("clean", "very clean")
    outcome = split_reviews(batches([("a", LONG, 1)], [("a", mended, 0)]), SHARES)
    assert outcome.reviews[["text", "label", "batch"]].to_numpy().tolist() == [[mended, 0, "b1"]]
    assert outcome.n_corrected == 1


def test_a_review_that_comes_again_without_its_label_keeps_it() -> None:
    outcome = split_reviews(batches([("a", LONG, 1)], [("a", LONG, None)]), SHARES)
    assert outcome.reviews["label"].tolist() == [1]
    assert (outcome.n_corrected, outcome.n_unlabelled) == (0, 0)


def test_an_edited_text_is_a_correction_also_if_its_label_stays() -> None:
    outcome = split_reviews(batches([("a", LONG, 1)], [("a", LONG.replace("clean", "very clean"), 1)]), SHARES)
    assert (len(outcome.reviews), outcome.n_corrected) == (1, 1)


def test_a_correction_holds_if_the_review_comes_again_without_a_label() -> None:
    outcome = split_reviews(batches([("a", LONG, 1)], [("a", LONG, 0)], [("a", LONG, None)]), SHARES)
    assert outcome.reviews["label"].tolist() == [0]
    assert (outcome.n_corrected, outcome.n_unlabelled) == (1, 0)


def test_row_numbers_as_ids_make_no_two_reviews_one() -> None:
    outcome = split_reviews(batches([("1", LONG, 1)], [("1", "We shall never come back to this place", 0)]), SHARES)
    assert sorted(outcome.reviews["label"]) == [0, 1]
    assert outcome.n_corrected == 0


def test_a_correction_leaves_a_review_in_its_official_split() -> None:
    """A label budget has no column for it."""
    first = batches([("a", LONG, 1)]).assign(split="test")
    both = pd.concat([first, batches([("a", LONG, 0)])], ignore_index=True)
    assert split_reviews(both, SHARES).reviews[["label", "split"]].to_numpy().tolist() == [[0, "test"]]


def test_a_correction_to_neutral_takes_a_review_out_of_training() -> None:
    both = batches([("a", LONG, 1), ("b", "Fine", 1)], [("a", LONG, None)]).assign(neutral=[False, False, True])
    outcome = split_reviews(both, SHARES)
    assert outcome.reviews["text"].tolist() == ["Fine"]
    assert (outcome.n_corrected, outcome.n_unlabelled) == (1, 1)
    again = pd.concat([both, batches([("a", LONG, 0)]).assign(neutral=False)], ignore_index=True)
    assert sorted(split_reviews(again, SHARES).reviews["label"]) == [0, 1], "and back"


def test_near_duplicates_are_found_in_languages_without_spaces_too() -> None:
    """Their words are whole sentences, of which two neighbours are hardly ever the same."""
    held_out, copy, other = "这家店的饭菜很好吃送得也快", "这家店的饭菜很好吃送得也快啊", "味道太差了等了两个小时才到"
    reviews = corpus([(held_out, 1, "test"), (copy, 1, "train"), (other, 0, "train")])
    assert split_reviews(reviews, SHARES).near_duplicates["text"].tolist() == [copy]
    with_english = pd.concat([reviews, corpus([(f"review number {each}", 1, "train") for each in range(9)], "c")])
    assert split_reviews(with_english, SHARES).near_duplicates.empty, "most reviews here have spaces"
    assert split_reviews(with_english, SHARES, "char").near_duplicates["text"].tolist() == [copy]


def test_validation_reviews_like_test_reviews_are_set_aside_and_what_is_like_those_trains() -> None:
    """Validation is trained on in the end; what is no longer in it is nobody's twin."""
    words = [f"word{number}" for number in range(24)]
    in_test, in_validation, in_train = (" ".join(words[first : first + 20]) for first in (0, 2, 4))
    split = split_reviews(
        corpus([(in_test, 1, "test"), (in_validation, 1, "validation"), (in_train, 1, "train")]),
        SplitSettings(near_duplicate_similarity=0.75),
    )
    assert split.reviews.set_index("text")["split"].to_dict() == {
        in_test: "test",
        in_validation: "near_duplicate",
        in_train: "train",
    }
    [twin] = split.near_duplicates.itertuples()
    assert (twin.text, twin.twin_text, twin.twin_split) == (in_validation, in_test, "test")


def test_a_review_has_the_rating_of_the_version_that_has_its_label() -> None:
    first = corpus([("good", 1, None), ("fine", 1, None)]).assign(rating_position=[0.5, 1.0])
    later = corpus([("good", 0, None), ("fine", None, None)]).assign(batch="c", rating_position=[-1.0, np.nan])
    reviews = split_reviews(pd.concat([first, later], ignore_index=True), SHARES).reviews
    told = reviews.set_index("text")[["label", "rating_position"]]
    assert told.loc["good"].tolist() == [0, -1.0]
    assert told.loc["fine"].tolist() == [1, 1.0], "the later row says nothing"


def test_a_label_from_before_ratings_were_kept_has_none_and_not_that_of_the_label_it_corrects() -> None:
    rated = corpus([("good", 1, None), ("fine", 1, None)]).assign(rating_position=[1.0, 1.0])
    before = corpus([("good", 0, None)]).assign(batch="c")
    reviews = split_reviews(pd.concat([rated, before], ignore_index=True), SHARES).reviews
    told = reviews.set_index("text")[["label", "rating_position"]]
    assert told.loc["good", "label"] == 0
    assert np.isnan(told.loc["good", "rating_position"])
    assert told.loc["fine"].tolist() == [1, 1.0]


def test_of_equal_texts_the_rating_is_that_of_the_one_that_is_kept() -> None:
    rows = corpus([("good", 1, None), ("GOOD", 0, None)]).assign(rating_position=[0.5, -1.0])
    reviews = split_reviews(rows, SHARES).reviews
    assert reviews[["label", "rating_position"]].to_numpy().tolist() == [[1, 0.5]]


def test_without_ratings_there_is_no_such_column() -> None:
    assert "rating_position" not in split_reviews(made_up(50), SHARES).reviews
