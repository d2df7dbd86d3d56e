"""``published_scores``: a batch as it is stored is in the warehouse, once, and nothing else of it is left there."""

from pathlib import Path

import dagster as dg
import duckdb
import pytest

from sentiment_assets.automation import jobs
from sentiment_assets.automation.publishing_sensor import batches_to_publish
from testing.corpus import as_csv, made_up_reviews
from testing.in_process import BranchInProcess


@pytest.fixture
def published(trained: BranchInProcess, monkeypatch: pytest.MonkeyPatch) -> BranchInProcess:
    """The branch acme, which publishes to DuckDB, with a scored batch and nothing published yet."""
    monkeypatch.setattr(jobs, "UNTIL_IT_IS_THERE", dg.RetryPolicy(max_retries=0))
    branch = trained.with_settings(publish=[{"to": "duckdb"}])
    assert branch.score("a.csv").success
    return branch


def asked(branch: BranchInProcess) -> dict[str, str]:
    keys = branch.instance.get_dynamic_partitions("acme/batches")
    return batches_to_publish(branch.instance, "acme", keys, branch.settings.publish)


def rows(home: Path, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as warehouse:
        return list(warehouse.execute(query).fetchall())


def test_it(published: BranchInProcess, tmp_path: Path) -> None:
    home = tmp_path / "home"
    import time

    t = time.time()
    print(asked(published))
    assert published.run("publish", partition_key="a.csv").success
    print(time.time() - t)
    print(asked(published))
    print(
        rows(home, "select * from sentiment.batches"),
        rows(home, "from sentiment.models"),
        rows(home, "from sentiment.checks limit 3"),
    )
    assert published.take_in("a.csv", as_csv(made_up_reviews(30, seed=3))).success
    print(asked(published))
    t = time.time()
    assert published.run("publish", partition_key="a.csv").success
    print(time.time() - t)
    print(rows(home, "select count(*) from sentiment.reviews"))
    assert published.report().success
    print(asked(published))
    assert published.run("publish", partition_key="a.csv").success
    print(rows(home, "from sentiment.reports limit 2"))
    assert not asked(published)
