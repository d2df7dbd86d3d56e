"""``trained_candidates``: when a candidate stops, and what it is trained on."""

import dagster as dg
import pytest

from testing.in_process import BranchInProcess


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
