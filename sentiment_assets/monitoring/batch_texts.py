"""A batch as the champion sees it: everything about its texts that the drift checks look at, as arrays."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from sentiment_assets.learning.model import SentimentModel
from sentiment_assets.learning.ngrams import Texts, as_column, hash_ngrams
from sentiment_assets.learning.settings import NgramSettings
from sentiment_assets.monitoring.text_columns import TextColumns, describe_texts, repeats
from sentiment_assets.text_identity import text_digests

_COLUMNS_LOG2 = 18


@dataclass(frozen=True)
class BatchTexts:
    """The distinct texts of a batch: copies are the business of the quality check, not of drift."""

    positions: np.ndarray
    """int64, shape (n_distinct,): where each distinct text first stands in the batch."""
    ngrams: sparse.csr_matrix
    """Shape (n_distinct, n_hashed_columns): the reference's kind of n-grams."""
    columns: TextColumns
    unknown_words: np.ndarray
    """Share of words that the champion does not know."""


def describe_batch_texts(texts: Texts, model: SentimentModel, ngrams: NgramSettings) -> BatchTexts:
    """Look at a batch of at least 0 texts."""
    column = as_column(texts)
    positions = np.flatnonzero(~repeats(text_digests(column.to_pylist())))
    distinct = column.take(positions)
    return BatchTexts(
        positions=positions,
        ngrams=hash_ngrams(distinct, ngrams),
        columns=describe_texts(distinct),
        unknown_words=model.unknown_shares(distinct),
    )


def drift_ngrams(model: NgramSettings) -> NgramSettings:
    """The n-grams drift is looked for in: single words, or one and two characters, in few columns."""
    longest = 1 if model.analyzer == "word" else 2
    return NgramSettings(analyzer=model.analyzer, shortest=1, longest=longest, columns_log2=_COLUMNS_LOG2)
