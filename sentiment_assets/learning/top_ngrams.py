"""The most positive and the most negative n-grams of a model."""

import numpy as np
import pandas as pd
from scipy import sparse

from sentiment_assets.learning.model import SentimentModel
from sentiment_assets.learning.ngrams import Texts, as_column

_TEXTS_TO_NAME_BY = 50
_FEWEST_REVIEWS = 10


def top_ngrams(model: SentimentModel, texts: Texts, rows: sparse.csr_matrix, n: int = 20) -> pd.DataFrame:
    """The ``n`` n-grams that push the margin up most where they stand, then the ``n`` that push it down most.

    ``texts`` are reviews and ``rows`` their features, shape (n_texts, n_columns). N-grams of fewer than ten reviews are
    left out; a column is named by the n-gram most often behind it in some of these texts. Columns: ngram;
    contribution, its mean term of W·x in the reviews that have it; reviews, how many these are.
    """
    with_column = np.bincount(rows.indices, minlength=rows.shape[1])
    sums = np.bincount(rows.indices, weights=rows.data, minlength=rows.shape[1])
    contributions = np.where(
        with_column >= _FEWEST_REVIEWS, model.coefficients * sums / np.maximum(with_column, 1), 0.0
    )
    ascending = np.argsort(contributions, kind="stable")
    down, up = ascending[:n], ascending[::-1][:n]
    chosen = np.concatenate([up[contributions[up] > 0], down[contributions[down] < 0]])
    some = as_column(texts).take(_rows_with(rows, chosen))
    return pd.DataFrame(
        {
            "ngram": model.feature_set.names(some, chosen),
            "contribution": contributions[chosen],
            "reviews": with_column[chosen],
        }
    )


def _rows_with(rows: sparse.csr_matrix, columns: np.ndarray) -> np.ndarray:
    """Some rows that have each column, ascending: enough to name it by."""
    wanted = np.zeros(rows.shape[1], bool)
    wanted[columns] = True
    entries = np.flatnonzero(wanted[rows.indices])
    hits = pd.DataFrame(
        {"row": np.searchsorted(rows.indptr, entries, side="right") - 1, "column": rows.indices[entries]}
    )
    return np.unique(hits.groupby("column").head(_TEXTS_TO_NAME_BY)["row"].to_numpy())
