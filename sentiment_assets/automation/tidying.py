"""The job ``tidy``: what grows with every day is removed once it is older than its branch wants it kept.

What grows with the reviews, batches and all that was made of them, goes only where the branch says so
(``expired_batches``).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import dagster as dg

from sentiment_assets.assets.pulled import pulled_key
from sentiment_assets.assets.sentiment_report import NAME as SENTIMENT_REPORT
from sentiment_assets.assets.ui_metadata import table
from sentiment_assets.automation.expired_batches import Expired, Places, remove_expired
from sentiment_assets.automation.jobs import (
    period_report_job_name,
    pull_job_name,
    report_job_name,
    tidy_job_name,
    trial_job_name,
    version_tags,
)
from sentiment_assets.automation.run_history import belongs_to
from sentiment_assets.automation.settings import Retention
from sentiment_assets.presentation.wording import first_lines
from sentiment_assets.resources.dagster_runs import ENDED, remove_run
from sentiment_assets.resources.report_folders import REPORTS, TRAININGS, remove_folders, remove_reports_before
from sentiment_assets.resources.storage import Storage
from sentiment_assets.resources.tracking import Tracking
from sentiment_assets.resources.written_files import remove_abandoned

_SAID_IN_FULL = 20
_EVERY_DAY = "30 4 * * *"


@dataclass(frozen=True)
class Tidied:
    """A branch, or the report of all of them, and how much of it is kept."""

    name: str
    retention: Retention
    sources: Sequence[str] = ()
    pinned: Collection[str] = ()
    """The versions of its model that other branches start from."""
    places: Places | None = None
    """Where its reviews come from and go to, if it is a branch."""

    @property
    def is_branch(self) -> bool:
        """Whether it has a model, and jobs of its own."""
        return self.name != SENTIMENT_REPORT

    @property
    def assets(self) -> Sequence[dg.AssetKey]:
        """What its runs that may go have materialized; the run that did so last is kept."""
        if not self.is_branch:
            return [dg.AssetKey(SENTIMENT_REPORT)]
        return [dg.AssetKey([self.name, SENTIMENT_REPORT]), *(pulled_key(self.name, each) for each in self.sources)]


def tidying(tidied: Tidied) -> dg.Definitions:
    """The job ``<branch>_tidy`` and its schedule; for the report of all branches, ``sentiment_report_tidy``."""

    @dg.op(
        name=f"{tidied.name}__tidy",
        out=dg.Out(dg.Nothing),
        description="Removes reports, runs, logs, versions and reviews that `retention` does not want kept any longer.",
    )
    def tidy(context: dg.OpExecutionContext, storage: Storage, tracking: Tracking) -> None:
        removed = _tidy(context.instance, tidied, storage, tracking)
        expired = _remove_reviews(context, tidied, storage)
        told = removed | (_told(expired) if expired else {})
        context.log.info(f"removed: {', '.join(f'{number} {what}' for what, number in told.items())}")
        if expired and expired.kept:
            raise _failure_of(expired, told)
        context.add_output_metadata(told)

    @dg.job(
        name=tidy_job_name(tidied.name),
        tags=version_tags(),
        executor_def=dg.in_process_executor,
        description="Keeps what grows with every day within the bounds of `retention`.",
    )
    def tidy_up() -> None:
        tidy()

    schedule = dg.ScheduleDefinition(
        name=f"{tidy_job_name(tidied.name)}_schedule",
        job=tidy_up,
        cron_schedule=_EVERY_DAY,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Tidies {tidied.name}.",
    )
    return dg.Definitions(jobs=[tidy_up], schedules=[schedule])


def _tidy(instance: dg.DagsterInstance, tidied: Tidied, storage: Storage, tracking: Tracking) -> dict[str, int]:
    """Remove what is too old; returns how much of each kind went."""
    kept, now = tidied.retention, datetime.now(UTC)
    removed = {"unfinished_files": remove_abandoned(storage.path(tidied.name))}
    if kept.reports is not None:
        first = (now - timedelta(days=kept.reports)).date()
        removed["reports"] = len(remove_reports_before(storage.path(tidied.name, REPORTS), first))
    if kept.runs is not None:
        removed["runs"] = _remove_runs(instance, tidied, now - timedelta(days=kept.runs))
    if kept.versions is not None and tidied.is_branch:
        old = tracking.remove_superseded(tidied.name, newest=kept.versions, pinned=tidied.pinned)
        remove_folders(storage.path(tidied.name, TRAININGS), old.train_runs)
        removed |= {"versions": len(old.versions), "train_runs": len(old.train_runs)}
    return removed


def _remove_reviews(context: dg.OpExecutionContext, tidied: Tidied, storage: Storage) -> Expired | None:
    """Remove batches that are too old; ``None`` where there can be none."""
    if tidied.places is None:
        return None
    days = tidied.retention.reviews
    before = datetime.now(UTC) - timedelta(days=days) if days is not None else None
    expired = remove_expired(
        context.instance, tidied.name, tidied.places, before, storage=storage, run_id=context.run_id
    )
    if expired.waits_for:
        context.log.warning(
            f"Reviews that are too old stay until tomorrow: a run of {tidied.name} is under way ({expired.waits_for}), "
            f"and may be using them. To remove them sooner, run {tidy_job_name(tidied.name)} once it has ended."
        )
    return expired if days is not None or expired.batches or expired.kept else None


def _told(expired: Expired) -> dict[str, int | str]:
    counted: dict[str, int | str] = {
        "batches": expired.batches,
        "reviews": expired.reviews,
        "runs_of_batches": expired.runs,
    }
    return counted | ({"waits_for": expired.waits_for} if expired.waits_for else {})


def _failure_of(expired: Expired, told: Mapping[str, int | str]) -> dg.Failure:
    lines = first_lines([f"{what}: {why}" for what, why in expired.kept.items()], _SAID_IN_FULL, "the metadata")
    return dg.Failure(
        "\n".join(["Some reviews are too old and could not be removed; the next run tries again.", *lines]),
        metadata={**told, "kept": table(({"what": what, "why": why} for what, why in expired.kept.items()), cut=False)},
        allow_retries=False,
    )


def _remove_runs(instance: dg.DagsterInstance, tidied: Tidied, before: datetime) -> int:
    """Remove old runs that nothing needs once there are newer ones, since Dagster forgets all that they have told.

    Of the others goes what their steps have printed.
    """
    latest = [instance.get_latest_materialization_event(each) for each in tidied.assets]
    needed, removed = {event.run_id for event in latest if event}, 0
    for run in instance.get_runs(dg.RunsFilter(statuses=ENDED, created_before=before)):
        if _may_go(run, tidied) and run.run_id not in needed:
            remove_run(instance, run.run_id)
            removed += 1
        elif belongs_to(run, tidied.name):
            instance.compute_log_manager.delete_logs(prefix=[run.run_id])
    return removed


def _may_go(run: dg.DagsterRun, tidied: Tidied) -> bool:
    """Whether a run tidied, pulled, reported or tried something: that of reports and sources is all in newer ones."""
    named = (tidy_job_name, pull_job_name, report_job_name, period_report_job_name, trial_job_name)
    picked = run.asset_selection or set()
    return run.job_name in {each(tidied.name) for each in named} or (bool(picked) and picked <= {*tidied.assets})
