"""Whole runs through the real executor: a process a step, MLflow's database, files on disk."""

import os
import signal
import subprocess
import sys
import time

import dagster as dg
import pandas as pd
import pytest
from mlflow import MlflowClient

from sentiment_assets.assets.trained_candidates import mapping_key
from sentiment_assets.definitions import resources
from sentiment_assets.resources.mlflow_settings import default_tracking_uri
from sentiment_assets.resources.storage import Storage, read_frame
from testing import runs
from testing.corpus import as_csv, made_up_reviews
from testing.in_process import BranchInProcess, run_id_of

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("runs")]  # one server forks the steps of them all

STORAGE = Storage(root="data")


def client() -> MlflowClient:
    return MlflowClient(default_tracking_uri())


def materialized(instance: dg.DagsterInstance, branch: str, asset: str) -> set[str]:
    return set(instance.get_materialized_partitions(dg.AssetKey([branch, asset])))


def latest(instance: dg.DagsterInstance, branch: str, asset: str) -> dg.AssetMaterialization:
    event = instance.get_latest_materialization_event(dg.AssetKey([branch, asset]))
    assert event is not None
    assert event.asset_materialization is not None
    return event.asset_materialization


def scores(branch: str, key: str) -> pd.DataFrame:
    return read_frame(STORAGE.frame_path(branch, "scored_reviews", key))


def test_from_a_landed_file_to_a_champion_and_scores(instance: dg.DagsterInstance) -> None:
    first = runs.land("acme", "2026-10.csv", as_csv(made_up_reviews(900)))
    assert runs.ingest(instance, "acme", first).success
    assert materialized(instance, "acme", "raw_reviews") == {first}
    assert materialized(instance, "acme", "scored_reviews") == set(), "there is no champion yet"

    assert runs.train(instance, "acme").success
    assert materialized(instance, "acme", "trained_candidates") == set(runs.candidate_keys("acme"))
    champion = client().get_model_version_by_alias("acme", "champion")
    assert champion.version == 1
    assert champion.description.startswith("Promoted: there was no champion; ")
    best = latest(instance, "acme", "best_model").metadata
    assert champion.description.startswith(f"{best['decision'].value}\n")
    assert run_id_of(best) == champion.run_id

    experiment = client().get_experiment_by_name("acme")
    tracked = client().search_runs([experiment.experiment_id])
    parents = [run for run in tracked if "mlflow.parentRunId" not in run.data.tags]
    children = [run for run in tracked if run.data.tags.get("mlflow.parentRunId") == champion.run_id]
    assert [run.info.run_id for run in parents] == [champion.run_id]
    assert {run.data.tags["dagster.partition"] for run in children} == set(runs.candidate_keys("acme"))
    assert {run.info.status for run in tracked} == {"FINISHED"}
    for child in children:
        history = client().get_metric_history(child.info.run_id, "validation_hinge_loss")
        assert [entry.step for entry in history] == list(range(1, int(child.data.params["epochs"]) + 1))
        dagster_run = child.data.tags["dagster.run_id"]
        assert f"/runs/{dagster_run}" in child.data.tags["mlflow.note.content"]

    second = runs.land("acme", "2026-11.jsonl", b'{"text": "superb, lovely"}\n{"text": "dull and stale"}\n')
    assert runs.ingest(instance, "acme", second).success
    scored = scores("acme", second)
    assert scored["score"].between(-1, 1).all()
    assert scored["label"].tolist() == [1, 0]
    assert scored["model_version"].tolist() == ["1", "1"]
    assert "superb" in scored["words"][0]

    assert runs.train(instance, "acme").success
    assert len(client().search_model_versions("name='acme'")) == 1, "the same data make no new version"
    again = latest(instance, "acme", "best_model").metadata
    assert str(again["decision"].value).startswith("Unchanged: version 1 is this very model")


def test_a_single_partition_retrains_that_candidate_only(instance: dg.DagsterInstance) -> None:
    single = BranchInProcess(instance, "single", runs.code_location.BRANCHES["single"])
    assert single.take_in("a.csv", as_csv(made_up_reviews(600))).success
    assert single.train("splits", "features").success
    key = runs.candidate_keys("single")[1]
    result = runs.execute(
        instance,
        "single_train",
        {"dagster/partition": key},
        [dg.AssetKey(["single", "trained_candidates"])],
    )
    assert result.success
    assert materialized(instance, "single", "trained_candidates") == {key}
    trained = [event.step_key for event in result.get_step_success_events() if "[" in str(event.step_key)]
    assert trained == [f"single__trained_candidates.single__train_candidate[{mapping_key(key)}]"]


def test_a_failed_candidate_leaves_the_others_and_runs_again_alone(instance: dg.DagsterInstance) -> None:
    from dagster._core.storage.partition_status_cache import get_and_update_asset_status_cache_value

    keys = runs.candidate_keys("flaky")
    failing = keys[1]
    runs.ingest(instance, "flaky", runs.land("flaky", "a.csv", as_csv(made_up_reviews(600))))
    in_the_way = STORAGE.candidate_path("flaky", failing)
    in_the_way.mkdir(parents=True)

    failed = runs.train(instance, "flaky")
    assert not failed.success
    assert materialized(instance, "flaky", "trained_candidates") == set(keys) - {failing}
    step = f"flaky__trained_candidates.flaky__train_candidate[{mapping_key(failing)}]"
    [failure] = [event for event in failed.all_events if event.is_step_failure]
    assert failure.step_key == step
    assert "IsADirectoryError" in failure.step_failure_data.error_display_string
    assert "write_atomically" in failure.step_failure_data.error_display_string
    candidates = runs.code_location.defs().resolve_assets_def(["flaky", "trained_candidates"])
    status = get_and_update_asset_status_cache_value(instance, candidates.key, candidates.partitions_def)
    assert status.deserialize_failed_partition_subsets(candidates.partitions_def).get_partition_keys() == {failing}

    in_the_way.rmdir()
    options = dg.ReexecutionOptions.from_failure(failed.run_id, instance)
    tags = runs.all_candidates_tags(keys)  # the UI's button copies them from the failed run
    again = runs.execute(instance, "flaky_train", tags, reexecution_options=options)
    assert again.success
    assert [event.step_key for event in again.get_step_success_events()] == [
        step,
        "flaky__trained_candidates.flaky__gather_candidates",
        "flaky__best_model",
        "flaky__suspicious_labels",
        "flaky__splits_suspicious_labels",
    ]
    champion = client().get_model_version_by_alias("flaky", "champion")
    tracked = client().search_runs([client().get_experiment_by_name("flaky").experiment_id])
    of_failing = [run for run in tracked if run.data.tags.get("dagster.partition") == failing]
    assert sorted(run.info.status for run in of_failing) == ["FAILED", "FINISHED"]
    assert {run.data.tags["mlflow.parentRunId"] for run in of_failing} == {champion.run_id}


def test_a_killed_run_launched_again_loses_and_doubles_nothing(instance: dg.DagsterInstance) -> None:
    key = runs.land("killed", "a.csv", as_csv(made_up_reviews(600)))
    folder = STORAGE.path("killed")
    for job, sign in (("ingest", folder / "side_frames"), ("train", folder / "trained_candidates")):
        code = "import dagster as dg; from testing import runs; instance = dg.DagsterInstance.get();" + (
            f"runs.ingest(instance, 'killed', {key!r})" if job == "ingest" else "runs.train(instance, 'killed')"
        )
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", code],
            env=os.environ | {"DAGSTER_HOME": instance.root_directory},
            start_new_session=True,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 60
        while not sign.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL, "it was killed half-way"
        [killed] = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
        instance.report_run_failed(killed, message="as run monitoring does")
        if job == "ingest":
            assert runs.ingest(instance, "killed", key).success
        else:
            assert runs.train(instance, "killed").success

    reviews = read_frame(STORAGE.frame_path("killed", "raw_reviews", key))
    assert len(reviews) == reviews["review_id"].nunique() == 600
    assert len(client().search_model_versions("name='killed'")) == 1
    assert client().get_model_version_by_alias("killed", "champion").version == 1
    tracked = client().search_runs([client().get_experiment_by_name("killed").experiment_id])
    assert {run.info.status for run in tracked} == {"FAILED", "FINISHED"}, "the next run has marked those of the killed"
    assert materialized(instance, "killed", "trained_candidates") == set(runs.candidate_keys("killed"))


def test_a_file_that_cannot_be_read_fails_its_partition_with_the_reason(instance: dg.DagsterInstance) -> None:
    key = runs.land("bad_file", "body.csv", b"body\nx\n")
    result = runs.ingest(instance, "bad_file", key)
    assert not result.success
    [failure] = [event for event in result.all_events if event.is_step_failure]
    assert "body.csv: it has no column 'text' for the text; it has: body." in failure.step_failure_data.error.message
    runs.land("bad_file", "body.csv", b"text\nx\n")
    assert runs.ingest(instance, "bad_file", key).success
    assert materialized(instance, "bad_file", "raw_reviews") == {key}


def test_links_lead_where_the_settings_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_UI_URL", "https://mlflow.example")
    tracking = resources()["tracking"]
    assert tracking.version_link("acme", "3").value == "https://mlflow.example/#/models/acme/versions/3"
