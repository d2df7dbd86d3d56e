"""``trained_candidates``: when a candidate stops."""

import dagster as dg

from testing.in_process import BranchInProcess


def test_with_patience_a_candidate_stops_early_and_says_so(ingested: BranchInProcess) -> None:
    candidate = {"epochs": 40, "eta0": 5, "l2": 0}
    patient = ingested.with_settings(search={"candidates": [candidate], "patience": 1}, features={})
    assert patient.train().success
    metadata = patient.metadata("trained_candidates")
    losses = metadata["loss_per_epoch"]
    assert isinstance(losses, dg.TableMetadataValue)
    assert metadata["epochs_kept"].value == len(losses.records) - 1 < 39
