"""The quick form of ``benchmarks.crashes``: a killed train run, or publication, goes on to where it would be."""

import random
from collections.abc import Mapping
from pathlib import Path

import pytest

from testing.crashes import Walk, disturb, prepare

pytestmark = [pytest.mark.slow, pytest.mark.process]


@pytest.fixture(scope="module")
def walks(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Walk]:
    return {each.name: each for each in prepare(tmp_path_factory.mktemp("walks"), ("ingest", "train", "publish"))}


@pytest.mark.parametrize(("name", "seed"), [("train", 5), ("publish", 5)])
def test_a_walk_that_is_killed_ends_where_it_would_have(
    walks: Mapping[str, Walk], name: str, seed: int, tmp_path: Path
) -> None:
    assert disturb(walks[name], tmp_path / "home", random.Random(seed)).differs == []  # noqa: S311
