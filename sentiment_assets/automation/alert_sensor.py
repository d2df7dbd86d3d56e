"""The alert sensor: tells people once about each cause, and keeps what a target did not take.

It sees to runs that have ended, also to those that could not say so.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

import dagster as dg
from pydantic import TypeAdapter

from sentiment_assets.automation.alert_messages import ended_runs, is_stale, latest_end, messages_of_run, stale_since
from sentiment_assets.automation.outbox import MOST_WAITING, Waiting, address, deliver
from sentiment_assets.automation.run_history import belongs_to, trains, what_ran
from sentiment_assets.automation.settings import Freshness
from sentiment_assets.resources.alert_targets import AlertTarget
from sentiment_assets.resources.dagster_runs import has_ended
from sentiment_assets.resources.lost_runs import end_lost_runs
from sentiment_assets.resources.mlflow_settings import require_mlflow
from sentiment_assets.resources.notifications import Message, Notifications
from sentiment_assets.resources.tracking import Tracking

_SECONDS_TO_SEND = 30.0
_SENDS = "Sends failed runs, failed checks, promotions, refusals and stale data to those under `alerts`."


@dataclass(frozen=True)
class Memory:
    """What the sensor remembers."""

    last_end: int
    """The event that ended the last run it has looked at."""
    stale: dict[str, int] = field(default_factory=dict)
    """The materialization that people were told is old, by asset."""
    waiting: list[Waiting] = field(default_factory=list)
    unclosed: bool = False
    """Whether a train run has failed whose runs in MLflow could not be marked so yet, since MLflow was away."""


_MEMORY: TypeAdapter[Memory] = TypeAdapter(Memory)


def alert_sensor(branch: str, targets: Sequence[AlertTarget], freshness: Freshness) -> dg.SensorDefinition:
    """The sensor ``<branch>_alerts``."""

    @dg.sensor(
        name=f"{branch}_alerts",
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=_SENDS if targets else f"Tells nobody: name targets under `alerts` in a branch's YAML. {_SENDS}",
    )
    def alert_looks(
        context: dg.SensorEvaluationContext, notifications: Notifications, tracking: Tracking
    ) -> dg.SensorResult:
        for lost in end_lost_runs(context.instance, partial(belongs_to, branch=branch)):
            context.log.warning(f"Ended run {lost.run_id} of {what_ran(lost)}, whose process is gone.")
        if not context.cursor:  # what happened before anybody watched is not news
            fresh = Memory(latest_end(context.instance))
            return dg.SensorResult(skip_reason="Begins to watch.", cursor=_MEMORY.dump_json(fresh).decode())
        memory = _MEMORY.validate_json(context.cursor)
        ended = ended_runs(context.instance, memory.last_end)
        last_end = ended[-1][0] if ended else memory.last_end
        runs = [run for _, run in ended if run and belongs_to(run, branch)]
        failed = any(run.status == dg.DagsterRunStatus.FAILURE and trains(run, branch) for run in runs)
        unclosed = (failed or memory.unclosed) and not _close_abandoned(context, branch, tracking)
        if not targets:  # what happens until there are some will not be news
            return dg.SensorResult(
                skip_reason="Nobody to tell: name targets under `alerts` in a branch's YAML.",
                cursor=_MEMORY.dump_json(Memory(last_end, unclosed=unclosed)).decode(),
            )
        messages = [
            message
            for run in runs
            for message in messages_of_run(context.instance, branch, run, notifications.dagster_ui)
        ]
        stale = _stale(
            context.instance,
            branch,
            freshness=freshness,
            now=datetime.now(UTC),
            known=memory.stale,
            dagster_ui=notifications.dagster_ui,
        )
        messages += [message for _, message in stale.values()]
        waiting = [*memory.waiting, *address(messages, targets)]
        left = deliver(waiting, notifications.send, time.time, time.time() + _SECONDS_TO_SEND)
        if len(left) > MOST_WAITING:
            context.log.error(f"{len(left) - MOST_WAITING} of the oldest messages are given up.")
        for each in left:
            context.log.error(f"Not sent, tried again: {each.message.title}. {each.why}")
        next_memory = Memory(
            last_end=last_end,
            stale=memory.stale | {name: number for name, (number, _) in stale.items()},
            waiting=left[-MOST_WAITING:],
            unclosed=unclosed,
        )
        return dg.SensorResult(skip_reason=_summary(len(waiting), left), cursor=_MEMORY.dump_json(next_memory).decode())

    return alert_looks


def _close_abandoned(context: dg.SensorEvaluationContext, branch: str, tracking: Tracking) -> bool:
    """Mark in MLflow what train runs that failed have left there, and return whether that is done."""
    try:
        require_mlflow(tracking.uri())
        abandoned = tracking.close_abandoned(branch, partial(has_ended, context.instance))
    except Exception as error:  # noqa: BLE001  every database has errors of its own, and no alert depends on it
        context.log.warning(f"What {branch} has left RUNNING in MLflow is marked FAILED later: {error}")
        return False
    context.log.info(f"Marked FAILED in MLflow: {', '.join(abandoned) or 'nothing'}.")
    return True


def _stale(
    instance: dg.DagsterInstance,
    branch: str,
    *,
    freshness: Freshness,
    now: datetime,
    known: dict[str, int],
    dagster_ui: str,
) -> dict[str, tuple[int, Message]]:
    """Find the assets that have become stale: the number of the last materialization of each, and its message."""
    stale = {}
    for name, days in freshness.model_dump().items():
        last = stale_since(instance, dg.AssetKey([branch, name]), now - timedelta(days=days)) if days else None
        if last and known.get(name) != last[0]:
            stale[name] = last[0], is_stale(branch, name, last=last[1], days=days, dagster_ui=dagster_ui)
    return stale


def _summary(messages: int, left: Sequence[Waiting]) -> str:
    if not messages:
        return "Nothing to tell."
    if not left:
        return f"{messages} messages sent."
    return f"{messages - len(left)} messages sent, {len(left)} not, and tried again: {left[0].why or 'no time left'}"
