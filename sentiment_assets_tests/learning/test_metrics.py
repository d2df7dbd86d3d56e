import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from sklearn.metrics import f1_score, recall_score

from sentiment_assets.learning.metrics import (
    accuracy,
    confusion,
    error_rate,
    hinge_loss,
    label_loss,
    label_loss_of,
    majority_accuracy,
    majority_label,
    margins_of_rows,
    rates_per_label,
)

MARGINS, LABELS = np.array([2.0, 0.5, -3.0, -0.2, 0.0]), np.array([1, 0, 0, 1, 1])


def test_hinge_loss_by_hand() -> None:
    assert hinge_loss(MARGINS, LABELS) == pytest.approx((0 + 1.5 + 0 + 1.2 + 1) / 5)


def test_rates_by_hand() -> None:
    assert error_rate(MARGINS, LABELS) == pytest.approx(3 / 5)
    assert accuracy(MARGINS, LABELS) == pytest.approx(2 / 5)
    assert label_loss_of("error_rate", MARGINS, LABELS) == pytest.approx(3 / 5)
    assert label_loss_of("balanced_error_rate", MARGINS, LABELS) == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert majority_accuracy(LABELS) == pytest.approx(3 / 5)


def test_rates_per_label_by_hand() -> None:
    assert confusion(MARGINS, LABELS).tolist() == [[1, 1], [2, 1]]
    assert rates_per_label(MARGINS, LABELS) == pytest.approx(
        {
            "macro_f1": (2 / 5 + 2 / 5) / 2,
            "balanced_error_rate": (2 / 3 + 1 / 2) / 2,
            "recall_negative": 1 / 2,
            "precision_negative": 1 / 3,
            "recall_positive": 1 / 3,
            "precision_positive": 1 / 2,
        }
    )


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40))
def test_losses_of_labels_are_those_of_scikit_learn(reviews: list[tuple[bool, bool]]) -> None:
    labels, given_labels = (np.array(column, int) for column in zip(*reviews, strict=True))
    margins = given_labels - 0.5
    f1 = f1_score(labels, given_labels, labels=[0, 1], average="macro", zero_division=0)
    assert label_loss_of("macro_f1", margins, labels) == pytest.approx(1 - f1)
    recalls = recall_score(labels, given_labels, labels=np.unique(labels), average=None, zero_division=0)
    assert label_loss_of("balanced_error_rate", margins, labels) == pytest.approx(1 - np.mean(recalls))


def test_many_outcomes_are_looked_at_together() -> None:
    wrong = np.array([[0.0, 1.0, 2.5], [0.0, 0.0, 1.0]])
    there = np.array([4.0, 10.0])
    one_by_one = [float(label_loss("macro_f1", each, there)) for each in wrong.T]
    assert label_loss("macro_f1", wrong, there).tolist() == pytest.approx(one_by_one)


def test_what_would_divide_by_nothing_is_left_out() -> None:
    assert rates_per_label(np.ones(4), np.ones(4, int)) == {
        "macro_f1": 0.5,
        "balanced_error_rate": 0.0,
        "recall_positive": 1.0,
        "precision_positive": 1.0,
    }


def test_the_majority_label_by_hand() -> None:
    assert [majority_label(np.array(labels)) for labels in ([1, 1, 0], [0, 0, 1], [0, 1])] == [1, 0, 0]


def test_a_row_without_an_entry_has_the_margin_of_which_nothing_follows() -> None:
    rows = sparse.csr_matrix(np.array([[1, 0], [0, 0], [0, 2]], np.float32))
    assert margins_of_rows(rows, np.array([0.5, -1], np.float32), 0.25).tolist() == [0.75, 0, -1.75]
