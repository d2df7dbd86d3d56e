"""What the checks of a batch found, kept as JSON: the memory behind the alarm budget, paging and the drift page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, takewhile

from pydantic import TypeAdapter, ValidationError

from sentiment_assets.monitoring.accuracy import Estimate, PastEstimate
from sentiment_assets.monitoring.distributions import Distribution
from sentiment_assets.monitoring.drift import MovedWord
from sentiment_assets.monitoring.finding import Finding
from sentiment_assets.monitoring.word_shift import WordShift


@dataclass(frozen=True)
class Example:
    """A review that is unlike the reference."""

    review_id: str
    text: str
    unlikeness: float
    """Share of the reference's reviews that look less like the batch, 0 to 1."""


@dataclass(frozen=True)
class CheckRecord:
    """What one group of checks found in one batch."""

    batch: str
    checked_at: str
    """ISO 8601, UTC."""
    champion: str | None
    """Version that the batch was compared with."""
    findings: tuple[Finding, ...]
    words: tuple[MovedWord, ...] = ()
    examples: tuple[Example, ...] = ()
    unlike: float = 0.0
    """Share of the reviews that are unlike the reference, if its check warns."""
    word_shift: WordShift | None = None
    estimate: Estimate | None = None
    accuracy: float | None = None
    """Accuracy as measured on labels, where nearly all reviews have one."""
    accuracy_band: tuple[float, float] | None = None
    """The ends of its 95 % interval; ``None`` in records of former releases."""
    distributions: tuple[Distribution, ...] = ()
    """The text columns that moved, if the check of texts warns."""
    content: str = ""
    """Digest of the reviews that were looked at (``content_digest``); empty in records of former releases."""

    @cached_property
    def warnings(self) -> tuple[Finding, ...]:
        """Its findings that warn, in their order."""
        return tuple(finding for finding in self.findings if finding.warns)

    def is_of(self, content: str) -> bool:
        """Whether it speaks of this very content; unknown counts as no."""
        return bool(content) and self.content == content


def of_what_is_there(groups: Mapping[str, Sequence[CheckRecord]]) -> dict[str, list[CheckRecord]]:
    """The records of each group without those of a batch's former content.

    What a batch holds is the content of its latest record in any group.
    """
    latest: dict[str, CheckRecord] = {}
    for record in chain.from_iterable(groups.values()):
        if record.batch not in latest or record.checked_at >= latest[record.batch].checked_at:
            latest[record.batch] = record
    return {
        group: [record for record in records if record.content == latest[record.batch].content]
        for group, records in groups.items()
    }


@dataclass(frozen=True)
class OpenWarning:
    """A check of a batch that warned when it was asked last."""

    batch: str
    check: str
    sentence: str
    since: str
    """ISO 8601, UTC."""


def open_warnings(records: Sequence[CheckRecord]) -> tuple[OpenWarning, ...]:
    """Every warning of the records, in their order."""
    return tuple(
        OpenWarning(record.batch, finding.name, finding.sentence, record.checked_at)
        for record in records
        for finding in record.warnings
    )


def latest_judged(records: Sequence[CheckRecord], check: str = "") -> CheckRecord | None:
    """The newest record, of those that are given the oldest first, that warns or in which a check was judged.

    It is ``check``, or any. A batch of which nobody can tell, such as a few reviews or labels of known ones, hides no
    warning of the one before, if that is of the same champion: what was found of a former one says nothing of it. Where
    nothing was judged it is the newest; ``None`` where there are no records.
    """

    def is_judged(record: CheckRecord) -> bool:
        named = [each for each in record.findings if check in ("", each.name)]
        return bool(record.warnings) or any(each.verdict != "unknown" for each in named)

    of_champion = takewhile(lambda record: record.champion == records[-1].champion, reversed(records))
    return next(filter(is_judged, of_champion), records[-1] if records else None)


def past_estimates(records: Sequence[CheckRecord]) -> list[PastEstimate]:
    """Return the estimates that were made without labels and that labels have checked since."""
    return [
        PastEstimate(each.estimate, each.accuracy)
        for each in records
        if each.estimate and not each.estimate.labels_used and each.accuracy is not None
    ]


def for_history(record: CheckRecord) -> CheckRecord:
    """What anybody asks of a record once its batch is none of the latest.

    It keeps who it is of, each verdict with what a threshold is held against, the sentence of each warning, and the
    estimate of accuracy with its measurement: alarm budget, paging, open warnings and back test say the same of both.
    Whoever keeps more here must change ``_HISTORY_FORMAT``.
    """
    return CheckRecord(
        batch=record.batch,
        checked_at=record.checked_at,
        champion=record.champion,
        findings=tuple(_for_history(finding) for finding in record.findings),
        estimate=record.estimate,
        accuracy=record.accuracy,
        accuracy_band=record.accuracy_band,
        content=record.content,
    )


def _for_history(finding: Finding) -> Finding:
    return Finding(
        name=finding.name,
        verdict=finding.verdict,
        sentence=finding.sentence if finding.warns else "",
        threshold=finding.threshold,
        surely=finding.surely,
        too_little=finding.too_little,
        parts=tuple(replace(_for_history(part), sentence="") for part in finding.parts),
    )


def with_whole_records(history: Sequence[CheckRecord], whole: Sequence[CheckRecord]) -> list[CheckRecord]:
    """The history with whole records in the place of those that are of the same batches."""
    by_batch = {record.batch: record for record in whole}
    return [by_batch.get(record.batch, record) for record in history]


@dataclass(frozen=True)
class StampedRecord:
    """A record for history, and the stamp of the file that it was read from."""

    stamp: str
    record: CheckRecord


@dataclass(frozen=True)
class _History:
    format: int
    records: dict[str, StampedRecord]


_HISTORY_FORMAT = 2
_HISTORY: TypeAdapter[_History] = TypeAdapter(_History)


def history_to_bytes(records: Mapping[str, StampedRecord]) -> bytes:
    """JSON of the records for history of a group of checks, by the name of each one's file."""
    return _HISTORY.dump_json(_History(_HISTORY_FORMAT, dict(records)), exclude_defaults=True)


def history_from_bytes(content: bytes) -> dict[str, StampedRecord]:
    """The inverse of ``history_to_bytes``; empty for what another release has written, because it can be made anew."""
    try:
        history = _HISTORY.validate_json(content)
    except ValidationError:
        return {}
    return history.records if history.format == _HISTORY_FORMAT else {}


_CHECK_RECORD: TypeAdapter[CheckRecord] = TypeAdapter(CheckRecord)


def record_to_bytes(record: CheckRecord) -> bytes:
    """JSON, readable by people."""
    return _CHECK_RECORD.dump_json(record, indent=1)


def record_from_bytes(content: bytes) -> CheckRecord:
    """The inverse of ``record_to_bytes``. Raises pydantic's ``ValidationError`` for anything else."""
    return _CHECK_RECORD.validate_json(content)
