"""Running a job of this code location from a command, every step in a process of its own."""

from collections.abc import Mapping, Sequence

import dagster as dg

from sentiment_assets.definitions import defs

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


class RunFailed(RuntimeError):
    """A run failed; the message names the step and what it said."""


def job_named(name: str) -> dg.JobDefinition:
    """A job of this code location, for the processes that run its steps."""
    return defs().resolve_job_def(name)


def run_job(
    instance: dg.DagsterInstance,
    job: str,
    tags: Mapping[str, str],
    dagster_ui: str,
    selection: Sequence[dg.AssetKey] | None = None,
) -> None:
    """Run a job, or some of its assets, to its end. Raises ``RunFailed``."""
    reconstructable = dg.build_reconstructable_job(__name__, job_named.__name__, (job,))
    result = dg.execute_job(
        reconstructable, instance, run_config=_QUIET, tags=dict(tags), asset_selection=selection, raise_on_error=False
    )
    with result:
        if not result.success:
            link = f"{dagster_ui}/runs/{result.run_id}"
            raise RunFailed(f"{job} failed. {_cause(result)}\nIts log: run `make dev`, then open {link}")


def _cause(result: dg.JobExecutionResult) -> str:
    """What the first failed step said."""
    failures = (event for event in result.all_events if event.is_step_failure)
    for event in failures:
        error = event.step_failure_data.error
        if error:
            return f"Step {event.step_key}: {(error.cause or error).message.strip()}"
    return "No step says why."
