"""The quality checks of ``raw_reviews``: each kind of fault against its limit."""

from collections.abc import Iterator, Sequence

import dagster as dg

from sentiment_assets.assets.raw_reviews import FILE_FACTS
from sentiment_assets.assets.raw_reviews import NAME as RAW_REVIEWS
from sentiment_assets.assets.ui_metadata import sample
from sentiment_assets.checks.results import CheckedBatch, check_results, check_specs, severity_of
from sentiment_assets.monitoring.settings import MonitoringSettings, QualityLimits
from sentiment_assets.resources.check_records import QUALITY


def quality_specs(
    branch: str, batch_partitions: dg.PartitionsDefinition, settings: MonitoringSettings
) -> Sequence[dg.AssetCheckSpec]:
    """A check for each of ``QualityLimits`` on ``<branch>/raw_reviews``."""
    return check_specs(
        branch,
        RAW_REVIEWS,
        batch_partitions=batch_partitions,
        descriptions={name: str(field.description) for name, field in QualityLimits.model_fields.items()},
        severity=severity_of(settings),
    )


def quality_results(batch: CheckedBatch) -> Iterator[dg.AssetCheckResult]:
    """Look for each kind of fault in a batch, remember what was found, and say it."""
    from sentiment_assets.monitoring.check_record import CheckRecord
    from sentiment_assets.monitoring.quality import batch_quality
    from sentiment_assets.monitoring.quality_batch import FileFacts, QualityBatch

    reviews = batch.stored.reviews
    quality = batch_quality(
        QualityBatch(
            reviews=reviews,
            rows_in=reviews.attrs["rows_in"],
            rows_quarantined=len(batch.stored.quarantine),
            rows_duplicate=reviews.attrs["rows_duplicate"],
            others=batch.others,
            checked_at=batch.checked_at,
            file=FileFacts(**reviews.attrs.get(FILE_FACTS, {})),
        ),
        batch.settings,
    )
    checked_at = batch.checked_at.isoformat(timespec="seconds")
    record = CheckRecord(batch.key, checked_at, None, quality.findings, content=batch.content)
    records = batch.remember(QUALITY, record)
    samples = {name: {"sample": sample(reviews.iloc[places])} for name, places in quality.faulty.items() if len(places)}
    yield from check_results(batch, RAW_REVIEWS, records, severity=batch.severity, more=samples)
