"""All state in a bucket: nothing assumes a disk that hosts share."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest
from fsspec import get_filesystem_class
from starlette.testclient import TestClient
from upath import UPath

from sentiment_assets.automation.batch_history import failed_at
from sentiment_assets.automation.landing_sensor import landing_sensor
from sentiment_assets.branch.definitions import batch_partitions_name
from sentiment_assets.ingestion.landing import SETTLED_AFTER
from sentiment_assets.ingestion.settings import IngestionSettings
from sentiment_assets.resources.home import below_home
from sentiment_assets.resources.storage import Storage, read_frame
from sentiment_assets.serving.reports import reports_app
from testing.corpus import as_csv, made_up_reviews
from testing.in_process import BranchInProcess, failure_of
from testing.servers import free_port, running

pytestmark = pytest.mark.slow

BUCKET = "s3://sentiment"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A local server that speaks S3, with a bucket."""
    with bucket_of("moto.server", "--host", "127.0.0.1", "--port", tmp_path=tmp_path, monkeypatch=monkeypatch):
        yield


@contextmanager
def bucket_of(*module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: str = "") -> Iterator[None]:
    """A bucket of the server that a module starts, which is given a port, and the seconds that it takes for a call."""
    s3 = f"http://127.0.0.1:{free_port()}"
    settings = {
        "AWS_ENDPOINT_URL": s3,
        "AWS_ACCESS_KEY_ID": "made up",
        "AWS_SECRET_ACCESS_KEY": "made up",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    forget_servers()
    command = [sys.executable, "-m", *module, s3.rpartition(":")[2], *filter(None, [seconds])]
    with running(command, s3, tmp_path / "moto.log", os.environ, stop=signal.SIGKILL):
        UPath(BUCKET).mkdir()
        yield


@pytest.fixture
def bucket(server: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The bucket as the home of everything, and an MLflow server on it."""
    mlflow = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setenv("SENTIMENT_HOME", f"{BUCKET}/state")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow)
    store = [
        "--backend-store-uri",
        f"sqlite:///{tmp_path}/mlflow.db",
        "--artifacts-destination",
        f"{BUCKET}/mlartifacts",
    ]
    command = [sys.executable, "-m", "mlflow", "server", "--port", mlflow.rpartition(":")[2], "--workers", "1", *store]
    with running(command, f"{mlflow}/health", tmp_path / "mlflow.log", os.environ):
        yield


def forget_servers() -> None:
    """Have the next client of a bucket ask the server that the environment names now."""
    get_filesystem_class("s3").clear_instance_cache()


def seen_by_the_sensor(instance: dg.DagsterInstance) -> list[str | None]:
    """Of the second of two looks, when what was there at the first one has settled."""
    batches = dg.DynamicPartitionsDefinition(name=batch_partitions_name("acme"))
    sensor = landing_sensor("acme", batches, "landing/acme", "rules", settings=IngestionSettings(), files_per_run=1)
    storage = {"storage": Storage(root="data")}
    first = sensor(dg.build_sensor_context(instance, resources=storage))
    assert isinstance(first, dg.SensorResult)
    time.sleep(SETTLED_AFTER + 1)
    second = sensor(dg.build_sensor_context(instance, cursor=first.cursor, resources=storage))
    assert isinstance(second, dg.SensorResult)
    return [each.partition_key for each in second.run_requests or ()]


def test_a_branch_lives_in_a_bucket_from_landing_to_scores(bucket: None, instance: dg.DagsterInstance) -> None:
    acme = BranchInProcess(instance)
    key = acme.land("2026-10.csv", as_csv(made_up_reviews(600)))
    assert seen_by_the_sensor(instance) == [key]

    assert acme.ingest(key).success
    assert acme.train().success
    assert acme.score(key).success

    scores = read_frame(UPath(f"{BUCKET}/state/data/acme/scored_reviews/{key}.parquet"))
    assert len(scores) == 600
    assert scores["score"].between(-1, 1).all()
    assert acme.report().success
    [report] = UPath(f"{BUCKET}/state/data/acme/reports").glob("*/*/report.html")
    pages = TestClient(reports_app(below_home("data"), ["testserver"]))
    assert pages.get("/reports/acme/latest/").text == report.read_text()
    assert UPath(f"{BUCKET}/mlartifacts").exists(), "MLflow keeps the model in the bucket too"


def test_a_bucket_whose_server_nobody_knows_is_named_and_what_lies_there_is_taken_in_later(
    server: None, acme: BranchInProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    landing = f"{BUCKET}/landing"
    UPath(f"{landing}/a.csv").write_bytes(as_csv(made_up_reviews(20)))
    branch = acme.with_settings(landing=landing)
    batches = dg.DynamicPartitionsDefinition(name=batch_partitions_name("acme"))
    sensor = landing_sensor("acme", batches, landing, "rules", settings=IngestionSettings(), files_per_run=1)
    with monkeypatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", "http://nowhere.invalid")
        patch.setenv("AWS_MAX_ATTEMPTS", "1")
        forget_servers()
        looks = sensor(dg.build_sensor_context(branch.instance, resources={"storage": Storage(root="data")}))
        assert isinstance(looks, dg.SkipReason)
        assert str(looks.skip_message).startswith(
            f"The landing place {landing} cannot be reached, and it is looked at again in 15 seconds: "
        )
        assert f"{landing}/a.csv cannot be read" in failure_of(branch.ingest("a.csv"))
        assert failed_at(branch.instance, "acme", ["a.csv"], for_good=True) == {}, "the sensor asks for it again"
    forget_servers()
    assert branch.ingest("a.csv").success
    assert branch.metadata("raw_reviews")["rows_in"].value == 20


def test_a_bucket_that_takes_its_time_is_waited_for(
    tmp_path: Path, acme: BranchInProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    landing = f"{BUCKET}/landing"
    with bucket_of("testing.slow_bucket", tmp_path=tmp_path, monkeypatch=monkeypatch, seconds="1"):
        UPath(f"{landing}/a.csv").write_bytes(as_csv(made_up_reviews(20)))
        branch = acme.with_settings(landing=landing)
        batches = dg.DynamicPartitionsDefinition(name=batch_partitions_name("acme"))
        sensor = landing_sensor("acme", batches, landing, "rules", settings=IngestionSettings(), files_per_run=1)
        looks = sensor(dg.build_sensor_context(branch.instance, resources={"storage": Storage(root="data")}))
        assert isinstance(looks, dg.SensorResult)
        assert looks.skip_reason is not None
        assert str(looks.skip_reason.skip_message).startswith(f"1 file in {landing}, 1 of them not looked at yet.")
        assert branch.ingest("a.csv").success
        assert branch.metadata("raw_reviews")["rows_in"].value == 20
