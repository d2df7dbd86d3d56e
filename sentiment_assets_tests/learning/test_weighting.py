import numpy as np
import pytest
from scipy import sparse
from sklearn.feature_extraction.text import TfidfTransformer

from sentiment_assets.learning.weighting import apply_column_weights, fit_column_weights

PRESENCE = sparse.csr_matrix(np.array([[1, 1, 0, 0], [1, 0, 0, 0], [1, 0, 1, 0], [0, 1, 1, 1]], np.float32))
LABELS = np.array([1, 1, 0, 0])


def test_naive_bayes_is_the_log_count_ratio() -> None:
    fitted = fit_column_weights(PRESENCE, LABELS, "naive_bayes", min_reviews=2)
    positive, negative = np.array([2, 1, 0]) + 1, np.array([1, 1, 2]) + 1
    expected = np.log((positive / positive.sum()) / (negative / negative.sum()))
    assert fitted.columns.tolist() == [0, 1, 2]
    assert fitted.weights == pytest.approx(expected)


def test_tfidf_is_scikit_learns() -> None:
    ours = apply_column_weights(PRESENCE, fit_column_weights(PRESENCE, LABELS, "tfidf", min_reviews=1))
    assert ours.toarray() == pytest.approx(TfidfTransformer().fit_transform(PRESENCE).toarray(), abs=1e-6)


def test_rows_have_length_one_and_unseen_columns_carry_no_weight() -> None:
    fitted = fit_column_weights(PRESENCE, LABELS, "presence", min_reviews=2)
    rows = apply_column_weights(sparse.csr_matrix(np.array([[1, 1, 0, 1], [0, 0, 0, 1]], np.float32)), fitted)
    assert rows.toarray() == pytest.approx(np.array([[0.5**0.5, 0.5**0.5, 0], [0, 0, 0]]))
