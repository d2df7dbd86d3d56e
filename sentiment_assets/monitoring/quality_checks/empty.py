"""``empty``: texts without a letter or digit."""

import numpy as np
import pyarrow.compute as pc

from sentiment_assets.learning.ngrams import Texts, as_column
from sentiment_assets.monitoring.quality_batch import Fault, Judgement, QualityBatch, judge_reviews
from sentiment_assets.monitoring.settings import MonitoringSettings
from sentiment_assets.monitoring.text_columns import flags_of

FAULT = Fault(
    name="empty",
    meaning="reviews have no letter or digit",
    remedy="Check which column holds the text",
)


def judge(batch: QualityBatch, settings: MonitoringSettings) -> Judgement:
    """Judge a batch."""
    return judge_reviews(FAULT, is_empty(batch.texts), settings)


def is_empty(texts: Texts) -> np.ndarray:
    """True where there is no letter or digit."""
    return ~flags_of(pc.match_substring_regex(as_column(texts), r"[\p{L}\p{N}]"))
