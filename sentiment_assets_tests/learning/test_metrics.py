import numpy as np
import pytest
from scipy import sparse

from sentiment_assets.learning.metrics import (
    accuracy,
    balanced_error_rate,
    error_rate,
    hinge_loss,
    majority_accuracy,
    majority_label,
    margins_of_rows,
)

MARGINS, LABELS = np.array([2.0, 0.5, -3.0, -0.2, 0.0]), np.array([1, 0, 0, 1, 1])


def test_hinge_loss_by_hand() -> None:
    assert hinge_loss(MARGINS, LABELS) == pytest.approx((0 + 1.5 + 0 + 1.2 + 1) / 5)


def test_rates_by_hand() -> None:
    assert error_rate(MARGINS, LABELS) == pytest.approx(3 / 5)
    assert accuracy(MARGINS, LABELS) == pytest.approx(2 / 5)
    assert balanced_error_rate(MARGINS, LABELS) == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert majority_accuracy(LABELS) == pytest.approx(3 / 5)


def test_the_majority_label_by_hand() -> None:
    assert [majority_label(np.array(labels)) for labels in ([1, 1, 0], [0, 0, 1], [0, 1])] == [1, 0, 0]


def test_a_row_without_an_entry_has_the_margin_of_which_nothing_follows() -> None:
    rows = sparse.csr_matrix(np.array([[1, 0], [0, 0], [0, 2]], np.float32))
    assert margins_of_rows(rows, np.array([0.5, -1], np.float32), 0.25).tolist() == [0.75, 0, -1.75]
