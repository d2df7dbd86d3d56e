"""The checks of ``scored_reviews``: drift of the champion's answers, and how good they are."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
from upath import UPath

from sentiment_assets.assets.raw_reviews import NAME as RAW_REVIEWS
from sentiment_assets.assets.scored_reviews import NAME as SCORED_REVIEWS
from sentiment_assets.assets.ui_metadata import picture, table
from sentiment_assets.checks.open_warnings import tell_open_warnings
from sentiment_assets.checks.results import (
    check_results,
    check_specs,
    look_around,
    neighbours_of,
    now,
    publish_drift_page,
)
from sentiment_assets.ingestion.settings import ReviewColumns
from sentiment_assets.monitoring.settings import DEGRADATION_CHECKS, MonitoringSettings
from sentiment_assets.resources.check_records import DEGRADATION, DRIFT, load_records, save_record
from sentiment_assets.resources.storage import Frame, Storage, read_frame, write_atomically
from sentiment_assets.resources.tracking import Tracking
from sentiment_assets.resources.urls import shown

LABEL_BUDGET = "label_budget"


def degradation_checks(
    branch: str, batch_partitions: dg.PartitionsDefinition, columns: ReviewColumns, settings: MonitoringSettings
) -> dg.AssetChecksDefinition:
    """The checks ``prediction_drift``, ``accuracy`` and ``estimated_accuracy`` on ``<branch>/scored_reviews``."""

    @dg.multi_asset_check(
        name=f"{branch}__{DEGRADATION}",
        specs=check_specs(
            branch,
            SCORED_REVIEWS,
            batch_partitions=batch_partitions,
            descriptions=DEGRADATION_CHECKS,
            severity=dg.AssetCheckSeverity.WARN,
        ),
    )
    def degradation(
        context: dg.AssetCheckExecutionContext, storage: Storage, tracking: Tracking
    ) -> Iterator[dg.AssetCheckResult]:
        from sentiment_assets.monitoring.batch_checks import BatchToCheck, check_degradation

        neighbours = neighbours_of(context, batch_partitions)
        key = neighbours.current
        batch = BatchToCheck(
            key=key,
            reviews=read_frame(storage.frame_path(branch, RAW_REVIEWS, key)),
            champion=tracking.champion(branch),
            others=look_around(storage, branch, neighbours),
            checked_at=now().isoformat(timespec="seconds"),
        )
        drift_record = next(iter(load_records(storage, branch, DRIFT, [key])), None)
        past = load_records(storage, branch, DEGRADATION, neighbours.earlier)
        checks = check_degradation(batch, settings, drift_record=drift_record, past=past)
        save_record(storage, branch, DEGRADATION, checks.record)
        budget = _write_label_budget(
            storage.partition_path(branch, LABEL_BUDGET, key, ".csv"), checks.to_label, columns
        )
        link = publish_drift_page(branch, neighbours.every, storage=storage, tracking=tracking, settings=settings)
        shift = checks.record.word_shift
        moved = {"word_shift": table(vars(each) for each in shift.shifts)} if shift else {}
        drawn = {"word_shift_graph": picture("word_shift.svg", checks.graph)} if checks.graph else {}
        more = {
            "prediction_drift": moved | drawn | link,
            "accuracy": link,
            "estimated_accuracy": link | budget,
        }
        yield from check_results(
            branch,
            SCORED_REVIEWS,
            [*past, checks.record],
            settings=settings,
            severity=dg.AssetCheckSeverity.WARN,
            more=more,
        )
        tell_open_warnings(context.instance, storage, branch, batch_partitions)

    return degradation


def _write_label_budget(file: UPath, to_label: Frame, columns: ReviewColumns) -> dict[str, Any]:
    """The reviews to label as a file that can be filled in and landed; none without reviews, or a column for labels."""
    from sentiment_assets.ingestion.csv_escaping import to_spreadsheet_csv

    if to_label.empty or not columns.label:
        file.unlink(missing_ok=True)
        return {}
    named = {role: columns.of_role(role)[0] for role in map(str, to_label) if columns.of_role(role)}
    budget = to_label[list(named)].rename(columns=named)
    others = {name: "" for name in columns.named if name not in budget}  # or the file would lack what the branch names
    write_atomically(file, to_spreadsheet_csv(budget.assign(**others)))
    return {"label_budget": shown(file), "reviews_to_label": len(to_label)}
