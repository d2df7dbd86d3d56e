"""Warnings over time: what a threshold would have cost on a branch's own history, and when a warning wakes somebody."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sentiment_assets.monitoring.check_record import CheckRecord
from sentiment_assets.monitoring.finding import Finding
from sentiment_assets.monitoring.settings import PagingRule

_MULTIPLES = (0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True)
class AlarmBudget:
    """How many warnings one threshold would have given."""

    check: str
    threshold: float
    warnings: int
    batches: int
    """The number of batches that the check could judge."""
    in_force: bool
    """Whether this is the branch's own threshold."""


def history_of(check: str, records: Sequence[CheckRecord]) -> list[Finding]:
    """The findings of one check, in the order of the records."""
    return [finding for record in records for finding in record.findings if finding.name == check]


def findings_by_check(records: Sequence[CheckRecord]) -> dict[str, dict[str, Finding]]:
    """The findings of each check by their batch, in the order of the records, of which a batch has one at most."""
    found: dict[str, dict[str, Finding]] = {}
    for record in records:
        for finding in record.findings:
            found.setdefault(finding.name, {})[record.batch] = finding
    return found


def wakes_somebody(history: Sequence[Finding], rule: PagingRule) -> bool:
    """Whether the latest finding warns, and so do N of the last M (hysteresis); the oldest first."""
    recent = history[-rule.of :]
    return bool(recent) and recent[-1].warns and sum(each.warns for each in recent) >= rule.warnings


def alarm_budget(history: Sequence[Finding]) -> list[AlarmBudget]:
    """Replay half, once, twice and four times a check's threshold on its history, by the rule of the check itself.

    The threshold in force is the latest finding's; of a threshold of 0 there are no multiples. Findings that could
    say nothing do not count.
    """
    judged = [each for each in history if each.surely is not None]
    if not judged or judged[-1].threshold is None:
        return []
    name, threshold = judged[-1].name, judged[-1].threshold
    highest, lowest = np.array([each.reach for each in judged]).T
    return [
        AlarmBudget(
            check=name,
            threshold=threshold * multiple,
            warnings=int(((highest > threshold * multiple) | (lowest < threshold * multiple)).sum()),
            batches=len(judged),
            in_force=multiple == 1,
        )
        for multiple in (_MULTIPLES if threshold else (1.0,))
    ]
