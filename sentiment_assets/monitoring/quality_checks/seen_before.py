"""``seen_before``: texts that an earlier batch has, without a new label."""

import numpy as np

from sentiment_assets.learning.review_identity import is_neutral, labels_said
from sentiment_assets.monitoring.quality_batch import Fault, Judgement, QualityBatch, judge_reviews
from sentiment_assets.monitoring.settings import MonitoringSettings

FAULT = Fault(
    name="seen_before",
    meaning="reviews repeat a text of an earlier batch and bring no new label",
    remedy="Ask the client whether the export overlaps the last one",
)


def judge(batch: QualityBatch, settings: MonitoringSettings) -> Judgement:
    """Judge a batch. A neutral review brings its label: whether it had that before, nobody remembers."""
    labels = batch.reviews["label"].to_numpy(np.float64, na_value=np.nan)
    neutral = is_neutral(labels_said(batch.reviews)).to_numpy()
    return judge_reviews(FAULT, batch.others.bring_nothing(batch.digests, labels) & ~neutral, settings)
