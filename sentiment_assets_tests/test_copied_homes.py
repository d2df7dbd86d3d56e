"""Tests share what takes long to make: each gets a copy, and what it does there is seen by nobody else."""

import sqlite3
from pathlib import Path

from testing.in_process import BranchInProcess, Prepared
from testing.models import made_model, register


def test_a_copied_champion_is_the_copys_own(
    trained: BranchInProcess, home_with_a_champion: Prepared, tmp_path: Path
) -> None:
    source = trained.tracking.client().get_model_version("acme", "1").source
    assert str(home_with_a_champion.home) not in source
    (Path(source.removeprefix("file://")) / "data" / "model" / "model.npz").unlink()
    trained.tracking.promote("acme", register(trained.tracking, "acme", made_model()))
    trained.ingest("a.csv")

    with home_with_a_champion.copied_to(tmp_path / "another") as another:
        assert another.tracking.champion("acme").version == "1"
        assert len(another.instance.get_runs()) == 2, "one that took a file in, one that trained"


def test_a_copied_database_names_no_place_in_the_original(
    trained: BranchInProcess, home_with_a_champion: Prepared
) -> None:
    database = sqlite3.connect(trained.tracking.uri().removeprefix("sqlite:///"))
    dump = "\n".join(database.iterdump())
    database.close()
    assert "mlartifacts" in dump
    assert str(home_with_a_champion.home) not in dump


def test_what_is_logged_to_a_copied_run_lands_in_the_copy(home_with_a_champion: Prepared, tmp_path: Path) -> None:
    """Two copies have the run of the same id, and MLflow remembers for a process where its files lie."""
    for place in (tmp_path / "one", tmp_path / "other"):
        with home_with_a_champion.copied_to(place) as copy:
            client = copy.tracking.client()
            client.log_text(client.get_model_version("acme", "1").run_id, "here", "note.txt")
        assert len(list(place.rglob("note.txt"))) == 1
