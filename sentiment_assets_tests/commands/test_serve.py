"""The scoring service as a process."""

import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from sentiment_assets.cli import main
from sentiment_assets.resources.mlflow_settings import default_tracking_uri
from sentiment_assets.resources.registry import make_champion
from testing import servers
from testing.in_process import BranchInProcess
from testing.models import made_model, register

TEXTS = {"texts": ["superb"]}


def serving(port: int) -> list[str]:
    return [sys.executable, "-m", "sentiment_assets.cli", "serve", "--port", str(port)]


@pytest.mark.slow
def test_it_serves_what_is_promoted_within_ten_seconds_and_goes_on_without_mlflow(
    trained: BranchInProcess, tmp_path: Path
) -> None:
    port, mlflow_port = servers.free_port(), servers.free_port()
    url, mlflow = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{mlflow_port}"
    server = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", default_tracking_uri()]
    server += ["--host", "127.0.0.1", "--port", str(mlflow_port), "--workers", "1"]
    register(trained.tracking, "acme", made_model())
    environment = os.environ | {"MLFLOW_TRACKING_URI": mlflow}
    log = tmp_path / "serve.log"

    def version() -> str:
        return str(servers.post(f"{url}/v1/acme/score", TEXTS)["model_version"])  # type: ignore[call-overload]

    def registry() -> str:
        with urllib.request.urlopen(f"{url}/readyz") as answer:  # noqa: S310
            return str(answer.read().decode())

    with servers.running(serving(port), f"{url}/healthz", log, environment) as service:
        with servers.running(server, f"{mlflow}/health", tmp_path / "mlflow.log", os.environ, stop=signal.SIGKILL):
            until(lambda: version() == "1")
            make_champion("acme", "2", mlflow)
            promoted = time.monotonic()
            until(lambda: version() == "2")
            assert time.monotonic() - promoted < 10
        until(lambda: "last seen" in registry())
        assert f"MLflow at {mlflow} cannot be reached" in registry()
        assert version() == "2"
        with servers.running(server, f"{mlflow}/health", tmp_path / "mlflow.log", os.environ, stop=signal.SIGKILL):
            until(lambda: '"registry":"reachable"' in registry())
        service.send_signal(signal.SIGTERM)
        assert service.wait(20) in (0, -signal.SIGTERM)
    assert "superb" not in log.read_text()


def until(is_so: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            if is_so():
                return
        except urllib.error.HTTPError:
            pass
        assert time.monotonic() < deadline
        time.sleep(0.2)


@pytest.mark.slow
def test_a_token_of_the_environment_is_asked_for(trained: BranchInProcess, tmp_path: Path) -> None:
    port = servers.free_port()
    environment = os.environ | {"SCORING_TOKEN": "sesame"}
    ready = f"http://127.0.0.1:{port}/readyz"
    with (
        servers.running(serving(port), ready, tmp_path / "log", environment),
        pytest.raises(urllib.error.HTTPError, match="401"),
    ):
        servers.post(f"http://127.0.0.1:{port}/v1/acme/score", TEXTS)
    assert "sesame" not in (tmp_path / "log").read_text()


def test_an_empty_token_opens_no_door(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCORING_TOKEN", "")
    refused = CliRunner().invoke(main, ["serve"])
    assert refused.exit_code == 1
    assert "SCORING_TOKEN is set, but empty" in refused.output


def test_a_port_that_is_taken_is_named(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = CliRunner().invoke(main, ["serve", "--port", str(port)])
    assert refused.exit_code == 1
    assert f"port {port} is taken; choose another with --port" in refused.output
