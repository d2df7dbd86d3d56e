"""What is worth a message: runs that failed, checks that failed, promotions and refusals, data that is stale."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from errno import ENOMEM
from itertools import takewhile
from operator import itemgetter
from time import time

import dagster as dg

from sentiment_assets.assets.best_model import NAME as BEST_MODEL
from sentiment_assets.assets.event_metadata import RecordedCheck, read_check, read_decision
from sentiment_assets.automation.run_history import trains, what_ran
from sentiment_assets.learning.decision import Outcome
from sentiment_assets.presentation.wording import first_lines
from sentiment_assets.resources.dagster_runs import ends_of, is_launched_again
from sentiment_assets.resources.notifications import Message
from sentiment_assets.resources.ui_addresses import reports_ui

_TELLING = {
    dg.DagsterEventType.ENGINE_EVENT,
    dg.DagsterEventType.STEP_FAILURE,
    dg.DagsterEventType.RUN_FAILURE,
    dg.DagsterEventType.ASSET_CHECK_EVALUATION,
    dg.DagsterEventType.ASSET_MATERIALIZATION,
}
_MOST_RUNS = 200
_UNTIL_STATUS = 60.0
"""Seconds after which a run that has told its end and has no such status has lost its process in between."""
_BATCHES_SAID = 20
_KILLED = "(SIGKILL)"
"""What Dagster's executor says of a step's process that was killed; of its failure it says nothing."""
_LESS_AT_ONCE = (
    "Re-execute from failure: it runs beside fewer steps then. Where that is not enough, start the job with "
    "`execution: {config: {processes: {max_concurrent: 1}}}`, give it more memory, or make the branch's `columns_log2` "
    "smaller."
)
_NO_MEMORY = f"[Errno {ENOMEM}]"
"""What the operating system says where a limit of memory leaves no room to map a file."""
_KILLED_BY_THE_SYSTEM = (
    f"its process was killed (SIGKILL), as the operating system does where memory runs out. {_LESS_AT_ONCE}"
)
_NUMBERS_TOLD = ("effect", "statistic", "threshold")


def ended_runs(instance: dg.DagsterInstance, after: int) -> list[tuple[int, dg.DagsterRun | None]]:
    """Numbers of the events that ended runs, and the runs if they are still there: the oldest, a few hundred at most.

    Dagster writes the status of a run a moment after the event: what has no status yet waits, and what follows it. If
    the process was killed in that moment, the run gets its status by another event, which is told when it comes.
    """
    latest = latest_end(instance)  # else a run that ends well between the two questions would be passed over for good
    ended = []
    for kind in (dg.DagsterEventType.RUN_SUCCESS, dg.DagsterEventType.RUN_FAILURE):
        records = dg.RunStatusChangeRecordsFilter(event_type=kind, after_storage_id=after)
        page = instance.fetch_run_status_changes(records, limit=_MOST_RUNS, ascending=True)
        ended.append([(record.storage_id, record.event_log_entry) for record in page.records])
    complete = min([latest, *(events[-1][0] for events in ended if len(events) == _MOST_RUNS)])
    events = sorted((each for page in ended for each in page if each[0] <= complete), key=itemgetter(0))
    runs = ((number, instance.get_run_by_id(event.run_id), time() - event.timestamp) for number, event in events)
    has_status = takewhile(lambda each: each[1] is None or each[1].is_finished or each[2] > _UNTIL_STATUS, runs)
    return [(number, run) for number, run, _ in has_status]


def latest_end(instance: dg.DagsterInstance) -> int:
    """The number of the last event that ended a run; 0 if none has."""
    kinds = (dg.DagsterEventType.RUN_SUCCESS, dg.DagsterEventType.RUN_FAILURE)
    pages = [instance.fetch_run_status_changes(kind, limit=1).records for kind in kinds]
    return max((page[0].storage_id for page in pages if page), default=0)


def messages_of_run(instance: dg.DagsterInstance, branch: str, run: dg.DagsterRun, dagster_ui: str) -> list[Message]:
    """One message a cause: the run's failure, each failed check of what it materialized, a decision on a champion."""
    events = [entry.dagster_event for entry in instance.all_logs(run.run_id, of_type=_TELLING) if entry.dagster_event]
    link = f"{dagster_ui}/runs/{run.run_id}"
    failed = run.status == dg.DagsterRunStatus.FAILURE
    again = failed and is_launched_again(instance, run)
    return [
        *([_run_failed(branch, run, events, link, again=again)] if failed else []),
        *_checks_failed(branch, run, events, link),
        *_decisions(branch, events, link),
    ]


def what_failed(events: Iterable[dg.DagsterEvent]) -> list[str]:
    """What the failed steps of a run said, or the run itself if no step did."""
    steps, whole, killed = [], [], set()
    for event in events:
        if event.is_engine_event and event.step_key and _KILLED in (event.message or ""):
            killed.add(event.step_key)
        elif event.is_step_failure:
            said = _KILLED_BY_THE_SYSTEM if event.step_key in killed else _said(event)
            steps.append(f"Step {event.step_key}: {said}")
        elif event.event_type == dg.DagsterEventType.RUN_FAILURE:
            whole.append(event.message or "The run failed.")
    return steps or whole or ["No step says why."]


def _said(event: dg.DagsterEvent) -> str:
    """What the code meant people to read (``dg.Failure``), or else the exception."""
    failure = event.step_failure_data
    if failure.user_failure_data and failure.user_failure_data.description:
        return failure.user_failure_data.description
    if failure.error is None:
        return str(event.message)
    error = failure.error.cause or failure.error
    memory_ran_out = str(error.cls_name).endswith("MemoryError") or _NO_MEMORY in error.message
    return error.message.strip() + (f"\nMemory ran out. {_LESS_AT_ONCE}" if memory_ran_out else "")


def stale_since(instance: dg.DagsterInstance, key: dg.AssetKey, moment: datetime) -> tuple[int, datetime] | None:
    """The last materialization, if there is one and it is older than ``moment``: its number and its time."""
    records = instance.fetch_materializations(key, limit=1).records
    if not records or records[0].timestamp >= moment.timestamp():
        return None
    return records[0].storage_id, datetime.fromtimestamp(records[0].timestamp, moment.tzinfo)


def is_stale(branch: str, name: str, *, last: datetime, days: float, dagster_ui: str) -> Message:
    """The warning about an asset that has not been brought up to date."""
    return Message(
        "warning",
        f"{branch}: {name} is stale",
        f"{branch}/{name} was materialized last on {last:%Y-%m-%d %H:%M} UTC; every {days:g} days are wanted.",
        {"Asset": f"{dagster_ui}/assets/{branch}/{name}"},
    )


def _run_failed(branch: str, run: dg.DagsterRun, events: list[dg.DagsterEvent], link: str, *, again: bool) -> Message:
    """An error, unless Dagster launches the run again by itself: whoever is woken could only watch it."""
    first, last = ends_of(run) or ("", "")
    of = f" of {first}" if first else ""
    if first != last:
        of = "" if trains(run, branch) else f" of {first} to {last}"  # every candidate is no news
    return Message(
        "info" if again else "error",
        f"{branch}: {what_ran(run)}{of} failed{' and is launched again' if again else ''}",
        "\n".join(what_failed(events)),
        {"Run": link},
    )


def _checks_failed(branch: str, run: dg.DagsterRun, events: list[dg.DagsterEvent], link: str) -> Iterator[Message]:
    """One message for each check, whatever number of batches failed it.

    A check of what an older run materialized has had its message, unless it passed then.
    """
    last: dict[tuple[str, str | None], dg.AssetCheckEvaluation] = {}
    for event in events:
        if event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            evaluation = event.asset_check_evaluation_data
            last[evaluation.check_name, evaluation.partition] = evaluation  # a step that was tried again says it again
    failed: dict[str, list[dg.AssetCheckEvaluation]] = defaultdict(list)
    for (name, _), evaluation in last.items():
        target = evaluation.target_materialization_data
        is_own = target is None or target.run_id == run.run_id
        if not evaluation.passed and (is_own or read_check(evaluation.metadata).is_news):
            failed[name].append(evaluation)
    for name, evaluations in failed.items():
        checks = [read_check(evaluation.metadata) for evaluation in evaluations]
        are_errors = [
            evaluation.severity == dg.AssetCheckSeverity.ERROR or check.wakes_somebody
            for evaluation, check in zip(evaluations, checks, strict=True)
        ]
        page = next((check.drift_page for check in checks if check.drift_page), None)
        yield Message(
            "error" if any(are_errors) else "warning",
            f"{branch}: {name}{_of_batches(evaluations)} failed",
            _what_checks_said(evaluations, checks),
            {"Run": link} | ({"Drift page": page} if page else {}) | {"Reports": f"{reports_ui()}/reports/{branch}/"},
        )


def _of_batches(evaluations: Sequence[dg.AssetCheckEvaluation]) -> str:
    if len(evaluations) > 1:
        return f" of {len(evaluations)} batches"
    return f" of {evaluations[0].partition}" if evaluations[0].partition else ""


def _what_checks_said(evaluations: Sequence[dg.AssetCheckEvaluation], checks: Sequence[RecordedCheck]) -> str:
    """The sentence of one batch with its numbers, or the sentences of several."""
    if len(evaluations) > 1:
        said = [f"{each.partition}: {each.description or ''}" for each in evaluations]
        return "\n".join(first_lines(said, _BATCHES_SAID, "the run"))
    numbers = [f"{name}: {checks[0].numbers[name]}" for name in _NUMBERS_TOLD if name in checks[0].numbers]
    return "\n".join([evaluations[0].description or "", ", ".join(numbers)]).strip()


def _decisions(branch: str, events: list[dg.DagsterEvent], link: str) -> Iterator[Message]:
    for event in events:
        if not (event.is_step_materialization and event.asset_key == dg.AssetKey([branch, BEST_MODEL])):
            continue
        decision = read_decision(event.materialization.metadata)
        if decision.outcome == Outcome.UNCHANGED:
            continue
        version, links = decision.challenger_version, {"Run": link, "Model": decision.model_link}
        if decision.outcome == Outcome.PROMOTED:
            yield Message("info", f"{branch}: version {version} is the champion", decision.reason, links)
        else:
            yield Message("warning", f"{branch}: version {version} was not promoted", decision.reason, links)
