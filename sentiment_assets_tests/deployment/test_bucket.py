"""All state in a bucket: nothing assumes a disk that hosts share."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from fsspec import get_filesystem_class
from starlette.testclient import TestClient
from upath import UPath

from sentiment_assets.automation.landing_sensor import landing_sensor
from sentiment_assets.branch.definitions import batch_partitions_name
from sentiment_assets.ingestion.landing import SETTLED_AFTER
from sentiment_assets.ingestion.settings import IngestionSettings
from sentiment_assets.resources.home import below_home
from sentiment_assets.resources.storage import Storage, read_frame
from sentiment_assets.serving.reports import reports_app
from testing.corpus import as_csv, made_up_reviews
from testing.in_process import BranchInProcess
from testing.servers import free_port, running

pytestmark = pytest.mark.slow

BUCKET = "s3://sentiment"


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A bucket of a local server that speaks S3, as the home of everything, and an MLflow server on it."""
    s3, mlflow = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    settings = {
        "AWS_ENDPOINT_URL": s3,
        "AWS_ACCESS_KEY_ID": "made up",
        "AWS_SECRET_ACCESS_KEY": "made up",
        "AWS_DEFAULT_REGION": "us-east-1",
        "SENTIMENT_HOME": f"{BUCKET}/state",
        "MLFLOW_TRACKING_URI": mlflow,
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    get_filesystem_class("s3").clear_instance_cache()  # a test before may have asked another server
    moto = [sys.executable, "-m", "moto.server", "--host", "127.0.0.1", "--port", s3.rpartition(":")[2]]
    store = [
        "--backend-store-uri",
        f"sqlite:///{tmp_path}/mlflow.db",
        "--artifacts-destination",
        f"{BUCKET}/mlartifacts",
    ]
    server = [sys.executable, "-m", "mlflow", "server", "--port", mlflow.rpartition(":")[2], "--workers", "1", *store]
    with (
        running(moto, s3, tmp_path / "moto.log", os.environ, stop=signal.SIGKILL),
        running(server, f"{mlflow}/health", tmp_path / "mlflow.log", os.environ),
    ):
        UPath(BUCKET).mkdir()
        yield


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
