"""``published_scores`` in runs: what is stored of a batch is in the warehouse, and what cannot be is said."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import dagster as dg
import duckdb
import psycopg2
import pytest

from sentiment_assets.assets import published_scores
from sentiment_assets.assets.event_metadata import FIGURES_EVENT
from sentiment_assets.automation import jobs
from sentiment_assets.resources import mlflow_settings
from sentiment_assets.resources.dagster_runs import stretch_tags
from testing import servers
from testing.corpus import as_csv, made_up_reviews
from testing.in_process import BranchInProcess, failure_of
from testing.postgres import postgres_server
from testing.runs import said_of_try

FEW = as_csv(made_up_reviews(20, seed=3))


@pytest.fixture(autouse=True)
def _one_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "UNTIL_IT_IS_THERE", dg.RetryPolicy(max_retries=0))


@pytest.fixture
def branch(trained: BranchInProcess) -> BranchInProcess:
    """The branch acme, which publishes to DuckDB and has published nothing yet."""
    return trained.with_settings(publish=[{"to": "duckdb"}])


def publish(branch: BranchInProcess, *keys: str) -> dg.ExecuteInProcessResult:
    return branch.run("publish", tags=stretch_tags(keys[0], keys[-1]))


def rows(home: Path, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as warehouse:
        return list(warehouse.execute(query).fetchall())


@pytest.mark.slow
def test_a_warehouse_that_lacks_reports_which_another_has_is_sent_them(branch: BranchInProcess, tmp_path: Path) -> None:
    home = tmp_path / "home"
    both = branch.with_settings(publish=[{"to": "duckdb"}, {"to": "duckdb", "path": "other.duckdb"}])
    assert branch.score("a.csv").success
    assert branch.report().success
    [today] = (home / "data/acme/reports").glob("20*")
    for day in ("2020-01-01", "2020-01-02"):
        shutil.copytree(today, today.with_name(day))
    assert publish(both, "a.csv").success
    days = "SELECT DISTINCT day FROM sentiment.reports ORDER BY day"
    found = rows(home, days)
    assert len(found) == 3
    with duckdb.connect(str(home / "warehouse.duckdb")) as warehouse:
        warehouse.execute("DELETE FROM sentiment.reports WHERE day > '2020-01-01'")
    assert publish(both, "a.csv").success
    assert rows(home, days) == found


@pytest.mark.slow
def test_a_scored_batch_its_checks_the_report_and_the_models_are_published(
    branch: BranchInProcess, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    assert branch.score("a.csv").success
    assert branch.report().success
    assert publish(branch, "a.csv").success
    [(reviews, scored, positive, version)] = rows(
        home, "SELECT reviews, scored, positive, model_version FROM sentiment.batches"
    )
    assert (reviews, scored, version) == (600, 600, "1")
    assert rows(home, "SELECT count(*) FROM sentiment.scores WHERE label = 'positive' AND recognised") == [(positive,)]
    assert rows(home, "SELECT sum(positive) FROM sentiment.net_sentiment_by_day") == [(positive,)]
    assert rows(home, "SELECT positive FROM sentiment.reports WHERE column_name = 'all' AND period = 'all'") == [
        (positive,)
    ]
    assert rows(home, "SELECT version, is_champion, promoted_at IS NULL FROM sentiment.models") == [("1", True, False)]
    checks = dict(rows(home, "SELECT kind, count(*) FROM sentiment.checks GROUP BY kind"))
    assert checks.keys() == {"rows", "quality", "drift", "degradation"}
    assert branch.metadata("published_scores")["scored"].value == 600


@pytest.mark.slow
def test_a_batch_that_cannot_be_read_keeps_no_other_back(branch: BranchInProcess, tmp_path: Path) -> None:
    for name in ("b.csv", "c.csv"):
        assert branch.take_in(name, FEW).success
    (tmp_path / "home/data/acme/raw_reviews/b.csv.parquet").unlink()
    result = publish(branch, "a.csv", "b.csv", "c.csv")
    assert "1 of 3 batches are not published; the others are.\nb.csv has not been taken in" in failure_of(result)
    assert rows(tmp_path / "home", "SELECT batch FROM sentiment.batches ORDER BY batch") == [("a.csv",), ("c.csv",)]


@pytest.mark.slow
def test_batches_are_sent_some_at_a_time(
    branch: BranchInProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(published_scores, "MOST_AT_ONCE", 21)
    for name in ("b.csv", "c.csv"):
        assert branch.take_in(name, FEW).success
    assert publish(branch, "a.csv", "b.csv", "c.csv").success
    found = rows(tmp_path / "home", "SELECT reviews, count(*) OVER (PARTITION BY published_at) FROM sentiment.batches")
    assert sorted(found) == [(20, 2), (20, 2), (600, 1)]


@pytest.mark.slow
def test_a_batch_whose_scores_are_of_what_it_held_before_is_published_without_them(
    branch: BranchInProcess, tmp_path: Path
) -> None:
    assert branch.score("a.csv").success
    branch.land("a.csv", FEW)
    assert branch.run("ingest", partition_key="a.csv", asset_selection=branch.keys("raw_reviews")).success
    assert publish(branch, "a.csv").success
    said = "SELECT reviews, scored, first_taken_in_at < taken_in_at FROM sentiment.batches"
    assert rows(tmp_path / "home", said) == [(20, 0, True)]
    assert "of what it held before" in str(branch.metadata("published_scores")["without_scores"].value)


@pytest.mark.slow
def test_while_mlflow_is_away_batches_are_published_all_the_same(
    branch: BranchInProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert publish(branch, "a.csv").success
    monkeypatch.setattr(mlflow_settings, "SECONDS_TO_ANSWER", 0.3)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{servers.free_port()}")
    assert publish(branch, "a.csv").success
    assert rows(tmp_path / "home", "SELECT count(*) FROM sentiment.models") == [(1,)]
    told = branch.metadata("published_scores")
    assert FIGURES_EVENT not in told, "or nothing would ask for the models again"
    assert "MLflow was away" in str(told["without_models"].value)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "branch acme: publish: connection: the environment variable ACME_WAREHOUSE is not set"),
        ("mysql://u:Xylophone@h/d", "the environment variable ACME_WAREHOUSE holds no address of the form postgresql"),
        (
            "postgresql://u:Xylophone@127.0.0.1:1/d",
            r"PostgreSQL (ACME_WAREHOUSE, schema sentiment) of branch acme cannot",
        ),
        ("postgresql://u:Xylo phone@:x/d", "PostgreSQL (ACME_WAREHOUSE, schema sentiment) of branch acme cannot"),
    ],
)
def test_a_warehouse_that_is_not_there_is_said_without_its_password(
    trained: BranchInProcess,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    value: str | None,
    said: str,
) -> None:
    branch = trained.with_settings(publish=[{"to": "postgres", "connection": {"env": "ACME_WAREHOUSE"}}])
    if value:
        monkeypatch.setenv("ACME_WAREHOUSE", value)
    result = publish(branch, "a.csv")
    assert said in failure_of(result)
    told = [failure_of(result), *capfd.readouterr(), *map(repr, branch.instance.all_logs(result.run_id))]
    assert [each for each in told if "Xylo" in each or "phone" in each] == []


@pytest.mark.slow
def test_a_server_that_is_restarted_meanwhile_is_named_and_sent_to_again_by_the_same_run(
    trained: BranchInProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "UNTIL_IT_IS_THERE", dg.RetryPolicy(max_retries=3, delay=1))
    branch = trained.with_settings(publish=[{"to": "postgres", "connection": {"env": "ACME_WAREHOUSE"}}])
    with postgres_server() as server, ThreadPoolExecutor() as beside:
        monkeypatch.setenv("ACME_WAREHOUSE", server.url())
        restarted = beside.submit(server.restart_once_published_to, "fast", 1.0)
        result = publish(branch, "a.csv")
        restarted.result()
        assert result.success
        with closing(psycopg2.connect(server.url())) as warehouse, warehouse.cursor() as asked:
            asked.execute("SELECT batch, count(*) FROM sentiment.reviews GROUP BY batch")
            assert asked.fetchall() == [("a.csv", 600)]
    [said, *_] = [said_of_try(event) for event in result.all_events if event.is_step_up_for_retry]
    assert "PostgreSQL (ACME_WAREHOUSE, schema sentiment) of branch acme ended the connection" in said
    assert "It is sent again by itself" in said
