"""``truncated``: texts that are cut at one and the same length."""

import numpy as np
import pyarrow.compute as pc

from sentiment_assets.learning.ngrams import Texts, as_column
from sentiment_assets.monitoring.quality_batch import Fault, Judgement, QualityBatch, judge_reviews
from sentiment_assets.monitoring.settings import MonitoringSettings

FAULT = Fault(
    name="truncated",
    meaning="reviews end at one and the same length, as if cut",
    remedy="Ask for an export with whole texts",
)

_SHORTEST_CUT, _PILE = 20, 3
_AROUND = np.array([1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 1]) / 8
"""Weights of the counts at the lengths from five below to five above; the neighbours of a cut may belong to it."""


def judge(batch: QualityBatch, settings: MonitoringSettings) -> Judgement:
    """Judge a batch."""
    return judge_reviews(FAULT, is_truncated(batch.texts), settings)


def is_truncated(texts: Texts) -> np.ndarray:
    """True for distinct texts that are cut at one and the same length, of 20 characters or more.

    A cut is a length at which texts pile up: three times as many as at the lengths around it. A space at the cut may
    have been stripped, so one character less counts too; copies of a text are counted once.
    """
    column = as_column(texts)
    lengths = pc.utf8_length(column).to_numpy().astype(np.int64)
    distinct = ~column.to_pandas().duplicated().to_numpy()
    counts = np.bincount(lengths[distinct], minlength=_SHORTEST_CUT + 1)
    around = np.convolve(counts, _AROUND, mode="same")[: len(counts)]
    piles = np.where(counts >= _PILE * around, counts, 0)
    piles[:_SHORTEST_CUT] = 0
    cut = int(np.argmax(piles))
    if piles[cut] <= 1:
        return np.zeros(len(column), bool)
    return distinct & ((lengths == cut) | (lengths == cut - 1))
