import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sentiment_assets.learning.settings import SplitSettings
from sentiment_assets.learning.splitting import (
    UnusableSplits,
    normalise,
    require_usable,
    split_of_digests,
    split_reviews,
    text_digests,
)
from sentiment_assets_tests.corpus import made_up_reviews

SHARES = SplitSettings()


def corpus(rows: list[tuple[str, int | None, str | None]], batch: str = "b") -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["text", "label", "split"])
    ids = [f"{batch}{number}" for number in range(len(frame))]
    return frame.assign(label=frame["label"].astype("Int8"), batch=batch, review_id=ids)


def made_up(n: int) -> pd.DataFrame:
    return pd.DataFrame(made_up_reviews(n)).assign(split=None, batch="b")


def test_shares_must_make_a_hundred() -> None:
    with pytest.raises(ValidationError, match="must make 100, they make 110"):
        SplitSettings(train=90)


def test_the_shares_are_met_and_the_splits_disjoint() -> None:
    splits = split_reviews(made_up(5000), SHARES).reviews
    shares = splits["split"].value_counts(normalize=True)
    assert shares["train"] == pytest.approx(0.8, abs=0.02)
    assert shares["test"] == pytest.approx(0.1, abs=0.02)
    assert splits["text_digest"].is_unique


@given(st.text(), st.text())
def test_equal_texts_fall_in_the_same_split(text: str, padding: str) -> None:
    """White space, case and Unicode form do not make a text another one."""
    shouted = f"  {text}\n".replace(" ", "  ")
    if normalise(shouted) == normalise(text):
        assert text_digests([text]) == text_digests([shouted])
    assert split_of_digests(text_digests([text]), SHARES) == split_of_digests(text_digests([text, padding])[:1], SHARES)


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


def test_the_digest_tells_equal_splits_from_others() -> None:
    one, same, other = (split_reviews(made_up(n), SHARES).digest for n in (100, 100, 101))
    assert one == same != other
