"""What Dagster's history says about runs: whose they are, and how they ended."""

import dagster as dg

from sentiment_assets.assets.best_model import NAME as BEST_MODEL
from sentiment_assets.assets.features import NAME as FEATURES
from sentiment_assets.assets.splits import NAME as SPLITS
from sentiment_assets.assets.trained_candidates import NAME as TRAINED_CANDIDATES
from sentiment_assets.automation.jobs import job_names, train_job_name, trial_job_name
from sentiment_assets.resources.dagster_runs import ENDED

_PICKED_ASSETS = "__ASSET_JOB"
"""Dagster's own name for a run of assets that somebody, or an automation condition, has picked."""


def ended_runs_of(instance: dg.DagsterInstance, job: str) -> str:
    """A word that changes whenever a run of a job has ended, well or not.

    Their number alone would not tell it, since old runs are removed.
    """
    wanted = dg.RunsFilter(job_name=job, statuses=ENDED)
    newest = [record.storage_id for record in instance.get_run_records(wanted, limit=1)]
    return f"{instance.get_runs_count(wanted)} to {max(newest, default=0)}"


def last_train_run(instance: dg.DagsterInstance, branch: str) -> dg.RunRecord | None:
    """The run of the branch's train job that was asked for last, however it stands."""
    records = instance.get_run_records(dg.RunsFilter(job_name=train_job_name(branch)), limit=1)
    return records[0] if records else None


def trains(run: dg.DagsterRun, branch: str) -> bool:
    """Whether a run trains the branch: by its train job, or by assets that somebody has picked."""
    parts = {dg.AssetKey([branch, name]) for name in (SPLITS, FEATURES, TRAINED_CANDIDATES, BEST_MODEL)}
    return run.job_name == train_job_name(branch) or bool(parts & (run.asset_selection or set()))


def belongs_to(run: dg.DagsterRun, branch: str) -> bool:
    """Whether a run is of the branch's jobs, or of assets of it that somebody has picked.

    A trial does not count: it changes nothing, and whoever has started it looks at it, so nobody else is told.
    """
    if run.job_name == trial_job_name(branch):
        return False
    return run.job_name in job_names(branch) or any(key.path[0] == branch for key in _picked(run))


def what_ran(run: dg.DagsterRun) -> str:
    """The name of a run's job, or of the assets that were picked without one."""
    if not run.job_name.startswith(_PICKED_ASSETS):
        return run.job_name
    return ", ".join(sorted(key.to_user_string() for key in _picked(run)))


def _picked(run: dg.DagsterRun) -> set[dg.AssetKey]:
    """The assets that somebody has picked, or whose checks."""
    return {*(run.asset_selection or ()), *(each.asset_key for each in run.asset_check_selection or ())}
