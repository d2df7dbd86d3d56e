"""The drift page of a branch: one HTML file that needs nothing else. Review text is escaped, never markup."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sentiment_assets.monitoring.accuracy import BackTest, back_test
from sentiment_assets.monitoring.alarms import AlarmBudget, alarm_budget, findings_by_check, wakes_somebody
from sentiment_assets.monitoring.check_record import CheckRecord, latest_judged, past_estimates
from sentiment_assets.monitoring.distributions import Typical
from sentiment_assets.monitoring.drift_pictures import draw_accuracy, draw_distribution, draw_drift_sizes
from sentiment_assets.monitoring.drift_verdict import TEXTS, drift_verdict
from sentiment_assets.monitoring.finding import Finding, Verdict
from sentiment_assets.monitoring.settings import CHECKS_THAT_SHARE_ALPHA, MonitoringSettings
from sentiment_assets.presentation.html import html_environment
from sentiment_assets.presentation.wording import counted, percent

_TEMPLATE = "drift_page.html.j2"
_BATCHES_SHOWN = 60
_LENGTH = "length"
_WHAT_IS_COUNTED = {
    "capitals": "capital letters",
    "letters": "letters",
    "other_language": "in another language",
    "unknown_words": "unknown words",
}


@dataclass(frozen=True)
class Line:
    """One check over time: one finding per batch, ``None`` where the check has not run."""

    check: str
    findings: tuple[Finding | None, ...]
    wakes_somebody: bool


@dataclass(frozen=True)
class MovedColumn:
    """A text column that moved, as people are shown it."""

    sentence: str
    here: str
    """How it is in the batch, as a phrase."""
    there: str
    """How it is in the reference."""
    picture: bytes


@dataclass(frozen=True)
class PastBatch:
    """What the checks of drift and degradation, and those of quality that warn, found in a batch."""

    key: str
    findings: tuple[Finding, ...]

    @property
    def warnings(self) -> int:
        """How many of them warn."""
        return sum(finding.warns for finding in self.findings)

    @property
    def verdict(self) -> Verdict:
        """What they say together."""
        if self.warnings:
            return "warn"
        return "ok" if any(finding.verdict == "ok" for finding in self.findings) else "unknown"


@dataclass(frozen=True)
class DriftPage:
    """Everything the page shows."""

    branch: str
    written_at: str
    verdict: str
    """The answer to the title's question."""
    accuracy_picture: bytes
    """SVG: accuracy over the batches; empty where nothing is known of it."""
    sizes_picture: bytes
    """SVG: how much of each batch is unlike the reference; empty where no batch was compared."""
    batch_keys: tuple[str, ...]
    """The oldest first."""
    lines: tuple[Line, ...]
    latest_drift: CheckRecord | None
    """What the drift checks found of the latest batch that could be judged."""
    latest_degradation: CheckRecord | None
    """What the degradation checks found of theirs."""
    moved: tuple["MovedColumn", ...]
    """The text columns of ``latest_drift`` that moved."""
    batches: tuple["PastBatch", ...]
    """What was found in each of the batches, the latest first."""
    budgets: tuple[tuple[AlarmBudget, ...], ...]
    """One row for each check."""
    back_test: BackTest | None

    @property
    def parts(self) -> list[Finding]:
        """The tests behind the checks of ``latest_drift``."""
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
    sizes = dict(checks).get(TEXTS, {})
    latest_drift = latest_judged(drift, TEXTS)
    return DriftPage(
        branch=branch,
        written_at=written_at.strftime("%Y-%m-%d %H:%M UTC"),
        verdict=drift_verdict(drift, degradation),
        accuracy_picture=draw_accuracy(shown, degradation),
        sizes_picture=draw_drift_sizes(shown, [sizes.get(key) for key in shown]),
        moved=_moved(latest_drift) if latest_drift else (),
        batches=_past_batches(shown, drift, degradation, quality),
        batch_keys=shown,
        lines=tuple(_line(check, shown, findings, settings) for check, findings in checks),
        latest_drift=latest_drift,
        latest_degradation=latest_judged(degradation),
        budgets=tuple(
            tuple(budget)
            for check, findings in checks
            if check in CHECKS_THAT_SHARE_ALPHA and (budget := alarm_budget(list(findings.values())))
        ),
        back_test=back_test(past_estimates(degradation)),
    )


def batches_told(batch_keys: Sequence[str], groups: Iterable[Sequence[CheckRecord]]) -> tuple[str, ...]:
    """Name the batches whose sentences the page shows: the latest ones, and those of each group that it speaks of."""
    shown = _shown_batches(batch_keys)
    told = {
        record.batch
        for records in groups
        for record in (*records[-1:], latest_judged(records), latest_judged(records, TEXTS))
        if record
    }
    return (*sorted(told - set(shown)), *shown)


def _shown_batches(batch_keys: Sequence[str]) -> tuple[str, ...]:
    return tuple(batch_keys[-_BATCHES_SHOWN:])


def _moved(latest: CheckRecord) -> tuple[MovedColumn, ...]:
    said = {part.name: part.sentence for finding in latest.findings for part in finding.parts}
    return tuple(
        MovedColumn(
            said[each.name],
            here=_typical(each.name, each.of_batch),
            there=_typical(each.name, each.of_reference),
            picture=draw_distribution(each, _axis_of(each.name), is_share=each.name != _LENGTH),
        )
        for each in latest.distributions
    )


def _axis_of(column: str) -> str:
    return "characters of a review" if column == _LENGTH else f"% of a review: {_WHAT_IS_COUNTED[column]}"


def _typical(column: str, typical: Typical) -> str:
    if column == _LENGTH:
        return f"{counted(round(typical.median), 'character')} in the middle"
    return f"{percent(typical.mean)} {_WHAT_IS_COUNTED[column]}"


def _past_batches(batch_keys: Sequence[str], *groups: Sequence[CheckRecord]) -> tuple[PastBatch, ...]:
    """What each batch's records say, the latest batch first; of the last group warnings alone."""
    drift, degradation, quality = ({record.batch: record for record in records} for records in groups)
    found = []
    for key in reversed(batch_keys):
        judged = [each for records in (drift, degradation) if key in records for each in records[key].findings]
        told = (*judged, *(quality[key].warnings if key in quality else ()))
        if told:
            found.append(PastBatch(key, told))
    return tuple(found)


def _line(check: str, batch_keys: Sequence[str], findings: Mapping[str, Finding], settings: MonitoringSettings) -> Line:
    return Line(
        check,
        tuple(findings.get(key) for key in batch_keys),
        wakes_somebody(list(findings.values()), settings.paging),
    )
