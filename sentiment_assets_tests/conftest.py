"""Every test works in a home folder of its own making, never in the project's."""

import gc
import os
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from testing.corpus import as_csv, made_up_reviews

if TYPE_CHECKING:  # Dagster takes a second to load, and the tests of the pure packages do without
    import dagster as dg

    from testing.in_process import BranchInProcess, Prepared

CSV = as_csv(made_up_reviews(600))


_processes: list[object] = []
"""The programs that this process has started."""
_ASKED_BY_PYTHON_ITSELF = {"uname", "file"}


def pytest_configure(config: pytest.Config) -> None:
    """Note every process that is started, and make Hypothesis' profiles ``fast`` and ``long`` known."""
    sys.addaudithook(
        lambda event, said: _processes.append(said[0]) if event in ("subprocess.Popen", "os.posix_spawn") else None
    )
    from hypothesis import settings

    settings.register_profile("fast", max_examples=20, deadline=None)
    settings.register_profile("usual", deadline=None)  # how long an example takes is for benchmarks to say
    settings.register_profile("long", max_examples=5_000, deadline=None)
    if not config.getoption("hypothesis_profile", None):
        settings.load_profile("usual")


@pytest.fixture(autouse=True)
def started(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that starts a process says so by a mark, since ``make fast`` leaves it out."""
    before = len(_processes)
    yield
    marks = {mark.name for mark in request.node.iter_markers()}
    assert marks & {"process", "slow", "docker", "cluster"} or set(_processes[before:]) <= _ASKED_BY_PYTHON_ITSELF


def pytest_collection_finish() -> None:
    """Spare what the tests have imported the searches for garbage."""
    gc.freeze()


def pytest_sessionfinish() -> None:
    """Spare what is loaded the searches for garbage that pytest ends with."""
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def session_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The home folder of tests that run steps in processes, and of any test that asks for no other."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SENTIMENT_HOME", str(folder))
        patch.setenv("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false")  # or each server starts eight processes more
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        os.environ.pop("DAGSTER_HOME", None)
        yield folder


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder, for tests that stay in this process; what a command says of Dagster's is forgotten."""
    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.delenv("DAGSTER_HOME")
    monkeypatch.setenv("SENTIMENT_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def instance(tmp_path: Path) -> "Iterator[dg.DagsterInstance]":
    """A Dagster instance on disk, which step processes can open too."""
    import dagster as dg

    (tmp_path / "dagster").mkdir()
    with dg.instance_for_test(temp_dir=str(tmp_path / "dagster")) as opened:
        yield opened


@pytest.fixture
def history() -> "Iterator[dg.DagsterInstance]":
    """A Dagster instance in memory, for what stays in this process."""
    import dagster as dg

    with dg.DagsterInstance.ephemeral() as opened:
        yield opened


@pytest.fixture(scope="session")
def empty_home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Prepared]":
    """A home folder with nothing but MLflow's own empty database.

    Its tables take MLflow a second to make, so they are made once for each release of it and kept in pytest's cache.
    """
    import dagster as dg

    from testing.in_process import BranchInProcess, Prepared, keep_empty_home

    cache: pytest.Cache | None = getattr(request.config, "cache", None)  # it can be switched off
    folder = cache.mkdir("empty_homes") if cache else tmp_path_factory.mktemp("empty_homes")
    kept = folder / f"mlflow-{version('mlflow')}"
    keep_empty_home(kept)
    with dg.DagsterInstance.ephemeral() as instance:
        yield Prepared(kept, BranchInProcess(instance))


@pytest.fixture(scope="session")
def home_with_a_batch(empty_home: "Prepared", tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Prepared]":
    """The branch has taken in ``a.csv``."""

    def ingest(branch: "BranchInProcess") -> None:
        assert branch.take_in("a.csv", CSV).success

    with empty_home.and_then(ingest, tmp_path_factory.mktemp("ingested")) as prepared:
        yield prepared


@pytest.fixture(scope="session")
def home_with_a_champion(
    home_with_a_batch: "Prepared", tmp_path_factory: pytest.TempPathFactory
) -> "Iterator[Prepared]":
    """The branch has a champion, trained on ``a.csv``."""

    def train(branch: "BranchInProcess") -> None:
        assert branch.train().success

    with home_with_a_batch.and_then(train, tmp_path_factory.mktemp("trained")) as prepared:
        yield prepared


@pytest.fixture
def acme(empty_home: "Prepared", tmp_path: Path) -> "Iterator[BranchInProcess]":
    """The branch acme, which has no batch yet, in a home folder of the test's own."""
    with empty_home.copied_to(tmp_path / "home") as branch:
        yield branch


@pytest.fixture
def ingested(home_with_a_batch: "Prepared", tmp_path: Path) -> "Iterator[BranchInProcess]":
    """The branch acme with one batch, ``a.csv``."""
    with home_with_a_batch.copied_to(tmp_path / "home") as branch:
        yield branch


@pytest.fixture
def trained(home_with_a_champion: "Prepared", tmp_path: Path) -> "Iterator[BranchInProcess]":
    """The branch acme with a champion that was trained on its one batch, ``a.csv``."""
    with home_with_a_champion.copied_to(tmp_path / "home") as branch:
        yield branch
