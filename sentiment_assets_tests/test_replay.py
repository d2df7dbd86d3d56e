from pathlib import Path

import pytest
from click.testing import CliRunner

from sentiment_assets.cli import main, prepare_dagster_home
from sentiment_assets.resources.storage import Storage, read_frame
from sentiment_assets_tests import runs

STORAGE = Storage(root="data")


@pytest.fixture
def dagster_home(session_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """In the session's home: the server that forks a session's steps keeps the environment it began with."""
    folder = prepare_dagster_home()
    monkeypatch.setenv("DAGSTER_HOME", str(folder))
    return folder


def test_a_branch_or_batch_that_is_not_there_is_said(dagster_home: Path) -> None:
    refused = CliRunner().invoke(main, ["replay", "nosuch"])
    assert refused.exit_code == 1
    assert "branch 'nosuch' has no batch yet; it has: none" in refused.output


@pytest.mark.slow
def test_rows_leave_quarantine_when_what_was_wrong_is_mended(dagster_home: Path) -> None:
    import dagster as dg

    from sentiment_assets.branch import batches_name
    from sentiment_assets.launching import run_job

    bad = b"text,label\nfine,good\ndull,bad\nodd,maybe\n"
    key = runs.land("shopping", "a.csv", bad)
    with dg.DagsterInstance.get() as instance:
        instance.add_dynamic_partitions(batches_name("shopping"), [key])
        run_job(instance, "shopping_ingest", {"dagster/partition": key}, "http://dagster")
    assert len(read_frame(STORAGE.frame_path("shopping", "quarantine", key))) == 1

    runs.land("shopping", "a.csv", bad.replace(b"maybe", b"bad"))
    done = CliRunner().invoke(main, ["replay", "shopping"])
    assert done.exit_code == 0, done.output
    assert "a.csv: 1 rows left quarantine, 0 stay in it" in done.output
    assert len(read_frame(STORAGE.frame_path("shopping", "raw_reviews", key))) == 3
    assert CliRunner().invoke(main, ["replay", "shopping"]).output == "", "there is nothing left to replay"
    refused = CliRunner().invoke(main, ["replay", "shopping", "b.csv"])
    assert "branch 'shopping' has no batch b.csv; it has: a.csv" in refused.output
