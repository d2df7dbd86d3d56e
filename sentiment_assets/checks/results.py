"""What the checks share: their specs, the batch that they look at, their results for the UI, and the drift page."""

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluationTargetMaterializationData

from sentiment_assets.assets.event_metadata import check_metadata, drift_page_metadata
from sentiment_assets.assets.stored_batch import REVIEWS, StoredBatch, read_stored_batch
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
    load_history,
    save_record,
)
from sentiment_assets.resources.registry import LoadedChampion
from sentiment_assets.resources.storage import Storage, read_frame
from sentiment_assets.resources.tracking import Tracking
from sentiment_assets.resources.urls import shown
from sentiment_assets.resources.written_files import write_atomically

if TYPE_CHECKING:
    from sentiment_assets.monitoring.batch_to_check import BatchBefore, BatchToCheck
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


@dataclass(frozen=True)
class BatchNeighbours:
    """The batch being checked among the others of its branch, the oldest first."""

    earlier: list[str]
    current: str
    later: list[str]


def neighbours_of(key: str, batch_keys: Sequence[str]) -> BatchNeighbours:
    """Find a batch among those of its branch, which are in the order in which they were registered.

    Raises ``dg.Failure`` if it is none of them any more.
    """
    if key not in batch_keys:
        raise dg.Failure(f"the partition {key} was deleted before its batch was done", allow_retries=False)
    place = list(batch_keys).index(key)
    return BatchNeighbours(list(batch_keys[:place]), key, list(batch_keys[place + 1 :]))


@dataclass(frozen=True, kw_only=True)
class CheckedBatch:
    """A stored batch and all that its checks look at, which is read once, whichever of them ask."""

    branch: str
    neighbours: BatchNeighbours
    find_champion: Callable[[], LoadedChampion | None]
    find_drift_page: Callable[[], Mapping[str, Any]]
    settings: MonitoringSettings
    storage: Storage

    @property
    def key(self) -> str:
        """The batch's key."""
        return self.neighbours.current

    @property
    def severity(self) -> dg.AssetCheckSeverity:
        """How bad it is, by the branch's settings, when a check of quality or drift fails."""
        return severity_of(self.settings)

    @cached_property
    def stored(self) -> StoredBatch:
        """What is stored of it; whoever counts its rows counts here."""
        return read_stored_batch(self.storage, self.branch, self.key)

    @cached_property
    def content(self) -> str:
        """The digest of its reviews."""
        from sentiment_assets.ingestion.content import content_digest

        return content_digest(self.stored.reviews)

    @cached_property
    def champion(self) -> LoadedChampion | None:
        """The branch's champion; whoever does without can do without MLflow."""
        return self.find_champion()

    @cached_property
    def drift_page(self) -> Mapping[str, Any]:
        """Metadata that lead to the branch's drift page."""
        return self.find_drift_page()

    @cached_property
    def checked_at(self) -> datetime:
        """The moment of its checks, UTC."""
        return datetime.now(UTC)

    @cached_property
    def others(self) -> "OtherBatches":
        """What the other batches say about its texts."""
        return look_at_neighbours(self.storage, self.branch, self.neighbours.earlier, self.neighbours.later)

    @cached_property
    def compared(self) -> "BatchToCheck":
        """The batch beside what it is compared with."""
        from sentiment_assets.monitoring.batch_to_check import BatchToCheck

        return BatchToCheck(
            key=self.key,
            reviews=self.stored.reviews,
            champion=self.champion,
            others=self.others,
            checked_at=self.checked_at.isoformat(timespec="seconds"),
            before=self._batches_before,
        )

    def _batches_before(self) -> "Iterator[BatchBefore]":
        """Read the batches before it, the latest first, each when it is asked for, if it is stored."""
        from sentiment_assets.monitoring.batch_to_check import BatchBefore

        for steps, key in enumerate(reversed(self.neighbours.earlier), start=1):
            file = self.storage.frame_path(self.branch, REVIEWS, key)
            if file.exists():
                yield BatchBefore(read_frame(file), self.others.seen_from(steps, self.stored.reviews))

    def remember(self, group: str, record: "CheckRecord") -> "list[CheckRecord]":
        """Keep what a group of checks found; returns the records of that group up to this one, the oldest first."""
        save_record(self.storage, self.branch, group, record)
        return [*load_history(self.storage, self.branch, group, self.neighbours.earlier), record]


def severity_of(settings: MonitoringSettings) -> dg.AssetCheckSeverity:
    """How bad it is when a check of quality or drift fails: an error blocks scoring."""
    return dg.AssetCheckSeverity[settings.severity.upper()]


def check_results(
    batch: CheckedBatch,
    asset: str,
    records: "Sequence[CheckRecord]",
    *,
    severity: dg.AssetCheckSeverity,
    more: Mapping[str, Mapping[str, Any]],
) -> Iterator[dg.AssetCheckResult]:
    """Dagster's results of the last of ``records``, with their numbers, their alarm budget and ``more`` by check."""
    from sentiment_assets.monitoring.alarms import alarm_budget, history_of, wakes_somebody

    for finding in records[-1].findings:
        history = history_of(finding.name, records)
        yield dg.AssetCheckResult(
            asset_key=[batch.branch, asset],
            check_name=finding.name,
            passed=not finding.warns,
            severity=severity,
            description=finding.sentence,
            metadata={
                **check_metadata(finding, wakes_somebody=wakes_somebody(history, batch.settings.paging)),
                **_parts(finding),
                "alarm_budget": table(vars(each) for each in alarm_budget(history)),
                **more.get(finding.name, {}),
            },
        )


def evaluations(
    instance: dg.DagsterInstance, results: Iterable[dg.AssetCheckResult], partition: str | None = None
) -> Iterator[dg.AssetCheckEvaluation]:
    """Say results, which name their asset and check, of a partition's latest materialization, or of the asset's.

    An event that did not name it might not be shown: events carry whole seconds.
    """
    latest: dict[dg.AssetKey, AssetCheckEvaluationTargetMaterializationData | None] = {}
    for result in results:
        key = result.asset_key
        assert isinstance(key, dg.AssetKey)  # noqa: S101  Dagster makes it one
        if key not in latest:
            latest[key] = _latest_materialization(instance, key, partition)
        yield dg.AssetCheckEvaluation(
            asset_key=key,
            check_name=str(result.check_name),
            passed=result.passed,
            severity=result.severity,
            description=result.description,
            metadata=result.metadata,
            partition=partition,
            target_materialization_data=latest[key],
        )


def _latest_materialization(
    instance: dg.DagsterInstance, key: dg.AssetKey, partition: str | None
) -> AssetCheckEvaluationTargetMaterializationData | None:
    wanted = dg.AssetRecordsFilter(asset_key=key, asset_partitions=[partition] if partition else None)
    records = instance.fetch_materializations(wanted, limit=1).records
    if not records:
        return None
    return AssetCheckEvaluationTargetMaterializationData(
        storage_id=records[0].storage_id, run_id=records[0].run_id, timestamp=records[0].timestamp
    )


def drift_page_link(branch: str, *, storage: Storage, tracking: Tracking) -> dict[str, Any]:
    """Metadata that lead to the branch's drift page: in MLflow, and as a file."""
    return drift_page_metadata(tracking.page_link(branch, _PAGE), shown(storage.path(branch, MONITORING, _PAGE)))


def publish_drift_page(
    branch: str, batch_keys: Sequence[str], *, storage: Storage, tracking: Tracking, settings: MonitoringSettings
) -> None:
    """Write the branch's drift page anew."""
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
        written_at=datetime.now(UTC),
    )
    page = render_drift_page(drift_page).encode()
    write_atomically(storage.path(branch, MONITORING, _PAGE), page)
    tracking.publish_page(branch, _PAGE, page)


def _parts(finding: "Finding") -> dict[str, Any]:
    """The tests that a finding is made of, as a table."""
    parts = [
        {"part": part.sentence, "verdict": part.verdict, "effect": part.effect, "p_value": part.p_value}
        for part in finding.parts
    ]
    return {"parts": table(parts)} if parts else {}
