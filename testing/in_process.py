"""A branch whose jobs run in this process, and home folders that are made once and copied for each test."""

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import dagster as dg
from filelock import FileLock

from sentiment_assets.assets.trained_candidates import all_candidates_tags
from sentiment_assets.branch.definitions import batch_partitions_name, branch_definitions
from sentiment_assets.branch.settings import BranchSettings
from sentiment_assets.definitions import resources
from sentiment_assets.resources.dagster_runs import stretch_tags
from sentiment_assets.resources.home import SETTING
from sentiment_assets.resources.tracking import Tracking
from testing import code_location, runs

_DATABASE = "mlflow.db"


@dataclass(frozen=True)
class BranchInProcess:
    """One branch on an instance, its state in the home folder that the environment names."""

    instance: dg.DagsterInstance
    name: str = "acme"
    settings: BranchSettings = field(default_factory=lambda: code_location.BRANCHES["acme"])

    def with_settings(self, **changed: object) -> "BranchInProcess":
        """The same branch after an edit of its YAML."""
        written = self.settings.model_dump(exclude_unset=True)
        return replace(self, settings=BranchSettings.model_validate(written | changed))

    @cached_property
    def definitions(self) -> dg.Definitions:
        """The branch and the resources of production."""
        branch = branch_definitions(self.name, self.settings)
        return dg.Definitions.merge(branch, dg.Definitions(resources=resources()))

    @property
    def tracking(self) -> Tracking:
        """The branch's MLflow."""
        return resources()["tracking"]

    def land(self, file_name: str, content: bytes) -> str:
        """Put a file into the landing place; returns its batch key."""
        return runs.land(self.name, file_name, content)

    def register_batch(self, key: str) -> None:
        """Make a batch known, as the landing sensor does."""
        self.instance.add_dynamic_partitions(batch_partitions_name(self.name), [key])

    def ingest(self, key: str, **how: Any) -> dg.ExecuteInProcessResult:
        """Run the ingest job for one batch."""
        self.register_batch(key)
        return self.run("ingest", partition_key=key, **how)

    def ingest_all(self, keys: Sequence[str], resumes: str = "") -> dg.ExecuteInProcessResult:
        """Run the ingest job once for new batches, or again where the run ``resumes`` has failed."""
        for key in keys:
            self.register_batch(key)
        of_former = {
            "dagster/parent_run_id": resumes,
            "dagster/root_run_id": resumes,
            "dagster/is_resume_retry": "true",
        }
        return self.run("ingest", tags=stretch_tags(keys[0], keys[-1]) | (of_former if resumes else {}))

    def take_in(self, file_name: str, content: bytes) -> dg.ExecuteInProcessResult:
        """Land a file and ingest it."""
        return self.ingest(self.land(file_name, content))

    def score(self, key: str) -> dg.ExecuteInProcessResult:
        """Run the score job for one batch."""
        return self.run("score", partition_key=key)

    def train(self, *assets: str) -> dg.ExecuteInProcessResult:
        """Run the train job over every candidate, or some of its assets."""
        keys = [each.key for each in self.settings.candidates]
        return self.run("train", tags=all_candidates_tags(keys), asset_selection=self.keys(*assets) or None)

    def report(self) -> dg.ExecuteInProcessResult:
        """Run the report job."""
        return self.run("report")

    def run(self, job: str, **how: Any) -> dg.ExecuteInProcessResult:
        """Run one of the branch's jobs; a run that fails is a result like any other."""
        definition = self.definitions.resolve_job_def(f"{self.name}_{job}")
        return definition.execute_in_process(instance=self.instance, raise_on_error=False, **how)

    def pick(self, selection: dg.AssetSelection, key: str) -> dg.ExecuteInProcessResult:
        """Run what somebody has picked of a batch in the UI: some assets, or some checks."""
        picked = dg.Definitions(jobs=[dg.define_asset_job("picked", selection)])
        job = dg.Definitions.merge(self.definitions, picked).resolve_job_def("picked")
        return job.execute_in_process(instance=self.instance, tags=stretch_tags(key, key), raise_on_error=False)

    def check(self, asset: str, check: str, key: str) -> dg.ExecuteInProcessResult:
        """Run the group of checks that one belongs to, on a batch that was taken in before."""
        return self.pick(dg.AssetSelection.checks(dg.AssetCheckKey(self.keys(asset)[0], check)), key)

    def keys(self, *assets: str) -> Sequence[dg.AssetKey]:
        """The keys of assets of this branch."""
        return [dg.AssetKey([self.name, asset]) for asset in assets]

    def materialization(self, asset: str) -> dg.AssetMaterialization:
        """The latest one of an asset."""
        event = self.instance.get_latest_materialization_event(dg.AssetKey([self.name, asset]))
        assert event is not None
        assert event.asset_materialization is not None
        return event.asset_materialization

    def metadata(self, asset: str) -> Mapping[str, dg.MetadataValue]:
        """What the latest materialization of an asset says."""
        return self.materialization(asset).metadata

    def metadata_of(self, asset: str, key: str) -> Mapping[str, dg.MetadataValue]:
        """What the latest materialization of a batch says."""
        wanted = dg.AssetRecordsFilter(asset_key=self.keys(asset)[0], asset_partitions=[key])
        [record] = self.instance.fetch_materializations(wanted, limit=1).records
        assert record.asset_materialization is not None
        return record.asset_materialization.metadata

    def data_version(self, asset: str) -> str:
        """The version of what the latest materialization of an asset stored."""
        return (self.materialization(asset).tags or {})["dagster/data_version"]

    def shown(self, check: str) -> dg.AssetCheckEvaluation:
        """What the page of ``raw_reviews`` shows of a check: its last evaluation, whichever batch it was of."""
        key = dg.AssetCheckKey(dg.AssetKey([self.name, "raw_reviews"]), check)
        record = self.instance.get_latest_asset_check_evaluation_record(key)
        assert record is not None
        assert record.evaluation is not None
        return record.evaluation


def failure_of(result: dg.ExecuteInProcessResult) -> str:
    """What the one step that failed says, also if it was tried twice."""
    [failure] = [event for event in result.all_events if event.is_step_failure]
    error = failure.step_failure_data.error
    assert error is not None
    return error.cause.message if error.cause and error.message.startswith("Exceeded max_retries") else error.message


def run_id_of(metadata: Mapping[str, dg.MetadataValue]) -> str:
    """The id of the MLflow run that metadata link to."""
    return str(metadata["mlflow_run"].value).partition("/runs/")[2].partition("?")[0]


def checks_of(result: dg.ExecuteInProcessResult) -> Mapping[str, dg.AssetCheckEvaluation]:
    """The evaluations of a run by the names of their checks."""
    return {each.check_name: each for each in result.get_asset_check_evaluations()}


def failed_checks(result: dg.ExecuteInProcessResult) -> set[str]:
    """The names of the checks that a run's batch did not pass."""
    return {name for name, each in checks_of(result).items() if not each.passed}


@contextlib.contextmanager
def home_of(folder: Path) -> Iterator[None]:
    """Make a folder the home folder of this process for a while."""
    before = os.environ.get(SETTING)
    os.environ[SETTING] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ[SETTING]
        else:
            os.environ[SETTING] = before


@dataclass(frozen=True)
class Prepared:
    """A home folder and its history, made once; each test works on a copy of its own."""

    home: Path
    branch: BranchInProcess

    @contextlib.contextmanager
    def copied_to(self, home: Path) -> Iterator[BranchInProcess]:
        """The branch with a copy of the folder and of the history, while the block lasts."""
        with self._copy(home) as branch, home_of(home):
            yield branch

    @contextlib.contextmanager
    def and_then(self, prepare: Callable[[BranchInProcess], None], home: Path) -> Iterator["Prepared"]:
        """A copy in which something more has happened."""
        with self._copy(home) as branch:
            with home_of(home):
                prepare(branch)
            yield Prepared(home, branch)

    @contextlib.contextmanager
    def _copy(self, home: Path) -> Iterator[BranchInProcess]:
        copy_home(self.home, home)
        _forget_places_of_artifacts()
        with dg.DagsterInstance.ephemeral() as instance:
            _copy_history(self.branch.instance, instance)
            yield replace(self.branch, instance=instance)


def _forget_places_of_artifacts() -> None:
    """Have MLflow ask again where the files of a run lie: it remembers that for a process, and by the run's id alone.

    What is logged to a run of a copied home would land in the home that it was copied from.
    """
    from mlflow.tracking._tracking_service import utils

    utils._artifact_repos_cache.clear()


def keep_empty_home(folder: Path) -> None:
    """Make a home folder with nothing but MLflow's own empty database, unless it is there; processes take turns."""
    with FileLock(f"{folder}.lock"):
        if folder.exists():
            return
        unfinished = folder.with_name(f"{folder.name}.part")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        with home_of(unfinished):
            resources()["tracking"].client()
        unfinished.rename(folder)


def copy_home(source: Path, target: Path, known_as: Path | None = None) -> None:
    """Copy a home folder; what MLflow's database says of places in the one is said of the other.

    The database of one that was moved says where it was: ``known_as``.
    """
    place = known_as or source
    shutil.copytree(source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns(f"{_DATABASE}*"))
    with (
        contextlib.closing(sqlite3.connect(source / _DATABASE)) as original,
        contextlib.closing(sqlite3.connect(target / _DATABASE)) as copy,
    ):
        original.backup(copy)
        for table, column in _texts(copy):
            moved = f'UPDATE "{table}" SET "{column}" = replace("{column}", ?, ?) WHERE instr("{column}", ?)'  # noqa: S608
            copy.execute(moved, (f"{place}/", f"{target}/", f"{place}/"))
        copy.commit()


def _texts(database: sqlite3.Connection) -> list[tuple[str, str]]:
    """The columns of a database that hold texts, each with its table."""
    return database.execute(
        "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c "
        "WHERE m.type = 'table' AND (c.type LIKE '%CHAR%' OR c.type LIKE '%TEXT%')"
    ).fetchall()


def _copy_history(source: dg.DagsterInstance, target: dg.DagsterInstance) -> None:
    """Copy the runs and events of an instance in memory, of which Dagster has no public way."""
    storages: list[tuple[Any, Any]] = [
        (source.run_storage, target.run_storage),
        (source.event_log_storage, target.event_log_storage),
    ]
    for ours, theirs in storages:
        original, copy = (each._held_conn.connection.driver_connection for each in (ours, theirs))
        original.backup(copy)
