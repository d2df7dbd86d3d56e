"""A real platform with everything that people open in a browser: Dagster's UI, MLflow's, and the reports."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from sentiment_assets.resources.mlflow_settings import default_tracking_uri
from sentiment_assets.resources.ui_addresses import remember_ui_addresses
from testing.in_process import home_of
from testing.platform import Platform
from testing.servers import free_port, running

_NO_JOBS = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}


@dataclass(frozen=True)
class Uis:
    """Where they are, and the platform behind them."""

    platform: Platform
    dagster: str
    mlflow: str
    reports: str


@contextmanager
def platform_with_uis(location: str, home: Path, work: Callable[[dg.DagsterInstance], None]) -> Iterator[Uis]:
    """The platform of a code location, its UIs open while the block lasts.

    What ``work`` does is done before anything starts, so that no sensor is faster.
    """
    ports = [free_port() for _ in range(3)]
    dagster, mlflow, reports = (f"http://127.0.0.1:{port}" for port in ports)
    platform = Platform(home, (location,), {}, seconds_between_launches=1)
    platform.prepare()
    with home_of(home):
        remember_ui_addresses({"DAGSTER_UI_URL": dagster, "MLFLOW_UI_URL": mlflow, "REPORTS_URL": reports})
        database = default_tracking_uri()
        with platform.instance() as instance:
            work(instance)
    try:
        platform.start()
        servers = {
            f"{dagster}/server_info": ["dagster_webserver", "-w", str(platform.workspace)],
            f"{mlflow}/health": ["mlflow", "server", "--backend-store-uri", database, "--workers", "1"],
            f"{reports}/reports/": ["sentiment_assets.cli", "serve-reports"],
        }
        with ExitStack() as stack:
            for (ready, server), port in zip(servers.items(), ports, strict=True):
                command = [sys.executable, "-m", *server, "--port", str(port)]
                log = home / f"{server[0]}.log"
                stack.enter_context(running(command, ready, log, {**platform.settings_of_processes, **_NO_JOBS}))
            yield Uis(platform, dagster, mlflow, reports)
    finally:
        platform.stop()
