"""The scoring service beside ``mlflow models serve``: latency, throughput, memory, and a champion that changes.

    python -m benchmarks.serving [--branch movies] [--seconds 20] [--requests 200000] [--swaps 20]

Needs the champion of a branch and its batches, as ``make demo`` leaves them. Everything is asked on loopback by one
process, of one server process at a time. Prints Markdown tables; the last one is of a registry of its own, whose
champion changes while requests are answered: every answer must be that of the version that it names.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path

import numpy as np
import pandas as pd

from sentiment_assets.resources.home import SETTING, local_home
from sentiment_assets.resources.mlflow_settings import tracking_uri
from sentiment_assets.resources.registry import make_champion
from sentiment_assets.resources.tracking import Tracking
from testing import servers
from testing.models import made_model, register

_PROBE = "superb and dull, but superb"


def main() -> None:
    """Start, ask and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--branch", default="movies", help="whose champion and batches")
    parser.add_argument("--seconds", type=float, default=20, help="how long each measurement takes")
    parser.add_argument("--requests", type=int, default=200_000, help="requests while the champion changes")
    parser.add_argument("--swaps", type=int, default=20, help="how often it changes meanwhile")
    chosen = parser.parse_args()
    texts = _texts(chosen.branch)
    print(
        f"{len(texts):,} reviews of {chosen.branch}, {int(np.median([len(each) for each in texts]))} characters each.\n"
    )
    ours, theirs = _Way(f"/v1/{chosen.branch}/score", _our_body), _Way("/invocations", _their_body)
    explained = _Way(f"{ours.path}?explain=true", _our_body)
    with _scoring_service() as (port, pid):
        print(f"Memory with all branches loaded: {_megabytes(pid):.0f} MB\n")
        print("| 50 requests/s of 1 text | p50 ms | p95 ms | p99 ms |\n| --- | --- | --- | --- |")
        for name, way in (("score", ours), ("score and words", explained)):
            waited = 1e3 * np.array(asyncio.run(_paced(port, way, texts, rate=50, seconds=chosen.seconds)))
            print(
                f"| {name} | {' | '.join(f'{each:.1f}' for each in np.percentile(waited, [50, 95, 99]))} |", flush=True
            )
        rates = {size: _rate(port, pid, ours, texts, size=size, seconds=chosen.seconds) for size in (1, 100)}
    with _mlflow_server(chosen.branch) as (port, pid):
        peer = {size: _rate(port, pid, theirs, texts, size=size, seconds=chosen.seconds) for size in (1, 100)}
    print("\n| texts a request | scoring service | mlflow models serve | ratio |\n| --- | --- | --- | --- |")
    for size, rate in rates.items():
        for unit, own, other in zip(("a second", "a processor second"), rate, peer[size], strict=True):
            print(f"| {size}: texts {unit} | {own:,.0f} | {other:,.0f} | {own / other:.1f} |", flush=True)
    _swaps(chosen.requests, chosen.swaps)


@dataclass(frozen=True)
class _Way:
    """Where a server is asked, and how."""

    path: str
    body: "object"

    def request(self, texts: Sequence[str]) -> bytes:
        body = json.dumps(self.body(texts)).encode()  # type: ignore[operator]
        head = f"POST {self.path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def _our_body(texts: Sequence[str]) -> object:
    return {"texts": list(texts)}


def _their_body(texts: Sequence[str]) -> object:
    return {"dataframe_split": {"columns": ["text"], "data": [[each] for each in texts]}}


def _texts(branch: str) -> list[str]:
    files = sorted((local_home() / "data" / branch / "raw_reviews").glob("*.parquet"))
    return pd.concat(pd.read_parquet(file, columns=["text"]) for file in files)["text"].tolist()


class _Connection:
    """One connection that stays open."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def to(cls, port: int) -> "_Connection":
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def ask(self, request: bytes) -> bytes:
        """The body of an answer; raises unless the status is 200."""
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        length = next(int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:"))
        body = await self._reader.readexactly(length)
        if b" 200 " not in lines[0]:
            raise RuntimeError(f"{lines[0].decode()}: {body[:200].decode()}")
        return body


async def _paced(port: int, way: _Way, texts: Sequence[str], *, rate: float, seconds: float) -> list[float]:
    """Seconds that each of so many single requests took, one begun every 1/rate seconds whatever the others do."""
    requests = [way.request([text]) for text in islice(cycle(texts), int(rate * seconds))]
    free = [await _Connection.to(port) for _ in range(16)]
    waited: list[float] = []

    async def one(request: bytes, due: float) -> None:
        connection = free.pop() if free else await _Connection.to(port)
        await connection.ask(request)
        waited.append(time.perf_counter() - due)
        free.append(connection)

    begun, asked = time.perf_counter() + 0.1, []
    for number, request in enumerate(requests):
        due = begun + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        asked.append(asyncio.create_task(one(request, due)))
    await asyncio.gather(*asked)
    return waited[len(waited) // 10 :]


def _rate(port: int, pid: int, way: _Way, texts: Sequence[str], *, size: int, seconds: float) -> tuple[float, float]:
    """Texts a second, and a processor second of the server and its children.

    They are answered to eight connections, each of which asks again when it has its answer.
    """
    starts = range(0, max(len(texts) - size, 1), size)
    requests = [way.request(texts[start : start + size]) for start in islice(starts, 2_000)]

    async def connection(first: int, until: float) -> int:
        own, answered = await _Connection.to(port), 0
        for request in islice(cycle(requests), first, None):
            await own.ask(request)
            answered += 1
            if time.perf_counter() > until:
                break
        return answered

    async def all_of_them() -> int:
        until = time.perf_counter() + seconds
        return sum(await asyncio.gather(*(connection(number, until) for number in range(8))))

    begun, used = time.perf_counter(), _processor_seconds(pid)
    answered = asyncio.run(all_of_them()) * size
    return answered / (time.perf_counter() - begun), answered / (_processor_seconds(pid) - used)


@contextmanager
def _scoring_service(home: Path | None = None) -> Iterator[tuple[int, int]]:
    """The service's port and process."""
    port = servers.free_port()
    command = [sys.executable, "-m", "sentiment_assets.cli", "serve", "--port", str(port)]
    environment = os.environ | ({SETTING: str(home)} if home else {})
    with (
        tempfile.TemporaryDirectory() as folder,
        servers.running(command, f"http://127.0.0.1:{port}/readyz", Path(folder) / "log", environment) as server,
    ):
        yield port, server.pid


@contextmanager
def _mlflow_server(branch: str) -> Iterator[tuple[int, int]]:
    port = servers.free_port()
    command = [sys.executable, "-m", "mlflow", "models", "serve", "--model-uri", f"models:/{branch}@champion"]
    command += ["--env-manager", "local", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    environment = os.environ | {
        "MLFLOW_TRACKING_URI": tracking_uri(),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    ready = f"http://127.0.0.1:{port}/ping"
    with (
        tempfile.TemporaryDirectory() as folder,
        servers.running(command, ready, Path(folder) / "log", environment, stop=signal.SIGKILL) as server,
    ):
        yield port, server.pid


def _processor_seconds(pid: int) -> float:
    """Of all processes of the server's group."""
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12]) if int(fields[2]) == pid else 0
    return total / os.sysconf("SC_CLK_TCK")


def _megabytes(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS:")).split()[1]) / 1e3


@dataclass
class _Seen:
    """What came of requests while the champion changed."""

    answers: int = 0
    errors: int = 0
    mixed: int = 0
    versions: set[str] = field(default_factory=set)
    changes: int = 0


def _swaps(requests: int, swaps: int) -> None:
    """Ask without a pause while the champion changes, and compare each answer with the version that it names."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        os.environ[SETTING] = str(home)
        uri = tracking_uri()
        tracking = Tracking(mlflow_ui="", dagster_ui="")
        models = {
            register(tracking, "acme", each): each for each in (made_model(), made_model(good="dull", bad="superb"))
        }
        make_champion("acme", "1", uri)
        right = {version: model.score([_PROBE])["score"].tolist()[0] for version, model in models.items()}
        with _scoring_service(home) as (port, _):
            seen = asyncio.run(_ask_while_it_changes(port, right, uri, requests=requests, swaps=swaps))
    print(
        "\n| requests | changes seen | errors | answers of another version than they name |\n| --- | --- | --- | --- |"
    )
    print(f"| {seen.answers:,} | {seen.changes} | {seen.errors} | {seen.mixed} |")


async def _ask_while_it_changes(port: int, right: dict[str, float], uri: str, *, requests: int, swaps: int) -> _Seen:
    way, seen, latest = _Way("/v1/acme/score", _our_body), _Seen(), [""]
    left = iter(range(requests))

    async def connection(size: int) -> None:
        own, request = await _Connection.to(port), way.request([_PROBE] * size)
        for _ in left:
            try:
                answer = json.loads(await own.ask(request))
            except (RuntimeError, OSError, asyncio.IncompleteReadError):
                seen.errors += 1
                own = await _Connection.to(port)
                continue
            seen.answers += 1
            version = answer["model_version"]
            seen.mixed += any(abs(each["score"] - right[version]) > 1e-9 for each in answer["scores"])
            seen.changes += version != latest[0]
            latest[0] = version

    async def change() -> None:
        for number in range(swaps):
            await asyncio.to_thread(make_champion, "acme", "21"[number % 2], uri)
            answers = seen.answers
            while seen.answers < answers + requests // (swaps + 1):
                await asyncio.sleep(0.1)

    changing = asyncio.create_task(change())
    await asyncio.gather(*(connection(size) for size in (1, 1, 1, 2, 3, 5, 8, 13)))
    changing.cancel()
    return seen


if __name__ == "__main__":
    main()
