import pandas as pd

from sentiment_assets.learning.settings import SplitSettings
from sentiment_assets.learning.splitting import split_reviews
from sentiment_assets.monitoring import neutral_reviews
from sentiment_assets.monitoring.neutral_reviews import NeutralReviews, gather_neutral_reviews
from testing.batches import batch, middling


def gathered(*batches: pd.DataFrame) -> NeutralReviews:
    corpus = pd.concat([each.assign(batch=str(number)) for number, each in enumerate(batches)], ignore_index=True)
    return gather_neutral_reviews(batches, split_reviews(corpus, SplitSettings()).reviews)


def test_each_neutral_text_counts_once_in_the_proportion_in_which_it_came() -> None:
    labelled, neutral = batch(300).assign(neutral=False), middling(100)
    found = gathered(pd.concat([labelled, neutral], ignore_index=True), neutral.head(50))
    assert sorted(found.texts) == sorted(neutral["text"])
    assert found.share == 0.25


def test_a_text_that_was_called_positive_or_negative_since_is_none() -> None:
    labelled, neutral = batch(300).assign(neutral=False), middling(100)
    corrected = neutral.head(40).assign(label=pd.array([1] * 40, "Int8"), neutral=False)
    found = gathered(labelled, neutral, corrected)
    assert sorted(found.texts) == sorted(neutral["text"][40:])
    assert found.share == 60 / 400


def test_reviews_without_a_label_and_batches_of_a_former_release_have_none() -> None:
    reviews = batch(300)
    reviews.loc[:99, "label"] = pd.NA
    for each in (reviews, reviews.assign(neutral=False)):
        found = gathered(each)
        assert (len(found.texts), found.share, found.digest) == (0, 0, "")


def test_of_many_a_sample_is_kept_which_does_not_depend_on_their_order(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(neutral_reviews, "MOST_LOOKED_AT", 50)
    labelled, neutral = batch(300).assign(neutral=False), middling(100)
    at_once = gathered(labelled, neutral)
    in_parts = gathered(neutral.iloc[60:], labelled, neutral.iloc[:60])
    assert len(at_once.texts) == 50
    assert at_once.texts.tolist() == in_parts.texts.tolist()
    assert at_once.share == in_parts.share == 0.25
    assert at_once.digest == in_parts.digest != gathered(labelled, neutral.iloc[:99]).digest


def test_neutral_reviews_with_a_rating_are_told_apart() -> None:
    """Batches that were taken in before scores went by ratings have none."""
    labelled, before, now = batch(300).assign(neutral=False), middling(40), middling(20, seed=301)
    found = gathered(labelled, before, now.assign(rating_position=0.25))
    assert len(found.texts) == 60
    assert sorted(found.with_ratings.texts) == sorted(now["text"])
    assert found.with_ratings.positions.tolist() == [0.25] * 20
    assert found.with_ratings.share == found.share
