"""Dagster's and MLflow's UIs and the reports side by side on loopback."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import click

from sentiment_assets.commands.demo import orders
from sentiment_assets.resources.home import SETTING, home
from sentiment_assets.resources.mlflow_settings import keep_mlflow_quiet, tracking_uri
from sentiment_assets.resources.ui_addresses import dagster_ui, mlflow_ui, remember_ui_addresses, reports_ui

_HOST = "127.0.0.1"
_SECONDS_TO_STOP = 20


class PortTaken(RuntimeError):
    """Something listens on a port that a server was to have."""


@dataclass(frozen=True)
class Ports:
    """Where each of them listens."""

    dagster: int
    mlflow: int
    reports: int


def serve(dagster_home: Path, project: Path, ports: Ports) -> int:
    """Run all of them until one ends or a signal comes; returns the exit status. Raises ``PortTaken``."""
    for name, port in vars(ports).items():
        require_free(f"--{name}-port", port)
    addresses = {
        "DAGSTER_UI_URL": f"http://{_HOST}:{ports.dagster}",
        "MLFLOW_UI_URL": f"http://{_HOST}:{ports.mlflow}",
        "REPORTS_URL": f"http://{_HOST}:{ports.reports}",
    }
    for former, now in zip((dagster_ui(), mlflow_ui(), reports_ui()), addresses.values(), strict=True):
        if former != now:
            click.echo(f"Links that were written before lead to {former}; those written from now on to {now}.")
    remember_ui_addresses(addresses)
    keep_mlflow_quiet()
    environment = os.environ | addresses | settings_of_servers(dagster_home)
    dagster = [sys.executable, "-m", "dagster", "dev", "-w", str(project / "workspace.yaml")]
    mlflow = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", tracking_uri()]
    commands = [
        [*dagster, "--host", _HOST, "--port", str(ports.dagster), "--log-level", "warning"],
        [*mlflow, "--host", _HOST, "--port", str(ports.mlflow), "--workers", "1"],
        [sys.executable, "-m", "sentiment_assets.cli", "serve-reports", "--port", str(ports.reports)],
    ]
    servers = [subprocess.Popen(command, env=environment, cwd=project, start_new_session=True) for command in commands]
    click.echo(f"Dagster  {addresses['DAGSTER_UI_URL']}")
    click.echo(f"MLflow   {addresses['MLFLOW_UI_URL']}")
    click.echo(f"Reports  {addresses['REPORTS_URL']}/reports/")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        while all(server.poll() is None for server in servers):
            time.sleep(0.5)
        return max(abs(server.returncode or 0) for server in servers)
    except KeyboardInterrupt:
        return 0
    finally:
        _stop(servers)


def settings_of_servers(dagster_home: Path) -> dict[str, str]:
    """Where state lies, said aloud for code locations of the user's own."""
    return {
        "DAGSTER_HOME": str(dagster_home),
        SETTING: str(home()),
        **(orders.address() if orders.is_there() else {}),
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # eight processes that nothing here uses
    }


def require_free(option: str, port: int) -> None:
    """Raise ``PortTaken`` if something listens on a port; ``option`` is what names it."""
    with socket.socket() as probe:
        if probe.connect_ex((_HOST, port)) == 0:
            raise PortTaken(f"port {port} is taken; choose another with {option}")


def _stop(servers: list[subprocess.Popen[bytes]]) -> None:
    """Each server leads a process group of its own, so that what it started ends with it."""
    for server in servers:
        _signal_group(server, signal.SIGTERM)
    for server in servers:
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(_SECONDS_TO_STOP)
        _signal_group(server, signal.SIGKILL)


def _signal_group(server: subprocess.Popen[bytes], which: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(server.pid, which)
