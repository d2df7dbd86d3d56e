"""``missing_columns``: columns that the branch names and the file lacks."""

from collections.abc import Sequence

from sentiment_assets.monitoring.finding import Finding, Verdict, unknown
from sentiment_assets.monitoring.quality_batch import Judgement, QualityBatch, with_remedy
from sentiment_assets.monitoring.settings import MonitoringSettings

_NAME = "missing_columns"
_REMEDY = (
    "Ask the client for them, or name the right ones under `columns`: one that has a new name from now on under "
    "`renamed`."
)


def judge(batch: QualityBatch, settings: MonitoringSettings) -> Judgement:
    """Judge a batch."""
    file, limit = batch.file, settings.quality.missing_columns
    count = len(file.columns_missing)
    if not file.columns_found:
        return Judgement(unknown(_NAME, "The batch has no rows."))
    sentence = "The file has every column that the branch names."
    if count:
        missing, there = (_quoted(names) for names in (file.columns_missing, file.columns_found))
        sentence = f"The file lacks {missing}, which the branch names; it has {there}."
    verdict: Verdict = "warn" if count > limit else "ok"
    finding = Finding(name=_NAME, verdict=verdict, sentence=sentence, statistic=count, effect=count, threshold=limit)
    return Judgement(with_remedy(finding, _REMEDY))


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f"“{each}”" for each in names)
