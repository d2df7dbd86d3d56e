"""The launcher's own part; ``deployment/test_compose.py`` sees it work in a real engine."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import dagster as dg
import pytest
import yaml
from dagster import DagsterRun, DagsterRunStatus

from sentiment_assets.execution import containers
from sentiment_assets.execution.containers import TERMINATE
from sentiment_assets.execution.steps import PLACE


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    launcher = {"module": "sentiment_assets.execution.containers", "class": "ContainerRunLauncher"}
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump({"run_launcher": launcher}))
    with dg.DagsterInstance.from_config(str(tmp_path)) as opened:
        yield opened


def a_run(instance: dg.DagsterInstance, status: DagsterRunStatus, **more: object) -> DagsterRun:
    run = DagsterRun(job_name="acme_train", run_id=str(uuid4()), status=status, **more)
    instance.add_run(run)
    return run


def test_without_a_socket_a_run_is_marked_for_the_daemon_and_goes_on(
    instance: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(containers, "_SOCKET", tmp_path / "no.sock")
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    run = a_run(instance, DagsterRunStatus.STARTED)
    assert instance.run_launcher.terminate(run.run_id)
    after = instance.get_run_by_id(run.run_id)
    assert after is not None
    assert after.tags[TERMINATE] == "true"
    assert after.status == DagsterRunStatus.STARTED, "not shown as canceled before it is"


def test_a_run_that_has_ended_is_not_ended_again(
    instance: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(containers, "_SOCKET", tmp_path / "no.sock")
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    assert not instance.run_launcher.terminate(a_run(instance, DagsterRunStatus.SUCCESS).run_id)
    assert not instance.run_launcher.terminate("no such run")


@pytest.mark.parametrize(
    ("given", "has_socket"),
    [
        ({}, False),
        ({"tags": {PLACE: "containers"}}, True),
        ({"run_config": {"execution": {"config": {"containers": {}}}}}, True),
        ({"tags": {PLACE: "containers"}, "run_config": {"execution": {"config": {"processes": {}}}}}, False),
    ],
)
def test_only_a_run_whose_steps_get_containers_has_dockers_socket(
    instance: dg.DagsterInstance,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    given: dict[str, dict[str, object]],
    has_socket: bool,
) -> None:
    socket = tmp_path / "docker.sock"
    socket.touch()
    monkeypatch.setattr(containers, "_SOCKET", socket)
    kwargs = instance.run_launcher.get_container_context(
        a_run(instance, DagsterRunStatus.STARTED, **given)
    ).container_kwargs
    assert (str(socket) in str(kwargs.get("volumes"))) == has_socket
    assert ("group_add" in kwargs) == has_socket
