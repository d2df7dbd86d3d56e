"""``seen_before``: texts that an earlier batch has, without a new label."""

from sentiment_assets.monitoring.other_batches import labels_remembered
from sentiment_assets.monitoring.quality_batch import Fault, Judgement, QualityBatch, judge_reviews
from sentiment_assets.monitoring.settings import MonitoringSettings

FAULT = Fault(
    name="seen_before",
    meaning="reviews repeat a text of an earlier batch and bring no new label",
    remedy="Ask the client whether the export overlaps the last one",
)


def judge(batch: QualityBatch, settings: MonitoringSettings) -> Judgement:
    """Judge a batch."""
    flags = batch.others.bring_nothing(batch.digests, labels_remembered(batch.reviews))
    return judge_reviews(FAULT, flags, settings)
