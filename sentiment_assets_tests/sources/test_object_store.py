"""All of a source's state in a bucket, as where no host has a lasting disk."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fsspec import get_filesystem_class
from upath import UPath

from sentiment_assets.sources.pull import pull
from sentiment_assets.sources.pull_log import PulledMeanwhile
from testing.servers import free_port, running
from testing.shop import Shop, landed_files, landed_ids, source_of

pytestmark = pytest.mark.slow


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two buckets of a local server that speaks S3: the home's and a vendor's."""
    s3 = f"http://127.0.0.1:{free_port()}"
    settings = {
        "AWS_ENDPOINT_URL": s3,
        "AWS_ACCESS_KEY_ID": "made up",
        "AWS_SECRET_ACCESS_KEY": "made up",
        "AWS_DEFAULT_REGION": "us-east-1",
        "SENTIMENT_HOME": "s3://sentiment/state",
        "SHOP_DB": f"sqlite:///{tmp_path}/shop.db",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    get_filesystem_class("s3").clear_instance_cache()  # a test before may have asked another server
    moto = [sys.executable, "-m", "moto.server", "--host", "127.0.0.1", "--port", s3.rpartition(":")[2]]
    with running(moto, s3, tmp_path / "moto.log", os.environ, stop=signal.SIGKILL):
        for name in ("sentiment", "vendor"):
            UPath(f"s3://{name}").mkdir()
        yield


def test_rows_and_files_land_once_in_a_bucket(bucket: None) -> None:
    shop = Shop(os.environ["SHOP_DB"])
    source = source_of(sql={"connection": {"env": "SHOP_DB"}, "table": "reviews", "cursor": "updated_at", "key": "id"})
    shop.sells([1, 2])
    assert (pull(source).rows, pull(source).rows) == (2, 0)
    shop.sells([3])
    assert pull(source).rows == 1
    assert sorted(landed_ids()) == [1, 2, 3]

    first, second = source.log.last(), source.log.last()
    source.log.count(first, first.state, {})
    with pytest.raises(PulledMeanwhile):
        source.log.count(second, second.state, {})

    export = UPath("s3://vendor/export")
    (export / "a.csv").write_bytes(b"text\nfine\n")
    bucket_source = source_of(name="bucket", files={"url": str(export)})
    assert (pull(bucket_source).files, pull(bucket_source).files) == (["bucket/a.csv"], [])
    (export / "a.csv").write_bytes(b"text\ndull\n")
    assert pull(bucket_source).files == ["bucket/a.csv"]
    assert "bucket/a.csv" in landed_files()
