"""The publishing sensor one tick at a time, on histories made for the purpose."""

from datetime import UTC, datetime

import dagster as dg
import pytest
from dagster import DagsterRun

from sentiment_assets.assets.event_metadata import FIGURES_EVENT
from sentiment_assets.assets.materialized import DATA_VERSION
from sentiment_assets.assets.published_scores import published_version
from sentiment_assets.automation import publishing_sensor as module
from sentiment_assets.automation.jobs import publish_job_name, score_job_name
from sentiment_assets.automation.publishing_sensor import batches_to_publish, publishing_sensor
from sentiment_assets.publishing.settings import Duckdb, Postgres
from sentiment_assets.resources import mlflow_settings
from sentiment_assets.resources.dagster_runs import stretch_tags
from testing.runs import batches_of
from testing.servers import free_port

BATCHES = dg.DynamicPartitionsDefinition(name="acme/batches")
FILE: list[Duckdb | Postgres] = [Duckdb(to="duckdb")]


def asked(history: dg.DagsterInstance, *, files_per_run: int = 50) -> list[list[str]]:
    sensor = publishing_sensor("acme", BATCHES, FILE, files_per_run=files_per_run)
    found = sensor(dg.build_sensor_context(history))
    keys = history.get_dynamic_partitions("acme/batches")
    return batches_of(found.run_requests, keys) if isinstance(found, dg.SensorResult) else []


def keys_asked(history: dg.DagsterInstance) -> list[str | None]:
    found = publishing_sensor("acme", BATCHES, FILE, files_per_run=50)(dg.build_sensor_context(history))
    return [each.run_key for each in found.run_requests or ()] if isinstance(found, dg.SensorResult) else []


def told(history: dg.DagsterInstance, asset: str, key: str | None, version: str, **metadata: object) -> None:
    history.report_runless_asset_event(
        dg.AssetMaterialization(
            dg.AssetKey(["acme", asset]), partition=key, tags={DATA_VERSION: version}, metadata=metadata
        )
    )


def scored(history: dg.DagsterInstance, key: str, version: str = "v1") -> None:
    history.add_dynamic_partitions("acme/batches", [key])
    told(history, "scored_reviews", key, version)


def published(history: dg.DagsterInstance, key: str, version: str = "v1", figures: int | None = 0) -> None:
    about = {} if figures is None else {FIGURES_EVENT: figures}
    told(history, "published_scores", key, published_version(version, FILE), **about)


def run(history: dg.DagsterInstance, job: str, first: str, last: str, status: dg.DagsterRunStatus) -> DagsterRun:
    made = DagsterRun(job_name=job, tags=stretch_tags(first, last), status=status)
    history.add_run(made)
    return made


def test_a_scored_batch_is_asked_for_until_it_is_published(history: dg.DagsterInstance) -> None:
    for key in ("a.csv", "b.csv", "c.csv"):
        scored(history, key)
    history.add_dynamic_partitions("acme/batches", ["not_scored.csv"])
    assert asked(history) == [["a.csv", "b.csv", "c.csv"]]
    assert asked(history, files_per_run=2) == [["a.csv", "b.csv"], ["c.csv"]]
    assert keys_asked(history) == keys_asked(history), "Dagster starts one run for a key"
    published(history, "b.csv")
    assert asked(history) == [["a.csv"], ["c.csv"]]
    published(history, "a.csv")
    published(history, "c.csv")
    assert asked(history) == []


def test_it_is_asked_for_again_once_it_is_scored_otherwise(history: dg.DagsterInstance) -> None:
    scored(history, "a.csv")
    published(history, "a.csv")
    scored(history, "a.csv", "v1")
    assert asked(history) == [], "the same scores"
    scored(history, "a.csv", "v2")
    assert asked(history) == [["a.csv"]]


def test_scores_that_came_while_the_former_were_being_published_are_published_too(history: dg.DagsterInstance) -> None:
    scored(history, "a.csv", "v2")
    published(history, "a.csv", "v1")
    assert asked(history) == [["a.csv"]]


def test_a_new_warehouse_is_filled(history: dg.DagsterInstance) -> None:
    scored(history, "a.csv")
    published(history, "a.csv")
    both = [*FILE, Duckdb(to="duckdb", path="other.duckdb")]
    assert batches_to_publish(history, "acme", ["a.csv"], both).keys() == {"a.csv"}


@pytest.mark.parametrize("job", [score_job_name("acme"), publish_job_name("acme")])
def test_a_batch_that_a_run_has_now_is_not_asked_for(history: dg.DagsterInstance, job: str) -> None:
    for key in ("a.csv", "b.csv", "c.csv"):
        scored(history, key)
    run(history, job, "a.csv", "b.csv", dg.DagsterRunStatus.STARTED)
    assert asked(history) == [["c.csv"]]


def test_a_batch_that_was_not_published_waits_longer_each_time(
    history: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    scored(history, "a.csv")
    scored(history, "b.csv")
    first = keys_asked(history)
    now = datetime.now(UTC).timestamp()
    run(history, publish_job_name("acme"), "a.csv", "a.csv", dg.DagsterRunStatus.FAILURE)
    assert asked(history) == [["b.csv"]], "what has not failed does not wait"
    published(history, "b.csv")

    def asked_after(seconds: float) -> bool:
        monkeypatch.setattr(module.time, "time", lambda: now + seconds)
        return asked(history) == [["a.csv"]]

    assert [asked_after(each) for each in (290, 310)] == [False, True]
    assert asked_after(-310), "the clock was set back"
    assert keys_asked(history) != first, "else Dagster would start no run"
    for _ in range(2):
        run(history, publish_job_name("acme"), "a.csv", "a.csv", dg.DagsterRunStatus.FAILURE)
    assert [asked_after(each) for each in (310, 1190, 1210)] == [False, False, True]
    for _ in range(20):
        run(history, publish_job_name("acme"), "a.csv", "a.csv", dg.DagsterRunStatus.FAILURE)
    assert [asked_after(each) for each in (21_590, 21_610)] == [False, True]


@pytest.mark.parametrize("asset", ["sentiment_report", "best_model"])
def test_a_newer_report_or_model_goes_with_the_newest_published_batch_once(
    history: dg.DagsterInstance, asset: str
) -> None:
    for key in ("a.csv", "b.csv"):
        scored(history, key)
        published(history, key)
    told(history, asset, None, "r1")
    assert asked(history) == [["b.csv"]]
    published(history, "b.csv", figures=10_000)
    assert asked(history) == []


def test_models_that_were_left_out_are_asked_for_every_few_minutes_until_they_are_there(
    history: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    scored(history, "a.csv")
    told(history, "best_model", None, "m1")
    published(history, "a.csv", figures=None)
    assert asked(history) == [], "MLflow is away just now"
    now = datetime.now(UTC).timestamp()
    monkeypatch.setattr(module.time, "time", lambda: now + 310)
    with pytest.MonkeyPatch.context() as away:
        away.setattr(mlflow_settings, "SECONDS_TO_ANSWER", 0.3)
        away.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{free_port()}")
        assert asked(history) == [], "nor is it there now"
    first = keys_asked(history)
    assert len(first) == 1
    published(history, "a.csv", figures=None)
    monkeypatch.setattr(module.time, "time", lambda: now + 620)
    assert keys_asked(history) != first, "else Dagster would start no run"
    published(history, "a.csv", figures=10_000)
    assert asked(history) == []
