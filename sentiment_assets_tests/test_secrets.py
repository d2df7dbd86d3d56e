"""No password that a setting holds is written down or said anywhere, whatever fails."""

import functools
import io
import os
import signal
import sqlite3
import sys
import threading
import zlib
from collections.abc import Iterator
from contextlib import closing
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import BinaryIO

import dagster as dg
import pytest
from click.testing import CliRunner

from sentiment_assets.assets import pulled
from sentiment_assets.branch.settings import BranchSettings
from sentiment_assets.cli import main
from sentiment_assets.definitions import resources
from sentiment_assets.ingestion import landing
from sentiment_assets.resources import mlflow_settings
from sentiment_assets.sources import rest
from testing import servers
from testing.code_location import BRANCHES
from testing.corpus import as_csv, made_up_reviews
from testing.in_process import BranchInProcess
from testing.platform import Mailbox
from testing.runs import batches_of

pytestmark = pytest.mark.slow

PLANTED = "Xylophone"
"""Every password and token of these tests ends in it."""
USER_INFO = f"user:secret{PLANTED}@"


class LandingServer(SimpleHTTPRequestHandler):
    """A landing place behind a password, some files of which are shown and not given."""

    down = False

    def send_head(self) -> io.BytesIO | BinaryIO | None:
        answers = {"/refused.csv": 403, "/vanished.csv": 404}
        answer = 503 if self.down else 401 if "Authorization" not in self.headers else answers.get(self.path)
        if answer is None:
            return super().send_head()
        self.send_error(answer)
        return None

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def landing_place(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder, and its address without the password."""
    folder = tmp_path / "landing"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(LandingServer, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    box = Mailbox()
    monkeypatch.setenv("ACME_CHAT", f"{box.url.replace('//', f'//{USER_INFO}')}?+X-Token=token{PLANTED}")
    yield box
    box.close()


@pytest.fixture
def mlflow_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An MLflow server, and the addresses of both UIs, all with passwords in what the settings say of them."""
    address = f"127.0.0.1:{servers.free_port()}"
    store = tmp_path / "mlflow"
    store.mkdir()
    command = [sys.executable, "-m", "mlflow", "server", "--port", address.rpartition(":")[2], "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{store}/mlflow.db", "--artifacts-destination", str(store)]
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_UI_URL", "DAGSTER_UI_URL"):
        monkeypatch.setenv(name, f"http://{USER_INFO}{address}")
    for name in ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"):
        monkeypatch.setenv(name, "")  # what is moved there by the settings is gone after the test
    log = tmp_path / "mlflow.log"
    with servers.running(command, f"http://{address}/health", log, os.environ, stop=signal.SIGKILL):
        yield address


@pytest.fixture
def acme(
    tmp_path: Path, home: Path, landing_place: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[BranchInProcess]:
    """A branch whose landing place, sources and alert target are behind passwords; Dagster's state is in the home."""
    monkeypatch.setattr(pulled, "_AGAIN", dg.RetryPolicy(max_retries=1))
    monkeypatch.setattr(rest, "SECONDS_BETWEEN", 0.01)
    nowhere = f"127.0.0.1:{servers.free_port()}"
    monkeypatch.setenv("SHOP_DB", f"postgresql://{USER_INFO}{nowhere}/shop")
    monkeypatch.setenv("STORE_TOKEN", f"token{PLANTED}")
    asked = {"base_url": f"http://{landing_place[1]}/", "path": "vanished.csv", "auth": {"env": "STORE_TOKEN"}}
    sources = [
        {"name": "shop", "sql": {"connection": {"env": "SHOP_DB"}, "table": "reviews", "cursor": "id"}},
        {"name": "store", "rest": asked},
    ]
    written = BRANCHES["acme"].model_dump(exclude_unset=True)
    written |= {
        "landing": f"http://{USER_INFO}{landing_place[1]}/",
        "alerts": [{"env": "ACME_CHAT"}],
        "sources": sources,
    }
    (home / "dagster").mkdir(parents=True)
    with dg.instance_for_test(temp_dir=str(home / "dagster")) as instance:
        yield BranchInProcess(instance, settings=BranchSettings.model_validate(written))


def tick(branch: BranchInProcess, sensor: str, cursor: str | None = None) -> dg.SensorResult | dg.SkipReason:
    """Let a sensor of the branch look once."""
    [looks] = [each for each in branch.definitions.sensors or () if each.name == f"acme_{sensor}"]
    found = looks(dg.build_sensor_context(branch.instance, cursor=cursor, resources=dict(resources())))
    assert isinstance(found, (dg.SensorResult, dg.SkipReason))
    return found


def everything_below(*folders: Path) -> Iterator[tuple[str, bytes]]:
    """What every file holds; a database cell by cell, unpacked where Dagster packs it."""
    for file in (file for folder in folders for file in folder.rglob("*") if file.is_file()):
        content = file.read_bytes()
        yield str(file), content
        if content.startswith(b"SQLite format 3"):
            with closing(sqlite3.connect(file)) as database:
                for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                    for row in database.execute(f'SELECT * FROM "{table}"'):  # noqa: S608
                        yield f"{file} {table}", b"\n".join(map(_unpacked, row))


def _unpacked(cell: object) -> bytes:
    content = cell if isinstance(cell, bytes) else str(cell).encode()
    try:
        return zlib.decompress(content)
    except zlib.error:
        return content


def test_a_planted_password_is_found_nowhere(
    acme: BranchInProcess,
    landing_place: tuple[Path, str],
    mlflow_address: str,
    mailbox: Mailbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    folder, landing_address = landing_place
    monkeypatch.setattr(landing, "SETTLED_AFTER", 0.0)
    monkeypatch.setattr(mlflow_settings, "SECONDS_TO_ANSWER", 0.5)
    said: list[object] = [tick(acme, "alerts")]
    cursor = said[0].cursor

    (folder / "good.csv").write_bytes(as_csv(made_up_reviews(400)))
    (folder / "bad.csv").write_bytes(b"body\nno text\n")
    for name in ("refused.csv", "vanished.csv"):
        (folder / name).write_bytes(b"text\nnobody may read it\n")
    looked = tick(acme, "landing")
    [added] = looked.dynamic_partitions_requests
    assert batches_of(looked.run_requests, added.partition_keys) == [["bad.csv", "good.csv"]]
    assert acme.ingest("good.csv").success
    assert not acme.run("pull").success
    failures = [acme.ingest(key) for key in ("bad.csv", "refused.csv", "gone.csv")]
    assert not any(each.success for each in failures)
    assert acme.train().success
    assert acme.score("good.csv").success
    assert acme.report().success
    splits = Path(os.environ["SENTIMENT_HOME"]) / "data/acme/splits.parquet"
    splits.unlink()
    splits.mkdir()
    assert not acme.train("splits").success
    mailbox.down = True
    said += [looked, tick(acme, "alerts", cursor)]
    mailbox.down = False
    said += [tick(acme, "alerts", cursor), tick(acme, "scoring"), tick(acme, "retraining"), *mailbox.received]
    assert len(mailbox.received) > 3
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://{USER_INFO}127.0.0.1:{servers.free_port()}")
    said += [tick(acme, "retraining"), tick(acme, "scoring")]
    said += [CliRunner().invoke(main, ["score", str(folder / "bad.csv"), "--text-column", "body"]).output]
    said += [CliRunner().invoke(main, ["rollback", "acme", "1"]).output]
    (folder / "more.csv").write_bytes(b"text\nfine\n")
    monkeypatch.setattr(LandingServer, "down", True)
    said += [tick(acme, "landing"), acme.definitions, acme.definitions.resolve_all_asset_specs()]
    said += [each.description for each in acme.definitions.sensors]

    told = [(f"said {number}", repr(each).encode()) for number, each in enumerate([*said, *capfd.readouterr()])]
    written = list(everything_below(Path(os.environ["SENTIMENT_HOME"]), tmp_path / "mlflow"))
    assert [place for place, content in [*told, *written] if PLANTED.encode() in content] == []
    described = [place for place, content in written if f"http://{landing_address}/".encode() in content]
    assert any("event_logs" in place for place in described), "else the search would find nothing in databases"
    assert any("snapshots" in place and b"acme__batches" in content for place, content in written)
    assert any(f"http://{mlflow_address}".encode() in content for _, content in written)
