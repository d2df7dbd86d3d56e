"""``wrong_language``: texts in a language that is not expected."""

import numpy as np

from sentiment_assets.monitoring.language import UNDETERMINED, languages_of
from sentiment_assets.monitoring.quality_batch import Fault, Judgement, QualityBatch, judge_sample
from sentiment_assets.monitoring.settings import MonitoringSettings
from sentiment_assets.monitoring.text_columns import main_languages

FAULT = Fault(
    name="wrong_language",
    meaning="reviews are in a language that is not expected",
    remedy="Land other languages in a branch of their own, or name them under `languages`",
)


def judge(batch: QualityBatch, settings: MonitoringSettings) -> Judgement:
    """Judge a batch."""
    languages = np.array(languages_of(batch.sampled_texts), dtype="U8")
    expected = settings.languages or main_languages(languages)[:1]
    return judge_sample(FAULT, ~np.isin(languages, [*expected, UNDETERMINED]), batch, settings)
