"""What the checks of a batch found, kept as JSON: the memory behind the alarm budget, paging and the drift page."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter

from sentiment_assets.monitoring.accuracy import Estimate, PastEstimate
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
class Record:
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
    """As measured on labels, where there are enough."""


def past_estimates(records: Sequence[Record]) -> list[PastEstimate]:
    """Those made without labels that labels have checked."""
    return [
        PastEstimate(each.estimate, each.accuracy)
        for each in records
        if each.estimate and not each.estimate.labels_used and each.accuracy is not None
    ]


_RECORD: TypeAdapter[Record] = TypeAdapter(Record)


def record_to_bytes(record: Record) -> bytes:
    """JSON, readable by people."""
    return _RECORD.dump_json(record, indent=1)


def record_from_bytes(content: bytes) -> Record:
    """The inverse of ``record_to_bytes``. Raises pydantic's ``ValidationError`` for anything else."""
    return _RECORD.validate_json(content)
