"""``seen_before``: texts that an earlier batch has, without a new label."""

import numpy as np

from sentiment_assets.monitoring.quality_batch import Fault, Judgement, QualityBatch, judge_reviews
from sentiment_assets.monitoring.settings import MonitoringSettings

FAULT = Fault(
    name="seen_before",
    meaning="reviews repeat a text of an earlier batch and bring no new label",
    remedy="Ask the client whether the export overlaps the last one",
)


def judge(batch: QualityBatch, settings: MonitoringSettings) -> Judgement:
    """Judge a batch."""
    labels = batch.reviews["label"].to_numpy(np.float64, na_value=np.nan)
    return judge_reviews(FAULT, batch.others.bring_nothing(batch.digests, labels), settings)
