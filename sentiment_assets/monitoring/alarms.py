"""Warnings over time: what a threshold would have cost on a branch's own history, and when a warning pages somebody."""

from collections.abc import Sequence
from dataclasses import dataclass

from sentiment_assets.monitoring.finding import Finding
from sentiment_assets.monitoring.history import Record
from sentiment_assets.monitoring.settings import PagingRule

_MULTIPLES = (0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True)
class AlarmBudget:
    """How many warnings one threshold would have given."""

    check: str
    threshold: float
    warnings: int
    batches: int
    """That the check could judge."""
    in_force: bool
    """Whether this is the branch's own threshold."""


def history_of(check: str, records: Sequence[Record]) -> list[Finding]:
    """The findings of one check, in the order of the records."""
    return [finding for record in records for finding in record.findings if finding.name == check]


def pages(history: Sequence[Finding], rule: PagingRule) -> bool:
    """Whether the latest finding warns, and so do N of the last M (hysteresis); the oldest first."""
    recent = history[-rule.of :]
    return bool(recent) and recent[-1].warns and sum(each.warns for each in recent) >= rule.warnings


def alarm_budget(history: Sequence[Finding], alpha: float) -> list[AlarmBudget]:
    """Replay half, once, twice and four times a check's threshold on its history.

    ``alpha`` is the p-value below which a difference is significant; findings without a p-value are judged by their
    effect alone. The threshold in force is the latest finding's.
    """
    judged = [each for each in history if each.verdict != "unknown"]
    if not judged or not judged[-1].threshold:
        return []
    name, threshold = judged[-1].name, judged[-1].threshold
    return [
        AlarmBudget(
            name,
            threshold * multiple,
            sum(_would_warn(each, threshold * multiple, alpha) for each in judged),
            len(judged),
            multiple == 1,
        )
        for multiple in _MULTIPLES
    ]


def _would_warn(finding: Finding, threshold: float, alpha: float) -> bool:
    return any(
        (part.effect or 0.0) >= threshold and (part.p_value is None or part.p_value < alpha)
        for part in finding.parts or (finding,)
    )
