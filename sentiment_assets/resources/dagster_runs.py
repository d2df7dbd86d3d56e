"""Which runs Dagster has not seen the end of: what sensors wait for, and what a killed run is told from."""

import dagster as dg

_UNDER_WAY = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def has_ended(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Whether Dagster knows a run and has seen its end."""
    run = instance.get_run_by_id(run_id) if run_id else None
    return run is not None and run.is_finished


def runs_under_way(instance: dg.DagsterInstance) -> list[dg.DagsterRun]:
    """Every run that has not ended, queued ones included."""
    return list(instance.get_runs(dg.RunsFilter(statuses=_UNDER_WAY)))
