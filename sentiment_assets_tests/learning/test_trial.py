"""What a trial comes to: its place among the candidates, on what was held out."""

import pytest

from sentiment_assets.learning.candidate import Candidate, train_candidate
from sentiment_assets.learning.candidate_figures import candidate_figures
from sentiment_assets.learning.challenger import Challenger
from sentiment_assets.learning.features import Features
from sentiment_assets.learning.hyperparameters import Hyperparameters
from sentiment_assets.learning.trial import judge_trial

MINE = Hyperparameters(epochs=2, eta0=0.5, l2=1e-4)


@pytest.fixture(scope="module")
def mine(features: Features) -> Candidate:
    return train_candidate(features, "v1", MINE, mlflow_run_id="run")


def test_its_place_is_told_and_everything_stands_beside_it(
    mine: Candidate, candidates: dict[str, Candidate], features: Features, challenger: Challenger
) -> None:
    result = judge_trial(mine, candidates, features, "hinge_loss")
    losses = {**challenger.validation_losses, MINE.key: result.figures["validation_loss"]}
    assert dict(zip(result.beside["name"], result.beside["validation_loss"], strict=True)) == losses
    assert result.beside["validation_loss"].is_monotonic_increasing
    place = sorted(losses.values()).index(losses[MINE.key]) + 1
    best = min(challenger.validation_losses.values())
    assert result.sentence.startswith(f"{MINE.key}: validation loss {losses[MINE.key]:.4f} on ")
    assert f"{best:.4f} of the best candidate, {challenger.key}; place {place} of 3." in result.sentence


def test_without_candidates_it_says_so(mine: Candidate, features: Features) -> None:
    result = judge_trial(mine, {}, features, "hinge_loss")
    assert result.sentence.endswith("; no candidate is trained on the current features yet.")
    assert result.beside["trial"].tolist() == [True]


def test_the_figures_of_a_candidate_are_those_it_is_compared_by(
    candidates: dict[str, Candidate], features: Features, challenger: Challenger
) -> None:
    for metric in ("hinge_loss", "error_rate", "macro_f1"):
        for key, each in candidates.items():
            figures = candidate_figures(each, features, metric)  # type: ignore[arg-type]
            if metric == "hinge_loss":
                assert figures["validation_loss"] == challenger.validation_losses[key]
            if metric == "error_rate":
                assert figures["validation_loss"] == pytest.approx(1 - figures["validation_accuracy"])
            if metric == "macro_f1":
                assert figures["validation_loss"] == pytest.approx(1 - figures["validation_macro_f1"])
            assert 0 < figures["validation_brier_score"] < 0.25
            assert figures["epochs_kept"] == each.svc.best_epoch
            assert figures["cpu_seconds"] == each.cost.cpu_seconds


def test_another_seed_is_another_model_and_the_same_one_the_same(mine: Candidate, features: Features) -> None:
    again, other = (train_candidate(features, "v1", MINE, mlflow_run_id="run", seed=seed) for seed in (0, 1))
    assert again.cross_fitted_margins.tolist() == mine.cross_fitted_margins.tolist()
    assert other.cross_fitted_margins.tolist() != mine.cross_fitted_margins.tolist()


def test_each_epoch_is_told_while_it_trains(features: Features) -> None:
    told: list[tuple[float, float]] = []
    candidate = train_candidate(
        features, "v1", MINE, mlflow_run_id="run", on_epoch=lambda train, held_out: told.append((train, held_out))
    )
    losses = candidate.losses
    assert told == list(zip(losses["train_hinge_loss"], losses["validation_hinge_loss"], strict=True))
