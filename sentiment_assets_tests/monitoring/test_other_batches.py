import numpy as np
import pandas as pd

from sentiment_assets.monitoring.other_batches import (
    OtherBatches,
    PlacedTable,
    digests_and_labels,
    labels_remembered,
    look_at_others,
)
from sentiment_assets.monitoring.text_table import make_table
from sentiment_assets.text_identity import text_digests
from testing.batches import batch, texts_alone


def test_a_text_came_before_and_may_bring_a_label_all_the_same() -> None:
    labelled, unlabelled = batch(3), texts_alone(["one", "two"])
    others = look_at_others([digests_and_labels(labelled), digests_and_labels(unlabelled)], [])
    for reviews in (labelled, unlabelled):
        digests = text_digests(reviews["text"])
        assert others.came_before(digests).all()
        labels = reviews["label"].to_numpy(np.float64, na_value=np.nan)
        assert others.bring_nothing(digests, labels).all()
    assert not others.bring_nothing(text_digests(unlabelled["text"]), np.ones(2)).any()
    corrected = 1 - labelled["label"].to_numpy(np.float64)
    assert not others.bring_nothing(text_digests(labelled["text"]), corrected).any(), "a corrected label is news"
    new = text_digests(batch(3, seed=7)["text"])
    assert not others.came_before(new).any()
    assert not others.bring_nothing(new, np.ones(3)).any()


def test_labels_that_landed_since_are_found_by_their_text() -> None:
    since = digests_and_labels(texts_alone(["One ", "two"]).assign(label=[1, 0]).astype({"label": "Int8"}))
    corrected = since.assign(label=1 - since["label"])
    for batches, expected in (([since, since], [0, np.nan, 1]), ([since, corrected], [1, np.nan, 0])):
        found = look_at_others([], batches).labels_since(text_digests(["two", "three", "one"]))
        assert np.array_equal(found, expected, equal_nan=True), "the last label counts"


def test_a_neutral_label_is_remembered_as_what_it_is() -> None:
    texts, digests = texts_alone(["one", "two", "three"]), text_digests(["one", "two", "three"])
    neutral = digests_and_labels(texts.assign(neutral=[True, True, False]))
    positive = digests_and_labels(texts.head(1).assign(label=1).astype({"label": "Int8"}))
    after = look_at_others([], [neutral, positive])
    assert after.neutral_since(digests).tolist() == [False, True, False], "the last label counts"
    assert np.array_equal(after.labels_since(digests), [1, np.nan, np.nan], equal_nan=True)
    assert np.isnan(look_at_others([], [positive, neutral]).labels_since(digests)).all(), "corrected to neutral"
    before = look_at_others([neutral], [])
    again = labels_remembered(texts.assign(neutral=[True, False, True]))
    assert before.bring_nothing(digests, again).tolist() == [True, True, False], "the third label is new"


def test_a_batch_alone_has_no_others() -> None:
    others, digests = look_at_others([], []), text_digests(["one"])
    assert not others.bring_nothing(digests, np.array([np.nan])).any()
    assert np.isnan(others.labels_since(digests)).all()


def test_seen_from_an_earlier_batch_the_others_are_what_they_are_when_it_is_looked_at_itself() -> None:
    texts = ["one", "two", "three", "four", "five", "six"]
    batches = [
        pd.DataFrame({"text": pd.Series(some, dtype="str"), "label": pd.array(labels, "Int8")})
        for some, labels in (
            (["one", "two"], [1, 0]),
            (["two", "three"], [None, None]),
            (["three", "four"], [None, 1]),
            (["one", "three", "five"], [0, 1, None]),
            (["five", "three"], [0, 0]),
        )
    ]
    known = [digests_and_labels(each) for each in batches]
    this, digests = 3, text_digests(pd.Series(texts, dtype="str"))
    others = look_at_others(known[:this], known[this + 1 :])
    for steps in (1, 2, 3):
        place = this - steps
        seen, expected = others.seen_from(steps, batches[this]), look_at_others(known[:place], known[place + 1 :])
        assert np.array_equal(seen.came_before(digests), expected.came_before(digests))
        assert np.array_equal(seen.labels_since(digests), expected.labels_since(digests), equal_nan=True)


def test_what_a_batch_held_before_it_was_replaced_does_not_count_from_anywhere() -> None:
    former = digests_and_labels(texts_alone(["gone"]).assign(label=1).astype({"label": "Int8"}))
    others = OtherBatches((PlacedTable(make_table([former]), np.array([0])),))
    digests = text_digests(["gone"])
    for seen in (others, others.seen_from(1, batch(3)), others.seen_from(2, batch(3))):
        assert not seen.came_before(digests).any()
        assert np.isnan(seen.labels_since(digests)).all()
