"""The job ``<branch>_period_report``: the report of the reviews of some days, beside the branch's daily ones.

It writes no asset, so what is published, joined, and compared with the report before stays that of all reviews.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

import dagster as dg
from pydantic import Field

from sentiment_assets.assets.sentiment_report import make_report, write_report_files
from sentiment_assets.automation.jobs import period_report_job_name
from sentiment_assets.resources.report_folders import PAGE
from sentiment_assets.resources.storage import Storage
from sentiment_assets.resources.tracking import Tracking
from sentiment_assets.resources.ui_addresses import reports_ui
from sentiment_assets.resources.urls import shown


class PeriodSettings(dg.Config):
    """Which reviews the report is about."""

    first_day: str = Field(description="The first day whose reviews count, such as 2026-10-01.")
    last_day: str = Field(description="The last day whose reviews count, such as 2026-10-31; days are in UTC.")


def period_report_job(
    branch: str, batch_partitions: dg.PartitionsDefinition, kept: Sequence[str], tags: dict[str, str]
) -> dg.JobDefinition:
    """The job ``<branch>_period_report``."""

    @dg.op(
        name=f"{branch}__period_report",
        out=dg.Out(dg.Nothing),
        description="Writes the report of the reviews that were written on some days.",
    )
    def period_report(
        context: dg.OpExecutionContext, config: PeriodSettings, storage: Storage, tracking: Tracking
    ) -> None:
        days = _days(config)
        keys = list(batch_partitions.get_partition_keys(dynamic_partitions_store=context.instance))
        report = make_report(context.instance, branch, keys, kept, storage=storage, tracking=tracking, days=days)
        if not len(report.figures):
            raise _refused(f"no scored review of {branch} was written from {days[0]} to {days[1]}")
        name = f"{days[0]}_{days[1]}"
        folder = write_report_files(storage, branch, name, report)
        link = dg.MetadataValue.url(f"{reports_ui()}/reports/{branch}/{name}/")
        context.add_output_metadata({"report": link, "report_file": shown(folder / PAGE)})

    @dg.job(
        name=period_report_job_name(branch),
        tags=tags,
        executor_def=dg.in_process_executor,
        description="Writes the report of the reviews of some days: set them in the launchpad.",
    )
    def report_some_days() -> None:
        period_report()

    return report_some_days


def _days(config: PeriodSettings) -> tuple[date, date]:
    """The first day and the last one. Raises ``dg.Failure`` if these are no days, or in the wrong order."""
    found: list[Any] = []
    for name in ("first_day", "last_day"):
        given = getattr(config, name)
        try:
            found.append(date.fromisoformat(given))
        except ValueError:
            raise _refused(f"{name}: {given!r} is no day; 2026-10-31 is one") from None
    first, last = found
    if last < first:
        raise _refused(f"last_day, {last}, is before first_day, {first}")
    return first, last


def _refused(why: str) -> dg.Failure:
    return dg.Failure(f"No report can be written of these days: {why}. Set them in the launchpad.", allow_retries=False)
