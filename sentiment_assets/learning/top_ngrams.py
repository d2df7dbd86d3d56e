"""The most positive and the most negative n-grams of a model."""

import numpy as np
import pandas as pd
import pyarrow as pa

from sentiment_assets.learning.labelled_rows import LabelledRows
from sentiment_assets.learning.model import SentimentModel
from sentiment_assets.learning.ngrams import Texts, texts_at

_TEXTS_TO_NAME_BY = 50
_FEWEST_REVIEWS = 10


def top_ngrams(
    model: SentimentModel, texts: Texts, rows: LabelledRows, n: int = 20, *, places: np.ndarray
) -> pd.DataFrame:
    """The ``n`` n-grams that push the margin up most where they stand, then the ``n`` that push it down most.

    ``rows`` are the features of the reviews at the ``places`` among ``texts``. N-grams of fewer than ten reviews are
    left out; a column is named by the n-gram most often behind it in some of these reviews. Columns: ngram;
    contribution, its mean term of W·x in the reviews that have it; reviews, how many these are.
    """
    with_column = np.zeros(rows.n_columns, np.int32)
    for some, _ in rows.chunks():
        np.add.at(with_column, some.indices, np.int32(1))  # of one type, or it takes fifteen times as long
    contributions = np.where(
        with_column >= _FEWEST_REVIEWS, model.coefficients * rows.column_sums() / np.maximum(with_column, 1), 0.0
    )
    ascending = np.argsort(contributions, kind="stable")
    down, up = ascending[:n], ascending[::-1][:n]
    chosen = np.concatenate([up[contributions[up] > 0], down[contributions[down] < 0]])
    naming = pa.chunked_array(texts_at(texts, places[_rows_with(rows, chosen)]), pa.large_string())
    return pd.DataFrame(
        {
            "ngram": model.feature_set.names(naming, chosen),
            "contribution": contributions[chosen],
            "reviews": with_column[chosen],
        }
    )


def _rows_with(rows: LabelledRows, columns: np.ndarray) -> np.ndarray:
    """Some rows that have each column, ascending: enough to name it by."""
    wanted = np.zeros(rows.n_columns, bool)
    wanted[columns] = True
    found, start = [_first_of_each(np.empty(0, np.int64), np.empty(0, np.int32))], 0
    for some, _ in rows.chunks():
        entries = np.flatnonzero(wanted[some.indices])
        row_of = start + np.searchsorted(some.indptr, entries, side="right") - 1
        found.append(_first_of_each(row_of, some.indices[entries]))
        start += some.shape[0]
    together = pd.concat(found)
    return np.unique(_first_of_each(together["row"].to_numpy(), together["column"].to_numpy())["row"].to_numpy())


def _first_of_each(row_of: np.ndarray, columns: np.ndarray) -> pd.DataFrame:
    """The first hits of each column, of which there are enough to name it by."""
    return pd.DataFrame({"row": row_of, "column": columns}).groupby("column").head(_TEXTS_TO_NAME_BY)
