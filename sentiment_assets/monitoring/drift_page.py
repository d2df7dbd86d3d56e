"""The drift page of a branch: one HTML file that needs nothing else. Review text is escaped, never markup."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sentiment_assets.monitoring.accuracy import BackTest, back_test
from sentiment_assets.monitoring.alarms import AlarmBudget, alarm_budget, findings_by_check, wakes_somebody
from sentiment_assets.monitoring.check_record import CheckRecord, past_estimates
from sentiment_assets.monitoring.finding import Finding
from sentiment_assets.monitoring.settings import CHECKS_THAT_SHARE_ALPHA, MonitoringSettings
from sentiment_assets.presentation.html import html_environment

_TEMPLATE = "drift_page.html.j2"
_BATCHES_SHOWN = 60


@dataclass(frozen=True)
class Line:
    """One check over time: one finding per batch, ``None`` where the check has not run."""

    check: str
    findings: tuple[Finding | None, ...]
    wakes_somebody: bool


@dataclass(frozen=True)
class DriftPage:
    """Everything the page shows."""

    branch: str
    written_at: str
    batch_keys: tuple[str, ...]
    """The oldest first."""
    lines: tuple[Line, ...]
    latest_drift: CheckRecord | None
    """What the drift checks of the latest batch found."""
    latest_degradation: CheckRecord | None
    """What its degradation checks found."""
    budgets: tuple[AlarmBudget, ...]
    back_test: BackTest | None

    @property
    def parts(self) -> list[Finding]:
        """The tests behind the latest batch's checks."""
        return [part for finding in (self.latest_drift.findings if self.latest_drift else ()) for part in finding.parts]


def render_drift_page(page: DriftPage) -> str:
    """The page as HTML."""
    return html_environment(Path(__file__).parent).get_template(_TEMPLATE).render(page=page)


def make_drift_page(
    branch: str,
    batch_keys: Sequence[str],
    *,
    quality: Sequence[CheckRecord],
    drift: Sequence[CheckRecord],
    degradation: Sequence[CheckRecord],
    settings: MonitoringSettings,
    written_at: datetime,
) -> DriftPage:
    """Put the page together from the records of each group of checks, the oldest batch first.

    Whole records are asked of ``batches_told`` alone; of all others, those for history do (``for_history``).
    """
    groups = (drift, degradation, quality)
    checks = [
        (finding.name, found[finding.name])
        for records in groups
        if records
        for found in [findings_by_check(records)]
        for finding in records[-1].findings
    ]
    shown = _shown_batches(batch_keys)
    return DriftPage(
        branch=branch,
        written_at=written_at.strftime("%Y-%m-%d %H:%M UTC"),
        batch_keys=shown,
        lines=tuple(_line(check, shown, findings, settings) for check, findings in checks),
        latest_drift=drift[-1] if drift else None,
        latest_degradation=degradation[-1] if degradation else None,
        budgets=tuple(
            budget
            for check, findings in checks
            if check in CHECKS_THAT_SHARE_ALPHA
            for budget in alarm_budget(list(findings.values()))
        ),
        back_test=back_test(past_estimates(degradation)),
    )


def batches_told(batch_keys: Sequence[str], groups: Iterable[Sequence[CheckRecord]]) -> tuple[str, ...]:
    """Name the batches whose sentences the page shows: the latest ones, and the last of each group of records."""
    shown = _shown_batches(batch_keys)
    last = {records[-1].batch for records in groups if records}
    return (*sorted(last - set(shown)), *shown)


def _shown_batches(batch_keys: Sequence[str]) -> tuple[str, ...]:
    return tuple(batch_keys[-_BATCHES_SHOWN:])


def _line(check: str, batch_keys: Sequence[str], findings: Mapping[str, Finding], settings: MonitoringSettings) -> Line:
    return Line(
        check,
        tuple(findings.get(key) for key in batch_keys),
        wakes_somebody(list(findings.values()), settings.paging),
    )
