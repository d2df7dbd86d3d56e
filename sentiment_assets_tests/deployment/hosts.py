"""Hosts that share no disk, each made of namespaces of this machine, and what they share, on a network of their own.

A host has an address, processes, ``/tmp``, home folder and name of its own. To kill it is to kill all its processes at
once, as a loss of power would.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from ray.job_submission import JobSubmissionClient
from upath import UPath

from testing.platform import wait_for
from testing.servers import running

PROJECT = Path(__file__).parents[2]
DEPLOYMENT = PROJECT / "deployment" / "cluster"
_BRIDGE = "sentiment"
_NETWORK = "10.77.0"
SHARED, HEAD = f"{_NETWORK}.1", f"{_NETWORK}.10"
"""The addresses of what the hosts share, where the process of a run is too, and of the first host."""
DASHBOARD = f"http://{HEAD}:8265"
_S3, _MLFLOW = f"http://{SHARED}:5077", f"http://{SHARED}:5078"
_BUCKET = "sentiment"
SETTINGS: Mapping[str, str] = {
    "RAY_API_SERVER_ADDRESS": DASHBOARD,
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": "0123456789abcdef" * 4,
    "SENTIMENT_TRAINING": "cluster",
    "POSTGRES_HOST": SHARED,
    "POSTGRES_PASSWORD": "made-up",
    "STATE_BUCKET": _BUCKET,
    "SENTIMENT_HOME": f"s3://{_BUCKET}/state",
    "MLFLOW_TRACKING_URI": _MLFLOW,
    "AWS_ACCESS_KEY_ID": "made-up",
    "AWS_SECRET_ACCESS_KEY": "made-up",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ENDPOINT_URL": _S3,
}
"""What each host's ``cluster.env`` holds."""
_TOKEN = {"Authorization": f"Bearer {SETTINGS['RAY_AUTH_TOKEN']}"}
_ENTERING = """\
hostname "$1"; mount --bind "$2" /tmp; mount -t tmpfs shm /dev/shm; mkdir -p /tmp/home; shift 2; exec "$@"
"""


def command(*words: str) -> str:
    """Run a command of this machine's; returns what it printed."""
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(words)}: {done.stdout}{done.stderr}"
    return done.stdout


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and all of its group."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@dataclass(frozen=True)
class Host:
    """A host of the cluster."""

    name: str
    address: str
    scratch: Path
    """What is its ``/tmp``."""
    process: subprocess.Popen[bytes]

    @property
    def copies(self) -> set[str]:
        """The names of the arrays that have been copied to it."""
        return {file.stem for file in (self.scratch / "sentiment_assets").rglob("*.npy")}

    def kill(self) -> None:
        """Kill all its processes at once."""
        self.process.kill()  # the others are in a space of processes whose first one is killed with it
        self.process.wait()


@dataclass(frozen=True)
class Cluster:
    """The hosts, and a folder for what is on none of them."""

    folder: Path
    hosts: dict[str, Host] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    """All hosts that there have ever been, by their addresses."""
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    """Those of runs, and the daemon."""

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start a Python module in a process group of its own, on none of the hosts."""
        with (self.folder / "processes.log").open("ab") as log:
            started = subprocess.Popen(
                [sys.executable, "-m", *words], cwd=PROJECT, stdout=log, stderr=log, start_new_session=True
            )
        self.processes.append(started)
        return started

    def join(self, name: str, *, processors: int) -> Host:
        """Start a host by the one command that there is for it, and wait until the cluster knows it."""
        address = HEAD if name == "head" else f"{_NETWORK}.{len(self.names) + 10}"
        self.names[address] = name
        scratch = self.folder / name
        scratch.mkdir()
        (scratch / "cluster.env").write_text("".join(f"{key}={value}\n" for key, value in SETTINGS.items()))
        _make_namespace(name, address)
        entering = ["ip", "netns", "exec", _namespace(name), "unshare", "--mount", "--pid", "--uts", "--fork"]
        entering += ["--kill-child=KILL", "--mount-proc", "sh", "-ec", _ENTERING, "sh", name, str(scratch)]
        joining = ["bash", str(DEPLOYMENT / "host.sh"), "head" if name == "head" else HEAD]
        share = ["--num-cpus", str(processors), "--node-ip-address", address, "--object-store-memory", "100000000"]
        own = {"PATH": os.environ["PATH"], "HOME": "/tmp/home", "CLUSTER_ENV_FILE": "/tmp/cluster.env"}  # noqa: S108
        with (scratch / "ray.log").open("wb") as log:
            process = subprocess.Popen([*entering, *joining, *share], env=own, stdout=log, stderr=log)
        self.hosts[name] = Host(name, address, scratch, process)
        wait_for(partial(self._knows, self.hosts[name]), 90, f"host {name} in the cluster")
        return self.hosts[name]

    def _knows(self, host: Host) -> bool:
        assert host.process.poll() is None, (host.scratch / "ray.log").read_text()
        return host.address in _alive()

    def hosts_of_steps(self, run_id: str) -> dict[str, str]:
        """The host that each step of a run was started on last, by its key."""
        jobs = [each for each in _client().list_jobs() if each.driver_agent_http_address]
        own = [each for each in jobs if (each.metadata or {}).get("dagster/run-id") == run_id]
        return {
            job.metadata["dagster/op"]: self.names[job.driver_agent_http_address.split("/")[2].split(":")[0]]
            for job in sorted(own, key=lambda job: job.start_time)
        }

    def jobs_under_way(self) -> list[str]:
        """The jobs that have not ended."""
        return [str(job.submission_id) for job in _client().list_jobs() if not job.status.is_terminal()]

    def stop_jobs(self) -> None:
        """Stop the jobs that have not ended."""
        for job in self.jobs_under_way():
            _client().stop_job(job)

    def leave(self, name: str) -> None:
        """End a host."""
        self.hosts.pop(name).kill()
        subprocess.run(["ip", "netns", "del", _namespace(name)], check=False)


@contextmanager
def a_cluster(folder: Path) -> Iterator[Cluster]:
    """What the hosts share, and the first of them, which takes no steps."""
    cluster = Cluster(folder)
    with ExitStack() as ending:
        _remove_leftovers()
        ending.callback(_remove_leftovers)
        command("ip", "link", "add", _BRIDGE, "type", "bridge")
        command("ip", "address", "add", f"{SHARED}/24", "dev", _BRIDGE)
        command("ip", "link", "set", _BRIDGE, "up")
        ending.enter_context(_postgres(folder))
        moto = [sys.executable, "-m", "moto.server", "--host", SHARED, "--port", "5077"]
        ending.enter_context(running(moto, _S3, folder / "moto.log", os.environ))
        UPath(f"s3://{_BUCKET}").mkdir()
        ending.enter_context(_mlflow(folder))
        ending.callback(lambda: [cluster.leave(name) for name in list(cluster.hosts)])
        ending.callback(lambda: [kill(process) for process in cluster.processes])
        cluster.join("head", processors=0)
        yield cluster


def _client() -> JobSubmissionClient:
    """A client with the token by hand: Ray has read its settings when it was imported."""
    return JobSubmissionClient(DASHBOARD, headers=_TOKEN)


def _alive() -> set[str]:
    """The addresses of the hosts that the cluster knows to be there."""
    asked = urllib.request.Request(f"{DASHBOARD}/nodes?view=summary", headers=_TOKEN)  # noqa: S310
    try:
        with urllib.request.urlopen(asked, timeout=5) as answer:  # noqa: S310
            nodes = json.load(answer)["data"]["summary"]
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return set()
    return {str(node.get("ip")) for node in nodes if node.get("raylet", {}).get("state") == "ALIVE"}


def _namespace(name: str) -> str:
    return f"sentiment-{name}"


def _make_namespace(name: str, address: str) -> None:
    namespace, ours, theirs = _namespace(name), f"s-{name}", f"t-{name}"
    command("ip", "netns", "add", namespace)
    command("ip", "link", "add", ours, "type", "veth", "peer", "name", theirs)
    command("ip", "link", "set", ours, "master", _BRIDGE, "up")
    command("ip", "link", "set", theirs, "netns", namespace)
    inside = ["ip", "-n", namespace]
    command(*inside, "address", "add", f"{address}/24", "dev", theirs)
    command(*inside, "link", "set", theirs, "up")
    command(*inside, "link", "set", "lo", "up")


def _remove_leftovers() -> None:
    """Remove the namespaces and the bridge, which a test that was killed would leave."""
    for line in command("ip", "netns", "list").splitlines():
        name = line.split()[0]
        if name.startswith(_namespace("")):
            subprocess.run(["ip", "netns", "del", name], check=False)
    subprocess.run(["ip", "link", "del", _BRIDGE], check=False, capture_output=True)


@contextmanager
def _postgres(folder: Path) -> Iterator[None]:
    """A database server with the databases of Dagster and MLflow; it refuses to be root's."""
    place = Path(tempfile.mkdtemp(prefix="sentiment-postgres-"))
    shutil.chown(place, "postgres")
    word = place / "password"
    word.write_text(SETTINGS["POSTGRES_PASSWORD"])
    shutil.chown(word, "postgres")
    data, log = str(place / "data"), str(place / "log")
    account = ["runuser", "-u", "postgres", "--"]
    command(*account, "initdb", "-D", data, "-U", "sentiment", "-A", "md5", f"--pwfile={word}")
    (place / "data" / "pg_hba.conf").write_text(f"host all all {_NETWORK}.0/24 md5\n")
    options = f"-c listen_addresses={SHARED} -c unix_socket_directories= -c fsync=off -c max_connections=300"
    command(*account, "pg_ctl", "-D", data, "-l", log, "-o", options, "-w", "start")
    try:
        for name in ("dagster", "mlflow"):
            command("psql", f"{_database('postgres')}", "-c", f"CREATE DATABASE {name}")
        yield
    finally:
        command(*account, "pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(place)


def _database(name: str) -> str:
    return f"postgresql://sentiment:{SETTINGS['POSTGRES_PASSWORD']}@{SHARED}:5432/{name}"


@contextmanager
def _mlflow(folder: Path) -> Iterator[None]:
    server = [sys.executable, "-m", "mlflow", "server", "--host", SHARED, "--port", "5078", "--workers", "1"]
    store = ["--backend-store-uri", _database("mlflow"), "--artifacts-destination", f"s3://{_BUCKET}/mlartifacts"]
    environment = os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with running(
        [*server, *store, "--allowed-hosts", f"{SHARED}:*"], f"{_MLFLOW}/health", folder / "mlflow.log", environment
    ):
        yield
