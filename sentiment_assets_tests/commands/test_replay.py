from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner
from dagster._core.storage.tags import REPOSITORY_LABEL_TAG
from dagster._core.workspace.load_target import WorkspaceFileTarget

from sentiment_assets.assets.stored_batch import read_stored_batch
from sentiment_assets.branch.definitions import batch_partitions_name
from sentiment_assets.cli import main, prepare_dagster_home
from sentiment_assets.commands.launching import run_job
from sentiment_assets.commands.replay import Replayed, Rows
from sentiment_assets.definitions import defs
from sentiment_assets.resources.storage import Storage, read_frame
from testing import runs

LOCATION = "__repository__@sentiment_assets"
"""By this tag the UI finds the runs of a job."""
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


def test_it_is_said_how_many_rows_left_quarantine_and_of_a_worse_file_none() -> None:
    better = Replayed("a.csv", before=Rows(kept=5, labelled=5, quarantined=3), after=Rows(7, 7, 1)).sentence
    assert better.startswith("a.csv: 2 rows left quarantine, 1 still in it; 7 reviews (5 before)")
    worse = Replayed("a.csv", before=Rows(kept=5, labelled=5, quarantined=1), after=Rows(3, 3, 3)).sentence
    assert worse.startswith("a.csv: 0 rows left quarantine, 3 still in it; 3 reviews (5 before)")


@pytest.mark.slow
@pytest.mark.xdist_group("replay")
def test_rows_leave_quarantine_when_what_was_wrong_is_mended(dagster_home: Path) -> None:
    bad = b"text,label\nfine,good\ndull,bad\nodd,maybe\n"
    key = runs.land("shopping", "a.csv", bad)
    with dg.DagsterInstance.get() as instance:
        instance.add_dynamic_partitions(batch_partitions_name("shopping"), [key])
        run_job(instance, "shopping_ingest", {"dagster/partition": key}, "http://dagster")
        [run] = instance.get_runs(dg.RunsFilter(job_name="shopping_ingest", tags={REPOSITORY_LABEL_TAG: LOCATION}))
    assert run.remote_job_origin is not None, "the timeline groups runs by it"
    workspace = WorkspaceFileTarget([str(Path(__file__).parents[2] / "workspace.yaml")])
    assert [run.remote_job_origin.repository_origin.code_location_origin] == workspace.create_origins()
    assert len(read_stored_batch(STORAGE, "shopping", key).quarantine) == 1

    runs.land("shopping", "a.csv", bad.replace(b"maybe", b"bad"))
    done = CliRunner().invoke(main, ["replay", "shopping"])
    assert done.exit_code == 0, done.output
    told = "a.csv: 1 row left quarantine, 0 still in it; 3 reviews (2 before), 3 with a label (2 before)"
    assert told in done.output
    assert len(read_frame(STORAGE.frame_path("shopping", "raw_reviews", key))) == 3
    nothing = CliRunner().invoke(main, ["replay", "shopping"])
    assert nothing.exit_code == 0
    assert nothing.output == (
        "Nothing to replay: no batch of shopping failed, has rows in quarantine, or is without a label.\n"
    )
    refused = CliRunner().invoke(main, ["replay", "shopping", "b.csv"])
    assert "branch 'shopping' has no batch b.csv; it has: a.csv" in refused.output


@pytest.mark.slow
@pytest.mark.xdist_group("replay")
def test_failed_and_unlabelled_batches_are_replayed_and_one_that_fails_stops_no_other(dagster_home: Path) -> None:
    files = {
        "1-broken.csv": b"body\nfine\n",
        "2-mended.csv": b"body\nfine\n",
        "3-unlabelled.csv": b"text\nfine\n",
        "4-fine.csv": b"text,label\nfine,1\n",
        "5-replaced.csv": b"text,label\nfine,1\n",
    }
    keys = {name: runs.land("movies", name, content) for name, content in files.items()}
    ingest = defs().resolve_job_def("movies_ingest")
    with dg.DagsterInstance.get() as instance:
        instance.add_dynamic_partitions(batch_partitions_name("movies"), list(keys.values()))
        for name, key in keys.items():
            before = ingest.execute_in_process(instance=instance, partition_key=key, raise_on_error=False)
            assert before.success == (b"text" in files[name])
        replaced = runs.land("movies", "5-replaced.csv", b"body\nfine\n")
        assert not ingest.execute_in_process(instance=instance, partition_key=replaced, raise_on_error=False).success
    runs.land("movies", "5-replaced.csv", b"text,label\nfine,1\nso so,0\n")
    runs.land("movies", "2-mended.csv", b"text,label\nfine,1\n")
    runs.land("movies", "3-unlabelled.csv", b"text,label\nfine,1\n")
    done = CliRunner().invoke(main, ["replay", "movies"])
    assert done.exit_code == 1
    assert "1-broken.csv: movies_ingest failed. Step movies__batches: " in done.output
    assert "landing/movies/1-broken.csv: it has no column 'text'" in done.output
    assert "2-mended.csv: 0 rows left quarantine, 0 still in it; 1 review (0 before)" in done.output
    assert "3-unlabelled.csv: 0 rows left quarantine" in done.output
    assert "1 with a label (0 before)" in done.output
    assert "4-fine.csv" not in done.output
    assert "5-replaced.csv: 0 rows left quarantine, 0 still in it; 2 reviews (1 before)" in done.output
    assert "Error: 1 of 4 batches failed and are as they were" in done.output
