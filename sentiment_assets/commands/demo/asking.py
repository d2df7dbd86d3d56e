"""The demo asks the scoring service, as another program would."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

BRANCH, TEXT = "movies", "A wonderful story, beautifully told."
_SECONDS_TO_START, _SECONDS_TO_STOP = 120, 20
_USUAL_PORT = 8000


class NoAnswer(RuntimeError):
    """The service did not come up, or did not answer; the message says where its log is."""


def ask(log_file: Path) -> tuple[str, str]:
    """Start the scoring service, ask it for the score of ``TEXT``, and stop it. Returns the ``curl`` and the answer.

    Raises ``NoAnswer``.
    """
    port = _port()
    address, body = f"http://127.0.0.1:{port}", json.dumps({"texts": [TEXT]})
    url = f"{address}/v1/{BRANCH}/score"
    try:
        with _service(port, log_file):
            _wait_until_ready(f"{address}/readyz")
            headers = {"Content-Type": "application/json"}
            asked = urllib.request.Request(url, body.encode(), headers)  # noqa: S310
            with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310
                return f"curl --json '{body}' {url}", answer.read().decode()
    except OSError as error:
        raise NoAnswer(f"the scoring service does not answer at {address}: {error}. Its log is {log_file}") from error


def _port() -> int:
    """The port on which the service listens by itself, or another one if that is taken."""
    for wanted in (_USUAL_PORT, 0):
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", wanted))
            return int(probe.getsockname()[1])
    raise NoAnswer("no port is free for the scoring service")


@contextmanager
def _service(port: int, log_file: Path) -> Iterator[None]:
    """A service for this machine alone, whatever token the environment has."""
    command = [sys.executable, "-m", "sentiment_assets.cli", "serve", "--port", str(port)]
    environment = {name: value for name, value in os.environ.items() if name != "SCORING_TOKEN"}
    with log_file.open("ab") as log:
        service = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        yield
    finally:
        service.terminate()
        try:
            service.wait(_SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            service.kill()


def _wait_until_ready(url: str) -> None:
    until = time.monotonic() + _SECONDS_TO_START
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()  # noqa: S310
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
