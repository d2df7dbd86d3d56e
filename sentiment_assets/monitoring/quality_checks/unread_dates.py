"""``unread_dates``: values of `created_at` that could not be read."""

from sentiment_assets.monitoring.quality_batch import Fault, Judgement, QualityBatch, judge_unread
from sentiment_assets.monitoring.settings import MonitoringSettings

FAULT = Fault(
    name="unread_dates",
    meaning="reviews have a date that could not be read, and were kept without it",
    remedy="See which in `unread` of the batch's metadata; write ISO 8601, or name the column of the date "
    'under `columns: created_at`, "" if there is none',
)


def judge(batch: QualityBatch, settings: MonitoringSettings) -> Judgement:
    """Judge a batch."""
    return judge_unread(FAULT, "created_at", batch, settings)
