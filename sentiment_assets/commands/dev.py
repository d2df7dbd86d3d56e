"""Dagster's and MLflow's UIs and the reports side by side on loopback."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sentiment_assets.commands.dagster_home import PROJECT
from sentiment_assets.commands.demo import orders
from sentiment_assets.ingestion.decoding import on_one_line
from sentiment_assets.resources.home import SETTING, below_home, home
from sentiment_assets.resources.mlflow_settings import is_server, keep_mlflow_quiet, tracking_uri
from sentiment_assets.resources.ui_addresses import dagster_ui, mlflow_ui, remember_ui_addresses, reports_ui
from sentiment_assets.resources.urls import shown

if TYPE_CHECKING:
    import dagster as dg

_HOST = "127.0.0.1"
_MLFLOW_UI = "MLFLOW_UI_URL"
_SECONDS_TO_STOP = 20
_SECONDS_BETWEEN_LOOKS = 2
_LOG, _LINES_TOLD = "dev.log", 15


class PortTaken(RuntimeError):
    """Something listens on a port that a server was to have."""


@dataclass(frozen=True)
class Ports:
    """Where each of them listens."""

    dagster: int
    mlflow: int
    reports: int


def serve(dagster_home: Path, ports: Ports) -> int:
    """Run all of them until one ends or a signal comes; returns the exit status.

    Raises ``PortTaken``, and ``MlflowAway`` where MLflow's database cannot be used.
    """
    commands = commands_of_servers(ports, tracking_uri())
    for name in commands:
        require_free(f"--{name}-port", vars(ports)[name])
    addresses = addresses_of_uis(ports, tracking_uri())
    for told in moved_links(addresses):
        click.echo(told)
    remember_ui_addresses(addresses)
    keep_mlflow_quiet()
    environment = os.environ | addresses | settings_of_servers(dagster_home)
    os.environ["DAGSTER_HOME"] = str(dagster_home)
    import dagster as dg

    from sentiment_assets.resources.registry import SQLITE, open_client

    # Opened before the servers start: where there are no tables yet, it makes them, and two that do so at once fail.
    uri = tracking_uri()
    if uri.startswith(SQLITE) and not Path(uri.removeprefix(SQLITE)).exists():
        open_client(uri)
    with dg.DagsterInstance.get() as instance:
        return _serve(list(commands.values()), environment, instance, dagster_home / _LOG)


def _serve(
    commands: Sequence[Sequence[str]], environment: Mapping[str, str], instance: "dg.DagsterInstance", log: Path
) -> int:
    """Run the commands, and tell of runs, until one ends or a signal comes; returns the exit status."""
    from sentiment_assets.commands.run_news import RunNews

    with log.open("wb") as said:
        how: Any = {"env": environment, "cwd": PROJECT, "start_new_session": True}
        servers = [subprocess.Popen(each, stdout=said, stderr=subprocess.STDOUT, **how) for each in commands]
    for name, setting in (("Dagster", "DAGSTER_UI_URL"), ("MLflow", _MLFLOW_UI)):
        click.echo(f"{name:<8} {environment[setting]}")
    click.echo(f"Reports  {environment['REPORTS_URL']}/reports/")
    click.echo(f"What they say is in {log}; runs that end are told here. Ctrl+C stops all of it.")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    news = RunNews(instance, environment["DAGSTER_UI_URL"], datetime.now(UTC))
    try:
        while all(server.poll() is None for server in servers):
            for line in news.lines():
                click.echo(on_one_line(line))
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        click.echo("One of them has ended, so all are stopped. They said last:", err=True)
        click.echo("\n".join(log.read_text(errors="replace").splitlines()[-_LINES_TOLD:]), err=True)
        return max(abs(server.returncode or 0) for server in servers)
    except KeyboardInterrupt:
        click.echo(f"Stopping, which takes up to {_SECONDS_TO_STOP} seconds.")
        return 0
    finally:
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_IGN)  # who asks twice would leave some of them behind
        _stop(servers)


def moved_links(addresses: Mapping[str, str]) -> list[str]:
    """What to tell of links that lead elsewhere than to these addresses; a home without data has none."""
    if not below_home("data").exists():
        return []
    return [
        f"Links that were written before lead to {former}; those written from now on to {now}."
        for former, now in zip((dagster_ui(), mlflow_ui(), reports_ui()), addresses.values(), strict=True)
        if former != now
    ]


def addresses_of_uis(ports: Ports, tracking: str) -> dict[str, str]:
    """Where each of them is opened, by setting; an MLflow server has an address of its own."""
    mlflow = os.environ.get(_MLFLOW_UI) or shown(tracking) if is_server(tracking) else f"http://{_HOST}:{ports.mlflow}"
    return {
        "DAGSTER_UI_URL": f"http://{_HOST}:{ports.dagster}",
        _MLFLOW_UI: mlflow,
        "REPORTS_URL": f"http://{_HOST}:{ports.reports}",
    }


def commands_of_servers(ports: Ports, tracking: str) -> dict[str, list[str]]:
    """What starts each of them; no MLflow where ``tracking`` is the address of a server, which runs elsewhere."""
    dagster = [sys.executable, "-m", "dagster", "dev", "-w", str(PROJECT / "workspace.yaml"), "--log-level", "warning"]
    mlflow = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", tracking, "--workers", "1"]
    commands = {
        "dagster": [*dagster, "--host", _HOST, "--port", str(ports.dagster)],
        "mlflow": [*mlflow, "--host", _HOST, "--port", str(ports.mlflow)],
        "reports": [sys.executable, "-m", "sentiment_assets.cli", "serve-reports", "--port", str(ports.reports)],
    }
    return {name: command for name, command in commands.items() if name != "mlflow" or not is_server(tracking)}


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
