"""The most positive and the most negative n-grams of a model."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import sparse

from sentiment_assets.learning.model import SentimentModel
from sentiment_assets.learning.vectorizer import name_columns


def top_ngrams(model: SentimentModel, texts: Sequence[str], rows: sparse.csr_matrix, n: int = 20) -> pd.DataFrame:
    """The ``n`` n-grams that push the margin up most where they stand, then the ``n`` that push it down most.

    ``texts`` are reviews and ``rows`` their features, shape (n_texts, n_columns). Hashing has no way back, so a column
    is named by the n-gram most often behind it in ``texts``. Columns: ngram; contribution, its mean term of W·x in the
    reviews that have it; reviews, how many these are.
    """
    with_column = np.bincount(rows.indices, minlength=rows.shape[1])
    sums = np.bincount(rows.indices, weights=rows.data, minlength=rows.shape[1])
    contributions = model.coefficients * sums / np.maximum(with_column, 1)
    ascending = np.argsort(contributions, kind="stable")
    down, up = ascending[:n], ascending[::-1][:n]
    chosen = np.concatenate([up[contributions[up] > 0], down[contributions[down] < 0]])
    named = name_columns(texts, model.column_weights.columns[chosen], model.ngrams)
    return pd.DataFrame(
        {
            "ngram": [each.ngram for each in named],
            "contribution": contributions[chosen],
            "reviews": [each.n_texts for each in named],
        }
    )
