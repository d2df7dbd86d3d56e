"""``unread_splits``: values of `split` that could not be read."""

from sentiment_assets.monitoring.quality_batch import Fault, Judgement, QualityBatch, judge_unread
from sentiment_assets.monitoring.settings import MonitoringSettings

FAULT = Fault(
    name="unread_splits",
    meaning="reviews have a split name that could not be read, and were kept without it",
    remedy="See which in `unread` of the batch's metadata; write train, validation or test, or name "
    'the column of the split under `columns: split`, "" if there is none',
)


def judge(batch: QualityBatch, settings: MonitoringSettings) -> Judgement:
    """Judge a batch."""
    return judge_unread(FAULT, "split", batch, settings)
