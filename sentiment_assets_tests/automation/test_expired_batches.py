"""A batch that is older than its branch wants reviews kept goes as a whole, as if it had never landed."""

import io
import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest
from sqlalchemy import text

from sentiment_assets.assets.stored_batch import StoredBatch
from sentiment_assets.automation import expired_batches
from sentiment_assets.automation.publishing_sensor import batches_to_publish
from sentiment_assets.automation.scoring_sensor import batches_to_score
from sentiment_assets.branch.definitions import batch_partitions_name
from sentiment_assets.ingestion.batch_key import batch_key
from sentiment_assets.resources import landed_removal
from sentiment_assets.resources.storage import Storage, read_frame
from testing.corpus import as_csv, made_up_reviews
from testing.in_process import BranchInProcess, Prepared, failure_of

DAYS, DAYS_AGO, ROWS = 30, 40, 60
STORAGE = Storage(root="data")


def reviews(seed: int, said: str) -> bytes:
    """A file of reviews, each of which says something that no other file does."""
    return as_csv([{**each, "text": f"{each['text']} {said}"} for each in made_up_reviews(ROWS, seed=seed)])


OLD, YOUNG = reviews(7, "zanzibar porcelain teapots"), reviews(8, "valparaiso accordion bellows")
OF_OLD = "zanzibar porcelain"


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


def keeping(branch: BranchInProcess, **more: object) -> BranchInProcess:
    return branch.with_settings(retention={"reviews": DAYS}, **more)


def happened_long_ago(instance: dg.DagsterInstance) -> None:
    """Set the clock of all that was told so far back, which no public face of Dagster does."""
    storage: Any = instance.event_log_storage
    with storage.index_connection() as connection:
        for number, event in connection.execute(text("SELECT id, event FROM event_logs")).all():
            told = json.loads(event)
            told["timestamp"] -= DAYS_AGO * 86_400
            older = "UPDATE event_logs SET event = :event, timestamp = datetime(timestamp, :ago) WHERE id = :number"
            said = {"event": json.dumps(told), "number": number, "ago": f"-{DAYS_AGO} days"}
            connection.execute(text(older), said)
        of_checks = "evaluation_event_timestamp = datetime(evaluation_event_timestamp, :ago)"
        connection.execute(text(f"UPDATE asset_check_executions SET {of_checks}"), {"ago": f"-{DAYS_AGO} days"})  # noqa: S608


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


def look(branch: BranchInProcess, cursor: str | None = None) -> dg.SensorResult:
    """A tick of the landing sensor."""
    resources = {"storage": STORAGE}
    context = dg.build_sensor_context(branch.instance, cursor=cursor, resources=resources)
    found = branch.definitions.get_sensor_def("acme_landing")(context)
    assert isinstance(found, dg.SensorResult)
    return found


def files_that_say(home: Path, said: str) -> set[str]:
    """The files below a folder in which something stands, whatever it was packed into."""
    files = (each for each in home.rglob("*") if each.is_file())
    return {str(each.relative_to(home)) for each in files if any(said in part for part in _unpacked(each))}


def _unpacked(file: Path) -> Iterator[str]:
    content = file.read_bytes()
    yield content.decode("latin-1")
    if file.suffix == ".parquet":
        yield str(pd.read_parquet(io.BytesIO(content)).astype(object).to_numpy().tolist())
        yield str(pq.read_metadata(io.BytesIO(content)).metadata)
    elif file.suffix == ".db":
        with closing(sqlite3.connect(file)) as database:
            yield "\n".join(database.iterdump())


def test_what_is_old_goes_and_what_is_young_stays(branch: BranchInProcess, tmp_path: Path) -> None:
    assert branch.with_settings(retention={}).run("tidy").success
    assert batches_of(branch) == {"old.csv", "young.csv"}, "by default reviews are kept for good"
    told = tidy(branch)
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


def test_what_has_landed_since_stays_and_is_taken_in_as_a_new_batch(branch: BranchInProcess, tmp_path: Path) -> None:
    branch.land("old.csv", reviews(9, "samarkand trombones"))
    assert tidy(branch)["batches"] == 1
    assert (batches_of(branch), landed(tmp_path / "home")) == ({"young.csv"}, {"old.csv", "young.csv"})
    assert branch.ingest("old.csv").success
    assert tidy(branch)["batches"] == 0


def test_the_same_file_may_land_again_and_is_young_then(branch: BranchInProcess) -> None:
    assert tidy(branch)["batches"] == 1
    assert branch.take_in("old.csv", OLD).success
    assert tidy(branch)["batches"] == 0
    assert batches_of(branch) == {"old.csv", "young.csv"}


def test_copies_and_folders_of_texts_and_odd_names_go_too(acme: BranchInProcess, tmp_path: Path) -> None:
    branch, place = keeping(acme), tmp_path / "home/landing/acme"
    for label in ("pos", "neg"):
        (place / "week" / label).mkdir(parents=True)
        for number in range(3):
            (place / "week" / label / f"{number}.txt").write_text(f"{OF_OLD} {label} {number}")
    odd = batch_key("Über, 50 %.csv")
    branch.land("Über, 50 %.csv", OLD)
    branch.land("copy.csv", OLD)
    branch.land("link/of.csv", YOUNG)
    (place / "link.csv").symlink_to(place / "link/of.csv")
    for key in ("week", odd, "link.csv"):
        assert branch.ingest(key).success
    happened_long_ago(branch.instance)
    assert tidy(branch)["batches"] == 3
    assert landed(tmp_path / "home") == {"link"}
    assert not look(branch).run_requests


def test_a_branch_of_another_name_keeps_its_batches(branch: BranchInProcess) -> None:
    other = BranchInProcess(branch.instance, "single", keeping(branch, landing="landing/single").settings)
    assert other.take_in("old.csv", YOUNG).success
    assert tidy(branch)["batches"] == 1
    assert batches_of(other) == {"old.csv"}
    assert other.instance.get_materialized_partitions(*other.keys("raw_reviews")) == {"old.csv"}
    assert len(read_frame(STORAGE.frame_path("single", "raw_reviews", "old.csv"))) == ROWS


def test_of_a_run_that_had_several_batches_the_others_are_still_known(acme: BranchInProcess) -> None:
    branch = keeping(acme)
    keys = [branch.land("a.csv", OLD), branch.land("b.csv", YOUNG)]
    assert branch.ingest_all(keys).success
    happened_long_ago(branch.instance)
    assert branch.take_in("a.csv", reviews(9, "samarkand trombones")).success
    [asset] = branch.keys("raw_reviews")
    assert tidy(branch)["batches"] == 1
    assert branch.instance.get_materialized_partitions(asset) == {"a.csv"}
    assert branch.metadata_of("raw_reviews", "a.csv")["rows_in"].value == ROWS


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
    unlink = Path.unlink

    def read_only(file: Path, missing_ok: bool = False) -> None:
        if file.name == "old.csv" and "landing" in file.parts:
            raise PermissionError(13, "Permission denied", str(file))
        unlink(file, missing_ok)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", read_only)
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
