"""A platform that runs by itself."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from testing.corpus import as_csv, made_up_reviews
from testing.in_process import BranchInProcess, home_of
from testing.one_branch import BRANCH
from testing.platform import Platform


@pytest.fixture
def with_champion(tmp_path: Path) -> Iterator[Platform]:
    """A platform whose branch has a champion."""
    running = Platform(tmp_path, ("testing.one_branch",), {}, seconds_between_launches=1)
    with home_of(tmp_path), dg.DagsterInstance.ephemeral() as elsewhere:
        branch = BranchInProcess(elsewhere)
        assert branch.take_in("first.csv", as_csv(made_up_reviews(900))).success
        assert branch.train().success
        (tmp_path / "landing" / BRANCH / "first.csv").unlink()
        try:
            running.start()
            yield running
        finally:
            running.stop()
