"""The drift checks of ``raw_reviews``: texts and labels against the champion's reference."""

from collections.abc import Iterator

import dagster as dg

from sentiment_assets.assets.raw_reviews import NAME as RAW_REVIEWS
from sentiment_assets.assets.ui_metadata import table
from sentiment_assets.checks.open_warnings import tell_open_warnings
from sentiment_assets.checks.results import (
    BatchNeighbours,
    check_results,
    check_specs,
    look_around,
    neighbours_of,
    now,
    publish_drift_page,
)
from sentiment_assets.monitoring.settings import DRIFT_CHECKS, MonitoringSettings
from sentiment_assets.resources.check_records import DRIFT, load_records, save_record
from sentiment_assets.resources.storage import Storage, read_frame
from sentiment_assets.resources.tracking import Tracking


def drift_checks(
    branch: str, batch_partitions: dg.PartitionsDefinition, settings: MonitoringSettings
) -> dg.AssetChecksDefinition:
    """The checks ``text_drift`` and ``label_drift`` on ``<branch>/raw_reviews``."""
    severity = dg.AssetCheckSeverity[settings.severity.upper()]

    @dg.multi_asset_check(
        name=f"{branch}__{DRIFT}",
        specs=check_specs(
            branch, RAW_REVIEWS, batch_partitions=batch_partitions, descriptions=DRIFT_CHECKS, severity=severity
        ),
    )
    def drift(
        context: dg.AssetCheckExecutionContext, storage: Storage, tracking: Tracking
    ) -> Iterator[dg.AssetCheckResult]:
        neighbours = neighbours_of(context, batch_partitions)
        yield from drift_results(branch, neighbours, storage=storage, tracking=tracking, settings=settings)
        tell_open_warnings(context.instance, storage, branch, batch_partitions)

    return drift


def drift_results(
    branch: str, neighbours: BatchNeighbours, *, storage: Storage, tracking: Tracking, settings: MonitoringSettings
) -> Iterator[dg.AssetCheckResult]:
    """Compare a batch with today's champion, remember what was found, and say it."""
    from sentiment_assets.monitoring.batch_checks import BatchToCheck, check_drift

    reviews = read_frame(storage.frame_path(branch, RAW_REVIEWS, neighbours.current))
    others = look_around(storage, branch, neighbours)
    checked_at = now().isoformat(timespec="seconds")
    batch = BatchToCheck(
        key=neighbours.current,
        reviews=reviews,
        champion=tracking.champion(branch),
        others=others,
        checked_at=checked_at,
    )
    record = check_drift(batch, settings)
    save_record(storage, branch, DRIFT, record)
    link = publish_drift_page(branch, neighbours.every, storage=storage, tracking=tracking, settings=settings)
    words = {"words": table(vars(word) for word in record.words)}
    examples = {"most_unlike": table(vars(example) for example in record.examples)}
    more = {"text_drift": words | examples | link, "label_drift": link}
    records = [*load_records(storage, branch, DRIFT, neighbours.earlier), record]
    yield from check_results(
        branch,
        RAW_REVIEWS,
        records,
        settings=settings,
        severity=dg.AssetCheckSeverity[settings.severity.upper()],
        more=more,
    )
