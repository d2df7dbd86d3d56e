"""A branch whose batches are watched."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.batches import as_file, batch
from testing.in_process import BranchInProcess, Prepared


@pytest.fixture(scope="package")
def watched_home(empty_home: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prepared]:
    def train(branch: BranchInProcess) -> None:
        assert branch.ingest(branch.land("2026-09.csv", as_file(batch(1500, seed=0)))).success
        assert branch.train().success

    with empty_home.and_then(train, tmp_path_factory.mktemp("watched")) as prepared:
        yield prepared


@pytest.fixture
def watched(watched_home: Prepared, tmp_path: Path) -> Iterator[BranchInProcess]:
    """The branch acme with a champion that was trained on its one batch, ``2026-09.csv``."""
    with watched_home.copied_to(tmp_path / "home") as branch:
        yield branch
