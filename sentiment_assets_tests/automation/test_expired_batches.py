"""A batch that is older than its branch wants reviews kept goes as a whole, as if it had never landed."""

import json
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import repeat
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import psycopg2
import pytest
from sqlalchemy import Engine, event, text
from upath import UPath

from sentiment_assets.automation import expired_batches, landing_sensor
from sentiment_assets.automation.batch_history import materializations
from sentiment_assets.automation.publishing_sensor import batches_to_publish
from sentiment_assets.automation.scoring_sensor import batches_to_score
from sentiment_assets.branch.definitions import batch_partitions_name
from sentiment_assets.checks.degradation import LABEL_BUDGET
from sentiment_assets.ingestion.batch_key import batch_key
from sentiment_assets.resources import dagster_history, landed_removal
from sentiment_assets.resources.home import SETTING
from sentiment_assets.resources.storage import Storage, read_frame
from sentiment_assets.resources.written_files import write_atomically
from testing.corpus import as_csv, made_up_reviews
from testing.in_process import BranchInProcess, Prepared, copy_home, failure_of
from testing.postgres import postgres_server
from testing.unpacked import said_in

DAYS, DAYS_AGO, ROWS = 30, 40, 60
STORAGE = Storage(root="data")


OF_OLD, OF_YOUNG = "zanzibar porcelain teapots", "valparaiso accordion bellows"


def reviews(seed: int, said: str, rows: int = ROWS) -> bytes:
    """A file of reviews, each of which says something that those of no other file say."""
    return as_csv([{**each, "text": f"{each['text']} {said}"} for each in made_up_reviews(rows, seed=seed)])


OLD, YOUNG = reviews(7, OF_OLD), reviews(8, OF_YOUNG)


@pytest.fixture(scope="module")
def home_with_both(empty_home: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prepared]:
    """A branch with a batch of long ago, and one of today."""

    def take_in(branch: BranchInProcess) -> None:
        assert branch.take_in("old.csv", OLD).success
        happened_long_ago(branch.instance)
        assert branch.take_in("young.csv", YOUNG).success

    with empty_home.and_then(take_in, tmp_path_factory.mktemp("both")) as prepared:
        yield prepared


@pytest.fixture
def branch(home_with_both: Prepared, tmp_path: Path) -> Iterator[BranchInProcess]:
    """A branch that keeps reviews for 30 days, with a batch that is older, and one that is not."""
    with home_with_both.copied_to(tmp_path / "home") as branch:
        yield keeping(branch)


@pytest.fixture
def careless_sqlite() -> Iterator[None]:
    """SQLite as most builds of it are: what is deleted stays in free places of its files until these are used again."""

    def is_opened(connection: object, _: object) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.execute("PRAGMA secure_delete = OFF")

    event.listen(Engine, "connect", is_opened)
    yield
    event.remove(Engine, "connect", is_opened)


def keeping(branch: BranchInProcess, **more: object) -> BranchInProcess:
    return branch.with_settings(retention={"reviews": DAYS}, **more)


def happened_long_ago(instance: dg.DagsterInstance) -> None:
    """Set the clock of all that was told so far back, which no public face of Dagster does."""
    storage: Any = instance.event_log_storage
    tables = {
        "event_logs": ("event", "timestamp"),
        "asset_check_executions": ("evaluation_event", "evaluation_event_timestamp"),
    }
    with storage.index_connection() as connection:
        for table, (told_in, moment) in tables.items():
            for number, told in connection.execute(text(f"SELECT id, {told_in} FROM {table}")).all():  # noqa: S608
                older = json.loads(told)
                older["timestamp"] -= DAYS_AGO * 86_400
                at = datetime.fromtimestamp(older["timestamp"], UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
                change = text(f"UPDATE {table} SET {told_in} = :event, {moment} = :at WHERE id = :number")  # noqa: S608
                connection.execute(change, {"event": json.dumps(older), "at": at, "number": number})


def tidy(branch: BranchInProcess) -> Mapping[str, Any]:
    """Run the job as the schedule does; returns what it says that it has removed."""
    result = branch.run("tidy")
    assert result.success, failure_of(result)
    [told] = [event.step_output_data.metadata for event in result.all_events if event.is_successful_output]
    return {name: each.value for name, each in told.items()}


def batches_of(branch: BranchInProcess) -> set[str]:
    return set(branch.instance.get_dynamic_partitions(batch_partitions_name(branch.name)))


def landed(home: Path) -> set[str]:
    return {str(each.relative_to(home / "landing/acme")) for each in (home / "landing/acme").rglob("*")}


@contextmanager
def undeletable(monkeypatch: pytest.MonkeyPatch, name: str) -> Iterator[None]:
    """Have a landed file lie in a place where nothing may be deleted."""
    unlink = Path.unlink

    def read_only(file: Path, missing_ok: bool = False) -> None:
        if file.name == name and "landing" in file.parts:
            raise PermissionError(13, "Permission denied", str(file))
        unlink(file, missing_ok)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", read_only)
        yield


def asks_for(branch: BranchInProcess, monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """The batches that the landing sensor wants taken in, once all that lies there has lain for long enough."""
    batches = dg.DynamicPartitionsDefinition(name=batch_partitions_name(branch.name))
    settings = branch.settings
    sensor = landing_sensor.landing_sensor(
        branch.name, batches, settings.landing, "rules", settings=settings.ingestion, files_per_run=1
    )
    cursor, asked = None, []
    for later in (0.0, 60.0):
        with monkeypatch.context() as patch:
            patch.setattr(landing_sensor.time, "time", repeat(time.time() + later).__next__)
            found = sensor(dg.build_sensor_context(branch.instance, cursor=cursor, resources={"storage": STORAGE}))
        assert isinstance(found, dg.SensorResult)
        cursor, asked = found.cursor, [request.partition_key for request in found.run_requests or ()]
    return asked


def files_that_say(home: Path, said: str) -> set[str]:
    """The files below a folder in which something stands, whatever it was packed into."""
    files = (each for each in home.rglob("*") if each.is_file())
    return {str(each.relative_to(home)) for each in files if any(said in part for part in said_in(each))}


def test_what_is_old_goes_and_what_is_young_stays(branch: BranchInProcess, tmp_path: Path) -> None:
    assert branch.with_settings(retention={}).run("tidy").success
    assert batches_of(branch) == {"old.csv", "young.csv"}, "by default reviews are kept for good"
    to_label = [STORAGE.partition_path(branch.name, LABEL_BUDGET, key, ".csv") for key in ("old.csv", "young.csv")]
    for file in to_label:
        write_atomically(file, b"review_id,text,label\n")
    told = tidy(branch)
    assert [file.exists() for file in to_label] == [False, True]
    assert (told["batches"], told["reviews"], told["runs_of_batches"]) == (1, ROWS, 1)
    assert batches_of(branch) == landed(tmp_path / "home") == {"young.csv"}
    assert branch.instance.get_materialized_partitions(*branch.keys("raw_reviews")) == {"young.csv"}
    assert {
        run.tags["dagster/partition"] for run in branch.instance.get_runs(dg.RunsFilter(job_name="acme_ingest"))
    } == {"young.csv"}
    assert tidy(branch)["batches"] == 0


def test_a_batch_that_is_taken_in_again_is_as_old_as_before(branch: BranchInProcess) -> None:
    assert branch.ingest("old.csv").success
    assert tidy(branch)["batches"] == 1
    assert batches_of(branch) == {"young.csv"}
    assert not branch.instance.get_runs(dg.RunsFilter(job_name="acme_ingest", tags={"dagster/partition": "old.csv"}))


def test_a_file_that_was_replaced_is_young_and_so_is_one_that_goes_back_to_what_it_was(branch: BranchInProcess) -> None:
    assert branch.take_in("old.csv", YOUNG).success
    assert tidy(branch)["batches"] == 0
    assert branch.take_in("old.csv", OLD).success
    assert tidy(branch)["batches"] == 0


def test_what_is_told_without_a_run_makes_no_batch_young(branch: BranchInProcess) -> None:
    """``forget`` tells so that it has written a landed file again."""
    [asset], last = branch.keys("raw_reviews"), branch.metadata_of("raw_reviews", "old.csv")
    rewritten = OLD.rpartition(b"\n7-59")[0] + b"\n"
    key = branch.land("old.csv", rewritten)
    digest = expired_batches.landed_digest(expired_batches.below_home("landing/acme"), key)
    told = dg.AssetMaterialization(asset, partition=key, metadata={**last, "file_digest": str(digest)})
    branch.instance.report_runless_asset_event(told)
    assert branch.ingest(key).success, "from the file without the review"
    assert tidy(branch)["batches"] == 1
    assert batches_of(branch) == {"young.csv"}


def test_what_has_landed_since_stays_and_is_taken_in_as_a_new_batch(
    branch: BranchInProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    branch.land("old.csv", reviews(9, "samarkand trombones"))
    assert tidy(branch)["batches"] == 1
    assert (batches_of(branch), landed(tmp_path / "home")) == ({"young.csv"}, {"old.csv", "young.csv"})
    assert asks_for(branch, monkeypatch) == ["old.csv"]
    assert branch.ingest("old.csv").success
    assert tidy(branch)["batches"] == 0


def test_the_same_file_may_land_again_and_is_young_then(branch: BranchInProcess) -> None:
    assert tidy(branch)["batches"] == 1
    assert branch.take_in("old.csv", OLD).success
    assert tidy(branch)["batches"] == 0
    assert batches_of(branch) == {"old.csv", "young.csv"}


def land_texts(folder: Path, number: int) -> None:
    """Land a folder of so many positive texts, and as many negative ones."""
    for label in ("pos", "neg"):
        (folder / label).mkdir(parents=True)
        for each in range(number):
            (folder / label / f"{each}.txt").write_text(f"{OF_OLD} {label} {each}")


def test_copies_and_folders_of_texts_and_odd_names_go_too(
    acme: BranchInProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    branch, place = keeping(acme), tmp_path / "home/landing/acme"
    land_texts(place / "week", 3)
    odd = batch_key("Über, 50 %.csv")
    branch.land("Über, 50 %.csv", OLD)
    branch.land("copy.csv", OLD)
    branch.land("link/of.csv", YOUNG)
    (place / "to.csv").symlink_to(place / "link/of.csv")
    for key in ("week", odd, "to.csv"):
        assert branch.ingest(key).success
    happened_long_ago(branch.instance)
    assert tidy(branch)["batches"] == 3
    assert landed(tmp_path / "home") == {"link"}
    assert asks_for(branch, monkeypatch) == []


def test_a_folder_of_texts_whose_removal_is_stopped_is_not_taken_in_by_halves(
    acme: BranchInProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    branch, place = keeping(acme), tmp_path / "home/landing/acme"
    land_texts(place / "week", 1)
    assert branch.ingest("week").success
    happened_long_ago(branch.instance)

    def stopped(folder: Path) -> None:
        raise OSError(5, f"stopped before {folder.name} was gone")

    with monkeypatch.context() as patch:
        patch.setattr(landed_removal.shutil, "rmtree", stopped)
        assert "week: it cannot be deleted" in failure_of(branch.run("tidy"))
    assert asks_for(branch, monkeypatch) == []
    assert tidy(branch)["batches"] == 1
    assert landed(tmp_path / "home") == set()


def test_a_file_that_has_become_a_copy_of_another_goes_with_both(
    acme: BranchInProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    branch = keeping(acme)
    assert branch.take_in("latest.csv", YOUNG).success
    assert branch.take_in("week.csv", OLD).success
    branch.land("latest.csv", OLD)
    assert asks_for(branch, monkeypatch) == []
    happened_long_ago(branch.instance)
    assert tidy(branch)["batches"] == 2
    assert landed(tmp_path / "home") == set()


def test_a_file_that_lands_while_the_former_one_is_read_stays(
    branch: BranchInProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = landed_removal.landed_digest

    def slowly(place: UPath, path: str) -> str | None:
        digest = read(place, path)
        branch.land(path, reviews(9, "samarkand trombones"))
        return digest

    with monkeypatch.context() as patch:
        patch.setattr(landed_removal, "landed_digest", slowly)
        assert tidy(branch)["batches"] == 1
    assert landed(tmp_path / "home") == {"old.csv", "young.csv"}
    assert asks_for(branch, monkeypatch) == ["old.csv"]


def test_no_warning_of_a_batch_that_is_gone_is_open(acme: BranchInProcess) -> None:
    branch = keeping(acme)
    assert branch.take_in("old.csv", OLD.replace(b",0\n", b",none of both\n")).success
    assert "old.csv" in str(branch.shown("open_warnings").description)
    happened_long_ago(branch.instance)
    assert tidy(branch)["batches"] == 1
    assert branch.shown("open_warnings").description == "No warning is open."


def test_a_branch_of_another_name_keeps_its_batches(branch: BranchInProcess) -> None:
    other = BranchInProcess(branch.instance, "single", keeping(branch, landing="landing/single").settings)
    assert other.take_in("old.csv", YOUNG).success
    assert tidy(branch)["batches"] == 1
    assert batches_of(other) == {"old.csv"}
    assert other.instance.get_materialized_partitions(*other.keys("raw_reviews")) == {"old.csv"}
    assert len(read_frame(STORAGE.frame_path("single", "raw_reviews", "old.csv"))) == ROWS


def test_of_a_run_that_had_several_batches_the_others_are_still_known(
    acme: BranchInProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    branch = keeping(acme)
    keys = [branch.land("a.csv", OLD), branch.land("b.csv", YOUNG), branch.land("c.csv", reviews(9, "trombones"))]
    assert branch.ingest_all(keys).success
    happened_long_ago(branch.instance)
    assert branch.take_in("c.csv", reviews(10, "harmonicas")).success
    [asset], runs = branch.keys("raw_reviews"), dg.RunsFilter(job_name="acme_ingest")
    with undeletable(monkeypatch, "a.csv"):
        assert not branch.run("tidy").success
    assert branch.instance.get_materialized_partitions(asset) == {"a.csv", "c.csv"}
    assert branch.metadata_of("raw_reviews", "a.csv")["rows_in"].value == ROWS
    assert branch.instance.get_runs_count(runs) == 2
    assert tidy(branch)["runs_of_batches"] == 1, "nothing newer was told of c.csv by that one"
    assert branch.instance.get_materialized_partitions(asset) == {"c.csv"}
    assert branch.instance.get_runs_count(runs) == 1


def test_of_a_run_that_had_another_asset_too_that_is_still_known(branch: BranchInProcess) -> None:
    [raw, report], last = branch.keys("raw_reviews", "sentiment_report"), branch.metadata_of("raw_reviews", "old.csv")

    @dg.op
    def both(context: dg.OpExecutionContext) -> None:
        context.log_event(dg.AssetMaterialization(raw, partition="old.csv", metadata=dict(last)))
        context.log_event(dg.AssetMaterialization(report))

    @dg.job
    def picked() -> None:
        both()

    assert picked.execute_in_process(instance=branch.instance).success
    happened_long_ago(branch.instance)
    assert tidy(branch)["batches"] == 2
    assert len(list(materializations(branch.instance, report))) == 1
    assert branch.instance.get_materialized_partitions(raw) == set()


def test_a_run_of_the_branch_under_way_is_waited_for(branch: BranchInProcess) -> None:
    job = branch.definitions.resolve_job_def("acme_ingest")
    run = branch.instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    told = tidy(branch)
    assert (told["batches"], told["waits_for"]) == (0, run.run_id)
    assert batches_of(branch) == {"old.csv", "young.csv"}
    branch.instance.report_run_canceled(run)
    assert tidy(branch)["batches"] == 1


def test_a_file_that_cannot_be_deleted_keeps_its_batch_as_it_is_and_is_named(
    branch: BranchInProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    branch.land("also_old.csv", reviews(9, "samarkand trombones"))
    assert branch.ingest("also_old.csv").success
    happened_long_ago(branch.instance)
    with undeletable(monkeypatch, "old.csv"):
        result = branch.run("tidy")
    assert not result.success
    said = failure_of(result)
    assert f"{tmp_path}/home/landing/acme/old.csv: it cannot be deleted (Permission denied)" in said
    assert "delete the file, or see that the account of the platform may" in said
    assert batches_of(branch) == landed(tmp_path / "home") == {"old.csv"}
    assert len(read_frame(STORAGE.frame_path("acme", "raw_reviews", "old.csv"))) == ROWS
    assert tidy(branch)["batches"] == 1


def test_a_landing_place_out_of_reach_keeps_the_batches(
    branch: BranchInProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise OSError("the bucket is gone")

    with monkeypatch.context() as patch:
        patch.setattr(landed_removal, "look_into", away)
        assert "the bucket is gone: see that it can be reached" in failure_of(branch.run("tidy"))
    assert batches_of(branch) == {"old.csv", "young.csv"}
    assert tidy(branch)["batches"] == 1


def test_a_landing_place_that_is_not_there_keeps_the_batches(
    branch: BranchInProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is not mounted: its files would be taken in as new ones once it is."""
    place, elsewhere = tmp_path / "home/landing/acme", tmp_path / "elsewhere"
    place.rename(elsewhere)
    assert f"{place}: it is not there: see that it can be reached" in failure_of(branch.run("tidy"))
    assert batches_of(branch) == {"old.csv", "young.csv"}
    elsewhere.rename(place)
    assert tidy(branch)["batches"] == 1
    assert asks_for(branch, monkeypatch) == []


def test_a_warehouse_that_is_away_keeps_the_batches_until_the_next_day(
    branch: BranchInProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANALYSTS", raising=False)
    publishing = branch.with_settings(publish=[{"to": "postgres", "connection": {"env": "ANALYSTS"}}])
    said = failure_of(publishing.run("tidy"))
    assert "could not be removed; the next run tries again" in said
    assert "the environment variable ANALYSTS is not set" in said
    assert batches_of(branch) == {"old.csv", "young.csv"}
    assert len(read_frame(STORAGE.frame_path("acme", "raw_reviews", "old.csv"))) == ROWS
    assert tidy(branch)["batches"] == 1


STEPS = (
    "remove_landed",
    "take_out_texts_told_before",
    "write_atomically",
    "take_out_of_derived",
    "tell_of_splits",
    "remove_records",
    "remove_stored_batch",
    "forget_partitions",
    "rewrite_index",
)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("is_done", [False, True], ids=["before", "after"])
def test_a_run_that_is_killed_anywhere_is_finished_by_the_next_one(
    branch: BranchInProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, *, is_done: bool
) -> None:
    does = getattr(expired_batches, step)

    def dies(*said: Any, **more: Any) -> None:
        if is_done:
            does(*said, **more)
        raise KeyboardInterrupt(step)

    with monkeypatch.context() as patch:
        patch.setattr(expired_batches, step, dies)
        assert not branch.run("tidy").success
    assert tidy(branch)["batches"] == 1
    assert batches_of(branch) == landed(tmp_path / "home") == {"young.csv"}
    assert files_that_say(tmp_path / "home", OF_OLD) == set()
    assert branch.instance.get_materialized_partitions(*branch.keys("raw_reviews")) == {"young.csv"}
    assert not (tmp_path / "home/data/acme/expiring.json").exists()


def test_content_that_landed_while_a_removal_was_stopped_stays(
    branch: BranchInProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(expired_batches, "forget_partitions", dies)
        assert not branch.run("tidy").success
    assert branch.take_in("old.csv", reviews(9, "samarkand trombones")).success
    assert tidy(branch)["batches"] == 0
    assert len(read_frame(STORAGE.frame_path("acme", "raw_reviews", "old.csv"))) == ROWS


@pytest.mark.slow
@pytest.mark.usefixtures("careless_sqlite")
def test_no_byte_of_what_was_old_is_left_and_the_branch_goes_on_with_what_is_young(
    empty_home: Prepared, instance: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On an instance on disk, as a deployment has it, with a champion, scores, a report and a warehouse."""
    home = tmp_path / "home"
    copy_home(empty_home.home, home)
    monkeypatch.setenv(SETTING, str(home))
    branch = keeping(BranchInProcess(instance), publish=[{"to": "duckdb"}])
    assert branch.ingest_all([branch.land("old.csv", reviews(7, OF_OLD, 600)), branch.land("same.csv", OLD)]).success
    assert branch.train().success
    for key in ("old.csv", "same.csv"):
        assert branch.score(key).success
        assert branch.run("publish", partition_key=key).success
    happened_long_ago(instance)
    assert branch.take_in("young.csv", reviews(8, OF_YOUNG, 300)).success
    assert branch.run("publish", partition_key="young.csv").success
    before = files_that_say(home, OF_OLD)
    for place in ("landing/acme/old.csv", "splits.parquet", "raw_reviews/old.csv.parquet"):
        assert any(place in each for each in before), "or there would be nothing to try"
    assert files_that_say(tmp_path / "dagster", OF_OLD)
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as analyst:
        days = analyst.execute("SELECT * FROM sentiment.net_sentiment_by_day ORDER BY ALL").fetchall()

    told = tidy(branch)

    assert (told["batches"], told["reviews"]) == (2, 600 + ROWS)
    left = files_that_say(home, OF_OLD)
    assert all(each.startswith(("mlartifacts/", "data/acme/trainings/")) for each in left), "pages of the train run"
    assert files_that_say(tmp_path / "dagster", OF_OLD) == set()
    assert not [each for each in (home / "data").rglob("*") if "old.csv" in each.name or "same.csv" in each.name]
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as analyst:
        assert analyst.execute("SELECT * FROM sentiment.net_sentiment_by_day ORDER BY ALL").fetchall() == days
        query = (
            "SELECT batch, count(*), count(text), count(score) FROM sentiment.scored_reviews GROUP BY ALL ORDER BY ALL"
        )
        assert analyst.execute(query).fetchall() == [
            ("old.csv", 540, 0, 540),
            ("same.csv", ROWS, 0, ROWS),
            ("young.csv", 300, 300, 300),
        ]

    assert asks_for(branch, monkeypatch) == []
    keys = sorted(batches_of(branch))
    assert keys == ["young.csv"]
    assert batches_to_score(instance, "acme", keys, branch.tracking, again=True) == {}
    assert batches_to_publish(instance, "acme", keys, branch.settings.publish) == {}
    assert branch.metadata("splits")["dagster/row_count"].value == 0
    assert branch.train().success
    assert branch.report().success
    assert branch.take_in("new.csv", reviews(9, "samarkand trombones", 300)).success
    assert files_that_say(tmp_path / "dagster", OF_OLD) == set()


@pytest.mark.process  # Dagster copies the output of each step by a process
@pytest.mark.usefixtures("careless_sqlite")
def test_in_the_file_of_a_run_that_stays_nothing_is_left_of_what_went(
    acme: BranchInProcess, instance: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    branch = keeping(replace(acme, instance=instance))
    assert branch.ingest_all([branch.land("a.csv", OLD), branch.land("b.csv", YOUNG)]).success
    happened_long_ago(instance)
    assert files_that_say(tmp_path / "dagster", OF_YOUNG)
    with undeletable(monkeypatch, "a.csv"):
        assert not branch.run("tidy").success
    assert batches_of(branch) == {"a.csv"}
    assert files_that_say(tmp_path / "dagster", OF_YOUNG) == set()
    [file] = {each for each in files_that_say(tmp_path / "dagster", OF_OLD) if "index" not in each}
    [run] = instance.get_runs(dg.RunsFilter(job_name="acme_ingest"))
    assert run.run_id in file, "what it has told of the other batch is still there"


@pytest.mark.process  # Dagster copies the output of each step by a process
def test_an_index_that_somebody_reads_is_written_anew_on_the_next_day(
    acme: BranchInProcess, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage: Any = instance.event_log_storage
    branch = keeping(replace(acme, instance=instance))
    assert branch.take_in("old.csv", OLD).success
    happened_long_ago(instance)
    monkeypatch.setattr(dagster_history, "_LONGEST_WAIT", 0.1)
    rewrite = expired_batches.rewrite_index
    with (
        closing(sqlite3.connect(storage.path_for_shard("index"), isolation_level=None)) as reader,
        monkeypatch.context() as patch,
    ):

        def is_read(of: dg.DagsterInstance) -> None:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM event_logs").fetchall()
            rewrite(of)

        patch.setattr(expired_batches, "rewrite_index", is_read)
        assert "index.db cannot be written anew (somebody is reading it)" in failure_of(branch.run("tidy"))
    assert batches_of(branch) == {"old.csv"}
    assert tidy(branch)["batches"] == 1


def test_what_other_branches_and_later_runs_have_told_without_a_run_stays(branch: BranchInProcess) -> None:
    """``forget`` tells without a run what batches and splits hold without a review."""
    sample = dg.MetadataValue.table([dg.TableRecord({"text": OF_OLD})])
    told = {name: dg.AssetKey([name, "splits"]) for name in (branch.name, "single")}
    for asset in told.values():
        branch.instance.report_runless_asset_event(dg.AssetMaterialization(asset, metadata={"sample": sample}))
    happened_long_ago(branch.instance)
    branch.instance.report_runless_asset_event(dg.AssetMaterialization(told["acme"], metadata={"sample": sample}))
    tidy(branch)
    left = {
        name: ["sample" in event.metadata for event in materializations(branch.instance, asset)]
        for name, asset in told.items()
    }
    assert left == {"acme": [False, True], "single": [True]}


def test_a_branch_without_a_batch_left_cannot_be_trained_and_says_why(acme: BranchInProcess) -> None:
    branch = keeping(acme)
    assert branch.take_in("old.csv", OLD).success
    happened_long_ago(branch.instance)
    assert tidy(branch)["batches"] == 1
    said = failure_of(branch.train("splits"))
    assert "acme has no ingested batch: land a file" in said
    assert "older than `retention: reviews` says" in said
    assert branch.take_in("unlabelled.csv", OLD.replace(b",0\n", b",\n").replace(b",1\n", b",\n")).success
    said = failure_of(branch.train("splits"))
    assert "0 distinct labelled reviews are not enough to train on" in said
    assert "for how long `retention: reviews` keeps them" in said


@pytest.mark.slow
def test_dagsters_history_on_a_server_forgets_what_is_gone(acme: BranchInProcess) -> None:
    with postgres_server() as server:
        storage = {"storage": {"postgres": {"postgres_url": server.url()}}}
        with dg.instance_for_test(overrides=storage) as instance:
            branch = keeping(replace(acme, instance=instance))
            keys = [branch.land("old.csv", OLD), branch.land("replaced.csv", reviews(9, "samarkand trombones"))]
            assert branch.ingest_all(keys).success
            happened_long_ago(instance)
            assert branch.take_in("replaced.csv", YOUNG).success
            told = tidy(branch)
            assert (told["batches"], told["runs_of_batches"]) == (1, 1)
            assert batches_of(branch) == {"replaced.csv"}
            assert instance.get_materialized_partitions(*branch.keys("raw_reviews")) == {"replaced.csv"}
        with closing(psycopg2.connect(server.url())) as connection, connection.cursor() as cursor:
            for table, column in (("event_logs", "event"), ("asset_check_executions", "evaluation_event")):
                cursor.execute(f"SELECT count(*), count(*) FILTER (WHERE {column} LIKE '%{OF_OLD}%') FROM {table}")  # noqa: S608
                [(count, of_old)] = cursor.fetchall()
                assert count > 0
                assert of_old == 0
