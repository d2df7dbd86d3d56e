"""What Dagster knows of its runs: which have not ended, of which batches they are, and what they have told so far."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
from dagster._core.events import RunFailureReason
from dagster._core.execution.retries import auto_reexecution_should_retry_run
from dagster._core.storage.event_log import SqliteEventLogStorage

_WILL_RETRY, _RETRIED_BY = "dagster/will_retry", "dagster/auto_retry_run_id"
_FAILURE_REASON = "dagster/failure_reason"
_PARENT, _PARTITION = "dagster/parent_run_id", "dagster/partition"
_FIRST, _LAST = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
"""The statuses of a run that has ended, well or not."""
_LONGEST_UNTIL_LAUNCHED_AGAIN = timedelta(minutes=3)
"""Dagster looks every 5 seconds, and passes a run over for good if it does not find its job at that moment."""
_UNDER_WAY = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
_TOLD = {dg.DagsterEventType.ASSET_MATERIALIZATION, dg.DagsterEventType.ASSET_CHECK_EVALUATION}


def has_ended(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Whether Dagster knows a run and has seen its end."""
    run = instance.get_run_by_id(run_id) if run_id else None
    return run is not None and run.is_finished


def runs_under_way(instance: dg.DagsterInstance) -> list[dg.DagsterRun]:
    """Every run that has not ended, queued ones included, and those that Dagster is about to launch again."""
    lately = datetime.now(UTC) - _LONGEST_UNTIL_LAUNCHED_AGAIN
    going_on = instance.get_runs(dg.RunsFilter(statuses=_UNDER_WAY))  # first: one that fails meanwhile is found twice
    failed = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE], updated_after=lately))
    about_to = [run for run in failed if _RETRIED_BY not in run.tags and is_launched_again(instance, run)]
    return [*going_on, *about_to]


def is_launched_again(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Whether Dagster answers the failure of a run with another run (``run_retries``).

    Dagster writes its answer on the run a moment after the failure; until then it is asked what that will be.
    """
    if _WILL_RETRY in run.tags or not instance.run_retries_enabled:
        return run.tags.get(_WILL_RETRY) == "true"
    reason = run.tags.get(_FAILURE_REASON)
    return auto_reexecution_should_retry_run(instance, run, RunFailureReason(reason) if reason else None)


def remove_run(instance: dg.DagsterInstance, run_id: str) -> None:
    """Have Dagster forget a run and all that it has told, and remove the logs and the SQLite file that it leaves.

    The run itself goes last, unlike in Dagster's own ``delete_run``: if this is stopped, the run is found again.
    """
    instance.compute_log_manager.delete_logs(prefix=[run_id])
    storage = instance.event_log_storage
    storage.delete_events(run_id)
    if isinstance(storage, SqliteEventLogStorage):
        for ending in ("", "-wal", "-shm"):
            Path(f"{storage.path_for_shard(run_id)}{ending}").unlink(missing_ok=True)
    instance.run_storage.delete_run(run_id)


def range_tags(first: str, last: str) -> dict[str, str]:
    """The tags of a run over a range of partitions, as Dagster's own single-run backfills set them."""
    return {_FIRST: first, _LAST: last}


def stretch_tags(first: str, last: str) -> dict[str, str]:
    """The tags of a run over partitions that lie side by side, or over one of them."""
    return {_PARTITION: first} if first == last else range_tags(first, last)


def ends_of(run: dg.DagsterRun) -> tuple[str, str] | None:
    """The first and the last partition of a run; ``None`` if it has none."""
    if _PARTITION in run.tags:
        return run.tags[_PARTITION], run.tags[_PARTITION]
    return (run.tags[_FIRST], run.tags[_LAST]) if {_FIRST, _LAST} <= run.tags.keys() else None


def partitions_of(run: dg.DagsterRun, keys: Sequence[str]) -> Sequence[str]:
    """The partitions of a run; ``keys`` are all there are, in Dagster's order. Empty if its ends are not there."""
    ends = ends_of(run)
    if ends is None or not set(ends) <= set(keys):
        return []
    return keys[keys.index(ends[0]) : keys.index(ends[1]) + 1]


PartitionEvent = dg.AssetMaterialization | dg.AssetCheckEvaluation


@dataclass
class Told:
    """What has been told of a partition, by the names of assets and checks."""

    here: set[str] = field(default_factory=set)
    """What the run itself has told."""
    before: dict[str, PartitionEvent] = field(default_factory=dict)
    """What the runs that it resumes have told: the last event of each name, in the order in which they were told."""


def told_so_far(instance: dg.DagsterInstance, run: dg.DagsterRun) -> Mapping[str, Told]:
    """What a run, and those that it resumes, have told of each partition.

    A run resumes another when somebody re-executes that from failure, or Dagster launches it again.
    """
    told: dict[str, Told] = defaultdict(Told)
    for partition, name, _ in _told_by(instance, run.run_id):
        told[partition].here.add(name)
    for former in reversed(_resumed(instance, run)):
        for partition, name, event in _told_by(instance, former):
            told[partition].before.pop(name, None)  # so that it comes last
            told[partition].before[name] = event
    return told


def _resumed(instance: dg.DagsterInstance, run: dg.DagsterRun) -> list[str]:
    """The ids of the runs that a run resumes, the newest first."""
    ids: list[str] = []
    former: dg.DagsterRun | None = run
    while former and former.is_resume_retry and _PARENT in former.tags:
        ids.append(former.tags[_PARENT])
        former = instance.get_run_by_id(ids[-1])
    return ids


def _told_by(instance: dg.DagsterInstance, run_id: str) -> Iterator[tuple[str, str, PartitionEvent]]:
    """Partition, name of the asset or check, and event."""
    for entry in instance.all_logs(run_id, of_type=_TOLD):
        event = entry.dagster_event
        if event and event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            evaluation = event.asset_check_evaluation_data
            yield str(evaluation.partition), evaluation.check_name, evaluation
        elif event and event.asset_key:
            yield str(event.partition), event.asset_key.path[-1], event.step_materialization_data.materialization
