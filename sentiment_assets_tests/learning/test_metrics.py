import numpy as np
import pytest
from scipy import sparse

from sentiment_assets.learning.metrics import (
    accuracy,
    balanced_error_rate,
    confusion,
    error_rate,
    hinge_loss,
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
    assert balanced_error_rate(MARGINS, LABELS) == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert majority_accuracy(LABELS) == pytest.approx(3 / 5)


def test_rates_per_label_by_hand() -> None:
    assert confusion(MARGINS, LABELS).tolist() == [[1, 1], [2, 1]]
    assert rates_per_label(MARGINS, LABELS) == pytest.approx(
        {
            "macro_f1": (2 / 5 + 2 / 5) / 2,
            "recall_negative": 1 / 2,
            "precision_negative": 1 / 3,
            "recall_positive": 1 / 3,
            "precision_positive": 1 / 2,
        }
    )


def test_what_would_divide_by_nothing_is_left_out() -> None:
    assert rates_per_label(np.ones(4), np.ones(4, int)) == {
        "macro_f1": 0.5,
        "recall_positive": 1.0,
        "precision_positive": 1.0,
    }


def test_the_majority_label_by_hand() -> None:
    assert [majority_label(np.array(labels)) for labels in ([1, 1, 0], [0, 0, 1], [0, 1])] == [1, 0, 0]


def test_a_row_without_an_entry_has_the_margin_of_which_nothing_follows() -> None:
    rows = sparse.csr_matrix(np.array([[1, 0], [0, 0], [0, 2]], np.float32))
    assert margins_of_rows(rows, np.array([0.5, -1], np.float32), 0.25).tolist() == [0.75, 0, -1.75]
