"""``label_balance``: hardly any label of one of the two classes."""

from scipy.stats import beta

from sentiment_assets.monitoring.finding import Finding, judged, unknown
from sentiment_assets.monitoring.quality_batch import Judgement, QualityBatch, with_remedy
from sentiment_assets.monitoring.settings import MonitoringSettings
from sentiment_assets.presentation.wording import percent

_NAME = "label_balance"
_REMEDY = "Check the label rule, or ask the client whether the export is complete."


def judge(batch: QualityBatch, settings: MonitoringSettings) -> Judgement:
    """Judge a batch."""
    labels, least = batch.reviews["label"], settings.quality.label_balance
    n = int(labels.notna().sum())
    if n == 0:
        return Judgement(unknown(_NAME, "No review of the batch has a label."))
    positive = int(labels.sum())
    rarer, word = min((positive, "positive"), (n - positive, "negative"))
    highest = float(beta.ppf(1 - settings.quality_alpha, rarer + 1, n - rarer)) if rarer < n else 1.0
    sentence = f"{rarer:,} of {n:,} labels are {word} ({percent(rarer / n)}); at least {percent(least)} should be."
    finding = judged(
        Finding(
            name=_NAME,
            verdict="ok",
            sentence=sentence,
            statistic=rarer,
            effect=rarer / n,
            threshold=least,
            surely=highest,
            too_little=True,
        )
    )
    return Judgement(with_remedy(finding, _REMEDY))
