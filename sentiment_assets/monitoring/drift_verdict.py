"""The answer to the drift page's question in a sentence: is the data still what the champion was trained on?"""

from collections.abc import Sequence

from sentiment_assets.monitoring.check_record import CheckRecord
from sentiment_assets.monitoring.finding import Finding

_REASONS = 3
_POINTS = 100


def drift_verdict(drift: Sequence[CheckRecord], degradation: Sequence[CheckRecord]) -> str:
    """Answer for the latest batch that was checked, by the records of both groups, the oldest first.

    "Since" is the first of the batches in a row, up to the latest, whose drift checks warned.
    """
    if not drift:
        return "Nobody can tell yet: no batch has been checked."
    latest = drift[-1]
    if not latest.warnings:
        judged = [each for each in latest.findings if each.verdict == "ok"]
        if not judged:
            return f"Nobody can tell. {latest.findings[0].sentence}" if latest.findings else "Nobody can tell."
        return (
            f"Yes: the reviews of {latest.batch} are like those that it was trained on{_accuracy(latest, degradation)}."
        )
    since = latest.batch
    for record in reversed(drift):
        if not record.warnings:
            break
        since = record.batch
    reasons = _together([each for finding in latest.warnings for each in _reasons(finding)])
    return f"No: since {since}, because {reasons}{_accuracy(latest, degradation)}."


def _reasons(finding: Finding) -> list[str]:
    warning = sorted((each for each in finding.parts if each.warns), key=lambda part: -(part.effect or 0.0))
    if warning:
        return [part.sentence for part in warning[:_REASONS]]
    return [f"the check {finding.name} warns"]


def _together(reasons: Sequence[str]) -> str:
    *first, last = reasons
    return f"{', '.join(first)} and {last}" if first else last


def _accuracy(latest: CheckRecord, degradation: Sequence[CheckRecord]) -> str:
    """What is known of the champion's answers on the batch that the sentence is about."""
    record = next((each for each in reversed(degradation) if each.batch == latest.batch), None)
    found = {each.name: each for each in record.findings} if record else {}
    for name, how in (("accuracy", "are"), ("estimated_accuracy", "are estimated to be")):
        finding = found.get(name)
        if finding and finding.verdict != "unknown" and finding.effect is not None:
            return f"; its scores {how} {_less_often(finding.effect)}"
    return "; how often its scores are right cannot be told without labels"


def _less_often(drop: float) -> str:
    points = abs(drop) * _POINTS
    if points < 0.5:
        return "as often right as on test reviews"
    return f"{points:.0f} points {'less' if drop > 0 else 'more'} often right than on test reviews"
