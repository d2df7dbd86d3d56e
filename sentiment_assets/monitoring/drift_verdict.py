"""The answer to the drift page's question in a sentence: is the data still what the champion was trained on?"""

from collections.abc import Sequence
from itertools import takewhile

from sentiment_assets.monitoring.check_record import CheckRecord, latest_judged
from sentiment_assets.monitoring.finding import Finding
from sentiment_assets.presentation.wording import counted

TEXTS = "text_drift"
"""The check that looks at all of a review; the others of its group say nothing of how it reads."""
_REASONS = 3
_POINTS = 100


def drift_verdict(drift: Sequence[CheckRecord], degradation: Sequence[CheckRecord]) -> str:
    """Answer for the latest batch that could be judged, by the records of both groups, the oldest first.

    "Since" is the first of the batches in a row, up to that one and compared with the same champion, in which the check
    that gives the reason warned. Batches after it are counted.
    """
    latest = latest_judged(drift, TEXTS)
    if latest is None:
        return "Nobody can tell yet: no batch has been checked."
    until = drift.index(latest) + 1
    later = f" Of {counted(len(drift) - until, 'batch', 'batches')} since nobody can tell." if drift[until:] else ""
    if latest.warnings:
        before = drift[:until]
        reasons = [
            f"since {_since(each.name, before)}, because {_together(_reasons(each))}" for each in latest.warnings
        ]
        return f"No: {'; '.join(reasons)}{_accuracy(latest, degradation)}.{later}"
    texts = next((each for each in latest.findings if each.name == TEXTS), None)
    if texts is None or texts.verdict == "unknown":
        return f"Nobody can tell. {texts.sentence}" if texts else "Nobody can tell."
    like = f"Yes: the reviews of {latest.batch} are like those that it was trained on"
    return f"{like}{_accuracy(latest, degradation)}.{later}"


def _since(check: str, drift: Sequence[CheckRecord]) -> str:
    champion = drift[-1].champion

    def warned(record: CheckRecord) -> bool:
        return record.champion == champion and any(each.name == check for each in record.warnings)

    return list(takewhile(warned, reversed(drift)))[-1].batch


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
            return f"; its scores {how} {_less_often(finding)}"
    return "; how often its scores are right cannot be told without labels"


def _less_often(finding: Finding) -> str:
    points = round((finding.effect or 0.0) * _POINTS)
    if not points:
        return "as often right as on test reviews"
    how_many = f"{abs(points)} {'point' if abs(points) == 1 else 'points'}"
    said = f"{how_many} {'less' if points > 0 else 'more'} often right than on test reviews"
    return said if finding.warns else f"{said}, which is no warning"
