import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment_assets.learning.cross_fitted_margins import CrossFittedMargins
from sentiment_assets.learning.suspicious_labels import (
    COLUMNS,
    confident_joint,
    find_suspicious_labels,
    ranked,
)

OPINIONS = st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1)), min_size=1, max_size=60)


def arrays_of(opinions: list[tuple[int, float]]) -> tuple[np.ndarray, np.ndarray]:
    labels, probabilities = zip(*opinions, strict=True)
    return np.array(labels, np.int8), np.array(probabilities)


def splits_of(labels: list[int]) -> pd.DataFrame:
    numbers = range(len(labels))
    return pd.DataFrame(
        {
            "review_id": [f"r{each}" for each in numbers],
            "text": [f"text {each}" for each in numbers],
            "label": np.array(labels, np.int8),
            "split": "train",
            "batch": "a.csv",
        }
    )


def margins_of(margins: list[float], known: list[int] | None = None) -> CrossFittedMargins:
    places = np.arange(len(margins))
    return CrossFittedMargins(places, np.array(margins), np.array(known or [5] * len(margins), np.int32))


def test_the_joint_of_the_papers_rule_worked_out_by_hand() -> None:
    """Thresholds: 0.8 for positive (1, 0.9 and 0.5), and 0.6 for negative (of 1, 0.7 and 0.1)."""
    labels = np.array([1, 1, 1, 0, 0, 0])
    probabilities = np.array([1.0, 0.9, 0.5, 0.0, 0.3, 0.9])
    assert confident_joint(labels, probabilities) == pytest.approx(np.array([[2.0, 1.0], [0.0, 3.0]]))


@given(OPINIONS)
def test_the_joint_counts_every_review_once_under_its_own_label(opinions: list[tuple[int, float]]) -> None:
    labels, probabilities = arrays_of(opinions)
    joint = confident_joint(labels, probabilities)
    assert joint.sum(axis=1) == pytest.approx([(labels == 0).sum(), (labels == 1).sum()])
    assert (joint >= 0).all()


@given(OPINIONS)
def test_what_is_suspicious_has_a_likelier_label_and_comes_in_order(opinions: list[tuple[int, float]]) -> None:
    labels, probabilities = arrays_of(opinions)
    joint = confident_joint(labels, probabilities)
    found = ranked(labels, probabilities, joint)
    confidence = np.where(labels == 1, probabilities, 1 - probabilities)
    assert (confidence[found] < 0.5).all()
    assert (np.diff(confidence[found]) >= 0).all()
    for label in (0, 1):
        own = confidence[found[labels[found] == label]]
        assert len(own) <= round(joint[label, 1 - label])
        left_out = np.setdiff1d(np.flatnonzero(labels == label), found)
        assert not len(own) or not len(left_out) or own.max() <= confidence[left_out].min()


@given(OPINIONS)
def test_both_labels_are_treated_alike(opinions: list[tuple[int, float]]) -> None:
    labels, probabilities = arrays_of([(label, round(each, 3)) for label, each in opinions])
    joint = confident_joint(labels, probabilities)
    if (np.abs(probabilities - 0.5) < 1e-9).any():
        return  # a review that is as likely to be either counts as negative
    assert confident_joint(1 - labels, 1 - probabilities)[::-1, ::-1] == pytest.approx(joint)


def test_flipped_labels_come_first_with_the_label_that_they_had() -> None:
    chance = np.random.default_rng(0)
    true = np.array([0, 1] * 200)
    margins = (2 * true - 1) * chance.uniform(0.5, 1.5, 400)
    labels = true.copy()
    labels[:10] = 1 - labels[:10]
    found = find_suspicious_labels(splits_of(labels.tolist()), margins_of(margins.tolist()))
    assert list(found.reviews) == list(COLUMNS)
    assert set(found.reviews["review_id"]) == {f"r{each}" for each in range(10)}
    assert (found.reviews["likely_label"] == 1 - found.reviews["label"]).all()
    assert ((found.reviews["probability"] > 0.5) == (found.reviews["likely_label"] == 1)).all()
    assert found.share == pytest.approx(10 / 400)
    assert found.sentence.startswith("About 2.5 % of the labels of 400 reviews look wrong")


def test_a_review_in_which_nothing_is_known_is_never_suspicious() -> None:
    labels = [0, 1] * 50
    margins = [2.0 * label - 1 for label in labels]
    labels[0] = 1
    known = [0] + [5] * 99
    assert find_suspicious_labels(splits_of(labels), margins_of(margins, known)).reviews.empty
    assert find_suspicious_labels(splits_of(labels), margins_of(margins)).reviews["review_id"].tolist() == ["r0"]


def test_where_no_model_knows_anything_no_label_is_suspicious() -> None:
    found = find_suspicious_labels(splits_of([0, 1, 1]), margins_of([0.0] * 3, [0] * 3))
    assert found.reviews.empty
    assert found.share == 0
    assert found.sentence == "No label of 3 reviews looks wrong."


def test_margins_that_do_not_rise_with_the_labels_say_nothing_against_them() -> None:
    labels = [0, 1] * 50
    found = find_suspicious_labels(splits_of(labels), margins_of([1.0 - 2 * label for label in labels]))
    assert found.reviews.empty
