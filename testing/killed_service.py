"""A scoring service that keeps the texts it is asked about, asked by several at once and killed at random moments."""

import json
import multiprocessing
import os
import random
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pandas as pd

from sentiment_assets.branch import files
from sentiment_assets.commands.serve import serve
from sentiment_assets.definitions import resources
from sentiment_assets.resources.home import SETTING
from sentiment_assets.serving.kept_texts import kept_texts
from testing.in_process import home_of
from testing.models import made_model, register
from testing.servers import free_port, post

_BRANCH = "asked"
_YAML = """\
type: sentiment_assets.SentimentBranch
attributes:
  landing: "{{ env.SENTIMENT_HOME }}/landing/asked"
  columns: {text: body, review_id: number, created_at: posted}
  serve: {keep: true}
"""
_CLIENTS = 4
_FORKS = multiprocessing.get_context("forkserver")


@dataclass
class Asked:
    """What clients were told, and what is kept of it."""

    answered: list[str] = field(default_factory=list)
    broken_off: list[str] = field(default_factory=list)
    """Texts whose answer did not come: the service was killed, or was not there."""
    seconds_away: list[float] = field(default_factory=list)
    """How long the service was away after each kill."""
    kept: Sequence[str] = ()

    @property
    def lost(self) -> list[str]:
        """Texts that were answered, and are not kept."""
        return sorted(set(self.answered) - set(self.kept))

    @property
    def twice(self) -> int:
        """How many texts are kept more than once."""
        return len(self.kept) - len(set(self.kept))


def ask_and_kill(folder: Path, *, kills: int, chance: random.Random) -> Asked:
    """Kill the service (SIGKILL) so often, each time at a random moment of three seconds, while clients ask it."""
    asked, over = Asked(), threading.Event()
    with _home(folder):
        port = free_port()
        service = _start(folder, port)
        clients = [threading.Thread(target=_ask, args=(port, each, asked, over)) for each in range(_CLIENTS)]
        for client in clients:
            client.start()
        try:
            for _ in range(kills):
                time.sleep(chance.uniform(0, 3))
                service.kill()
                service.join()
                killed = time.monotonic()
                service = _start(folder, port)
                asked.seconds_away.append(time.monotonic() - killed)
            time.sleep(1)
        finally:
            over.set()
            for client in clients:
                client.join()
            service.terminate()
            service.join()
        asked.kept = _landed(folder)
    return asked


@contextmanager
def _home(folder: Path) -> Iterator[None]:
    """A home folder with a champion, and a branch that keeps texts."""
    before, files.DEFS = files.DEFS, folder / "defs"
    (files.DEFS / _BRANCH).mkdir(parents=True)
    (files.DEFS / _BRANCH / "defs.yaml").write_text(_YAML)
    try:
        with home_of(folder):
            tracking = resources()["tracking"]
            tracking.promote(_BRANCH, register(tracking, _BRANCH, made_model()))
            yield
    finally:
        files.DEFS = before


def _start(folder: Path, port: int) -> Any:
    service = _FORKS.Process(target=_serve, args=(folder, port))
    service.start()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
                return service
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise AssertionError("the service was not ready within a minute")


def _serve(folder: Path, port: int) -> None:
    os.environ[SETTING] = str(folder)
    files.DEFS = folder / "defs"
    serve("127.0.0.1", port)


def _ask(port: int, client: int, asked: Asked, over: threading.Event) -> None:
    number = 0
    while not over.is_set():
        number += 1
        text = f"superb, said client {client} for the time {number}"
        try:
            post(f"http://127.0.0.1:{port}/v1/{_BRANCH}/score", {"texts": [text]})
        except (OSError, HTTPException, json.JSONDecodeError):  # no answer, or the beginning of one
            asked.broken_off.append(text)
            over.wait(0.02)
        else:
            asked.answered.append(text)


def _landed(folder: Path) -> list[str]:
    """The texts of the files that land once their day is over."""
    kept_texts()[_BRANCH].land_days_before(datetime.now(UTC) + timedelta(days=2))
    landed = [pd.read_parquet(each) for each in (folder / "landing" / _BRANCH).glob("served-*.parquet")]
    return [text for each in landed for text in each["body"]]
