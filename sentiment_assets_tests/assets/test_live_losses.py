"""Losses while training goes on: now and then, all of them once, and training goes on without MLflow."""

import logging
from dataclasses import dataclass, field

import pytest
from mlflow.exceptions import MlflowException

from sentiment_assets.assets.live_losses import LiveLosses
from sentiment_assets.resources.tracking import Tracking
from testing.in_process import BranchInProcess
from testing.models import train_run

LOG = logging.getLogger("live")


@pytest.fixture
def candidate(acme: BranchInProcess) -> tuple[Tracking, str]:
    parent = acme.tracking.parent_run("acme", "v1", train_run("r1"), joins_newest=False)
    return acme.tracking, acme.tracking.start_candidate(parent, "k", {}, train_run("r1"), name="k")


def steps(tracking: Tracking, run_id: str) -> list[tuple[int, float]]:
    history = tracking.client().get_metric_history(run_id, "validation_hinge_loss")
    return sorted((each.step, each.value) for each in history)


@pytest.mark.parametrize("seconds", [0.0, 1000.0])
def test_every_epoch_is_told_once(candidate: tuple[Tracking, str], seconds: float) -> None:
    tracking, run_id = candidate
    losses = LiveLosses(tracking, run_id, LOG, seconds=seconds)
    for epoch in (1, 2, 3):
        losses.after_epoch(1.0, 1 / epoch)
        assert len(steps(tracking, run_id)) == (0 if seconds else epoch)
    losses.tell()
    assert steps(tracking, run_id) == [(1, 1.0), (2, 0.5), (3, pytest.approx(1 / 3))]


@dataclass
class AwayAtFirst:
    """An MLflow that takes nothing when it is asked first."""

    tracking: Tracking
    asked: list[int] = field(default_factory=list)

    def log_losses(self, run_id: str, losses: dict[str, list[float]], *, first: int) -> None:
        self.asked.append(first)
        if len(self.asked) == 1:
            raise MlflowException("away")
        self.tracking.log_losses(run_id, losses, first=first)


def test_what_mlflow_did_not_take_is_told_later_and_the_log_says_so(
    candidate: tuple[Tracking, str], caplog: pytest.LogCaptureFixture
) -> None:
    tracking, run_id = candidate
    losses = LiveLosses(AwayAtFirst(tracking), run_id, LOG, seconds=0.0)  # type: ignore[arg-type]
    losses.after_epoch(1.0, 0.5)
    assert "asked again later: away" in caplog.text
    losses.after_epoch(1.0, 0.25)
    assert steps(tracking, run_id) == [(1, 0.5), (2, 0.25)]
