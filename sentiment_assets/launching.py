"""Running a job of this code location from a command, every step in a process of its own."""

from collections.abc import Mapping

import dagster as dg

from sentiment_assets.automation.causes import what_failed
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
) -> None:
    """Run a job to its end. Raises ``RunFailed``."""
    reconstructable = dg.build_reconstructable_job(__name__, job_named.__name__, (job,))
    result = dg.execute_job(reconstructable, instance, run_config=_QUIET, tags=dict(tags), raise_on_error=False)
    with result:
        if not result.success:
            link = f"{dagster_ui}/runs/{result.run_id}"
            raise RunFailed(
                f"{job} failed. {what_failed(result.all_events)[0]}\nIts log: run `make dev`, then open {link}"
            )
