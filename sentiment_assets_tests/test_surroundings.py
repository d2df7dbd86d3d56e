"""The quick form of ``benchmarks.surroundings``: what people read, and that nothing is lost."""

import random
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from testing.crashes import IN_STEPS, Walk, hinder, prepare
from testing.forks import end_server
from testing.hindrances import killed_candidate, killed_mlflow, without_mlflow
from testing.killed_service import ask_and_kill

pytestmark = [pytest.mark.slow, pytest.mark.process]


@pytest.fixture(scope="module")
def train(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    """A train run, a process for each step."""
    [walk] = prepare(tmp_path_factory.mktemp("walks"), [IN_STEPS])
    yield walk
    end_server()  # or steps of later tests would be forked from it, with the home folder of these


def test_candidates_that_wait_for_mlflow_in_vain_name_it_and_a_click_trains_them(train: Walk, tmp_path: Path) -> None:
    found = hinder(train, tmp_path / "home", partial(without_mlflow, seconds=60, tries=1))
    for said in found.said:
        assert "MlflowAway: MLflow at http://127.0.0.1:" in said
        assert said.endswith("Start it, or set MLFLOW_TRACKING_URI to where it is, and run this again")
    assert found.said
    assert (found.recovered_by, found.differs) == ("a click", [])


def test_a_candidate_that_is_killed_says_what_to_do_and_a_click_trains_it_alone(train: Walk, tmp_path: Path) -> None:
    found = hinder(train, tmp_path / "home", killed_candidate)
    [said] = found.said
    assert "its process was killed (SIGKILL)" in said
    assert "Re-execute from failure: it runs beside fewer steps then." in said
    assert (found.recovered_by, found.differs) == ("a click", [])


def test_a_walk_whose_mlflow_is_killed_waits_for_it(train: Walk, tmp_path: Path) -> None:
    found = hinder(train, tmp_path / "home", partial(killed_mlflow, after=train.seconds / 3, seconds=1))
    assert (found.said, found.recovered_by, found.differs) == ([], "nothing", [])


def test_what_a_killed_scoring_service_has_answered_is_kept_once(tmp_path: Path) -> None:
    asked = ask_and_kill(tmp_path, kills=2, chance=random.Random(0))  # noqa: S311 - no secrets
    assert len(asked.answered) > len(asked.seconds_away) == 2
    assert (asked.lost, asked.twice) == ([], 0)
