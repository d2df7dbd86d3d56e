"""Old versions go with their train runs; whatever may still be asked for stays."""

import time
from pathlib import Path

import pytest
from mlflow import MlflowClient

from sentiment_assets.learning.model import model_digest
from sentiment_assets.resources.registry import NoSuchVersion, champion_before, make_champion, version_of
from sentiment_assets.resources.tracking import Tracking
from testing.in_process import BranchInProcess
from testing.models import made_model, reference_of_a_former_release, train_run

WORDS = ("superb", "lovely", "bright", "solid", "neat")


@pytest.fixture
def tracking(acme: BranchInProcess) -> Tracking:
    """Five versions, each of a train run of its own with a candidate; versions 2 and 3 were the champion."""
    for number, word in enumerate(WORDS, start=1):
        parent = acme.tracking.parent_run("acme", f"v{number}", train_run(f"r{number}"), joins_newest=False)
        run = train_run(f"r{number}")
        acme.tracking.start_candidate(parent, "epochs=1", {"epochs": 1}, run, name=f"candidate {number}")
        model = made_model(word)
        version = acme.tracking.register(
            "acme",
            parent,
            model=model,
            reference=reference_of_a_former_release(),
            digest=f"{model_digest(model)}-r0",
            metrics={},
            description="why",
        )
        acme.tracking.mark("FINISHED", parent)
        if number in (2, 3):
            make_champion("acme", version, acme.tracking.uri())
        time.sleep(0.002)  # MLflow counts in milliseconds, and no train run begins in that of the one before
    return acme.tracking


def versions(tracking: Tracking) -> list[str]:
    return [each.version for each in tracking.versions("acme")]


def runs(tracking: Tracking) -> set[str]:
    client = MlflowClient(tracking.uri())
    experiment = client.get_experiment_by_name("acme").experiment_id
    return {run.info.run_name for run in client.search_runs([experiment])}


def test_the_newest_the_champion_and_the_one_before_it_stay(tracking: Tracking, tmp_path: Path) -> None:
    files = set((tmp_path / "home" / "mlartifacts").rglob("MLmodel"))
    removed = tracking.remove_superseded("acme", newest=1, pinned=())
    assert removed.versions == ["1", "4"]
    assert versions(tracking) == ["2", "3", "5"]
    assert runs(tracking) == {f"{what}{n}" for n in (2, 3, 5) for what in ("train acme v", "candidate ")}
    assert len(removed.train_runs) == 2
    left = set((tmp_path / "home" / "mlartifacts").rglob("MLmodel"))
    assert len(files - left) == 2
    for version in versions(tracking):
        assert version_of("acme", version, tracking.uri()).model
    assert champion_before("acme", tracking.uri()) == "2"
    with pytest.raises(NoSuchVersion, match="has no version '4'"):
        version_of("acme", "4", tracking.uri())


def test_a_version_that_another_branch_starts_from_stays(tracking: Tracking) -> None:
    assert tracking.remove_superseded("acme", newest=1, pinned={"1"}).versions == ["4"]


def test_a_train_run_under_way_stays(tracking: Tracking) -> None:
    client = MlflowClient(tracking.uri())
    experiment = client.get_experiment_by_name("acme").experiment_id
    [first] = client.search_runs([experiment], "attributes.run_name = 'train acme v1'")
    tracking.mark("RUNNING", first.info.run_id)
    assert first.info.run_id not in tracking.remove_superseded("acme", newest=1, pinned=()).train_runs


def test_as_many_as_are_kept_are_all_kept(tracking: Tracking) -> None:
    assert tracking.remove_superseded("acme", newest=5, pinned=()).versions == []


def test_where_there_are_no_more_than_are_kept_nothing_goes(tracking: Tracking) -> None:
    before = runs(tracking)
    assert tracking.remove_superseded("acme", newest=6, pinned=()).versions == []
    assert tracking.remove_superseded("other", newest=1, pinned=()).versions == []
    assert runs(tracking) == before


def test_train_runs_are_found_again_after_a_death_between_versions_and_runs(tracking: Tracking) -> None:
    client = MlflowClient(tracking.uri())
    for version in ("1", "4"):
        client.delete_model_version("acme", version)
    removed = tracking.remove_superseded("acme", newest=1, pinned=())
    assert not removed.versions
    assert len(removed.train_runs) == 2
