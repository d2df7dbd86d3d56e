"""``quarantined``: rows of the file that could not be used."""

from sentiment_assets.monitoring.quality_batch import Fault, Judgement, QualityBatch, judge_share
from sentiment_assets.monitoring.settings import MonitoringSettings

FAULT = Fault(
    name="quarantined",
    meaning="rows of the file that have a text are in quarantine",
    remedy="See why in the batch's quarantine, mend the rule or the file, then replay the batch",
)


def judge(batch: QualityBatch, settings: MonitoringSettings) -> Judgement:
    """Judge a batch."""
    rows_with_text = batch.rows_in - batch.file.rows_without_text
    return Judgement(judge_share(FAULT, batch.rows_quarantined, rows_with_text, settings))
