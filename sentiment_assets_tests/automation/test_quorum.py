import dagster as dg
import pytest

from sentiment_assets.automation.quorum import lost_candidates
from sentiment_assets.automation.retraining_sensor import REASON, retraining_sensor
from sentiment_assets.definitions import resources
from sentiment_assets.learning.hyperparameters import fewest_candidates
from testing.in_process import BranchInProcess

GOOD = [{"epochs": epochs, "eta0": 1.0, "l2": 1e-5} for epochs in (1, 2)]
DIVERGES = {"epochs": 1, "eta0": 1e300, "l2": 1.0}


def asked_for(branch: BranchInProcess) -> list[dg.RunRequest]:
    """The runs that the retraining sensor asks for now."""
    search = branch.settings.search
    keys = [each.key for each in search.hyperparameter_sets(branch.settings.features)]
    sensor = retraining_sensor(branch.name, keys, branch.settings.retraining, search.quorum)
    looked = sensor(dg.build_sensor_context(branch.instance, resources=resources()))
    assert isinstance(looked, dg.SensorResult)
    return list(looked.run_requests or ())


@pytest.mark.slow
def test_the_best_of_a_quorum_is_chosen_by_a_run_that_follows(trained: BranchInProcess) -> None:
    branch = trained.with_settings(search={"candidates": [*GOOD, DIVERGES], "quorum": 0.6})
    assert not branch.train().success
    [request] = asked_for(branch)
    assert request.asset_selection == branch.keys("best_model", "suspicious_labels")
    assert request.tags[REASON] == "1 of 3 candidates failed, and the quorum of 0.6 is there"
    assert request.run_key == asked_for(branch)[0].run_key, "the same one is asked for until it is there"

    assert branch.train("best_model").success
    told = branch.metadata("best_model")
    [missing] = [each.key for each in branch.settings.search.hyperparameter_sets() if each.eta0 == 1e300]
    assert told["candidates_missing"].value == [missing]
    assert told["selected_candidate"].value != missing
    assert not asked_for(branch)


def test_without_a_quorum_nobody_chooses(trained: BranchInProcess) -> None:
    branch = trained.with_settings(search={"candidates": [*GOOD, DIVERGES], "quorum": 0.7})
    assert not branch.train().success
    assert not asked_for(branch)


def test_a_run_that_failed_by_something_else_has_lost_no_candidates(trained: BranchInProcess) -> None:
    branch = trained.with_settings(features={"ngrams": {"longest": 1, "columns_log2": 14}})
    assert not branch.train("best_model").success, "its features are of other settings"
    assert lost_candidates(branch.instance, branch.name) is None


@pytest.mark.parametrize(
    ("n", "quorum", "fewest"), [(12, 1.0, 12), (12, 0.75, 9), (3, 0.6, 2), (10, 0.3, 3), (3, 0.01, 1)]
)
def test_the_fewest_candidates_by_hand(n: int, quorum: float, fewest: int) -> None:
    assert fewest_candidates(n, quorum) == fewest
