"""What happens by the clock: retraining and reporting, each with a time zone of its own."""

from collections.abc import Sequence

import dagster as dg

from sentiment_assets.assets.pulled import pulled_key
from sentiment_assets.assets.trained_candidates import all_candidates_tags
from sentiment_assets.automation.jobs import pull_job_name, report_job_name, train_job_name
from sentiment_assets.automation.retraining_sensor import REASON
from sentiment_assets.automation.run_history import trains
from sentiment_assets.automation.settings import Cron, ScheduledSource, Schedules
from sentiment_assets.resources.dagster_runs import runs_under_way


def branch_schedules(branch: str, candidate_keys: Sequence[str], schedules: Schedules) -> list[dg.ScheduleDefinition]:
    """Return the schedules that the branch asks for; they run from the start and can be paused in the UI."""
    definitions = []
    if schedules.retraining:
        definitions.append(_retraining_schedule(branch, candidate_keys, schedules.retraining))
    if schedules.report:
        definitions.append(
            dg.ScheduleDefinition(
                name=f"{branch}_report_schedule",
                job_name=report_job_name(branch),
                cron_schedule=schedules.report.cron,
                execution_timezone=schedules.report.time_zone,
                default_status=dg.DefaultScheduleStatus.RUNNING,
                description=f"Writes the report of {branch}.",
            )
        )
    return definitions


def pull_schedules(branch: str, sources: Sequence[ScheduledSource]) -> list[dg.ScheduleDefinition]:
    """Return a schedule for each source that asks for one."""
    return [_pull_schedule(branch, each.name, each.schedule) for each in sources if each.schedule]


def _pull_schedule(branch: str, source: str, moments: Cron) -> dg.ScheduleDefinition:
    key = pulled_key(branch, source)

    @dg.schedule(
        name=f"{branch}_pull_{source}_schedule",
        job_name=pull_job_name(branch),
        cron_schedule=moments.cron,
        execution_timezone=moments.time_zone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Pulls what is new at {source} for {branch}.",
    )
    def pull(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        runs = (run for run in runs_under_way(context.instance) if run.job_name == pull_job_name(branch))
        if any(run.asset_selection is None or key in run.asset_selection for run in runs):
            return dg.SkipReason("The last pull is still under way.")
        return dg.RunRequest(asset_selection=[key])

    return pull


def _retraining_schedule(branch: str, candidate_keys: Sequence[str], moments: Cron) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=f"{branch}_retraining_schedule",
        job_name=train_job_name(branch),
        cron_schedule=moments.cron,
        execution_timezone=moments.time_zone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Trains {branch} by the clock.",
    )
    def retrain(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        if any(trains(run, branch) for run in runs_under_way(context.instance)):
            return dg.SkipReason("A train run is under way.")
        return dg.RunRequest(tags={**all_candidates_tags(candidate_keys), REASON: f"by the clock: {moments}"})

    return retrain
