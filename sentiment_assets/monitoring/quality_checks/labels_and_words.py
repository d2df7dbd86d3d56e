"""``labels_and_words``: labels that do not go with what the reviews say, as where the best mark is a 1."""

import math

from sentiment_assets.ingestion.praise_and_blame import count_praise_and_blame
from sentiment_assets.monitoring.finding import Finding, judged, unknown
from sentiment_assets.monitoring.quality_batch import Judgement, QualityBatch, with_remedy
from sentiment_assets.monitoring.settings import MonitoringSettings
from sentiment_assets.presentation.wording import percent

_NAME = "labels_and_words"
_REMEDY = "They may be upside down, or say something else: look at the label rule, and at the column of the label."


def judge(batch: QualityBatch, settings: MonitoringSettings) -> Judgement:
    """Judge a batch."""
    found, least = count_praise_and_blame(batch.reviews.iloc[batch.sample]), settings.quality.labels_and_words
    ratio, highest = found.odds_ratio(settings.quality_alpha)
    if math.isnan(ratio):
        return Judgement(unknown(_NAME, "Too few labelled reviews have a word of praise, or of blame, that is known."))
    praised, blamed = found.shares
    sentence = (
        f"Of {found.praising:,} labelled reviews with words of praise {percent(praised)} are positive, of "
        f"{found.blaming:,} with words of blame {percent(blamed)}; the odds of the former should be at least {least:g} "
        "times as large."
    )
    finding = judged(
        Finding(
            name=_NAME,
            verdict="ok",
            sentence=sentence,
            statistic=found.praising + found.blaming,
            effect=ratio,
            threshold=least,
            surely=highest,
            too_little=True,
        )
    )
    return Judgement(with_remedy(finding, _REMEDY))
