"""What the checks share: their specs, their results for the UI, and the drift page."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluationTargetMaterializationData

from sentiment_assets.assets.event_metadata import check_metadata, drift_page_metadata
from sentiment_assets.assets.text_tables import look_at_neighbours
from sentiment_assets.assets.ui_metadata import table
from sentiment_assets.monitoring.settings import MonitoringSettings
from sentiment_assets.resources.check_records import (
    DEGRADATION,
    DRIFT,
    GROUPS,
    MONITORING,
    QUALITY,
    load_current_history,
    load_current_records,
)
from sentiment_assets.resources.storage import Storage, write_atomically
from sentiment_assets.resources.tracking import Tracking
from sentiment_assets.resources.urls import shown

if TYPE_CHECKING:
    from sentiment_assets.monitoring.check_record import CheckRecord
    from sentiment_assets.monitoring.finding import Finding
    from sentiment_assets.monitoring.other_batches import OtherBatches

_PAGE = "drift.html"


def check_specs(
    branch: str,
    asset: str,
    *,
    batch_partitions: dg.PartitionsDefinition,
    descriptions: dict[str, str],
    severity: dg.AssetCheckSeverity,
) -> list[dg.AssetCheckSpec]:
    """Return one spec per check, with one partition per batch; errors block what is downstream, warnings do not."""
    blocking = severity == dg.AssetCheckSeverity.ERROR
    with warnings.catch_warnings():
        # partitions_def on a check is marked preview in Dagster 1.13; its behaviour is pinned by a test.
        warnings.simplefilter("ignore", dg.PreviewWarning)
        return [
            dg.AssetCheckSpec(
                name, asset=[branch, asset], description=text, partitions_def=batch_partitions, blocking=blocking
            )
            for name, text in descriptions.items()
        ]


def now() -> datetime:
    """The moment of a check, UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class BatchNeighbours:
    """The batch being checked among the others of its branch, the oldest first."""

    earlier: list[str]
    current: str
    later: list[str]

    @property
    def every(self) -> list[str]:
        """All of them."""
        return [*self.earlier, self.current, *self.later]


def neighbours_of(
    context: dg.AssetCheckExecutionContext | dg.AssetExecutionContext, batch_partitions: dg.PartitionsDefinition
) -> BatchNeighbours:
    """Return the batch of a run among those of its branch, in the order in which they were registered."""
    keys = list(batch_partitions.get_partition_keys(dynamic_partitions_store=context.instance))
    place = keys.index(context.partition_key)
    return BatchNeighbours(keys[:place], keys[place], keys[place + 1 :])


def look_around(storage: Storage, branch: str, neighbours: BatchNeighbours) -> "OtherBatches":
    """What the other batches say about the texts of this one."""
    return look_at_neighbours(storage, branch, neighbours.earlier, neighbours.later)


def check_results(
    branch: str,
    asset: str,
    records: "Sequence[CheckRecord]",
    *,
    settings: MonitoringSettings,
    severity: dg.AssetCheckSeverity,
    more: Mapping[str, Mapping[str, Any]],
) -> Iterator[dg.AssetCheckResult]:
    """Dagster's results of the last of ``records``, with their numbers, their alarm budget and ``more`` by check."""
    from sentiment_assets.monitoring.alarms import alarm_budget, history_of, wakes_somebody

    for finding in records[-1].findings:
        history = history_of(finding.name, records)
        yield dg.AssetCheckResult(
            asset_key=[branch, asset],
            check_name=finding.name,
            passed=not finding.warns,
            severity=severity,
            description=finding.sentence,
            metadata={
                **check_metadata(finding, wakes_somebody=wakes_somebody(history, settings.paging)),
                **_parts(finding),
                "alarm_budget": table(vars(each) for each in alarm_budget(history)),
                **more.get(finding.name, {}),
            },
        )


def tell_without_run(instance: dg.DagsterInstance, result: dg.AssetCheckResult, partition: str | None = None) -> None:
    """Record a result, with its asset and its check's name, that no step of the run in progress was planned for.

    It is about the asset's latest materialization, or else Dagster may not show it: events carry whole seconds.
    """
    key = result.asset_key
    assert isinstance(key, dg.AssetKey)  # noqa: S101  Dagster makes it one
    wanted = dg.AssetRecordsFilter(asset_key=key, asset_partitions=[partition] if partition else None)
    latest = instance.fetch_materializations(wanted, limit=1).records
    instance.report_runless_asset_event(
        dg.AssetCheckEvaluation(
            asset_key=key,
            check_name=str(result.check_name),
            passed=result.passed,
            severity=result.severity,
            description=result.description,
            metadata=result.metadata,
            partition=partition,
            target_materialization_data=AssetCheckEvaluationTargetMaterializationData(
                storage_id=latest[0].storage_id, run_id=latest[0].run_id, timestamp=latest[0].timestamp
            )
            if latest
            else None,
        )
    )


def publish_drift_page(
    branch: str, batch_keys: Sequence[str], *, storage: Storage, tracking: Tracking, settings: MonitoringSettings
) -> dict[str, Any]:
    """Write the branch's drift page anew; metadata that lead to it."""
    from sentiment_assets.monitoring.check_record import with_whole_records
    from sentiment_assets.monitoring.drift_page import batches_told, make_drift_page, render_drift_page

    history = load_current_history(storage, branch, batch_keys)
    told = load_current_records(storage, branch, batches_told(batch_keys, history.values()))
    records = {group: with_whole_records(history[group], told[group]) for group in GROUPS}
    drift_page = make_drift_page(
        branch,
        batch_keys,
        quality=records[QUALITY],
        drift=records[DRIFT],
        degradation=records[DEGRADATION],
        settings=settings,
        written_at=now(),
    )
    page = render_drift_page(drift_page).encode()
    file = storage.path(branch, MONITORING, _PAGE)
    write_atomically(file, page)
    return drift_page_metadata(tracking.publish_page(branch, _PAGE, page), shown(file))


def _parts(finding: "Finding") -> dict[str, Any]:
    """The tests that a finding is made of, as a table."""
    parts = [
        {"part": part.sentence, "verdict": part.verdict, "effect": part.effect, "p_value": part.p_value}
        for part in finding.parts
    ]
    return {"parts": table(parts)} if parts else {}
