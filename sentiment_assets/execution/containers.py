"""Runs in containers of their own, on a platform where the daemon alone may speak to Docker."""

import os
from pathlib import Path

import docker.errors
from dagster import DagsterRun
from dagster._core.launcher import CheckRunHealthResult, LaunchRunContext, WorkerStatus
from dagster_docker import DockerRunLauncher
from dagster_docker.container_context import DockerContainerContext

from sentiment_assets.execution.steps import CONTAINERS, place_of_steps

LABEL = "sentiment_assets"
"""The label of every run and step container; its value is the platform's name."""
TERMINATE = "sentiment_assets/terminate"
"""The tag of a run that somebody has asked to end from where Docker is out of reach."""
_SOCKET = Path("/var/run/docker.sock")
_KEPT = "24h"


class ContainerRunLauncher(DockerRunLauncher):
    """Dagster's own launcher, which also ends runs on behalf of the webserver, and clears away what has ended.

    Docker's socket is power over the host: the daemon has it, and so has the container of a run whose steps get
    containers of their own, but neither these nor the webserver. Asked to terminate a run, the webserver leaves a tag,
    and the daemon finds it when it looks at the run's container, as run monitoring does every few seconds.
    """

    def get_container_context(self, dagster_run: DagsterRun) -> DockerContainerContext:
        """What the run's container is given."""
        given = super().get_container_context(dagster_run)
        if place_of_steps(dagster_run) != CONTAINERS or not _SOCKET.exists():
            return given
        volumes = [*given.container_kwargs.get("volumes", []), f"{_SOCKET}:{_SOCKET}"]
        socket = {"volumes": volumes, "group_add": [_SOCKET.stat().st_gid]}
        return given.merge(DockerContainerContext(container_kwargs=socket))

    def launch_run(self, context: LaunchRunContext) -> None:
        """Launch a container, and remove those of this platform that ended a day ago: nothing else does."""
        super().launch_run(context)
        run_context = self.get_container_context(context.dagster_run)
        name = run_context.container_kwargs.get("labels", {}).get(LABEL)
        if not name:
            return
        try:
            self._get_client(run_context).containers.prune({"label": [f"{LABEL}={name}"], "until": _KEPT})
        except docker.errors.APIError as error:  # another prune is under way: the next run sees to it
            self._instance.report_engine_event(f"Ended containers were not removed: {error}", context.dagster_run)

    def terminate(self, run_id: str) -> bool:
        """End a run, or leave word for the daemon."""
        if _docker_is_in_reach():
            return super().terminate(run_id)  # type: ignore[no-untyped-call]
        run = self._instance.get_run_by_id(run_id)
        if run is None or run.is_finished:
            return False
        self._instance.add_run_tags(run_id, {TERMINATE: "true"})
        self._instance.report_engine_event("Termination is asked for; the daemon sees to it within seconds.", run)
        return True

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """Look at a run's container, after ending it if somebody has asked for that."""
        if TERMINATE in run.tags:
            super().terminate(run.run_id)  # type: ignore[no-untyped-call]
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return super().check_run_worker_health(run)


def _docker_is_in_reach() -> bool:
    return "DOCKER_HOST" in os.environ or _SOCKET.exists()
