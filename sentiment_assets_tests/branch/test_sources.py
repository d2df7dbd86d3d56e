"""A source of a branch: pulled by its job, taken in by the landing sensor, seen in the lineage."""

import sqlite3
from contextlib import closing
from pathlib import Path

import dagster as dg
import pytest

from sentiment_assets.assets import pulled
from sentiment_assets.definitions import resources
from sentiment_assets.ingestion import landing
from testing.corpus import made_up_reviews
from testing.in_process import BranchInProcess, failure_of
from testing.runs import batches_of

SHOP = {"name": "shop", "sql": {"connection": {"env": "SHOP_DB"}, "table": "reviews", "cursor": "id"}}


class Shop:
    """A vendor's database of reviews."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.url = f"sqlite:///{file}"
        self.sells(0)

    def sells(self, reviews: int) -> None:
        """More reviews come."""
        with closing(sqlite3.connect(self._file)) as database, database:
            database.execute("CREATE TABLE IF NOT EXISTS reviews (id INTEGER PRIMARY KEY, text, label)")
            made_up = made_up_reviews(reviews)
            rows = [(each["text"], each["label"]) for each in made_up]
            database.executemany("INSERT INTO reviews (text, label) VALUES (?, ?)", rows)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    made = Shop(tmp_path / "shop.db")
    monkeypatch.setenv("SHOP_DB", made.url)
    return made


@pytest.fixture
def pulling(acme: BranchInProcess, monkeypatch: pytest.MonkeyPatch) -> BranchInProcess:
    """The branch acme with the source shop; a retry does not wait."""
    monkeypatch.setattr(pulled, "_AGAIN", dg.RetryPolicy(max_retries=1))
    monkeypatch.setattr(landing, "SETTLED_AFTER", 0.0)
    return acme.with_settings(sources=[SHOP])


def metadata(branch: BranchInProcess) -> dict[str, object]:
    """What the last pull says."""
    event = branch.instance.get_latest_materialization_event(pulled.pulled_key("acme", "shop"))
    assert event is not None
    assert event.asset_materialization is not None
    return {name: each.value for name, each in event.asset_materialization.metadata.items()}


def landed(branch: BranchInProcess) -> list[str]:
    """The batches that the landing sensor asks for, once each of them is taken in."""
    [looks] = [each for each in branch.definitions.sensors or () if each.name == "acme_landing"]
    context = dg.build_sensor_context(branch.instance, resources=dict(resources()))
    found = looks(context)
    if isinstance(found, dg.SkipReason):
        return []
    assert isinstance(found, dg.SensorResult)
    keys = [key for each in found.dynamic_partitions_requests or () for key in each.partition_keys]
    asked = [key for run in batches_of(found.run_requests or (), keys) for key in run]
    for key in asked:
        assert branch.ingest(key).success
    return asked


def test_what_is_pulled_is_taken_in_by_the_landing_sensor(pulling: BranchInProcess, shop: Shop, home: Path) -> None:
    shop.sells(40)
    assert pulling.run("pull").success
    told = metadata(pulling)
    [batch] = landed(pulling)
    assert batch.startswith("shop-")
    assert told["landed"] == [f"{home}/landing/acme/{batch}"]
    assert (told["dagster/row_count"], told["cursor"], told["columns"]) == (40, "40", ["id", "text", "label"])
    assert pulling.metadata("raw_reviews")["rows_in"].value == 40

    assert pulling.run("pull").success
    assert metadata(pulling)["landed"] == []
    assert landed(pulling) == [], "nothing new, no file"

    shop.sells(5)
    assert pulling.run("pull").success
    [batch] = landed(pulling)
    assert pulling.metadata("raw_reviews")["rows_in"].value == 5


def test_a_pull_makes_no_former_batch_out_of_date(pulling: BranchInProcess, shop: Shop) -> None:
    from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
    from dagster._core.loader import LoadingContextForTest

    def status() -> StaleStatus:
        graph = pulling.definitions.resolve_asset_graph()
        resolver = CachingStaleStatusResolver(pulling.instance, graph, LoadingContextForTest(pulling.instance))
        return resolver.get_status(dg.AssetKey(["acme", "raw_reviews"]), "by_hand.csv")

    assert pulling.take_in("by_hand.csv", b"text,label\nfine,1\n").success
    assert status() == StaleStatus.FRESH
    shop.sells(4)
    for _ in range(2):
        assert pulling.run("pull").success
        assert status() == StaleStatus.FRESH


def test_sources_are_upstream_of_the_reviews_and_in_no_other_job(pulling: BranchInProcess) -> None:
    graph = pulling.definitions.resolve_asset_graph()
    key = pulled.pulled_key("acme", "shop")
    assert graph.get(dg.AssetKey(["acme", "raw_reviews"])).parent_keys == {key}
    assert graph.get(key).group_name == "acme"
    jobs = {
        each.name for each in pulling.definitions.resolve_all_job_defs() if key in each.asset_layer.selected_asset_keys
    }
    assert {name for name in jobs if name.startswith("acme")} == {"acme_pull"}


def test_a_variable_that_is_not_set_is_named(pulling: BranchInProcess) -> None:
    said = failure_of(pulling.run("pull"))
    assert "acme: source shop: the environment variable SHOP_DB is not set" in said


def test_a_vendor_that_is_down_is_asked_again(
    pulling: BranchInProcess, shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SHOP_DB", f"sqlite:///{tmp_path}/nowhere/shop.db")
    result = pulling.run("pull")
    assert "unable to open database file" in failure_of(result)
    assert [each for each in result.all_events if each.is_step_up_for_retry]
    shop.sells(3)
    monkeypatch.setenv("SHOP_DB", shop.url)
    assert pulling.run("pull").success
    assert metadata(pulling)["dagster/row_count"] == 3


def test_rows_without_a_cursor_are_counted(pulling: BranchInProcess, shop: Shop) -> None:
    shop.sells(2)
    query = "SELECT *, CASE WHEN id > 1 THEN id END AS moved FROM reviews"
    branch = pulling.with_settings(
        sources=[SHOP | {"sql": {"connection": {"env": "SHOP_DB"}, "query": query, "cursor": "moved"}}]
    )
    result = branch.run("pull")
    assert result.success
    assert metadata(branch)["rows_without_cursor"] == 1
    assert metadata(branch)["dagster/row_count"] == 1


def test_a_schedule_pulls_unless_the_last_pull_is_still_under_way(
    pulling: BranchInProcess, instance: dg.DagsterInstance
) -> None:
    branch = pulling.with_settings(sources=[SHOP | {"schedule": {"cron": "*/30 * * * *"}}])
    [schedule] = [each for each in branch.definitions.schedules or () if each.name == "acme_pull_shop_schedule"]
    asked = schedule(dg.build_schedule_context(instance))
    assert isinstance(asked, dg.RunRequest)
    assert asked.asset_selection == [pulled.pulled_key("acme", "shop")]
    instance.add_run(dg.DagsterRun(job_name="acme_pull", status=dg.DagsterRunStatus.STARTED))
    assert isinstance(schedule(dg.build_schedule_context(instance)), dg.SkipReason)
