"""What the checks share: their specs, their results for the UI, and the drift page."""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluationTargetMaterializationData

from sentiment_assets.assets.ui_metadata import table
from sentiment_assets.assets.raw_reviews import TEXT_DIGESTS
from sentiment_assets.monitoring.settings import MonitoringSettings
from sentiment_assets.resources.check_records import MONITORING, QUALITY, SCORES, TEXTS, recall_current
from sentiment_assets.resources.storage import Storage, read_partitions, write_atomically
from sentiment_assets.resources.tracking import Tracking

if TYPE_CHECKING:
    from sentiment_assets.monitoring.finding import Finding
    from sentiment_assets.monitoring.check_record import Record
    from sentiment_assets.monitoring.other_batches import OtherBatches

_PAGE = "drift.html"


def check_specs(
    branch: str,
    asset: str,
    batches: dg.PartitionsDefinition,
    descriptions: dict[str, str],
    severity: dg.AssetCheckSeverity,
) -> list[dg.AssetCheckSpec]:
    """One spec a check, by its name, a partition a batch; errors block what is downstream, warnings do not."""
    blocking = severity == dg.AssetCheckSeverity.ERROR
    with warnings.catch_warnings():
        # partitions_def on a check is marked preview in Dagster 1.13; its behaviour is pinned by a test.
        warnings.simplefilter("ignore", dg.PreviewWarning)
        return [
            dg.AssetCheckSpec(name, asset=[branch, asset], description=text, partitions_def=batches, blocking=blocking)
            for name, text in descriptions.items()
        ]


def now() -> datetime:
    """The moment of a check, UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Batches:
    """The batch being checked among the others of its branch, the oldest first."""

    earlier: list[str]
    current: str
    later: list[str]

    @property
    def every(self) -> list[str]:
        """All of them."""
        return [*self.earlier, self.current, *self.later]


def batches_of(context: dg.AssetCheckExecutionContext, batches: dg.PartitionsDefinition) -> Batches:
    """In the order in which they were registered."""
    keys = list(batches.get_partition_keys(dynamic_partitions_store=context.instance))
    place = keys.index(context.partition_key)
    return Batches(keys[:place], keys[place], keys[place + 1 :])


def look_around(storage: Storage, branch: str, batches: Batches) -> "OtherBatches":
    """What the other batches say about the texts of this one."""
    from sentiment_assets.monitoring.other_batches import look_at_others

    earlier, later = (
        read_partitions(storage, branch, TEXT_DIGESTS, keys).values() for keys in (batches.earlier, batches.later)
    )
    return look_at_others(earlier, later)


def report(
    branch: str,
    asset: str,
    records: "Sequence[Record]",
    settings: MonitoringSettings,
    severity: dg.AssetCheckSeverity,
    more: dict[str, dict[str, object]],
) -> Iterator[dg.AssetCheckResult]:
    """Dagster's results of the last of ``records``, with their numbers, their alarm budget and ``more`` by check."""
    from sentiment_assets.monitoring.alarms import alarm_budget, history_of, pages

    for finding in records[-1].findings:
        history = history_of(finding.name, records)
        yield dg.AssetCheckResult(
            asset_key=[branch, asset],
            check_name=finding.name,
            passed=not finding.warns,
            severity=severity,
            description=finding.sentence,
            metadata={
                "verdict": finding.verdict,
                **_numbers(finding),
                "pages": pages(history, settings.paging),
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


def publish_page(
    branch: str, batches: Sequence[str], storage: Storage, tracking: Tracking, settings: MonitoringSettings
) -> dict[str, object]:
    """Write the branch's drift page anew; metadata that lead to it."""
    from sentiment_assets.monitoring.drift_page import drift_page, render_page

    found = recall_current(storage, branch, batches)
    records = (found[group] for group in (QUALITY, TEXTS, SCORES))
    page = render_page(drift_page(branch, batches, *records, settings, now())).encode()
    file = storage.path(branch, MONITORING, _PAGE)
    write_atomically(file, page)
    return {"drift_page": tracking.publish_page(branch, _PAGE, page), "drift_page_file": str(file)}


def _numbers(finding: "Finding") -> dict[str, object]:
    named = {name: getattr(finding, name) for name in ("statistic", "effect", "p_value", "threshold")}
    parts = [
        {"part": part.sentence, "verdict": part.verdict, "effect": part.effect, "p_value": part.p_value}
        for part in finding.parts
    ]
    known = {name: value for name, value in named.items() if value is not None}
    return known | ({"parts": table(parts)} if parts else {})
