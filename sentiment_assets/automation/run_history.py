"""What Dagster's history and MLflow's registry say about a branch, for its sensors."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import dagster as dg

from sentiment_assets.assets.best_model import NAME as BEST_MODEL
from sentiment_assets.assets.features import NAME as FEATURES
from sentiment_assets.assets.raw_reviews import FILE_DIGEST, ROWS_LABELLED
from sentiment_assets.assets.raw_reviews import NAME as RAW_REVIEWS
from sentiment_assets.assets.scored_reviews import NAME as SCORED_REVIEWS
from sentiment_assets.assets.splits import NAME as SPLITS
from sentiment_assets.assets.trained_candidates import NAME as TRAINED_CANDIDATES
from sentiment_assets.automation.jobs import job_names, train_job_name
from sentiment_assets.automation.retraining_policy import TrainingState
from sentiment_assets.resources.check_records import SCORES, TEXTS, recall_current
from sentiment_assets.resources.storage import Storage
from sentiment_assets.resources.tracking import Tracking

_UNDER_WAY = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
_PICKED_ASSETS = "__ASSET_JOB"
"""Dagster's own name for a run of assets that somebody, or an automation condition, has picked."""
_PAGE = 1_000


@dataclass(frozen=True)
class TakenIn:
    """What a batch holds."""

    digest: str | None = None
    """Of the file that it was taken in from, where that is known."""
    event: int = 0
    """The number of the event that says so; 0: it has not been taken in."""


def runs_under_way(instance: dg.DagsterInstance) -> list[dg.DagsterRun]:
    """Every run that has not ended, queued ones included."""
    return list(instance.get_runs(dg.RunsFilter(statuses=_UNDER_WAY)))


def ended_runs_of(instance: dg.DagsterInstance, job: str, partition: str) -> int:
    """How many runs of a job for a partition have ended, well or not."""
    ended = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
    return instance.get_runs_count(dg.RunsFilter(job_name=job, tags={"dagster/partition": partition}, statuses=ended))


def last_run_of(instance: dg.DagsterInstance, job: str, partition: str) -> dg.DagsterRun | None:
    """The run of a job for a partition that was asked for last."""
    runs = instance.get_runs(dg.RunsFilter(job_name=job, tags={"dagster/partition": partition}), limit=1)
    return runs[0] if runs else None


def trains(run: dg.DagsterRun, branch: str) -> bool:
    """Whether a run trains the branch: by its train job, or by assets that somebody has picked."""
    parts = {dg.AssetKey([branch, name]) for name in (SPLITS, FEATURES, TRAINED_CANDIDATES, BEST_MODEL)}
    return run.job_name == train_job_name(branch) or bool(parts & (run.asset_selection or set()))


def belongs_to(run: dg.DagsterRun, branch: str) -> bool:
    """Whether a run is of the branch's jobs, or of assets of it that somebody has picked."""
    return run.job_name in job_names(branch) or any(key.path[0] == branch for key in _picked(run))


def what_ran(run: dg.DagsterRun) -> str:
    """The name of a run's job, or of the assets that were picked without one."""
    if not run.job_name.startswith(_PICKED_ASSETS):
        return run.job_name
    return ", ".join(sorted(key.to_user_string() for key in _picked(run)))


def _picked(run: dg.DagsterRun) -> set[dg.AssetKey]:
    """The assets that somebody has picked, or whose checks."""
    return {*(run.asset_selection or ()), *(each.asset_key for each in run.asset_check_selection or ())}


def is_launched_again(run: dg.DagsterRun) -> bool:
    """Whether Dagster answers the failure of a run with another run (``run_retries``)."""
    return run.tags.get("dagster/will_retry") == "true"


def materializations(
    instance: dg.DagsterInstance, key: dg.AssetKey, after: float | None = None
) -> Iterator[dg.AssetMaterialization]:
    """An asset's materializations, the oldest first."""
    records = dg.AssetRecordsFilter(asset_key=key, after_timestamp=after)
    cursor, more = None, True
    while more:
        page = instance.fetch_materializations(records, limit=_PAGE, cursor=cursor, ascending=True)
        yield from (record.asset_materialization for record in page.records if record.asset_materialization)
        cursor, more = page.cursor, page.has_more


def training_state(instance: dg.DagsterInstance, branch: str, storage: Storage, tracking: Tracking) -> TrainingState:
    """What the retraining policy asks about."""
    last = _last_train_run(instance, branch)
    began = _began(instance, last.dagster_run.root_run_id or last.dagster_run.run_id) if last else None
    since_training = _labelled(instance, branch, began)
    if not any(since_training.values()):
        return TrainingState(None, 0, 0, None, ())  # the registry need not be asked: there is nothing to train on
    champion = tracking.champion_version(branch)
    read_at = (_began(instance, champion.root_run_id) or champion.registered_at.timestamp()) if champion else None
    recalled = recall_current(storage, branch, list(since_training))
    return TrainingState(
        champion_since=champion.registered_at if champion else None,
        labelled_since_champion=sum(_labelled(instance, branch, read_at).values()),
        labelled_since_training=sum(since_training.values()),
        last_training=datetime.fromtimestamp(last.end_time, UTC) if last and last.end_time else None,
        failed_checks=[
            f"{finding.name} of {record.batch}"
            for group in (TEXTS, SCORES)
            for record in recalled[group]
            for finding in record.findings
            if finding.warns
        ],
    )


def batches_to_score(
    instance: dg.DagsterInstance, branch: str, keys: Sequence[str], tracking: Tracking, *, again: bool
) -> dict[str, str]:
    """Batches whose content has no scores, with ``again`` also those that another model has scored; a run key for each.

    None without a champion, and none that a run is taking in or scoring just now.
    """
    busy = {run.tags.get("dagster/partition") for run in runs_under_way(instance)}
    ingested, scored = (_latest_events(instance, dg.AssetKey([branch, name])) for name in (RAW_REVIEWS, SCORED_REVIEWS))
    waiting = [key for key in keys if key in ingested and key not in busy]
    without = [key for key in waiting if scored.get(key, 0) < ingested[key]]  # replaced content has no scores either
    wanted = waiting if again else without
    champion = tracking.champion_version(branch) if wanted else None
    if champion is None:
        return {}
    versions = _scored_by(instance, branch) if again else {}
    return {
        key: f"{key}|{champion.version}|{ingested[key]}|{scored.get(key, 0)}"
        for key in wanted
        if key in without or versions[key] != champion.version
    }


def taken_in(instance: dg.DagsterInstance, branch: str, keys: Sequence[str]) -> dict[str, TakenIn]:
    """By batch that has been taken in, what it holds."""
    if not keys:
        return {}
    asset = dg.AssetKey([branch, RAW_REVIEWS])
    latest = _latest_events(instance, asset)
    numbers = [latest[key] for key in keys if key in latest]
    found = {}
    for start in range(0, len(numbers), _PAGE):
        wanted = dg.AssetRecordsFilter(asset_key=asset, storage_ids=numbers[start : start + _PAGE])
        for record in instance.fetch_materializations(wanted, limit=_PAGE).records:
            told = record.asset_materialization.metadata.get(FILE_DIGEST) if record.asset_materialization else None
            found[str(record.partition_key)] = TakenIn(str(told.value) if told else None, record.storage_id)
    return found


def _latest_events(instance: dg.DagsterInstance, key: dg.AssetKey) -> Mapping[str, int]:
    """By partition, the number of its last materialization."""
    return instance.get_latest_storage_id_by_partition(key, dg.DagsterEventType.ASSET_MATERIALIZATION)


def _scored_by(instance: dg.DagsterInstance, branch: str) -> dict[str, str]:
    """By scored batch, the model's version."""
    return {
        str(each.partition): str(each.metadata["model_version"].value)
        for each in materializations(instance, dg.AssetKey([branch, SCORED_REVIEWS]))
    }


def _last_train_run(instance: dg.DagsterInstance, branch: str) -> dg.RunRecord | None:
    records = instance.get_run_records(dg.RunsFilter(job_name=train_job_name(branch)), limit=1)
    return records[0] if records else None


def _began(instance: dg.DagsterInstance, root_run_id: str) -> float | None:
    """When a train run began to read its data; a run executed again goes on with what the first one read."""
    record = instance.get_run_record_by_id(root_run_id)
    return (record.start_time or record.create_timestamp.timestamp()) if record else None


def _labelled(instance: dg.DagsterInstance, branch: str, after: float | None) -> dict[str, int]:
    """Labelled reviews of each batch taken in after that moment, as it is now."""
    found = {}
    for each in materializations(instance, dg.AssetKey([branch, RAW_REVIEWS]), after=after):
        told = each.metadata.get(ROWS_LABELLED)
        found[str(each.partition)] = int(str(told.value)) if told else 0
    return found
