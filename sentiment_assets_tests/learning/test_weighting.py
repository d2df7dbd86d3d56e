from collections.abc import Callable

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.utils.estimator_checks import parametrize_with_checks

from sentiment_assets.learning.labelled_rows import LabelledRows
from sentiment_assets.learning.ngrams import ColumnLookup, select_columns
from sentiment_assets.learning.weighting import (
    ColumnWeighting,
    ColumnWeights,
    count_columns,
    fit_column_weights,
    weigh,
    weigh_anew,
)


@parametrize_with_checks([ColumnWeighting(min_reviews=1)])
@pytest.mark.filterwarnings("ignore:SCIPY_ARRAY_API is not set")
def test_scikit_learns_own_checks(estimator: BaseEstimator, check: Callable[[BaseEstimator], None]) -> None:
    check(estimator)


PRESENCE = sparse.csr_matrix(np.array([[1, 1, 0, 0], [1, 0, 0, 0], [1, 0, 1, 0], [0, 1, 1, 1]], np.float32))
LABELS = np.array([1, 1, 0, 0])
ROWS = LabelledRows.of(PRESENCE, LABELS)


def test_naive_bayes_is_the_log_count_ratio() -> None:
    fitted = fit_column_weights(ROWS, "naive_bayes", min_reviews=2)
    positive, negative = np.array([2, 1, 0]) + 1, np.array([1, 1, 2]) + 1
    expected = np.log((positive / positive.sum()) / (negative / negative.sum()))
    assert fitted.columns.tolist() == [0, 1, 2]
    assert fitted.weights == pytest.approx(expected)


def test_the_columns_of_most_reviews_come_first_and_of_as_many_the_lower_one() -> None:
    backwards = LabelledRows.of(PRESENCE[:, ::-1].tocsr(), LABELS)
    fitted = fit_column_weights(backwards, "tfidf", min_reviews=1)
    assert fitted.columns.tolist() == [3, 1, 2, 0]
    assert fitted.weights.tolist() == sorted(fitted.weights)


def test_the_default_tempers_that_ratio_and_favours_rare_ngrams() -> None:
    plain, default = (
        fit_column_weights(ROWS, weighting, min_reviews=1).weights for weighting in ("naive_bayes", "naive_bayes_idf")
    )
    idf = fit_column_weights(ROWS, "tfidf", min_reviews=1).weights
    assert default == pytest.approx(np.sign(plain) * np.sqrt(np.abs(plain)) * idf**2, rel=1e-5)


def test_tfidf_is_scikit_learns() -> None:
    ours = ColumnWeighting("tfidf", min_reviews=1).fit(PRESENCE, LABELS).transform(PRESENCE)
    assert ours.toarray() == pytest.approx(TfidfTransformer().fit_transform(PRESENCE).toarray(), abs=1e-6)


def test_rows_have_length_one_and_unseen_columns_carry_no_weight() -> None:
    fitted = ColumnWeighting("presence", min_reviews=2).fit(PRESENCE, LABELS)
    rows = fitted.transform(sparse.csr_matrix(np.array([[1, 1, 0, 1], [0, 0, 0, 1]], np.float32)))
    assert rows.toarray() == pytest.approx(np.array([[0.5**0.5, 0.5**0.5, 0], [0, 0, 0]]))


def test_rows_weighed_anew_are_those_that_the_new_weights_make() -> None:
    former = fit_column_weights(ROWS, "tfidf", min_reviews=1)
    fewer = ROWS.between(0, len(ROWS.labels) - 1)
    now = fit_column_weights(fewer, "naive_bayes_idf", min_reviews=2)
    expected = np.zeros((len(ROWS.labels), ROWS.n_columns), np.float32)
    expected[:, now.columns] = weigh(ROWS.rows[:, now.columns], now.weights).toarray()
    lookup = ColumnLookup.of(former.columns, ROWS.n_columns)
    weighed = weigh(select_columns(ROWS.rows, lookup), former.weights)
    places = ColumnWeights(lookup.position[now.columns], now.weights)
    anew = weigh_anew(weighed, former.weights, places)
    assert anew.toarray() == pytest.approx(expected[:, former.columns], abs=1e-6)


def test_a_column_without_former_weight_carries_none() -> None:
    rows = sparse.csr_matrix(np.array([[0.0, 1.0], [0.0, 0.0]], np.float32))
    rows = sparse.csr_matrix((rows.data, rows.indices, rows.indptr), shape=rows.shape)
    anew = weigh_anew(
        rows, np.array([0, 2], np.float32), ColumnWeights(np.array([0], np.int32), np.ones(1, np.float32))
    )
    assert anew.nnz == 0


def test_counts_without_some_reviews_are_those_of_the_others() -> None:
    last = len(ROWS.labels) - 1
    everywhere, some, others = (
        count_columns(rows.chunks(), ROWS.n_columns)
        for rows in (ROWS, ROWS.between(last, last + 1), ROWS.between(0, last))
    )
    without = everywhere.without(some)
    assert without.n_reviews == others.n_reviews
    assert without.reviews_with.tolist() == others.reviews_with.tolist()
    assert without.positive.tolist() == others.positive.tolist()
