"""A piece of the demo's work: done here, or left to a running platform."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import dagster as dg

from sentiment_assets.branch.definitions import batch_partitions_name
from sentiment_assets.commands.launching import RunFailed, run_job
from sentiment_assets.resources.dagster_runs import is_launched_again, stretch_tags

_SECONDS_BETWEEN_LOOKS = 0.5


@dataclass(frozen=True)
class DemoRun:
    """A run of a job, and what it is for."""

    branch: str
    job: str
    asset: str
    batch: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


def metadata_of(
    instance: dg.DagsterInstance, branch: str, asset: str, partition: str | None = None
) -> Mapping[str, Any] | None:
    """Return the metadata of an asset's latest materialization, or ``None`` when there is none."""
    records = instance.fetch_materializations(
        dg.AssetRecordsFilter(
            asset_key=dg.AssetKey([branch, asset]),
            asset_partitions=[partition] if partition else None,
        ),
        limit=1,
    ).records
    materialization = records[0].asset_materialization if records else None
    return materialization.metadata if materialization else None


def run_here(instance: dg.DagsterInstance, demo_run: DemoRun, dagster_ui: str) -> None:
    """Run the job. Raises ``RunFailed``."""
    tags = dict(demo_run.tags)
    if demo_run.batch:
        instance.add_dynamic_partitions(batch_partitions_name(demo_run.branch), [demo_run.batch])
        tags |= stretch_tags(demo_run.batch, demo_run.batch)
    run_job(instance, demo_run.job, tags, dagster_ui)


def wait_for_platform(instance: dg.DagsterInstance, demo_run: DemoRun, dagster_ui: str, since: datetime) -> None:
    """Wait until a platform's sensors have had the asset materialized. Raises ``RunFailed`` if a run since then has."""
    failed = dg.RunsFilter(job_name=demo_run.job, statuses=[dg.DagsterRunStatus.FAILURE], created_after=since)
    while metadata_of(instance, demo_run.branch, demo_run.asset, demo_run.batch) is None:
        for run in instance.get_runs(failed, limit=1):
            if not is_launched_again(instance, run):
                raise RunFailed(f"{demo_run.job} failed. Its log: {dagster_ui}/runs/{run.run_id}")
        time.sleep(_SECONDS_BETWEEN_LOOKS)
