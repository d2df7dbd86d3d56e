"""``trained_candidates``: when a candidate stops, and what it is trained on."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from sentiment_assets.assets.trained_candidates import all_candidates_tags
from sentiment_assets.learning.decision import Outcome
from sentiment_assets.resources.home import below_home
from testing.corpus import as_csv, made_up_reviews
from testing.in_process import BranchInProcess
from testing.killing import is_killed_at
from testing.runs import candidate_keys, execute


def test_with_patience_a_candidate_stops_early_and_says_so(ingested: BranchInProcess) -> None:
    candidate = {"epochs": 40, "eta0": 10, "l2": 0}
    patient = ingested.with_settings(search={"candidates": [candidate], "patience": 1}, features={})
    assert patient.train().success
    metadata = patient.metadata("trained_candidates")
    losses = metadata["loss_per_epoch"]
    assert isinstance(losses, dg.TableMetadataValue)
    assert metadata["epochs_kept"].value == len(losses.records) - 1 < 39


@pytest.mark.slow
def test_each_feature_set_is_a_partition_and_validation_chooses_among_them(ingested: BranchInProcess) -> None:
    every = {"features": ["words", "characters", "words+characters"], "epochs": [2], "eta0": [1], "l2": [1e-5]}
    branch = ingested.with_settings(search={"grid": every}, features={})
    assert branch.train().success
    keys = [each.key for each in branch.settings.search.hyperparameter_sets(branch.settings.features)]
    assert [key.partition("|")[0] for key in keys] == [f"features={each}" for each in every["features"]]
    trained = branch.instance.get_materialized_partitions(dg.AssetKey(["acme", "trained_candidates"]))
    assert set(keys) <= trained
    assert branch.metadata("features")["feature_sets"].value == "words, characters, words+characters"
    assert branch.metadata("best_model")["selected_candidate"].value in keys
    assert branch.score("a.csv").success


def job_named(name: str) -> dg.JobDefinition:
    """A job of the branch, with all of its steps in the process of the run."""
    with dg.DagsterInstance.ephemeral() as instance:
        branch = BranchInProcess(instance).definitions
    return dg.Definitions.merge(branch, dg.Definitions(executor=dg.in_process_executor)).resolve_job_def(name)


@contextmanager
def on_disk() -> Iterator[dg.DagsterInstance]:
    """An instance that outlives the process."""
    folder = below_home("dagster")
    folder.mkdir(parents=True, exist_ok=True)
    with dg.DagsterInstance.local_temp(str(folder)) as instance:
        yield instance


def train_elsewhere() -> None:
    with on_disk() as instance:
        train(instance)


def train(instance: dg.DagsterInstance, **how: Any) -> dg.JobExecutionResult:
    return execute(instance, "acme_train", all_candidates_tags(candidate_keys("acme")), job_named=job_named, **how)


@pytest.mark.slow
@pytest.mark.process
@pytest.mark.parametrize(
    ("call", "calls"),
    [
        ("sentiment_assets.learning.candidate.train_candidate", 1),
        ("dagster._core.execution.plan.execute_plan.core_dagster_event_sequence_for_step", 4),
    ],
    ids=["in the first", "before the first"],
)
def test_candidates_that_had_not_begun_when_a_run_was_killed_are_trained_when_it_goes_on(
    home: Path, call: str, calls: int
) -> None:
    """Dagster's own re-execution from failure leaves them out (``characterisation/test_dagster.py``)."""
    with on_disk() as instance:
        assert BranchInProcess(instance).take_in("a.csv", as_csv(made_up_reviews(600))).success
    assert is_killed_at(call, train_elsewhere, calls=calls)
    with on_disk() as instance:
        [killed] = instance.get_runs(limit=1)
        instance.report_run_failed(killed)
        assert train(instance, reexecution_options=dg.ReexecutionOptions.from_failure(killed.run_id, instance)).success
        trained = instance.get_materialized_partitions(dg.AssetKey(["acme", "trained_candidates"]))
        assert trained == set(candidate_keys("acme"))
        assert BranchInProcess(instance).metadata("best_model")["outcome"].value == Outcome.PROMOTED
