"""The quality checks of ``raw_reviews``: each kind of fault against its limit."""

from collections.abc import Iterator

import dagster as dg

from sentiment_assets.assets.raw_reviews import FILE_FACTS
from sentiment_assets.assets.raw_reviews import NAME as RAW_REVIEWS
from sentiment_assets.assets.stored_batch import read_stored_batch
from sentiment_assets.assets.ui_metadata import sample
from sentiment_assets.checks.open_warnings import tell_open_warnings
from sentiment_assets.checks.results import check_results, check_specs, look_around, neighbours_of, now
from sentiment_assets.monitoring.settings import MonitoringSettings, QualityLimits
from sentiment_assets.resources.check_records import QUALITY, load_records, save_record
from sentiment_assets.resources.storage import Storage


def quality_checks(
    branch: str, batch_partitions: dg.PartitionsDefinition, settings: MonitoringSettings
) -> dg.AssetChecksDefinition:
    """A check for each of ``QualityLimits`` on ``<branch>/raw_reviews``."""
    descriptions = {name: str(field.description) for name, field in QualityLimits.model_fields.items()}

    severity = dg.AssetCheckSeverity[settings.severity.upper()]

    @dg.multi_asset_check(
        name=f"{branch}__{QUALITY}",
        specs=check_specs(
            branch, RAW_REVIEWS, batch_partitions=batch_partitions, descriptions=descriptions, severity=severity
        ),
    )
    def quality(context: dg.AssetCheckExecutionContext, storage: Storage) -> Iterator[dg.AssetCheckResult]:
        from sentiment_assets.ingestion.content import content_digest
        from sentiment_assets.monitoring.check_record import CheckRecord
        from sentiment_assets.monitoring.quality import batch_quality
        from sentiment_assets.monitoring.quality_batch import FileFacts, QualityBatch

        neighbours = neighbours_of(context, batch_partitions)
        batch = read_stored_batch(storage, branch, neighbours.current)
        reviews = batch.reviews
        checked_at = now()
        quality_of_batch = batch_quality(
            QualityBatch(
                reviews=reviews,
                rows_in=reviews.attrs["rows_in"],
                rows_quarantined=len(batch.quarantine),
                rows_duplicate=reviews.attrs["rows_duplicate"],
                others=look_around(storage, branch, neighbours),
                checked_at=checked_at,
                file=FileFacts(**reviews.attrs.get(FILE_FACTS, {})),
            ),
            settings,
        )
        record = CheckRecord(
            neighbours.current,
            checked_at.isoformat(timespec="seconds"),
            None,
            quality_of_batch.findings,
            content=content_digest(reviews),
        )
        save_record(storage, branch, QUALITY, record)
        samples = {
            name: {"sample": sample(reviews.iloc[places])}
            for name, places in quality_of_batch.faulty.items()
            if len(places)
        }
        records = [*load_records(storage, branch, QUALITY, neighbours.earlier), record]
        yield from check_results(branch, RAW_REVIEWS, records, settings=settings, severity=severity, more=samples)
        tell_open_warnings(context.instance, storage, branch, batch_partitions)

    return quality
