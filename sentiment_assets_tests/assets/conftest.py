"""A branch that was trained twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.corpus import as_csv, made_up_reviews
from testing.in_process import BranchInProcess, Prepared


@pytest.fixture(scope="package")
def home_trained_twice(home_with_a_champion: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prepared]:
    def train_on_more(branch: BranchInProcess) -> None:
        assert branch.take_in("b.csv", as_csv(made_up_reviews(900, seed=1))).success
        assert branch.train().success

    with home_with_a_champion.and_then(train_on_more, tmp_path_factory.mktemp("trained_twice")) as prepared:
        yield prepared


@pytest.fixture
def trained_twice(home_trained_twice: Prepared, tmp_path: Path) -> Iterator[BranchInProcess]:
    """The branch acme, trained on ``a.csv``, and again when ``b.csv`` had come."""
    with home_trained_twice.copied_to(tmp_path / "home") as branch:
        yield branch
