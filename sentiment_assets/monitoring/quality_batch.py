"""A batch as its quality checks see it, and the judgement that all those share which count faults.

A limit is crossed only when the share is surely above it: when the lower end of its exact one-sided interval is
(Clopper & Pearson 1934). So one odd review of ten does not warn, and batches at the limit do not warn every other time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.stats import beta

from sentiment_assets.monitoring.finding import Finding, judged, unknown
from sentiment_assets.monitoring.other_batches import OtherBatches
from sentiment_assets.monitoring.sample import sample_reviews
from sentiment_assets.monitoring.settings import MonitoringSettings
from sentiment_assets.presentation.wording import percent
from sentiment_assets.text_identity import text_digests


@dataclass(frozen=True)
class FileFacts:
    """What was found out when the file was read, besides its reviews."""

    rows_without_text: int = 0
    unread: Mapping[str, int] = field(default_factory=dict)
    """How many reviews were kept without their created_at or split, because it could not be read; by column."""
    columns_found: Sequence[str] = ()
    columns_missing: Sequence[str] = ()
    """Columns that the branch names and the file lacks."""


NOTHING_FOUND = FileFacts()


@dataclass(frozen=True, kw_only=True)
class QualityBatch:
    """A batch, the rows of its file that became no review, and what other batches say about its texts."""

    reviews: pd.DataFrame
    """Columns text, label, created_at and split, 0 rows or more."""
    rows_in: int
    rows_quarantined: int
    rows_duplicate: int
    """Rows that repeated a row in every field and were dropped."""
    others: OtherBatches
    checked_at: datetime
    file: FileFacts = NOTHING_FOUND

    @property
    def texts(self) -> "pd.Series[str]":
        """The texts of the reviews."""
        return self.reviews["text"]

    @cached_property
    def digests(self) -> np.ndarray:
        """The digest of each text, uint64."""
        return text_digests(self.texts)

    @cached_property
    def sample(self) -> np.ndarray:
        """The positions of the reviews that are looked at one by one, int64: all of them if they are few."""
        return sample_reviews(self.digests, self.texts)

    @cached_property
    def sampled_texts(self) -> "pd.Series[str]":
        """The texts of the sample."""
        return self.texts.iloc[self.sample]


@dataclass(frozen=True)
class Fault:
    """A kind of fault that is counted: the words by which its check says how many there are, and what to do."""

    name: str
    """The name of the check and of its limit in ``QualityLimits``."""
    meaning: str
    """Follows a count, such as "12 of 500"."""
    remedy: str


@dataclass(frozen=True)
class Judgement:
    """What one quality check says of a batch."""

    finding: Finding
    faulty: np.ndarray | None = None
    """int64: positions of the reviews at fault; ``None`` where it is not reviews that are at fault."""


def judge_reviews(fault: Fault, flags: np.ndarray, settings: MonitoringSettings, *, dropped: int = 0) -> Judgement:
    """Judge the share of reviews that have a fault.

    ``flags`` is bool of shape (n_reviews,). ``dropped`` reviews were at fault too, and are no longer in the batch.
    """
    finding = judge_share(fault, int(flags.sum()) + dropped, len(flags) + dropped, settings)
    return Judgement(finding, np.flatnonzero(flags))


def judge_sample(fault: Fault, flags: np.ndarray, batch: QualityBatch, settings: MonitoringSettings) -> Judgement:
    """Judge the share of reviews that have a fault by the batch's sample, and say so where that is not the whole.

    ``flags`` is bool, one for each review of the sample.
    """
    finding = judge_share(fault, int(flags.sum()), len(flags), settings)
    if len(flags) < len(batch.reviews):
        drawn = f"Looked at: a sample of {len(flags):,} of {len(batch.reviews):,} reviews."
        finding = replace(finding, sentence=f"{finding.sentence} {drawn}")
    return Judgement(finding, batch.sample[flags])


def judge_share(fault: Fault, count: int, n: int, settings: MonitoringSettings) -> Finding:
    """Judge ``count`` faults among ``n`` rows or reviews against the branch's limit for this fault."""
    if n == 0:
        return unknown(fault.name, "The batch has no review of which this could be said.")
    limit = getattr(settings.quality, fault.name)
    lowest = float(beta.ppf(settings.quality_alpha, count, n - count + 1)) if count else 0.0
    sentence = f"{count:,} of {n:,} {fault.meaning} ({percent(count / n)}); up to {percent(limit)} may."
    finding = judged(
        Finding(
            name=fault.name,
            verdict="ok",
            sentence=sentence,
            statistic=count,
            effect=count / n,
            threshold=limit,
            surely=lowest,
        )
    )
    return with_remedy(finding, f"{fault.remedy}.")


def with_remedy(finding: Finding, remedy: str) -> Finding:
    """The finding, whose sentence says what to do if it warns."""
    return replace(finding, sentence=f"{finding.sentence} {remedy}") if finding.warns else finding


def judge_unread(fault: Fault, column: str, batch: QualityBatch, settings: MonitoringSettings) -> Judgement:
    """Judge the share of a column's values that could not be read, among all reviews that have one."""
    unread = batch.file.unread.get(column, 0)
    read = int(batch.reviews[column].notna().sum())
    return Judgement(judge_share(fault, unread, unread + read, settings))
