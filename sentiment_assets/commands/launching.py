"""Running a job of this code location from a command, every step in a process of its own."""

from collections.abc import Mapping

import dagster as dg
from dagster._core.definitions.definitions_class import SINGLETON_REPOSITORY_NAME  # type: ignore[attr-defined]
from dagster._core.execution.api import execute_run
from dagster._core.remote_origin import (
    ManagedGrpcPythonEnvCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

from sentiment_assets import definitions
from sentiment_assets.automation.alert_messages import what_failed

_LOCATION = "sentiment_assets"
"""The name of the code location in `workspace.yaml`."""
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


class RunFailed(RuntimeError):
    """A run failed; the message names the step and what it said."""


def job_named(name: str) -> dg.JobDefinition:
    """A job of this code location, for the processes that run its steps."""
    return definitions.defs().resolve_job_def(name)


def run_job(
    instance: dg.DagsterInstance,
    job: str,
    tags: Mapping[str, str],
    dagster_ui: str,
) -> None:
    """Run a job to its end. Raises ``RunFailed``."""
    reconstructable = dg.build_reconstructable_job(__name__, job_named.__name__, (job,))
    run = instance.create_run_for_job(
        reconstructable.get_definition(),
        run_config=_QUIET,
        tags=tags,
        remote_job_origin=_origin(job),
        job_code_origin=reconstructable.get_python_origin(),
    )
    result = execute_run(reconstructable, run, instance)
    with result:
        if not result.success:
            link = f"{dagster_ui}/runs/{result.run_id}"
            raise RunFailed(
                f"{job} failed. {what_failed(result.all_events)[0]}\nIts log: run `make dev`, then open {link}"
            )


def _origin(job: str) -> RemoteJobOrigin:
    """Where the UI looks for a job's runs: the code location that the workspace names."""
    location = ManagedGrpcPythonEnvCodeLocationOrigin(LoadableTargetOrigin(module_name=definitions.__name__), _LOCATION)
    return RemoteJobOrigin(RemoteRepositoryOrigin(location, SINGLETON_REPOSITORY_NAME), job)
