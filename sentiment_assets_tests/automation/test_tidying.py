"""What grows with every day is removed once it is older than its branch wants it kept, and nothing else is."""

import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from sqlalchemy import text

from sentiment_assets.automation.settings import Retention, longest
from testing.in_process import BranchInProcess

LONG_AGO = "2026-01-15"


@pytest.fixture
def reported(trained: BranchInProcess) -> BranchInProcess:
    """A branch with a champion, scores and today's report."""
    assert trained.score("a.csv").success
    assert trained.report().success
    return trained


def tidy(branch: BranchInProcess, **retention: int | None) -> dict[str, Any]:
    """Run the job as the schedule does; returns how much of each kind went."""
    result = branch.with_settings(retention=retention).run("tidy")
    assert result.success
    [told] = [event.step_output_data.metadata for event in result.all_events if event.is_successful_output]
    return {name: each.value for name, each in told.items()}


def all_happened_long_ago(instance: dg.DagsterInstance) -> None:
    """Set the clock of all runs back, which no public face of Dagster does."""
    storage: Any = instance.run_storage
    with storage.connect() as connection:
        connection.execute(text(f"UPDATE runs SET create_timestamp = '{LONG_AGO}'"))  # noqa: S608


def reports_of(branch: BranchInProcess, home: Path) -> list[str]:
    return sorted(each.name for each in (home / "data" / branch.name / "reports").iterdir())


def test_reports_that_are_too_old_go_and_those_that_somebody_asked_for_stay(
    reported: BranchInProcess, tmp_path: Path
) -> None:
    reports = tmp_path / "home" / "data" / "acme" / "reports"
    [today] = reports.iterdir()
    yesterday = (datetime.now(UTC) - timedelta(days=1)).strftime("%Y-%m-%d")
    for name in (LONG_AGO, yesterday, f"{LONG_AGO}_2026-01-20"):
        shutil.copytree(today, reports / name)
    assert tidy(reported, reports=None)["runs"] == 0
    assert len(reports_of(reported, tmp_path / "home")) == 4
    assert tidy(reported, reports=30)["reports"] == 1
    assert reports_of(reported, tmp_path / "home") == sorted([f"{LONG_AGO}_2026-01-20", yesterday, today.name])


def test_the_newest_report_stays_however_old_it_is(reported: BranchInProcess, tmp_path: Path) -> None:
    reports = tmp_path / "home" / "data" / "acme" / "reports"
    [today] = reports.iterdir()
    today.rename(reports / LONG_AGO)
    assert tidy(reported)["reports"] == 0
    assert reports_of(reported, tmp_path / "home") == [LONG_AGO]


def test_runs_go_that_newer_ones_have_made_needless_and_with_them_nothing_that_sensors_ask_for(
    reported: BranchInProcess,
) -> None:
    instance = reported.instance
    [former] = [run.run_id for run in instance.get_runs(dg.RunsFilter(job_name="acme_report"))]
    assert reported.report().success
    all_happened_long_ago(instance)
    batches = instance.get_materialized_partitions(*reported.keys("raw_reviews"))
    assert tidy(reported)["runs"] == 1
    assert instance.get_run_by_id(former) is None
    assert reported.materialization("sentiment_report"), "of the run that wrote the newest report"
    assert instance.get_materialized_partitions(*reported.keys("raw_reviews")) == batches == {"a.csv"}
    assert reported.materialization("best_model")
    assert tidy(reported, runs=None) == {"unfinished_files": 0, "reports": 0, "versions": 0, "train_runs": 0}


def test_what_a_killed_process_has_left_unfinished_goes_after_a_day(reported: BranchInProcess, tmp_path: Path) -> None:
    folder = tmp_path / "home" / "data" / "acme" / "raw_reviews"
    old, young = (folder / f".{digit * 32}.part" for digit in "ab")
    of_somebody_else = folder / ".notes.part"
    for each in (old, young, of_somebody_else):
        each.write_text("half")
    for each in (old, of_somebody_else):
        os.utime(each, (0, 0))
    assert tidy(reported)["unfinished_files"] == 1
    assert [old.exists(), young.exists(), of_somebody_else.exists()] == [False, True, True]


@pytest.mark.process
def test_what_the_steps_of_old_runs_have_printed_goes_and_the_runs_stay(
    reported: BranchInProcess, instance: dg.DagsterInstance
) -> None:
    """On an instance on disk, since one in memory keeps no such logs."""
    on_disk = BranchInProcess(instance)
    assert on_disk.report().success
    [run] = instance.get_runs()
    logs = Path(instance.storage_directory()) / run.run_id
    assert list(logs.rglob("*.err"))
    assert on_disk.run("tidy").success
    assert logs.exists(), "they are young"
    all_happened_long_ago(instance)
    assert on_disk.run("tidy").success
    assert not logs.exists()
    assert instance.get_run_by_id(run.run_id), "it wrote the newest report"


@pytest.mark.process
def test_a_run_that_goes_leaves_no_file(reported: BranchInProcess, instance: dg.DagsterInstance) -> None:
    on_disk = BranchInProcess(instance)
    for _ in range(2):
        assert on_disk.report().success
    newest, former = (run.run_id for run in instance.get_runs())
    logs = Path(instance.storage_directory()) / former
    assert list(logs.rglob("*.err"))
    all_happened_long_ago(instance)
    assert on_disk.run("tidy").success
    assert not logs.exists(), "what its steps have printed goes with it"
    files = {each.name for each in Path(instance.root_directory).rglob("*.db*")}
    assert any(newest in each for each in files)
    assert not any(former in each for each in files)


def test_what_is_kept_longest_counts_for_the_reports_of_all_branches() -> None:
    short, long, for_good = (Retention(reports=days) for days in (7, 30, None))
    assert longest([short, long]).reports == 30
    assert longest([short, for_good, long]).reports is None
    assert longest([Retention(reviews=7), Retention()]).reviews is None, "and of all branches there are none"
    assert longest([]) == Retention()
