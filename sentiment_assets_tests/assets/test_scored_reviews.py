"""A batch can be scored with a version that somebody names; it stays so until there is another champion."""

import dagster as dg
import pytest

from sentiment_assets.automation.scoring_sensor import batches_to_score
from sentiment_assets.resources.check_records import DEGRADATION, load_records
from sentiment_assets.resources.storage import Storage, read_frame
from testing.in_process import BranchInProcess, failure_of

STORAGE = Storage(root="data")


def score_with(branch: BranchInProcess, version: str) -> dg.ExecuteInProcessResult:
    config = {"ops": {"acme__batches": {"config": {"version": version}}}}
    return branch.run("score", partition_key="b.csv", run_config=config)


def waiting(branch: BranchInProcess, *, again: bool) -> set[str]:
    keys = branch.instance.get_dynamic_partitions("acme/batches")
    return set(batches_to_score(branch.instance, "acme", keys, branch.tracking, again=again))


@pytest.fixture
def rescored(trained_twice: BranchInProcess) -> BranchInProcess:
    """Version 2 is the champion, and ``b.csv`` was scored with version 1."""
    assert trained_twice.score("b.csv").success
    assert score_with(trained_twice, "1").success
    return trained_twice


def test_its_rows_carry_that_version_and_its_checks_compare_with_it(rescored: BranchInProcess) -> None:
    frame = read_frame(STORAGE.frame_path("acme", "scored_reviews", "b.csv"))
    assert set(frame["model_version"]) == {"1"}
    first = rescored.tracking.registered("acme", "1")
    texts = read_frame(STORAGE.frame_path("acme", "raw_reviews", "b.csv"))["text"]
    assert frame["score"].tolist() == first.model.score(texts)["score"].tolist()
    [record] = load_records(STORAGE, "acme", DEGRADATION, ["b.csv"])
    assert record.champion == "1"
    assert rescored.metadata_of("scored_reviews", "b.csv")["instead_of_champion"].value == "2"
    champion = rescored.tracking.champion_version("acme")
    assert champion is not None
    assert champion.version == "2"


def test_the_sensor_leaves_it_so_until_there_is_another_champion(rescored: BranchInProcess) -> None:
    assert "b.csv" not in waiting(rescored, again=False) | waiting(rescored, again=True)
    rescored.tracking.promote("acme", "1")
    assert "b.csv" not in waiting(rescored, again=True), "its scores are the champion's"
    assert rescored.score("b.csv").success
    rescored.tracking.promote("acme", "2")
    assert "b.csv" in waiting(rescored, again=True)


def test_content_that_was_replaced_is_scored_by_the_champion_again(rescored: BranchInProcess) -> None:
    assert rescored.run("ingest", partition_key="b.csv").success
    assert set(read_frame(STORAGE.frame_path("acme", "scored_reviews", "b.csv"))["model_version"]) == {"2"}


def test_a_run_that_names_no_version_is_scored_by_the_champion_and_the_launchpad_says_so(
    trained: BranchInProcess,
) -> None:
    assert trained.score("a.csv").success
    told = trained.metadata_of("scored_reviews", "a.csv")
    assert told["model_version"].value == "1"
    assert "instead_of_champion" not in told
    job = trained.definitions.resolve_job_def("acme_score")
    fields = job.run_config_schema.config_type.fields["ops"].config_type.fields["acme__batches"].config_type.fields
    version = fields["config"].config_type.fields["version"]
    assert version.default_value == "champion"
    assert "Registered version that scores" in str(version.description)


def test_a_version_that_is_not_there_is_refused_with_those_that_are(trained: BranchInProcess) -> None:
    config = {"ops": {"acme__batches": {"config": {"version": "7"}}}}
    result = trained.run("score", partition_key="a.csv", run_config=config)
    assert "branch 'acme' has no version '7' in the registry; it has: 1." in failure_of(result)
