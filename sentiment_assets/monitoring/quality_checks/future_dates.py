"""``future_dates``: dates after the moment of the check."""

import pandas as pd

from sentiment_assets.monitoring.quality_batch import Fault, Judgement, QualityBatch, judge_reviews
from sentiment_assets.monitoring.settings import MonitoringSettings

FAULT = Fault(
    name="future_dates",
    meaning="reviews have a date in the future",
    remedy="Check the column of dates and its time zone",
)


def judge(batch: QualityBatch, settings: MonitoringSettings) -> Judgement:
    """Judge a batch."""
    flags = (batch.reviews["created_at"] > pd.Timestamp(batch.checked_at)).fillna(False).to_numpy(bool)
    return judge_reviews(FAULT, flags, settings)
