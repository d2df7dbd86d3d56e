"""The quick form of ``benchmarks.crashes``: a killed train run, or publication, goes on to where it would be."""

import random
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from testing.crashes import Walk, disturb, prepare
from testing.forks import end_server

pytestmark = [pytest.mark.slow, pytest.mark.process]


@pytest.fixture(scope="module")
def walks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Walk]]:
    yield {each.name: each for each in prepare(tmp_path_factory.mktemp("walks"), ("ingest", "train", "publish"))}
    end_server()  # or steps of later tests would be forked from it, with the home folder of these


@pytest.mark.parametrize(("name", "seed"), [("train", 5), ("publish", 5)])
def test_a_walk_that_is_killed_ends_where_it_would_have(
    walks: Mapping[str, Walk], name: str, seed: int, tmp_path: Path
) -> None:
    assert disturb(walks[name], tmp_path / "home", random.Random(seed)).differs == []  # noqa: S311
