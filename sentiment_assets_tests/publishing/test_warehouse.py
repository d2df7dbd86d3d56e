"""What is published stands in the warehouse once and whole, whatever was there before and whatever happens."""

import os
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import pandas as pd
import pytest

from sentiment_assets.learning.review_identity import labels_said
from sentiment_assets.publishing import warehouse as module
from sentiment_assets.publishing.layout import BATCHES, TABLES
from sentiment_assets.publishing.tables import BatchToPublish, batch_tables, no_rows
from sentiment_assets.publishing.views import VIEWS
from sentiment_assets.publishing.warehouse import (
    DuckdbFile,
    PostgresDatabase,
    Warehouse,
    WarehouseAway,
    newest_report_day,
    publish,
    remove_review,
    remove_texts,
)
from sentiment_assets.reporting.figures import join_scores, report_figures
from sentiment_assets_tests.publishing.conftest import Asked
from testing.analysts import NOW, made_up_batch, made_up_rows, scored_by_words
from testing.postgres import PostgresServer

OF_BATCH = ("reviews", "scores", "words", "checks")
COUNTED = ("reviews", "unrecognised", "neutral", "positive", "net_sentiment")


def send(warehouse: Warehouse, *batches: BatchToPublish) -> None:
    for batch in batches:
        publish(warehouse, batch_tables(batch, NOW))


def counts(ask: Asked, warehouse: Warehouse, *tables: str) -> list[object]:
    return [ask(warehouse, f"SELECT count(*) FROM {{s}}.{name}")[0][0] for name in tables]


def everything(ask: Asked, warehouse: Warehouse) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables, in an order."""
    return {
        name: sorted(ask(warehouse, f"SELECT {', '.join(map(_quoted, table.columns))} FROM {{s}}.{name}"), key=repr)
        for name, table in TABLES.items()
    }


def _quoted(column: str) -> str:
    return f'"{column}"'


def shortened(batch: BatchToPublish, n: int) -> BatchToPublish:
    reviews = batch.reviews.head(n)
    return replace(batch, reviews=reviews, scored=scored_by_words(reviews, version="4"))


def test_what_is_published_twice_stands_there_once(warehouse: Warehouse, ask: Asked) -> None:
    publish(warehouse, made_up_rows())
    first = everything(ask, warehouse)
    assert [len(first[name]) for name in ("batches", "reviews", "scores", "models")] == [3, 39, 39, 3]
    publish(warehouse, made_up_rows())
    assert everything(ask, warehouse) == first


def test_of_a_batch_that_was_replaced_by_a_shorter_one_nothing_old_is_left(warehouse: Warehouse, ask: Asked) -> None:
    ours, others = made_up_batch("shop", "a.csv", 12), made_up_batch("travel", "a.csv", 9)
    send(warehouse, ours, others)
    short = shortened(ours, 5)
    send(warehouse, short)
    found = everything(ask, warehouse)
    for name, expected in batch_tables(short, NOW).items():
        assert len([row for row in found[name] if "shop" in row]) == len(expected), name
    versions = ask(warehouse, "SELECT DISTINCT branch, model_version FROM {s}.scores ORDER BY branch")
    assert versions == [("shop", "4"), ("travel", "3")], "scored again: the former scores are gone"
    assert len([row for row in found["reviews"] if "travel" in row]) == 9


@pytest.mark.parametrize("left", [0, 3])
def test_a_batch_that_lost_its_reviews_or_its_scores_loses_them_there(
    warehouse: Warehouse, ask: Asked, left: int
) -> None:
    batch = made_up_batch("shop", "a.csv", 6)
    send(warehouse, batch)
    send(warehouse, replace(batch, reviews=batch.reviews.head(left), records={}))
    assert counts(ask, warehouse, BATCHES, *OF_BATCH) == [1, left, 0, 0, 0]
    assert ask(warehouse, "SELECT reviews, scored, net_sentiment FROM {s}.batches") == [(left, 0, None)]


def test_every_table_view_and_column_says_what_it_is(warehouse: Warehouse, ask: Asked) -> None:
    publish(warehouse, {})
    columns = {name: list(each.columns) for name, each in [*TABLES.items(), *VIEWS.items()]}
    if isinstance(warehouse, DuckdbFile):
        tables = ask(warehouse, "SELECT table_name, comment FROM duckdb_tables() WHERE schema_name = '{s}'")
        tables += ask(warehouse, "SELECT view_name, comment FROM duckdb_views() WHERE schema_name = '{s}'")
        said = ask(warehouse, "SELECT table_name, column_name, comment FROM duckdb_columns() WHERE schema_name = '{s}'")
    else:
        of_schema = "FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace"
        wanted = "WHERE nspname = '{s}' AND relkind IN ('r', 'v')"
        tables = ask(warehouse, f"SELECT relname, obj_description(c.oid) {of_schema} {wanted}")
        said = ask(
            warehouse,
            f"SELECT relname, attname, col_description(c.oid, attnum) {of_schema} "
            f"JOIN pg_attribute ON attrelid = c.oid "
            f"{wanted} AND attnum > 0",
        )
    assert {name for name, comment in tables if comment} == set(columns)
    described = [(table, column) for table, column, comment in said if comment]
    assert sorted(described) == sorted((name, column) for name, each in columns.items() for column in each)


def test_odd_values_arrive(warehouse: Warehouse, ask: Asked) -> None:
    """A NUL, which PostgreSQL cannot hold, and half a character become U+FFFD."""
    batch = made_up_batch("shop", "ä;'b\n.csv", 6)
    texts = ['好\n"x";,\\N\'', "a\x00b", "c\ud800d", "", "y" * 1_000_000, "\\"]
    kept = {"Größe (cm)": ["1", None, "\x00", 'a"b', "'", "9"], "select": ["x"] * 6, "k" * 70: ["好"] * 6}
    reviews = batch.reviews.assign(text=pd.Series(texts, dtype=object), **kept)
    send(warehouse, replace(batch, reviews=reviews, scored=None))
    found = [text for (text,) in ask(warehouse, 'SELECT text FROM {s}.reviews ORDER BY "row"')]
    expected = [text.replace("\x00", "\ufffd").replace("\ud800", "\ufffd") for text in texts]
    assert [text or "" for text in found] == expected  # PostgreSQL's COPY of dlt reads an empty text as none
    values = f"kept->>'Größe (cm)', kept->>'select', kept->>'{'k' * 70}'"
    found_kept = ask(warehouse, f'SELECT {values} FROM {{s}}.reviews ORDER BY "row"')
    assert [row[0] for row in found_kept] == ["1", None, "\ufffd", 'a"b', "'", "9"]
    assert {row[1:] for row in found_kept} == {("x", "好")}
    assert ask(warehouse, "SELECT batch FROM {s}.batches") == [(batch.key,)]


def test_a_column_without_a_value_has_its_type_all_the_same(warehouse: Warehouse, ask: Asked) -> None:
    batch = made_up_batch("shop", "a.csv", 3)
    undated = batch.reviews.assign(created_at=pd.Series(pd.NaT, batch.reviews.index, dtype="datetime64[us, UTC]"))
    send(warehouse, replace(batch, reviews=undated, scored=None))
    send(warehouse, made_up_batch("travel", "a.csv", 3))
    assert ask(warehouse, "SELECT max(created_on - DATE '2026-03-01') FROM {s}.reviews") == [(1,)]


def test_the_views_count_as_the_reports_do(warehouse: Warehouse, ask: Asked) -> None:
    first, second = made_up_batch("shop", "a.csv", 60, seed=1), made_up_batch("shop", "b.csv", 30, seed=2)
    undated = pd.Series(pd.NaT, range(10), dtype="datetime64[us, UTC]")
    again = second.reviews.head(10).assign(created_at=undated, product=None)  # a filled-in label budget
    next_day = NOW + pd.Timedelta(days=1)
    later = replace(
        second,
        key="c.csv",
        reviews=again,
        scored=scored_by_words(again),
        taken_in_at=next_day,
        first_taken_in_at=next_day,
    )
    batches = [first, second, later]
    send(warehouse, *batches)
    scores = {each.key: each.scored for each in batches if each.scored is not None}
    joined = join_scores({each.key: each.reviews for each in batches}, scores).reviews
    figures = report_figures("shop", joined, ("product",), None)
    for by, query in (
        ("all", f"SELECT day, {', '.join(COUNTED)} FROM {{s}}.net_sentiment_by_day"),
        ("product", f"SELECT value || day, {', '.join(COUNTED)} FROM {{s}}.net_sentiment_by_kept"),
    ):
        wanted = figures[(figures["by"] == by) & (figures["period"] != "all")]
        keys = wanted["period"] if by == "all" else wanted["value"] + wanted["period"]
        expected = dict(zip(keys, wanted[list(COUNTED)].itertuples(index=False), strict=True))
        found = {str(row[0]): row[1:] for row in ask(warehouse, query)}
        assert found.keys() == expected.keys()
        for key, row in found.items():
            assert row == pytest.approx(tuple(expected[key]), nan_ok=True) or row[-1] is None, key
            assert (row[-1] is None) == bool(pd.isna(expected[key][-1]))


def test_a_kept_column_that_only_a_later_batch_fills_counts_as_in_the_reports(warehouse: Warehouse, ask: Asked) -> None:
    first = made_up_batch("shop", "a.csv", 20)
    about = {"product": "another", "shop": ["Paris", "Łódź"] * 10}
    next_day = NOW + pd.Timedelta(days=1)
    reviews = first.reviews.assign(**about)
    second = replace(first, key="b.csv", reviews=reviews, scored=scored_by_words(reviews), first_taken_in_at=next_day)
    send(warehouse, first, second)
    scores = {each.key: each.scored for each in (first, second) if each.scored is not None}
    joined = join_scores({each.key: each.reviews for each in (first, second)}, scores).reviews
    figures = report_figures("shop", joined, ("product", "shop"), None)
    whole = figures[(figures["period"] == "all") & figures["by"].isin(["product", "shop"])]
    found = ask(warehouse, "SELECT column_name, value, sum(reviews) FROM {s}.net_sentiment_by_kept GROUP BY 1, 2")
    assert sorted(found) == sorted(whole[["by", "value", "reviews"]].itertuples(index=False, name=None))
    assert [row for row in sorted(found) if row[0] == "shop"] == [("shop", "Paris", 10), ("shop", "Łódź", 10)]


def test_the_views_have_the_first_date_and_the_last_label_also_if_a_former_batch_is_taken_in_again(
    warehouse: Warehouse, ask: Asked
) -> None:
    """As the reports have it, which go by the order in which batches came."""
    first = made_up_batch("shop", "a.csv", 20)
    moved = first.reviews["created_at"] + pd.Timedelta(days=400)
    corrected = first.reviews.assign(label=1 - first.reviews["label"], created_at=moved, product="another")
    next_day, next_month = (NOW + pd.Timedelta(days=days) for days in (1, 30))
    second = replace(
        first,
        key="b.csv",
        reviews=corrected,
        scored=scored_by_words(corrected, version="4"),
        taken_in_at=next_day,
        first_taken_in_at=next_day,
    )
    send(warehouse, first, second)
    said = (
        "SELECT review_id, rater_label, batch, model_version, created_on, kept->>'product' FROM {s}.scored_reviews "
        "ORDER BY review_id"
    )
    before = ask(warehouse, said)
    assert {row[2:4] for row in before} == {("b.csv", "4")}
    names = {1: "positive", 0: "negative", -1: "neutral"}
    for (review_id, label, *_, day, product), row in zip(before, corrected.sort_values("review_id").index, strict=True):
        assert (review_id, label) == (first.reviews["review_id"][row], names.get(labels_said(corrected)[row]))
        assert (day, product) == (first.reviews["created_at"][row].date(), first.reviews["product"][row])
    send(warehouse, replace(first, taken_in_at=next_month))
    assert ask(warehouse, said) == before


def test_a_batch_that_a_former_release_published_came_when_it_was_taken_in(warehouse: Warehouse, ask: Asked) -> None:
    first = made_up_batch("shop", "a.csv", 20)
    second = replace(first, key="b.csv", taken_in_at=NOW + pd.Timedelta(days=1), first_taken_in_at=None)
    send(warehouse, second, first)
    assert ask(warehouse, "SELECT DISTINCT batch FROM {s}.scored_reviews") == [("b.csv",)]


def test_the_verdicts_of_the_newest_batch_are_the_latest(warehouse: Warehouse, ask: Asked) -> None:
    old, new = made_up_batch("shop", "b.csv", 3), made_up_batch("shop", "a.csv", 3)
    next_day, next_month = (NOW + pd.Timedelta(days=days) for days in (1, 30))
    send(warehouse, replace(new, taken_in_at=next_day, first_taken_in_at=next_day), old)
    said = "SELECT batch, check_name, verdict FROM {s}.latest_drift_verdicts ORDER BY check_name"
    newest = [("a.csv", "length_drift", "warn"), ("a.csv", "vocabulary_drift", "ok")]
    assert ask(warehouse, said) == newest
    send(warehouse, replace(old, taken_in_at=next_month))
    assert ask(warehouse, said) == newest, "an old batch that is taken in again is none of the newest"


def test_a_warehouse_knows_the_day_of_its_newest_report(warehouse: Warehouse) -> None:
    assert newest_report_day(warehouse, "shop") is None
    publish(warehouse, made_up_rows())
    assert str(newest_report_day(warehouse, "shop")) == "2026-03-09"
    assert newest_report_day(warehouse, "travel") is None


def test_nothing_is_read_from_or_left_in_this_account(
    warehouse: Warehouse, ask: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch, elsewhere = tmp_path / "scratch", tmp_path / "elsewhere"
    scratch.mkdir()
    (elsewhere / ".dlt").mkdir(parents=True)
    (elsewhere / ".dlt/config.toml").write_text('[load]\nworkers = "none"\n[normalize]\nnaming = "nothing"\n')
    monkeypatch.chdir(elsewhere)
    monkeypatch.setenv("HOME", str(elsewhere))
    monkeypatch.setenv("SCHEMA__NAMING", "direct")
    monkeypatch.setenv("DLT_DATA_DIR", str(elsewhere / "data"))
    publish(warehouse, made_up_rows(), scratch)
    assert sorted(each.name for each in elsewhere.rglob("*")) == [".dlt", "config.toml"]
    assert list(scratch.iterdir()) == []
    schemas = "SELECT DISTINCT schema_name FROM information_schema.schemata"
    assert f"{warehouse.schema}_staging" not in {name for (name,) in ask(warehouse, schemas)}


def test_what_a_killed_run_left_is_removed_after_a_day(tmp_path: Path) -> None:
    old, new = tmp_path / ".publishing-old", tmp_path / ".publishing-new"
    for each in (old, new):
        each.mkdir()
    os.utime(old, (0, 0))
    publish(DuckdbFile(tmp_path / "w.duckdb"), {BATCHES: no_rows(BATCHES)}, tmp_path)
    assert [each.exists() for each in (old, new)] == [False, True]


def test_a_folder_that_another_publication_removes_meanwhile_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / ".publishing-gone").symlink_to(tmp_path / "nothing")  # listed, and away when it is looked at
    publish(DuckdbFile(tmp_path / "w.duckdb"), {BATCHES: no_rows(BATCHES)}, tmp_path)
    assert (tmp_path / "w.duckdb").exists()


DIES = """
    import os, signal, sys
    from pathlib import Path
    from dlt.destinations.job_client_impl import SqlLoadJob
    from sentiment_assets.publishing.tables import batch_tables
    from sentiment_assets.publishing.warehouse import DuckdbFile, PostgresDatabase, publish
    from testing.analysts import NOW, made_up_batch

    def dies_halfway(self):
        self._sql_client = self._job_client.sql_client
        sql = Path(self._file_path).read_text()
        with self.maybe_transaction(sql):
            parts = self._split_fragments(sql)
            self._sql_client.execute_many(parts[: len(parts) - {left}])
            os.kill(os.getpid(), signal.SIGKILL)

    SqlLoadJob.run = dies_halfway
    publish({warehouse}, batch_tables(made_up_batch("shop", "a.csv", 8, seed=5), NOW), Path({scratch!r}))
"""


@pytest.mark.slow
@pytest.mark.parametrize("left", [1, 3, 6])
def test_a_run_that_is_killed_in_the_middle_leaves_the_batch_as_it_was_and_the_next_one_does_all(
    warehouse: Warehouse, ask: Asked, tmp_path: Path, left: int
) -> None:
    send(warehouse, made_up_batch("shop", "a.csv", 12))
    before = everything(ask, warehouse)
    if isinstance(warehouse, DuckdbFile):
        said = f"DuckdbFile(Path({str(warehouse.path)!r}))"
    else:
        said = f"PostgresDatabase({warehouse.url!r}, {warehouse.schema!r})"
    script = textwrap.dedent(DIES).format(left=left, warehouse=said, scratch=str(tmp_path))
    ended = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    assert everything(ask, warehouse) == before
    left_there = [each for each in tmp_path.glob(".publishing-*/**/*") if each.is_file()]
    assert left_there
    assert [each for each in left_there if b"Xylophone" in each.read_bytes()] == []
    send(warehouse, made_up_batch("shop", "a.csv", 8, seed=5))
    undisturbed = DuckdbFile(tmp_path / "other.duckdb")
    send(undisturbed, made_up_batch("shop", "a.csv", 8, seed=5))
    numbers = [len(rows) for rows in everything(ask, undisturbed).values()]
    assert [len(rows) for rows in everything(ask, warehouse).values()] == numbers
    if isinstance(warehouse, DuckdbFile):
        assert everything(ask, warehouse) == everything(ask, undisturbed)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["fast", "immediate"])
@pytest.mark.parametrize("left", [1, 6])
def test_a_server_that_is_stopped_in_the_middle_has_the_batch_as_it_was_and_the_next_publication_does_all(
    server: PostgresServer, ask: Asked, monkeypatch: pytest.MonkeyPatch, mode: Literal["fast", "immediate"], left: int
) -> None:
    from dlt.destinations.job_client_impl import SqlLoadJob

    def is_stopped_halfway(job: Any) -> None:
        job._sql_client = job._job_client.sql_client
        sql = Path(job._file_path).read_text()
        with job.maybe_transaction(sql):
            parts = job._split_fragments(sql)
            job._sql_client.execute_many(parts[: len(parts) - left])
            server.stop(mode)
            job._sql_client.execute_many(parts[len(parts) - left :])

    warehouse = PostgresDatabase(server.url(), f"s{uuid4().hex[:8]}", "PostgreSQL (WAREHOUSE)")
    send(warehouse, made_up_batch("shop", "a.csv", 12))
    before = everything(ask, warehouse)
    with monkeypatch.context() as patch:
        patch.setattr(SqlLoadJob, "run", is_stopped_halfway)
        with pytest.raises(WarehouseAway, match=r"^PostgreSQL \(WAREHOUSE\) ended the connection: .* is whole"):
            send(warehouse, made_up_batch("shop", "a.csv", 8, seed=5))
    server.start()
    assert everything(ask, warehouse) == before
    send(warehouse, made_up_batch("shop", "a.csv", 8, seed=5))
    undisturbed = replace(warehouse, schema=f"s{uuid4().hex[:8]}")
    send(undisturbed, made_up_batch("shop", "a.csv", 8, seed=5))
    assert everything(ask, warehouse) == everything(ask, undisturbed)


@pytest.mark.process
def test_a_file_that_somebody_has_open_is_waited_for_and_then_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ask: Asked
) -> None:
    warehouse = DuckdbFile(tmp_path / "w.duckdb")
    publish(warehouse, {})
    opens = f"c = duckdb.connect({str(warehouse.path)!r}, read_only=True)"
    reader = f"import duckdb; {opens}; print('open', flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", reader], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        monkeypatch.setattr(module, "SECONDS_FOR_READERS", 0.6)
        with pytest.raises(WarehouseAway, match=rf"open in another program.*PID {process.pid}"):
            publish(warehouse, made_up_rows())
        process.kill()
    publish(warehouse, made_up_rows())
    assert counts(ask, warehouse, BATCHES) == [3]


@pytest.mark.slow
def test_a_server_that_is_away_is_said_without_its_password() -> None:
    away = PostgresDatabase("postgresql://somebody:Xylophone@127.0.0.1:1/db", named="PostgreSQL (WAREHOUSE)")
    with pytest.raises(WarehouseAway, match=r"^PostgreSQL \(WAREHOUSE\) cannot be reached: ") as raised:
        publish(away, {})
    assert "Xylophone" not in str(raised.value) + repr(away)


PUBLISHES = """
    from pathlib import Path
    from sentiment_assets.publishing.tables import batch_tables
    from sentiment_assets.publishing.warehouse import DuckdbFile, PostgresDatabase, publish
    from testing.analysts import NOW, made_up_batch

    for number in range(2):
        publish({warehouse}, batch_tables(made_up_batch({branch!r}, f"{{number}}.csv", 30), NOW))
"""


@pytest.mark.slow
def test_branches_that_publish_at_one_moment_take_turns(warehouse: Warehouse, ask: Asked) -> None:
    """Also at an empty warehouse, where each would make the tables."""
    if isinstance(warehouse, DuckdbFile):
        said = f"DuckdbFile(Path({str(warehouse.path)!r}))"
    else:
        said = f"PostgresDatabase({warehouse.url!r}, {warehouse.schema!r})"
    scripts = [textwrap.dedent(PUBLISHES).format(warehouse=said, branch=branch) for branch in ("shop", "travel")]
    started = [subprocess.Popen([sys.executable, "-c", each], stderr=subprocess.PIPE) for each in scripts]
    errors = [each.communicate()[1].decode() for each in started]
    assert [each.returncode for each in started] == [0, 0], errors
    assert counts(ask, warehouse, BATCHES, "reviews", "scores") == [4, 120, 120]


def test_a_review_is_removed_with_its_score_and_its_words_and_all_others_stay(warehouse: Warehouse, ask: Asked) -> None:
    batch, other = (made_up_batch("shop", key, 20) for key in ("march.csv", "april.csv"))
    reviews = batch.reviews.assign(review_id=batch.reviews["review_id"].replace("0-3", "o'clock"))
    named = replace(batch, reviews=reviews, scored=scored_by_words(reviews, version="4"))
    send(warehouse, named, other)
    before = everything(ask, warehouse)
    assert remove_review(warehouse, "shop", ["march.csv"], "o'clock") == 1
    after = everything(ask, warehouse)
    for name in ("reviews", "scores"):
        [gone] = [row for row in before[name] if row not in after[name]]
        assert {"march.csv", "o'clock"} <= set(map(str, gone))
    assert 0 < len(after["words"]) < len(before["words"])
    assert (after["batches"], after["checks"]) == (before["batches"], before["checks"])
    assert remove_review(warehouse, "shop", ["march.csv"], "o'clock") == 0
    for view in VIEWS:
        ask(warehouse, f"SELECT * FROM {{s}}.{view} LIMIT 1")
    send(warehouse, batch)
    assert counts(ask, warehouse, "reviews") == [40]


def test_texts_and_words_of_batches_go_and_every_figure_stays(warehouse: Warehouse, ask: Asked) -> None:
    march = made_up_batch("shop", "march.csv", 20)
    send(warehouse, march, replace(march, key="april.csv"))
    for month in ("may", "june"):  # the client's ids begin anew, with other reviews
        reviews = march.reviews.assign(text=march.reviews["text"] + f" in {month}")
        scored = scored_by_words(reviews, version="4")
        send(warehouse, replace(march, key=f"{month}.csv", reviews=reviews, scored=scored))
    views = ("net_sentiment_by_day", "net_sentiment_by_kept", "latest_drift_verdicts")
    figures = [sorted(ask(warehouse, f"SELECT * FROM {{s}}.{each}"), key=repr) for each in views]
    before = everything(ask, warehouse)
    assert remove_texts(warehouse, "shop", ["june.csv", "march.csv", "may.csv"]) == 60
    assert [sorted(ask(warehouse, f"SELECT * FROM {{s}}.{each}"), key=repr) for each in views] == figures
    after = everything(ask, warehouse)
    for name in ("batches", "scores", "checks"):
        assert after[name] == before[name]
    texts = "SELECT batch, count(text), count(text_digest) FROM {s}.reviews GROUP BY batch ORDER BY batch"
    assert ask(warehouse, texts) == [
        ("april.csv", 20, 0),
        *((f"{each}.csv", 0, 20) for each in ("june", "march", "may")),
    ]
    assert {batch for (batch,) in ask(warehouse, "SELECT DISTINCT batch FROM {s}.words")} == {"april.csv"}
    assert remove_texts(warehouse, "shop", ["june.csv", "march.csv", "may.csv"]) == 60, "a run that was stopped goes on"
    assert everything(ask, warehouse) == after
    assert remove_texts(warehouse, "travel", ["april.csv"]) == 0
    send(warehouse, march)
    assert ask(warehouse, texts)[2] == ("march.csv", 20, 0), "as if it had landed again"


def test_no_free_place_of_a_file_keeps_a_text_that_was_removed(tmp_path: Path) -> None:
    warehouse, said = (
        DuckdbFile(tmp_path / "warehouse.duckdb"),
        "Grandmother Eulalia found the teapot of Zanzibar superb",
    )
    batch = made_up_batch("shop", "march.csv", 20)
    reviews = batch.reviews.assign(text=[said, *batch.reviews["text"][1:]])
    send(warehouse, replace(batch, reviews=reviews, scored=scored_by_words(reviews, version="4")))
    assert said.encode() in warehouse.path.read_bytes(), "or there would be nothing to try"
    assert remove_texts(warehouse, "shop", ["march.csv"]) == 20
    assert said.encode() not in warehouse.path.read_bytes()


def test_a_warehouse_of_a_former_release_gets_the_columns_that_it_lacks(warehouse: Warehouse, ask: Asked) -> None:
    send(warehouse, made_up_batch("shop", "march.csv", 20))
    with module._turn(warehouse) as turn:
        for view in reversed(VIEWS):
            turn.run(f"DROP VIEW {warehouse.schema}.{view}")
        turn.run(f"ALTER TABLE {warehouse.schema}.reviews DROP COLUMN text_digest")
        turn.run(f"ALTER TABLE {warehouse.schema}.batches DROP COLUMN first_taken_in_at")
        turn.run(f"COMMENT ON TABLE {warehouse.schema}.batches IS 'of the last release'")
    assert remove_texts(warehouse, "shop", ["march.csv"]) == 20
    assert ask(warehouse, "SELECT count(*) FROM {s}.scored_reviews") == [(20,)]


def test_nothing_is_removed_from_a_warehouse_that_has_nothing(warehouse: Warehouse) -> None:
    assert remove_review(warehouse, "acme", ["a.csv"], "1") == 0
    assert remove_texts(warehouse, "acme", ["a.csv"]) == 0
