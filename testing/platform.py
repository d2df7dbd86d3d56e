"""A real daemon and code server on an instance of its own, for what must happen by itself."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TypeVar

import dagster as dg
import yaml

from sentiment_assets.resources.lost_runs import process_of
from testing.servers import free_port

T = TypeVar("T")
_PROJECT = Path(__file__).parents[1]
_LAST_LINES = 40


@dataclass
class Platform:
    """Dagster below a home folder: code servers that stay, and a daemon that may be killed and started again."""

    home: Path
    locations: tuple[str, ...]
    """Modules, or paths of Python files."""
    environment: Mapping[str, str]
    runs_at_once: int | None = None
    """The most runs at once; by default as many as the project's own instance allows."""
    seconds_between_launches: int | None = None
    """How often the daemon looks for runs that wait; by default as often as Dagster does."""
    servers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    daemon: subprocess.Popen[bytes] | None = None

    @property
    def dagster_home(self) -> Path:
        """Where Dagster keeps its state."""
        return self.home / "dagster"

    @property
    def workspace(self) -> Path:
        """The file that names the code servers."""
        return self.home / "workspace.yaml"

    @property
    def settings_of_processes(self) -> Mapping[str, str]:
        """The environment of everything that belongs to it."""
        own = {"SENTIMENT_HOME": str(self.home), "DAGSTER_HOME": str(self.dagster_home)}
        return {**os.environ, **own, **self.environment}

    def prepare(self) -> None:
        """Write the instance, so that it can have a history before anything runs."""
        self.dagster_home.mkdir(parents=True)
        text = (_PROJECT / "dagster.yaml").read_text().replace(" .sentiment/", f" {self.home}/")
        settings = yaml.safe_load(text)
        if self.seconds_between_launches:
            settings["run_coordinator"] = {
                "module": "dagster._core.run_coordinator.queued_run_coordinator",
                "class": "QueuedRunCoordinator",
                "config": {"dequeue_interval_seconds": self.seconds_between_launches},
            }
        if self.runs_at_once:
            settings["concurrency"]["runs"]["max_concurrent_runs"] = self.runs_at_once
        (self.dagster_home / "dagster.yaml").write_text(yaml.safe_dump(settings))
        with self.instance() as instance:
            instance.get_runs(limit=1)  # its databases are made before several processes open them at once

    def start(self) -> None:
        """Prepare it if nobody has, start one code server per module, wait for them, then start the daemon."""
        if not self.dagster_home.exists():
            self.prepare()
        ports = [free_port() for _ in self.locations]
        self.servers = [
            self._spawn("dagster", "code-server", "start", *_of(name), "-p", str(port), "-h", "127.0.0.1")
            for name, port in zip(self.locations, ports, strict=True)
        ]
        locations = [
            {"grpc_server": {"host": "127.0.0.1", "port": port, "location_name": name}}
            for name, port in zip(self.locations, ports, strict=True)
        ]
        self.workspace.write_text(yaml.safe_dump({"load_from": locations}))
        for port in ports:
            wait_for(partial(_listens, port), 120, f"a code server on port {port}")
        self.start_daemon()

    def start_daemon(self) -> None:
        """Start it, again if need be."""
        self.daemon = self._spawn("dagster._daemon", "run", "-w", str(self.workspace))

    def launch(self, job: str, tags: Mapping[str, str]) -> None:
        """Ask for a run, as somebody at the UI does."""
        workspace = str(self.workspace)
        process = self._spawn("dagster", "job", "launch", "-w", workspace, "-j", job, "--tags", json.dumps(dict(tags)))
        assert process.wait() == 0, f"{job} was not launched: see {self.home / 'processes.log'}"

    def kill_daemon(self) -> None:
        """Kill the daemon, as a machine that loses power would."""
        assert self.daemon
        self.daemon.kill()
        self.daemon.wait()

    def kill_everything(self) -> None:
        """Kill the daemon, code servers and runs at once, as a machine that loses power would, and start again."""
        self._kill()
        self.start()

    def kill_a_run(self) -> bool:
        """Kill the process of a run that goes on now; False if there is none."""
        with self.instance() as instance:
            for run in instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])):
                if process := process_of(instance, run.run_id):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(process, signal.SIGKILL)
                        return True
        return False

    def stop(self) -> None:
        """End everything, and print how it stood: pytest shows that of a test that has failed."""
        self._tell()
        self._kill()

    def _kill(self) -> None:
        for process in (*self.servers, *([self.daemon] if self.daemon else [])):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    @contextlib.contextmanager
    def instance(self) -> Iterator[dg.DagsterInstance]:
        """The instance, to look at."""
        with dg.DagsterInstance.from_config(str(self.dagster_home)) as instance:
            yield instance

    def _tell(self) -> None:
        lines = []
        with self.instance() as instance:
            for run in instance.get_runs():
                lines.append(f"{run.run_id} {run.job_name} {run.status.value} {dict(run.tags)}")
                if not run.is_finished:
                    lines += [entry.message for entry in instance.all_logs(run.run_id)][-_LAST_LINES:]
        lines += (self.home / "processes.log").read_text(errors="replace").splitlines()[-_LAST_LINES:]
        sys.stderr.write("\n".join(lines) + "\n")

    def _spawn(self, *command: str) -> subprocess.Popen[bytes]:
        with (self.home / "processes.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=_PROJECT,
                env=dict(self.settings_of_processes),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


class Mailbox:
    """A local HTTP server that keeps what it is sent; it can be down."""

    def __init__(self) -> None:
        self.received: list[str] = []
        self.refused = 0
        self.down = False
        box = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                if box.down:
                    box.refused += 1
                else:
                    box.received.append(body)
                self.send_response(503 if box.down else 200)
                self.end_headers()

            def log_message(self, *arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"json://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


def wait_for(done: Callable[[], T], seconds: float, what: str) -> T:
    """Wait until ``done()`` is true; returns what it gave. Raises ``AssertionError`` that says what did not happen."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := done():
            return found
        time.sleep(1)
    raise AssertionError(f"{what} has not happened within {seconds:g} seconds")


def _of(location: str) -> tuple[str, str]:
    return ("-f", location) if location.endswith(".py") else ("-m", location)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
