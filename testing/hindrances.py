"""What is put in the way of a walk (``testing.crashes``) while it goes on, other than full disks.

``benchmarks.surroundings`` puts all of it in the way; ``sentiment_assets_tests/test_surroundings.py`` some.
"""

import json
import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Literal

import dagster as dg

from sentiment_assets.assets.trained_candidates import is_candidate_step
from testing.crashes import BRANCH, VARIABLES
from testing.postgres import PostgresServer
from testing.servers import free_port, mlflow_server

_BETWEEN_LOOKS = 0.05
_LONGEST = 120.0


@contextmanager
def locked_mlflow(home: Path, *, seconds: float) -> Iterator[None]:
    """Somebody holds MLflow's database for a while."""

    def hold() -> None:
        with closing(sqlite3.connect(home / "mlflow.db")) as database:
            database.execute("BEGIN EXCLUSIVE")
            time.sleep(seconds)

    with ThreadPoolExecutor() as beside:
        holding = beside.submit(hold)
        yield
        holding.result()


@contextmanager
def stopped_postgres(
    _: Path, *, server: PostgresServer, mode: Literal["fast", "immediate"], seconds: float
) -> Iterator[None]:
    """The warehouse's server is stopped as soon as something is sent to it, and started again."""
    with ThreadPoolExecutor() as beside:
        stopping = beside.submit(server.restart_once_published_to, mode, seconds)
        yield
        stopping.result()


@contextmanager
def without_mlflow(home: Path, *, seconds: float, tries: int) -> Iterator[None]:
    """MLflow's server goes away once a candidate has begun, and comes back; afterwards its database is used itself."""

    def come_and_go(address: str, there: threading.Event, walked: threading.Event) -> None:
        with mlflow_server(home, address):
            before = _candidates(home)
            there.set()
            while _candidates(home) == before and not walked.wait(_BETWEEN_LOOKS):
                pass
        walked.wait(seconds)
        with mlflow_server(home, address):
            walked.wait()

    with _served_by_mlflow(home, come_and_go, MLFLOW_HTTP_REQUEST_MAX_RETRIES=str(tries)):
        yield


@contextmanager
def killed_mlflow(home: Path, *, after: float, seconds: float) -> Iterator[None]:
    """MLflow's server is killed ``after`` so many seconds of the walk, and started again some ``seconds`` later."""

    def come_and_go(address: str, there: threading.Event, walked: threading.Event) -> None:
        with mlflow_server(home, address) as server:
            there.set()
            walked.wait(after)
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()
        walked.wait(seconds)
        with mlflow_server(home, address):
            walked.wait()

    with _served_by_mlflow(home, come_and_go):
        yield


@contextmanager
def _served_by_mlflow(
    home: Path, come_and_go: Callable[[str, threading.Event, threading.Event], None], **variables: str
) -> Iterator[None]:
    """A walk asks MLflow's server at an address, beside which ``come_and_go`` says that it is there, and keeps it."""
    there, walked = threading.Event(), threading.Event()
    address = f"http://127.0.0.1:{free_port()}"
    (home / VARIABLES).write_text(json.dumps({"MLFLOW_TRACKING_URI": address, **variables}))
    with ThreadPoolExecutor() as beside:
        going = beside.submit(come_and_go, address, there, walked)
        there.wait(_LONGEST)
        try:
            yield
        finally:
            walked.set()
        going.result()
    (home / VARIABLES).unlink()


def _candidates(home: Path) -> int:
    """How many candidates MLflow knows of."""
    with closing(sqlite3.connect(home / "mlflow.db")) as database:
        [(count,)] = database.execute("SELECT count(*) FROM tags WHERE key = 'dagster.partition'")
        return int(count)


@contextmanager
def killed_candidate(home: Path) -> Iterator[None]:
    """A candidate's process is killed, as the operating system does where memory runs out."""
    walked = threading.Event()

    def watch() -> None:
        with dg.DagsterInstance.local_temp(str(home / "dagster")) as instance:
            while not (pid := _process_of_a_candidate(instance)):
                if walked.wait(_BETWEEN_LOOKS):
                    return
            os.kill(pid, signal.SIGKILL)

    with ThreadPoolExecutor() as beside:
        watching = beside.submit(watch)
        try:
            yield
        finally:
            walked.set()
        watching.result()


def _process_of_a_candidate(instance: dg.DagsterInstance) -> int | None:
    for run in instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])):
        for entry in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_START):
            event = entry.dagster_event
            if event and is_candidate_step(BRANCH, str(event.step_key)) and event.pid:
                return int(event.pid)
    return None
