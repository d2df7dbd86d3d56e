from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from sklearn.base import BaseEstimator, clone
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_checks

from sentiment_assets.learning.ngrams import hash_ngrams
from sentiment_assets.learning.settings import NgramSettings
from sentiment_assets.learning.vectorizer import NgramVectorizer, name_columns
from sentiment_assets.learning.weighting import ColumnWeighting
from testing.corpus import made_up_reviews

REVIEWS = made_up_reviews(400)
TEXTS = [str(review["text"]) for review in REVIEWS]
LABELS = np.array([review["label"] for review in REVIEWS])


@pytest.mark.parametrize(
    "check",
    [  # scikit-learn's check_estimator gives matrices to all others, and passes over what takes texts
        estimator_checks.check_do_not_raise_errors_in_init_or_set_params,
        estimator_checks.check_estimator_repr,
        estimator_checks.check_get_params_invariance,
        estimator_checks.check_mixin_order,
        estimator_checks.check_no_attributes_set_in_init,
        estimator_checks.check_parameters_default_constructible,
        estimator_checks.check_set_params,
        estimator_checks.check_valid_tag_types,
    ],
    ids=lambda check: check.__name__,
)
def test_scikit_learns_own_checks(check: Callable[[str, BaseEstimator], None]) -> None:
    check("NgramVectorizer", NgramVectorizer(columns_log2=10))


def test_the_whole_model_is_an_ordinary_pipeline() -> None:
    pipeline = make_pipeline(NgramVectorizer(columns_log2=16), ColumnWeighting(), SGDClassifier(random_state=0))
    search = GridSearchCV(pipeline, {"ngramvectorizer__longest": [1, 2]}, cv=3, scoring="accuracy")
    assert search.fit(TEXTS, LABELS).best_score_ > 0.85


def test_a_pandas_column_a_list_and_an_array_are_the_same_texts() -> None:
    vectorizer = NgramVectorizer(columns_log2=16)
    plain = vectorizer.fit_transform(TEXTS)
    for other in (pd.Series(TEXTS), np.array(TEXTS), np.array(TEXTS, object)):
        assert (vectorizer.transform(other) != plain).nnz == 0


@pytest.mark.parametrize("wrong", ["one text", [["nested"]], [1, 2], ["a text", None]])
def test_what_is_no_text_is_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match=r"put it into a list|every review must be a text"):
        NgramVectorizer().fit_transform(wrong)


def test_a_wrong_parameter_is_named_when_fitting() -> None:
    with pytest.raises(ValidationError, match="longest"):
        clone(NgramVectorizer(longest=99)).fit(TEXTS)


def test_a_column_is_named_by_its_most_frequent_ngram() -> None:
    settings = NgramSettings(longest=2, columns_log2=20)
    texts = ["not good", "not bad", "good film"]
    column = {name: hash_ngrams([name], settings).indices for name in ("not", "film")}
    wanted = np.concatenate([column["film"], column["not"]])
    assert name_columns(texts, wanted, settings) == ["film", "not"]
    crowded = NgramSettings(longest=1, columns_log2=8)
    words = [f"w{number}" for number in range(2000)]
    [shared] = hash_ngrams(["w7"], crowded).indices
    assert name_columns([*words, "w7"], np.array([shared]), crowded) == ["w7"]


def test_a_column_that_no_text_has_goes_without_a_name() -> None:
    settings = NgramSettings(longest=1, columns_log2=20)
    assert name_columns(["some", "words"], hash_ngrams(["other"], settings).indices, settings) == [""]
