"""``duplicates``: texts that stand twice in the batch."""

from sentiment_assets.monitoring.quality_batch import Fault, Judgement, QualityBatch, judge_reviews
from sentiment_assets.monitoring.settings import MonitoringSettings
from sentiment_assets.monitoring.text_columns import repeats

FAULT = Fault(
    name="duplicates",
    meaning="reviews repeat a text of this batch",
    remedy="Ask the client whether the export repeats rows",
)


def judge(batch: QualityBatch, settings: MonitoringSettings) -> Judgement:
    """Judge a batch."""
    return judge_reviews(FAULT, repeats(batch.digests), settings, dropped=batch.rows_duplicate)
