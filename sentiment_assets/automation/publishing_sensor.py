"""The publishing sensor: what is scored, or scored again, is sent to the branch's warehouses."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import dagster as dg

from sentiment_assets.assets.event_metadata import FIGURES_EVENT
from sentiment_assets.assets.materialized import DATA_VERSION
from sentiment_assets.assets.published_scores import NAME as PUBLISHED_SCORES
from sentiment_assets.assets.published_scores import figures_event, published_version
from sentiment_assets.assets.scored_reviews import NAME as SCORED_REVIEWS
from sentiment_assets.automation.jobs import publish_job_name
from sentiment_assets.automation.run_history import belongs_to
from sentiment_assets.automation.stretches import requests_for, stretches
from sentiment_assets.publishing.settings import Duckdb, Postgres
from sentiment_assets.resources.dagster_runs import partitions_of, runs_under_way
from sentiment_assets.resources.mlflow_settings import MlflowAway, require_mlflow, tracking_uri

MOST_RUNS_A_TICK = 20
FIRST_WAIT, LONGEST_WAIT = 300.0, 21_600.0
"""Seconds until a batch that was not published is asked for again; twice as long each time, to six hours."""


def publishing_sensor(
    branch: str,
    batch_partitions: dg.DynamicPartitionsDefinition,
    destinations: Sequence[Duckdb | Postgres],
    *,
    files_per_run: int,
) -> dg.SensorDefinition:
    """The sensor ``<branch>_publishing``; a run publishes up to ``files_per_run`` batches that lie side by side."""

    @dg.sensor(
        name=f"{branch}_publishing",
        job_name=publish_job_name(branch),
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Publishes batches that are scored, or scored again, to {' and '.join(map(str, destinations))}.",
    )
    def publishing_looks(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        keys = batch_partitions.get_partition_keys(dynamic_partitions_store=context.instance)
        wanted = batches_to_publish(context.instance, branch, keys, destinations)
        if not wanted:
            return dg.SkipReason("Every scored batch is published, is being published, or waits after a failure.")
        return dg.SensorResult(requests_for(stretches(keys, wanted, files_per_run)[:MOST_RUNS_A_TICK], wanted))

    return publishing_looks


def batches_to_publish(
    instance: dg.DagsterInstance, branch: str, keys: Sequence[str], destinations: Sequence[Duckdb | Postgres]
) -> dict[str, str]:
    """Batches whose scores are not those that were published last, or not in these warehouses; the state of each.

    None that a run is taking in, scoring or publishing just now, and none that was not published a while ago: it waits
    longer each time. A report or a model that is newer than what was published goes with the newest published batch;
    so do, a while later, models that were left out because MLflow was away, if it is there.
    """
    scored = _data_versions(instance, branch, SCORED_REVIEWS)
    published = _data_versions(instance, branch, PUBLISHED_SCORES)
    under_way = [run for run in runs_under_way(instance) if belongs_to(run, branch)]
    busy = {key for run in under_way for key in partitions_of(run, keys)}
    versions = {key: published_version(scored[key], destinations) for key in keys if key in scored}
    states = {key: version for key, version in versions.items() if version != published.get(key) and key not in busy}
    current = [key for key, version in versions.items() if version == published.get(key)]
    if current and not any(run.job_name == publish_job_name(branch) for run in under_way):
        figures, last = figures_event(instance, branch), _last_publication(instance, branch)
        if not states and figures > last.figures and (last.up_to is not None or (last.is_over and _mlflow_is_there())):
            states[current[-1]] = f"{versions[current[-1]]}|{figures}|{last.event}"
    failures = _failures(instance, branch, keys) if states else {}
    return {
        key: f"{state}|{failures[key].last_run}" if key in failures else state
        for key, state in states.items()
        if key not in failures or failures[key].is_over
    }


@dataclass(frozen=True)
class _Failures:
    """How often a batch was in a run that failed."""

    count: int
    last_run: str
    last_at: float

    @property
    def is_over(self) -> bool:
        """Whether it has waited for long enough, also by a clock that was set back meanwhile."""
        return abs(time.time() - self.last_at) >= min(FIRST_WAIT * 2 ** (self.count - 1), LONGEST_WAIT)


@dataclass(frozen=True)
class _Publication:
    """What was published last."""

    event: int
    at: float
    up_to: int | None
    """The event of report or models that went with it; ``None`` where the models did not."""

    @property
    def figures(self) -> int:
        """The event up to which nothing is left to publish."""
        return self.up_to or 0

    @property
    def is_over(self) -> bool:
        """Whether it was a while ago, also by a clock that was set back meanwhile."""
        return abs(time.time() - self.at) >= FIRST_WAIT


def _mlflow_is_there() -> bool:
    try:
        require_mlflow(tracking_uri())
    except MlflowAway:
        return False
    return True


def _failures(instance: dg.DagsterInstance, branch: str, keys: Sequence[str]) -> dict[str, _Failures]:
    """The failures of each batch on the last day, by the runs that had it."""
    failed = dg.RunsFilter(
        job_name=publish_job_name(branch),
        statuses=[dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED],
        updated_after=datetime.now(UTC) - timedelta(days=1),
    )
    found: dict[str, _Failures] = {}
    for record in instance.get_run_records(failed):  # the last one first
        ended_at = record.end_time or record.update_timestamp.timestamp()
        for key in partitions_of(record.dagster_run, keys):
            newest = found.get(key, _Failures(0, record.dagster_run.run_id, ended_at))
            found[key] = replace(newest, count=newest.count + 1)
    return found


def _data_versions(instance: dg.DagsterInstance, branch: str, asset: str) -> dict[str, str]:
    """The data version of the last materialization of each partition."""
    tags = instance.event_log_storage.get_latest_tags_by_partition(
        dg.AssetKey([branch, asset]), dg.DagsterEventType.ASSET_MATERIALIZATION, [DATA_VERSION]
    )
    return {key: each[DATA_VERSION] for key, each in tags.items() if DATA_VERSION in each}


def _last_publication(instance: dg.DagsterInstance, branch: str) -> _Publication:
    asset = dg.AssetRecordsFilter(asset_key=dg.AssetKey([branch, PUBLISHED_SCORES]))
    [record, *_] = instance.fetch_materializations(asset, limit=1).records
    metadata = record.asset_materialization.metadata if record.asset_materialization else {}
    figures = int(str(metadata[FIGURES_EVENT].value)) if FIGURES_EVENT in metadata else None
    return _Publication(record.storage_id, record.timestamp, up_to=figures)
