"""``html``: texts with tags or entities."""

import numpy as np
import pyarrow.compute as pc

from sentiment_assets.ingestion.markup import MARKUP
from sentiment_assets.learning.ngrams import Texts, as_column
from sentiment_assets.monitoring.quality_batch import Fault, Judgement, QualityBatch, judge_reviews
from sentiment_assets.monitoring.settings import MonitoringSettings
from sentiment_assets.monitoring.text_columns import count_matches

FAULT = Fault(
    name="html",
    meaning="reviews hold HTML tags or entities",
    remedy="Ask for an export of plain text",
)

_MARKUP = f"(?i){MARKUP}"
_LINE_BREAK = r"(?i)<br\s*/?>"


def judge(batch: QualityBatch, settings: MonitoringSettings) -> Judgement:
    """Judge a batch."""
    return judge_reviews(FAULT, is_html(batch.texts), settings)


def is_html(texts: Texts) -> np.ndarray:
    """True where tags or entities stand. Line breaks alone do not count: half the world's reviews have them."""
    without = pc.replace_substring_regex(as_column(texts), _LINE_BREAK, " ")
    return count_matches(without, _MARKUP) > 0
