"""How each branch stands: batches, champion, open warnings, runs, and what is missing."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import dagster as dg
from croniter import croniter
from dagster._core.scheduler.instigation import InstigatorStatus
from rich.console import Console
from rich.markup import escape

from sentiment_assets.assets.best_model import NAME as BEST_MODEL
from sentiment_assets.assets.event_metadata import ROW_COUNT, ROWS_LABELLED, ROWS_QUARANTINED, read_decision
from sentiment_assets.assets.raw_reviews import NAME as RAW_REVIEWS
from sentiment_assets.assets.scored_reviews import NAME as SCORED_REVIEWS
from sentiment_assets.automation.batch_history import failed_at, latest_events, materializations
from sentiment_assets.automation.jobs import job_names
from sentiment_assets.automation.run_history import belongs_to, trains, what_ran
from sentiment_assets.branch.definitions import batch_partitions_name
from sentiment_assets.branch.files import branch_files, branch_settings_of, require_branch
from sentiment_assets.checks.degradation import LABEL_BUDGET
from sentiment_assets.definitions import defs, resources
from sentiment_assets.ingestion.decoding import on_one_line
from sentiment_assets.ingestion.formats import format_of
from sentiment_assets.learning.decision import Outcome
from sentiment_assets.monitoring.accuracy import measured
from sentiment_assets.monitoring.check_record import OpenWarning, open_warnings
from sentiment_assets.presentation.wording import counted, first_lines, percent
from sentiment_assets.resources.check_records import load_current_history
from sentiment_assets.resources.dagster_runs import runs_under_way
from sentiment_assets.resources.home import below_home, shown_below_home
from sentiment_assets.resources.landing_place import look_into
from sentiment_assets.resources.mlflow_settings import MlflowAway
from sentiment_assets.resources.registry import RegisteredVersion
from sentiment_assets.resources.urls import shown

_RUNS_LOOKED_THROUGH = 200
_SAID_IN_FULL = 5
_DAEMON_IS_HEARD_EVERY = timedelta(minutes=2)


@dataclass(frozen=True)
class ChampionState:
    """A champion as the registry knows it."""

    version: str
    registered_at: datetime
    test_reviews: int
    test_accuracy: float | None
    """Between the ends of its 95 % interval; ``None`` where its run has no figures."""
    low: float | None
    high: float | None


@dataclass(frozen=True)
class RunState:
    """A run, ended or not."""

    what: str
    status: str
    at: datetime


@dataclass(frozen=True)
class NextRun:
    """What a schedule does next."""

    schedule: str
    at: datetime


@dataclass(frozen=True)
class BranchStatus:
    """How a branch stands."""

    branch: str
    batches: int
    taken_in: int
    """Batches that hold something; the others failed, or are being taken in."""
    reviews: int
    labelled: int
    quarantined: int
    failed: Sequence[str]
    """Batches that could not be taken in, or scored, when they were tried last."""
    unscored: Sequence[str]
    champion: ChampionState | None
    sister: str
    """The model that scores until there is a champion: the first under ``start_from``; empty if there is none."""
    registry_away: str
    """Why nothing is known of a champion: MLflow does not answer; empty where it does."""
    warnings: Sequence[OpenWarning]
    last_run: RunState | None
    next_runs: Sequence[NextRun]
    missing: Sequence[str]
    """What the branch lacks, each with what to do."""


def daemon_heard_at(instance: dg.DagsterInstance) -> datetime | None:
    """The last sign of life of Dagster's daemon; ``None`` if there never was one."""
    heard = [each.timestamp for each in instance.get_daemon_heartbeats().values()]
    return datetime.fromtimestamp(max(heard), UTC) if heard else None


def statuses_of(instance: dg.DagsterInstance, branches: Sequence[str], now: datetime) -> Iterator[BranchStatus]:
    """How each branch stands, all of them without ``branches``. Raises ``UnknownBranch``."""
    for branch in branches:
        require_branch(branch)
    schedules = defs().get_repository_def().schedule_defs
    for branch in branches or branch_files():
        clock = next_runs(instance, branch, schedules, now)
        settings = branch_settings_of(branch)
        yield branch_status(instance, branch, settings.landing, clock, sister=next(iter(settings.start_from), ""))


def branch_status(
    instance: dg.DagsterInstance, branch: str, landing: str, clock: Sequence[NextRun] = (), *, sister: str = ""
) -> BranchStatus:
    """How a branch stands, whose files land in ``landing`` and which starts from ``sister``.

    ``clock`` is what comes next.
    """
    keys = instance.get_dynamic_partitions(batch_partitions_name(branch))
    latest = {str(each.partition): each for each in materializations(instance, dg.AssetKey([branch, RAW_REVIEWS]))}
    held = [latest[key] for key in keys if key in latest]
    taken_in, scored = (latest_events(instance, dg.AssetKey([branch, name])) for name in (RAW_REVIEWS, SCORED_REVIEWS))
    champion, registry_away = _champion(branch)
    status = BranchStatus(
        branch=branch,
        batches=len(keys),
        taken_in=len(held),
        reviews=_sum(held, ROW_COUNT),
        labelled=_sum(held, ROWS_LABELLED),
        quarantined=_sum(held, ROWS_QUARANTINED),
        failed=[key for key, at in failed_at(instance, branch, keys).items() if _last_done(instance, branch, key) < at],
        unscored=[key for key in keys if scored.get(key, 0) < taken_in.get(key, 0)],
        champion=champion,
        sister=sister,
        registry_away=registry_away,
        warnings=_warnings(branch, keys),
        last_run=_last_run(instance, branch),
        next_runs=clock,
        missing=(),
    )
    under_way = [run for run in runs_under_way(instance) if belongs_to(run, branch)]
    missing = [
        *_missing(status, landing, under_way, not_promoted="" if champion else _not_promoted(instance, branch)),
        *(_labels_wanted(branch, keys[-1]) if keys else ()),
    ]
    return replace(status, missing=missing)


def _sum(events: Sequence[dg.AssetMaterialization], name: str) -> int:
    return sum(int(str(each.metadata[name].value)) for each in events if name in each.metadata)


def _last_done(instance: dg.DagsterInstance, branch: str, key: str) -> float:
    """When a batch was taken in or scored last, seconds since 1970; 0 if never."""
    moments = [0.0]
    for name in (RAW_REVIEWS, SCORED_REVIEWS):
        wanted = dg.AssetRecordsFilter(asset_key=dg.AssetKey([branch, name]), asset_partitions=[key])
        moments += [record.timestamp for record in instance.fetch_materializations(wanted, limit=1).records]
    return max(moments)


def _champion(branch: str) -> tuple[ChampionState | None, str]:
    """The champion, if there is one, and why that cannot be known."""
    try:
        versions = resources()["tracking"].versions(branch)
    except MlflowAway as error:
        return None, str(error)
    champion = next((each for each in versions if each.is_champion), None)
    return (_state_of(champion) if champion else None), ""


def _state_of(champion: RegisteredVersion) -> ChampionState:
    accuracy, n = champion.figures.get("test_accuracy"), int(champion.figures.get("test_reviews", 0))
    of_test = measured(round(accuracy * n), n) if accuracy is not None and n else None
    return ChampionState(
        version=champion.version,
        registered_at=champion.registered_at,
        test_reviews=n,
        test_accuracy=of_test.accuracy if of_test else None,
        low=of_test.low if of_test else None,
        high=of_test.high if of_test else None,
    )


def _warnings(branch: str, keys: Sequence[str]) -> tuple[OpenWarning, ...]:
    history = load_current_history(resources()["storage"], branch, keys)
    return open_warnings([record for group in history.values() for record in group])


def _last_run(instance: dg.DagsterInstance, branch: str) -> RunState | None:
    runs = instance.get_runs(limit=_RUNS_LOOKED_THROUGH)
    run = next((each for each in runs if belongs_to(each, branch)), None)
    record = instance.get_run_record_by_id(run.run_id) if run else None
    if run is None or record is None:
        return None
    moment = record.end_time or record.start_time
    at = datetime.fromtimestamp(moment, UTC) if moment else record.create_timestamp
    return RunState(what_ran(run), run.status.value.lower(), at)


def next_runs(
    instance: dg.DagsterInstance, branch: str, schedules: Sequence[dg.ScheduleDefinition], now: datetime
) -> list[NextRun]:
    """What the schedules of a branch do next, the first one first, but for those that somebody has stopped."""
    stopped = {each.name for each in instance.all_instigator_state() if each.status == InstigatorStatus.STOPPED}
    own = [each for each in schedules if each.job_name in job_names(branch) and each.name not in stopped]
    return sorted((NextRun(each.name, _next_moment(each, now)) for each in own), key=lambda each: each.at)


def _next_moment(schedule: dg.ScheduleDefinition, now: datetime) -> datetime:
    there = now.astimezone(ZoneInfo(schedule.execution_timezone or "UTC"))
    moment: datetime = croniter(str(schedule.cron_schedule), there).get_next(datetime)
    return moment


def _not_promoted(instance: dg.DagsterInstance, branch: str) -> str:
    """Why the last train run has made no champion; empty if it has, or there was none."""
    records = instance.fetch_materializations(dg.AssetKey([branch, BEST_MODEL]), limit=1).records
    if not (records and records[0].asset_materialization):
        return ""
    decision = read_decision(records[0].asset_materialization.metadata)
    is_told = decision.outcome == Outcome.NOT_PROMOTED.value
    return f"version {decision.challenger_version} waits. {decision.reason}" if is_told else ""


def _missing(status: BranchStatus, landing: str, under_way: Sequence[dg.DagsterRun], *, not_promoted: str) -> list[str]:
    """What a branch lacks, each with what to do about it; nothing where everything stands.

    ``under_way`` are its runs that go on now.
    """
    branch, found = status.branch, []
    is_training = any(trains(run, branch) for run in under_way)
    if not status.batches and (waiting := _files_in(landing)):
        lie = counted(waiting, "file lies", "files lie")
        found.append(
            f"{lie} in {shown_below_home(landing)}: a running daemon takes in what lands within a minute or two"
        )
    elif not status.batches:
        place = shown_below_home(landing)
        found.append(
            f"no file has landed yet: drop one into {place}, or look at it first: sentiment-assets preview FILE"
        )
    elif not status.taken_in and under_way:
        found.append("nothing is stored yet: the first files are being taken in")
    elif not status.labelled:
        or_a_sister = "" if status.sister else ", or name a sister (start_from)"
        found.append(f"no review has a label, so nothing can be trained: land labelled ones{or_a_sister}")
    elif status.champion is None and is_training:
        found.append("no champion yet: a train run is under way")
    elif status.champion is None and not status.registry_away and not_promoted:
        found.append(f"no champion yet: {not_promoted}")
    elif status.champion is None and not status.registry_away:
        found.append(
            f"no champion yet: a running daemon trains one by itself, or run the job {branch}_train in Dagster"
        )
    if status.registry_away:
        found.append(f"nothing is known of a champion: {status.registry_away}")
    if status.failed:
        found.append(
            f"{counted(len(status.failed), 'batch', 'batches')} could not be taken in or scored "
            f"({_some(status.failed)}): sentiment-assets replay {branch} tries again and says why; land a mended file "
            "under the same name, or delete the partition"
        )
    if status.unscored and status.champion:
        found.append(
            f"{counted(len(status.unscored), 'batch', 'batches')} without scores ({_some(status.unscored)}): "
            f"a running daemon scores them, or run the job {branch}_score"
        )
    return found


def _labels_wanted(branch: str, newest: str) -> Iterator[str]:
    """What labels of the newest batch would tell, where there are some to give."""
    file = resources()["storage"].partition_path(branch, LABEL_BUDGET, newest, ".csv")
    if file.exists():
        yield (
            f"labels of {newest}: those of a few reviews would say how often the scores are right: fill them in, in "
            f"{shown(file)}, and land the file under a name of its own"
        )


def _files_in(landing: str) -> int:
    """How many files of reviews lie in a landing place; 0 if it cannot be reached, as the landing sensor tells."""
    try:
        found = look_into(below_home(landing))
    except Exception:  # noqa: BLE001  every file system has errors of its own
        return 0
    return sum(bool(format_of(path)[0]) for path in found.tokens) if found else 0


def _some(keys: Sequence[str]) -> str:
    return ", ".join(first_lines(keys, _SAID_IN_FULL, "Dagster"))


def show(console: Console, statuses: Iterable[BranchStatus], *, heard_at: datetime | None, now: datetime) -> None:
    """Print how the branches stand, for people; what is quoted of files and reviews is no markup."""
    for each in statuses:
        console.print(f"[bold]{escape(each.branch)}[/bold]")
        for name, said in _lines(each, now):
            console.print(f"  {name:<9} {escape(on_one_line(said))}", highlight=False, soft_wrap=True)
    console.print(escape(_daemon(heard_at, now)), highlight=False, soft_wrap=True)


def _lines(status: BranchStatus, now: datetime) -> Iterator[tuple[str, str]]:
    yield (
        "batches",
        f"{_taken_in(status)}, with {counted(status.reviews, 'row')} kept, {status.labelled:,} of them labelled; "
        f"{counted(status.quarantined, 'row')} in quarantine",
    )
    if champion := status.champion:
        age = _ago(champion.registered_at, now)
        yield "champion", f"version {champion.version}, registered {age}; {_figures(champion)}"
    elif status.registry_away:
        yield "champion", "unknown"
    else:
        yield "champion", f"none; {status.sister}, a sister, scores until there is one" if status.sister else "none"
    yield "warnings", counted(len(status.warnings), "open warning") if status.warnings else "none open"
    for line in first_lines(_by_check(status.warnings), _SAID_IN_FULL, "the check open_warnings"):
        yield "", line
    if run := status.last_run:
        yield "last run", f"{run.what}: {run.status} {_ago(run.at, now)}"
    for following in status.next_runs:
        yield "next", f"{following.schedule} at {following.at:%Y-%m-%d %H:%M %Z}"
    for sentence in status.missing:
        yield "missing", sentence


def _taken_in(status: BranchStatus) -> str:
    if status.taken_in == status.batches:
        return f"{status.batches:,}"
    return f"{status.taken_in:,} taken in of {status.batches:,}"


def _by_check(warnings: Sequence[OpenWarning]) -> list[str]:
    """The newest warning of each check, the newest first, and of how many other batches it warns."""
    of_checks: dict[str, list[OpenWarning]] = {}
    for each in sorted(warnings, key=lambda each: each.since, reverse=True):
        of_checks.setdefault(each.check, []).append(each)
    return [
        f"⚠ {check} of {newest.batch}{_and_others(others)}: {newest.sentence}"
        for check, (newest, *others) in of_checks.items()
    ]


def _and_others(warnings: Sequence[OpenWarning]) -> str:
    return f" and {counted(len(warnings), 'other batch', 'other batches')}" if warnings else ""


def _figures(champion: ChampionState) -> str:
    if champion.test_accuracy is None or champion.low is None or champion.high is None:
        return "its run has no test figures"
    return (
        f"{percent(champion.test_accuracy)} of {counted(champion.test_reviews, 'test review')} right "
        f"(between {percent(champion.low)} and {percent(champion.high)})"
    )


def _daemon(heard_at: datetime | None, now: datetime) -> str:
    if heard_at is None or now - heard_at > _DAEMON_IS_HEARD_EVERY:
        last = f"was last heard {_ago(heard_at, now)}" if heard_at else "was never started"
        return f"Nothing happens by itself: Dagster's daemon {last}. sentiment-assets dev starts it."
    return "Dagster's daemon is running: files that land are taken in by themselves."


def _ago(moment: datetime, now: datetime) -> str:
    minutes = max(int((now - moment).total_seconds() // 60), 0)
    for size, one in ((60 * 24, "day"), (60, "hour"), (1, "minute")):
        if minutes >= size:
            return f"{counted(minutes // size, one)} ago"
    return "just now"


def as_json(statuses: Iterable[BranchStatus], heard_at: datetime | None) -> str:
    """One JSON object, for programs; moments are in ISO 8601."""
    said = {"daemon_heard_at": heard_at, "branches": [asdict(each) for each in statuses]}
    return json.dumps(said, indent=2, default=datetime.isoformat, ensure_ascii=False)
