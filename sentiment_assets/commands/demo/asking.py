"""The demo asks the scoring service, as another program would."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BRANCH, TEXT = "movies", "A wonderful story, beautifully told."
_SECONDS_TO_START, _SECONDS_TO_STOP = 120, 20
_USUAL_PORT = 8000


class NoAnswer(RuntimeError):
    """The service did not come up, or did not answer; the message says where its log is."""


def ask(log_file: Path) -> tuple[str, str]:
    """Start the scoring service, ask it for the score of ``TEXT``, and stop it. Returns the ``curl`` and the answer.

    It is asked on a port that is free; the ``curl`` is for a service that listens where it does by itself. Raises
    ``NoAnswer``.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address, body = f"http://127.0.0.1:{port}", json.dumps({"texts": [TEXT]})
    path = f"/v1/{BRANCH}/score"
    try:
        with _service(port, log_file):
            _wait_until_ready(f"{address}/readyz")
            headers = {"Content-Type": "application/json"}
            asked = urllib.request.Request(f"{address}{path}", body.encode(), headers)  # noqa: S310
            with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310
                return f"curl --json '{body}' http://127.0.0.1:{_USUAL_PORT}{path}", answer.read().decode()
    except OSError as error:
        raise NoAnswer(f"the scoring service does not answer at {address}: {error}. Its log is {log_file}") from error


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
