"""``bot_like``: texts that repeat themselves, or one template."""

import numpy as np
import pyarrow.compute as pc

from sentiment_assets.learning.ngrams import Texts, as_column
from sentiment_assets.monitoring.quality_batch import Fault, Judgement, QualityBatch, judge_reviews
from sentiment_assets.monitoring.settings import MonitoringSettings

FAULT = Fault(
    name="bot_like",
    meaning="reviews repeat themselves or one template",
    remedy="Look at the sample: bots, or a form's text",
)

_TEMPLATE_GAPS = r"[^\p{L}\p{M}]+"
_TEMPLATE_FROM = 3
_FEWEST_WORDS, _MOST_WORDS, _DISTINCT_WORDS = 12, 120, 0.34


def judge(batch: QualityBatch, settings: MonitoringSettings) -> Judgement:
    """Judge a batch."""
    return judge_reviews(FAULT, is_bot_like(batch.texts), settings)


def is_bot_like(texts: Texts) -> np.ndarray:
    """True where a text says the same words over and over, or three texts differ in digits and signs alone."""
    column = as_column(texts)
    spaced = pc.replace_substring_regex(pc.utf8_lower(column), _TEMPLATE_GAPS, " ")
    listed, templates = column.to_pylist(), pc.utf8_trim_whitespace(spaced).to_pylist()
    distinct: dict[str, set[str]] = {}
    for template, text in zip(templates, listed, strict=True):
        distinct.setdefault(template, set()).add(text)
    return np.array(
        [len(distinct[template]) >= _TEMPLATE_FROM or _repeats_itself(template) for template in templates], dtype=bool
    )


def _repeats_itself(text: str) -> bool:
    """Long texts are left alone: the share of distinct words falls with length of itself."""
    words = text.split()
    return _FEWEST_WORDS <= len(words) <= _MOST_WORDS and len(set(words)) < _DISTINCT_WORDS * len(words)
