"""What a release before has written is read, and what a later one has written is refused.

``home_of_2026_11_25.tar.xz`` is a home folder that commit 30ea136 made with ``testing/home_before.py``: two files of
made-up reviews taken in, a champion, scores and a report.
"""

import json
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest
from alembic import command
from alembic.script import ScriptDirectory
from click.testing import CliRunner
from mlflow.store.db.utils import _get_alembic_config
from mlflow.store.tracking.dbmodels.initial_models import Base as InitialBase
from sqlalchemy import create_engine
from upath import UPath

from sentiment_assets import cli
from sentiment_assets.resources.home_format import FORMAT, NewerHome, require_known_format
from testing.corpus import as_csv, made_up_reviews
from testing.home_before import PLACE
from testing.in_process import BranchInProcess, copy_home, failure_of, home_of

pytestmark = pytest.mark.process  # what steps print is captured by processes, where Dagster's files are on disk

FIXTURE = Path(__file__).with_name("home_of_2026_11_25.tar.xz")


@pytest.fixture
def before(tmp_path: Path) -> Iterator[BranchInProcess]:
    """The branch of the release before, with this release's code."""
    with tarfile.open(FIXTURE) as packed:
        packed.extractall(tmp_path / "packed", filter="data")
    copy_home(tmp_path / "packed" / PLACE.name, tmp_path / "home", known_as=PLACE)
    with home_of(tmp_path / "home"), dg.instance_for_test(temp_dir=str(tmp_path / "home" / "dagster")) as instance:
        yield BranchInProcess(instance)


def format_file(home: Path) -> Path:
    return home / "data" / "format.json"


def test_a_champion_of_the_release_before_goes_on_scoring(before: BranchInProcess) -> None:
    champion = before.tracking.champion("acme")
    assert champion
    assert champion.version == "1"
    assert champion.reference is not None
    assert before.score("second.csv").success
    assert before.metadata_of("scored_reviews", "second.csv")["model_version"].value == "1"


@pytest.mark.slow
def test_what_comes_after_the_upgrade_is_added_to_what_was_there(before: BranchInProcess, tmp_path: Path) -> None:
    assert before.take_in("third.csv", as_csv(made_up_reviews(200, seed=2))).success
    assert before.train().success
    champion = before.tracking.champion("acme")
    assert champion
    assert champion.reference is not None
    for key in ("first.csv", "second.csv", "third.csv"):
        assert before.score(key).success
    assert before.report().success
    figures = pd.read_parquet(tmp_path / "home" / "data" / "acme" / "sentiment_report.parquet")
    assert figures["reviews"].iloc[0] == 300 + 120 + 200
    assert before.instance.get_materialized_partitions(*before.keys("raw_reviews")) == {
        "first.csv",
        "second.csv",
        "third.csv",
    }


def test_the_same_rows_landed_again_are_known(before: BranchInProcess) -> None:
    again = before.take_in("again.csv", as_csv(made_up_reviews(300)))
    assert again.success
    assert "seen_before" in {each.check_name for each in again.get_asset_check_evaluations() if not each.passed}


def test_features_of_the_release_before_are_refused_with_what_to_do(before: BranchInProcess) -> None:
    said = failure_of(before.train("best_model"))
    assert "the features were stored by a former release: materialize features, then trained_candidates" in said


def test_the_first_run_of_this_release_marks_the_folder(before: BranchInProcess, tmp_path: Path) -> None:
    assert not format_file(tmp_path / "home").exists()
    assert before.report().success
    assert json.loads(format_file(tmp_path / "home").read_text())["format"] == FORMAT


def test_a_folder_that_a_later_release_has_written_is_refused_and_left_as_it_is(
    before: BranchInProcess, tmp_path: Path
) -> None:
    later = json.dumps({"format": FORMAT + 1, "release": "9.9"})
    format_file(tmp_path / "home").write_text(later)
    events = before.report().all_events
    [refused] = [each.engine_event_data.error for each in events if each.event_type_value == "RESOURCE_INIT_FAILURE"]
    assert refused
    said = refused.to_string()
    assert "was written by release 9.9 of Sentiment Assets, in format" in said
    assert "Install that release or a later one, or bring back a backup" in said
    assert format_file(tmp_path / "home").read_text() == later
    told = CliRunner().invoke(cli.main, ["upgrade"])
    assert told.exit_code == 1
    assert "release 9.9" in told.output


def test_a_mark_that_is_damaged_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "format.json").write_text("{")
    with pytest.raises(NewerHome, match=r"format\.json is damaged.*delete it if no later release has been here"):
        require_known_format(UPath(tmp_path))


@pytest.mark.slow
def test_the_databases_of_a_former_dagster_and_mlflow_are_upgraded(before: BranchInProcess, tmp_path: Path) -> None:
    database = tmp_path / "home" / "mlflow.db"
    database.unlink()
    former, newest = make_database_of_a_former_mlflow(database)
    assert schema_of(database) == former
    told = CliRunner().invoke(cli.main, ["upgrade"])
    assert told.exit_code == 0, told.output
    assert f"Dagster's tables are those of {version('dagster')}." in told.output
    assert f"MLflow's tables are those of {version('mlflow')}." in told.output
    assert schema_of(database) == newest


def schema_of(database: Path) -> str:
    with closing(sqlite3.connect(database)) as opened:
        return str(opened.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def make_database_of_a_former_mlflow(file: Path) -> tuple[str, str]:
    """Make the tables, and run all migrations but the newest two; return how MLflow calls that schema, and today's."""
    address = f"sqlite:///{file}"
    engine = create_engine(address)
    InitialBase.metadata.create_all(engine)
    config = _get_alembic_config(address)
    newest_first = [each.revision for each in ScriptDirectory.from_config(config).walk_revisions()]
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, newest_first[2])
    engine.dispose()
    return newest_first[2], newest_first[0]
