"""Walks of one branch through the platform, each in processes of its own that may be killed at any moment.

``benchmarks.crashes`` kills them many times; ``sentiment_assets_tests/test_crashes.py`` a few times.
"""

import contextlib
import json
import multiprocessing
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import psycopg2

from sentiment_assets.assets.event_metadata import read_decision
from sentiment_assets.assets.published_scores import WITHOUT_MODELS
from sentiment_assets.assets.stored_batch import read_stored_batch
from sentiment_assets.assets.trained_candidates import all_candidates_tags
from sentiment_assets.automation.alert_messages import what_failed
from sentiment_assets.branch.definitions import batch_partitions_name, branch_definitions
from sentiment_assets.branch.settings import BranchSettings
from sentiment_assets.definitions import resources
from sentiment_assets.execution.steps import step_executor
from sentiment_assets.publishing.layout import TABLES
from sentiment_assets.publishing.settings import DEFAULT_SCHEMA
from sentiment_assets.resources.dagster_runs import stretch_tags
from sentiment_assets.resources.home import SETTING, home
from sentiment_assets.resources.storage import Frame, Storage, read_frame
from sentiment_assets.resources.versioned_folders import current_folder
from testing.corpus import as_csv, made_up_reviews
from testing.in_process import copy_home, home_of
from testing.runs import execute, land, said_of_try

BRANCH = "crashing"
FIRST, MORE = "a.csv", ("b.csv", "c.csv", "d.csv")
IN_STEPS = "train in steps"
"""The walk whose steps have processes of their own, as in production; all others stay in the process of their run."""
WALKS = ("pull", "score", "ingest", IN_STEPS, "train", "publish", "report")
"""Each begins where the one before it has ended, the two that train at the same place."""
TO_POSTGRES = "publish to PostgreSQL"
"""The walk that publishes to a server, each home folder into a schema of its own; it wants one to be started."""
VARIABLES = "variables.json"
"""The file of a home folder that holds what its walks are told by their environment."""
_WAREHOUSE = "CRASHING_WAREHOUSE"
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["sentiment_assets.execution.preloaded", "testing.crashes", "dlt", "duckdb"])
_LONGEST = 240.0
_MOMENTS = {"taken_in_at", "scored_at", "published_at", "checked_at", "registered_at", "promoted_at"}
_MEASURED = {"figures"}
"""What a warehouse holds of a model's train run: seconds and bytes are among it."""


def settings() -> BranchSettings:
    """The branch, whose vendor and warehouse lie below the home folder."""
    return BranchSettings.model_validate(
        {
            "landing": f"landing/{BRANCH}",
            "features": {"ngrams": {"longest": 1, "columns_log2": 14}},
            "search": {"grid": {"epochs": [1, 3], "eta0": [1], "l2": [1e-5]}},
            "publish": [_to_postgres(Path(str(home()))) if _WAREHOUSE in os.environ else {"to": "duckdb"}],
            "sources": [{"name": "vendor", "files": {"url": f"{home()}/vendor/", "pattern": "*.csv"}}],
        }
    )


def _to_postgres(place: Path) -> dict[str, object]:
    return {"to": "postgres", "connection": {"env": _WAREHOUSE}, "schema": _schema(place)}


def _schema(place: Path) -> str:
    return f"home_{sha256(str(place).encode()).hexdigest()[:12]}"


def job_named(name: str) -> dg.JobDefinition:
    """A job in one process."""
    return _definitions(dg.in_process_executor).resolve_job_def(name)


def job_in_steps_named(name: str) -> dg.JobDefinition:
    """The same job with a process for each step."""
    return _definitions(step_executor()).resolve_job_def(name)


def _definitions(executor: dg.ExecutorDefinition) -> dg.Definitions:
    branch = branch_definitions(BRANCH, settings())
    return dg.Definitions.merge(branch, dg.Definitions(executor=executor, resources=resources()))


@dataclass(frozen=True)
class Walk:
    """A walk, the home folder from which it begins, and what it comes to if nobody disturbs it."""

    name: str
    home: Path
    runs_before: int
    seconds: float
    comes_to: Mapping[str, object]


@dataclass(frozen=True)
class Killed:
    """What became of a walk that was killed."""

    victim: str
    killed_after: float
    recovered_by: str
    seconds: float
    """How long it took from the kill to the end of what brought it back."""
    differs: Sequence[str]
    """What is not as it would be undisturbed."""


@dataclass(frozen=True)
class Hindered:
    """What became of a walk that something was in the way of."""

    said: Sequence[str]
    """What people read, a try that failed each; nothing if the walk went well all the same."""
    recovered_by: str
    differs: Sequence[str]


def prepare(folder: Path, names: Sequence[str] = WALKS, postgres: str = "") -> Iterator[Walk]:
    """Go through walks undisturbed, each from a copy of where the one before it ended.

    ``postgres`` is the address of the server that ``TO_POSTGRES`` publishes to.
    """
    place = folder / "first"
    with home_of(place):
        (place / "dagster").mkdir(mode=0o700, parents=True)
        place.chmod(0o700)
        resources()["tracking"].client()
        (place / "vendor").mkdir()
        for number in range(2):
            (place / "vendor" / f"{number}.csv").write_bytes(as_csv(made_up_reviews(300, seed=70 + number)))
        land(BRANCH, FIRST, as_csv(made_up_reviews(600)))
        for number, name in enumerate(MORE):
            land(BRANCH, name, as_csv(made_up_reviews(400, seed=1 + number)))
        with _instance(place) as instance:
            instance.add_dynamic_partitions(batch_partitions_name(BRANCH), [FIRST])
        _undisturbed(place, "ingest", [FIRST])
        _undisturbed(place, "train", [FIRST])
        with _instance(place) as instance:
            instance.add_dynamic_partitions(batch_partitions_name(BRANCH), list(MORE))
    for name in names:
        after = folder / f"after {name}"
        if name == TO_POSTGRES:
            (place / VARIABLES).write_text(json.dumps({_WAREHOUSE: postgres}))
        _copy(place, after)
        seconds = _undisturbed(after, name, _batches(name))
        with _instance(place) as instance:
            runs_before = instance.get_runs_count()
        yield Walk(name, place, runs_before, seconds=seconds, comes_to=state(after))
        place = place if name == IN_STEPS else after


def disturb(walk: Walk, folder: Path, chance: random.Random, between: tuple[float, float] | None = None) -> Killed:
    """Copy the home folder, kill the walk once, and bring it to its end.

    It is killed at any moment of its length, or ``between`` these two of its seconds.
    """
    _copy(walk.home, folder)
    moment = chance.uniform(*(between or (0, walk.seconds)))
    wants_step = walk.name == IN_STEPS and chance.random() < 0.5
    process = _begin(folder, walk.name, _batches(walk.name), again=False)
    process.join(moment)
    steps = _steps(process.pid) if wants_step else []
    victim = ("a step" if steps else "all of the run") if process.is_alive() else "nobody: it had ended"
    for pid in steps[:1]:
        os.kill(pid, signal.SIGKILL)
    if not steps:
        _kill_group(process)
    killed = time.monotonic()
    _end(process)
    recovered_by = _go_on(walk, folder)
    return Killed(victim, moment, recovered_by, seconds=time.monotonic() - killed, differs=_what_differs(walk, folder))


def hinder(walk: Walk, folder: Path, hindrance: Callable[[Path], AbstractContextManager[object]]) -> Hindered:
    """Copy the home folder, walk while something is in the way, and bring the walk to its end when it is gone."""
    _copy(walk.home, folder)
    with hindrance(folder):
        _end(_begin(folder, walk.name, _batches(walk.name), again=False))
        said = _said(folder, walk.runs_before)
    return Hindered(said, _go_on(walk, folder), _what_differs(walk, folder))


def state(place: Path) -> dict[str, object]:
    """What people have of the branch, by its kinds; moments and measured times are left out."""
    with home_of(place), _instance(place) as instance:
        storage, tracking = Storage(root="data"), resources()["tracking"]
        keys = instance.get_dynamic_partitions(batch_partitions_name(BRANCH))
        champion = tracking.champion(BRANCH)  # raises ChangedModel where its files are another's
        decided = instance.fetch_materializations(dg.AssetKey([BRANCH, "best_model"]), limit=100).records
        return {
            "landed": _landed(place / "landing" / BRANCH),
            "batches": {key: _batch(storage, key) for key in keys},
            "scores": {key: _scores(storage, key) for key in keys},
            "champion": (champion.version, champion.digest) if champion else None,
            "versions": [(each.version, each.is_champion, each.reason) for each in tracking.versions(BRANCH)],
            "decision": _decision(decided),
            "partitions": {
                name: sorted(instance.get_materialized_partitions(dg.AssetKey([BRANCH, name])))
                for name in ("raw_reviews", "scored_reviews", "published_scores", "trained_candidates")
            },
            "published": _published(place),
            "report": _report(storage),
        }


def _batches(walk: str) -> Sequence[str]:
    return {"score": [FIRST], "ingest": MORE}.get(walk, [FIRST, *MORE])


def _undisturbed(place: Path, name: str, batches: Sequence[str]) -> float:
    began = time.monotonic()
    _end(_begin(place, name, batches, again=False))
    with _instance(place) as instance:
        [run] = instance.get_runs(limit=1)
    assert run.is_success, f"{name} failed undisturbed: see {place / 'walk.log'}"
    return time.monotonic() - began


def _begin(place: Path, name: str, batches: Sequence[str], *, again: bool) -> Any:
    process = _FORKS.Process(target=_walk, args=(place, name, batches, again))
    process.start()
    return process


def _end(process: Any) -> None:
    process.join(_LONGEST)
    _kill_group(process)
    process.join()


def _kill_group(process: Any) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:  # it has not made a group yet, or has ended
        process.kill()


def _walk(place: Path, name: str, batches: Sequence[str], again: bool) -> None:
    """What the process does: one run, or the run that goes on where the last one was killed."""
    os.setsid()
    os.environ |= {SETTING: str(place), **_variables(place)}
    log = (place / "walk.log").open("ab")
    for stream in (sys.stdout, sys.stderr):
        os.dup2(log.fileno(), stream.fileno())
    with _instance(place) as instance:
        options = None
        if again:
            [killed] = instance.get_runs(limit=1)
            options = dg.ReexecutionOptions.from_failure(killed.run_id, instance)
        job, tags = f"{BRANCH}_{name.partition(' ')[0]}", _tags(name, batches)
        made_by = job_in_steps_named if name == IN_STEPS else job_named
        execute(instance, job, tags, reexecution_options=options, job_named=made_by)
    os._exit(0)


def _variables(place: Path) -> dict[str, str]:
    file = place / VARIABLES
    return dict(json.loads(file.read_text())) if file.exists() else {}


def _tags(name: str, batches: Sequence[str]) -> dict[str, str]:
    if name in ("pull", "report"):
        return {}
    if name in ("train", IN_STEPS):
        return all_candidates_tags([each.key for each in settings().candidates])
    return stretch_tags(batches[0], batches[-1])


def _said(place: Path, runs_before: int) -> list[str]:
    with _instance(place) as instance:
        runs = instance.get_runs()
        if len(runs) == runs_before:
            return []
        events = [each.dagster_event for each in instance.all_logs(runs[0].run_id) if each.dagster_event]
        again = [said_of_try(each) for each in events if each.is_step_up_for_retry]
        return again if runs[0].is_success else [*again, *what_failed(events)]


def _go_on(walk: Walk, place: Path) -> str:
    """Bring a walk to its end; returns what did that."""
    how = _how_to_go_on(place, walk.runs_before)
    if how != "nothing":
        _end(_begin(place, walk.name, _batches(walk.name), again=how == "a click"))
    return how


def _what_differs(walk: Walk, place: Path) -> list[str]:
    now = state(place)
    return [name for name, value in walk.comes_to.items() if now[name] != value]


def _how_to_go_on(place: Path, runs_before: int) -> str:
    """What somebody does, or the next moment of a schedule: nothing where the walk has ended well."""
    with _instance(place) as instance:
        runs = instance.get_runs()
        if len(runs) == runs_before:
            return "the next schedule"
        [run, *_] = runs
        if run.is_success:
            return "the next schedule" if _lacks_models(instance) else "nothing"
        if not run.is_finished:  # as the daemon, or the code server, says of a process that is gone
            instance.report_run_failed(run, "its process was killed")
    return "a click"


def _lacks_models(instance: dg.DagsterInstance) -> bool:
    """Whether batches were published without the models, for which the publishing sensor asks again."""
    told = instance.get_latest_materialization_event(dg.AssetKey([BRANCH, "published_scores"]))
    return bool(told and told.asset_materialization and WITHOUT_MODELS in told.asset_materialization.metadata)


def _steps(run: int) -> list[int]:
    """The processes of steps: those of the run's group that are neither its own nor started by it."""
    found = []
    for each in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parent, group = map(int, each.read_text().rpartition(")")[2].split()[1:3])
            if group == run and parent not in (run, os.getpid()) and int(each.parent.name) != run:
                found.append(int(each.parent.name))
    return sorted(found)


@contextmanager
def _instance(place: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp(str(place / "dagster")) as instance:
        yield instance


def _copy(source: Path, target: Path) -> None:
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    copy_home(source, target)


def _digest(*frames: Frame | None) -> str:
    said = (each.to_json(date_format="iso") if each is not None else "none" for each in frames)
    return sha256("|".join(said).encode()).hexdigest()[:12]


def _batch(storage: Storage, key: str) -> str:
    try:
        batch = read_stored_batch(storage, BRANCH, key)
    except FileNotFoundError:
        return "none"
    return _digest(batch.reviews, batch.quarantine, batch.without_text)


def _scores(storage: Storage, key: str) -> str:
    path = storage.frame_path(BRANCH, "scored_reviews", key)
    return _digest(read_frame(path)) if path.exists() else "none"


def _landed(folder: Path) -> list[tuple[str, str]]:
    files = (each for each in folder.rglob("*") if each.is_file() and ".pulled" not in each.parts)
    return sorted((str(each.relative_to(folder)), sha256(each.read_bytes()).hexdigest()[:12]) for each in files)


def _decision(events: Sequence[dg.EventLogRecord]) -> tuple[str, str] | None:
    """What was told first of the newest version: a run that goes on after that says that nothing has changed since."""
    told = [read_decision(each.asset_materialization.metadata) for each in events if each.asset_materialization]
    of_newest = [each for each in told if each.challenger_version == told[0].challenger_version]
    return (of_newest[-1].outcome, of_newest[-1].challenger_version) if told else None


def _published(place: Path) -> dict[str, list[str]]:
    """The rows of each table, in an order of their own."""
    file, address = place / "warehouse.duckdb", _variables(place).get(_WAREHOUSE)
    if address:
        warehouse: Any = psycopg2.connect(address)
    elif file.exists():
        warehouse = duckdb.connect(str(file), read_only=True)
    else:
        return {}
    with closing(warehouse):
        asked, rows = warehouse.cursor(), {}
        for name, table in TABLES.items():
            columns = ", ".join(f'"{each}"' for each in table.columns if each not in _MOMENTS | _MEASURED)
            asked.execute(f"SELECT {columns} FROM {_schema(place) if address else DEFAULT_SCHEMA}.{name}")  # noqa: S608
            rows[name] = sorted(map(str, asked.fetchall()))
        return rows


def _report(storage: Storage) -> tuple[list[str], list[str]]:
    """The names of the files of the report, and its figures."""
    folder = storage.path(BRANCH, "reports")
    places = [current_folder(each) for each in folder.iterdir()] if folder.exists() else []
    files = [each for place in places for each in place.rglob("*") if each.is_file()]
    names = sorted(each.name for each in files if not each.name.startswith("."))
    return names, [(place / "figures.csv").read_text() for place in places]
