"""A batch as the champion sees it: everything about its texts that the drift checks look at, as arrays."""

from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc
from scipy import sparse

from sentiment_assets.learning.model import SentimentModel
from sentiment_assets.learning.ngrams import Texts, as_column, hash_ngrams
from sentiment_assets.learning.settings import NgramSettings
from sentiment_assets.monitoring.text_columns import TextColumns, describe_texts, repeats
from sentiment_assets.text_identity import text_digests

_COLUMNS_LOG2 = 18
_FEWEST_SPACES = 0.1
"""The share of blanks from which texts are written in words: English has 0.18, Finnish 0.12, Chinese below 0.05."""


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


def drift_ngrams(model: NgramSettings, texts: Texts) -> NgramSettings:
    """The n-grams drift is looked for in: single words or, in texts without spaces, one and two characters.

    There are few columns. A model of characters alone has words here all the same where its texts do, because people
    are shown them; a model of words keeps them.
    """
    has_words = model.analyzer == "word" or _share_of_spaces(texts) >= _FEWEST_SPACES
    if has_words:
        return NgramSettings(analyzer="word", shortest=1, longest=1, columns_log2=_COLUMNS_LOG2)
    return NgramSettings(analyzer=model.analyzer, shortest=1, longest=2, columns_log2=_COLUMNS_LOG2)


def _share_of_spaces(texts: Texts) -> float:
    """The share of blanks among the characters of texts: a sixth in most languages, next to none in Chinese or Thai."""
    column = as_column(texts)
    characters = pc.sum(pc.utf8_length(column)).as_py() or 0
    return (pc.sum(pc.count_substring(column, " ")).as_py() or 0) / max(characters, 1)
