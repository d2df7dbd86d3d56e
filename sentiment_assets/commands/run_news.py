"""What ends while the platform runs on this machine, a line for each run."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import dagster as dg

from sentiment_assets.automation.alert_messages import what_failed
from sentiment_assets.automation.jobs import TRAINS
from sentiment_assets.automation.run_history import what_ran
from sentiment_assets.presentation.wording import shorten
from sentiment_assets.resources.dagster_runs import ENDED, ends_of

_LONGEST_REASON = 300


@dataclass
class RunNews:
    """The runs that end from a moment on, each told once."""

    instance: dg.DagsterInstance
    dagster_ui: str
    since: datetime
    _told: set[str] = field(default_factory=set)

    def lines(self) -> Iterator[str]:
        """A line for each run that has ended since the last look, the first one first."""
        wanted = dg.RunsFilter(statuses=ENDED, updated_after=self.since)
        for record in reversed(self.instance.get_run_records(wanted)):
            run = record.dagster_run
            if run.run_id not in self._told:
                self._told.add(run.run_id)
                yield f"{datetime.fromtimestamp(record.end_time or 0, UTC).astimezone():%H:%M}  {self._sentence(run)}"

    def _sentence(self, run: dg.DagsterRun) -> str:
        what = f"{what_ran(run)}{_of_what(run)}"
        if run.status == dg.DagsterRunStatus.SUCCESS:
            return f"✓ {what}"
        if run.status == dg.DagsterRunStatus.CANCELED:
            return f"– {what}: terminated"
        events = [each.dagster_event for each in self.instance.all_logs(run.run_id) if each.dagster_event]
        reason = shorten(" ".join(what_failed(events)[0].split()), _LONGEST_REASON)
        return f"✗ {what}: {reason}  {self.dagster_ui}/runs/{run.run_id}"


def _of_what(run: dg.DagsterRun) -> str:
    """The batches of a run, or its one candidate; two candidates of a search say nothing of those between."""
    first, last = ends_of(run) or ("", "")
    if first == last:
        return f" ({first})" if first else ""
    return "" if TRAINS in run.tags else f" ({first} to {last})"
