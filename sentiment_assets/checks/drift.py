"""The drift checks of ``raw_reviews``: texts and labels against the champion's reference."""

from collections.abc import Collection, Iterator, Sequence

import dagster as dg

from sentiment_assets.assets.event_metadata import news_metadata
from sentiment_assets.assets.raw_reviews import NAME as RAW_REVIEWS
from sentiment_assets.assets.ui_metadata import table
from sentiment_assets.checks.results import CheckedBatch, check_results, check_specs, severity_of
from sentiment_assets.monitoring.settings import DRIFT_CHECKS, MonitoringSettings
from sentiment_assets.resources.check_records import DRIFT


def drift_specs(
    branch: str, batch_partitions: dg.PartitionsDefinition, settings: MonitoringSettings
) -> Sequence[dg.AssetCheckSpec]:
    """The checks ``text_drift`` and ``label_drift`` on ``<branch>/raw_reviews``."""
    return check_specs(
        branch,
        RAW_REVIEWS,
        batch_partitions=batch_partitions,
        descriptions=DRIFT_CHECKS,
        severity=severity_of(settings),
    )


def drift_results(batch: CheckedBatch, failed_before: Collection[str] | None = None) -> Iterator[dg.AssetCheckResult]:
    """Compare a batch with the champion, remember what was found, and say it.

    ``failed_before`` are the checks that had failed for a batch that is compared again.
    """
    from sentiment_assets.monitoring.batch_checks import check_drift

    record = check_drift(batch.compared, batch.settings)
    records = batch.remember(DRIFT, record)
    words = {"words": table(vars(word) for word in record.words)}
    examples = {"most_unlike": table(vars(example) for example in record.examples)}
    more = {"text_drift": {**words, **examples, **batch.drift_page}, "label_drift": batch.drift_page}
    if failed_before is not None:
        more = {name: {**each, **news_metadata(is_news=name not in failed_before)} for name, each in more.items()}
    yield from check_results(batch, RAW_REVIEWS, records, severity=batch.severity, more=more)
