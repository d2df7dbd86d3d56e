"""Quality of a batch: each kind of fault as a share of its rows or reviews, against a limit.

A limit is crossed only when the share is surely above it: when the lower end of its exact one-sided interval is
(Clopper & Pearson 1934). So one odd review of ten does not warn, and batches at the limit do not warn every other time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np
import pandas as pd
from scipy.stats import beta

from sentiment_assets.monitoring.finding import Finding, judged, unknown
from sentiment_assets.monitoring.language import UNDETERMINED, languages_of
from sentiment_assets.monitoring.other_batches import OtherBatches
from sentiment_assets.monitoring.settings import MonitoringSettings, QualityLimits
from sentiment_assets.monitoring.text_columns import (
    is_bot_like,
    is_empty,
    is_html,
    is_mojibake,
    is_truncated,
    main_languages,
    repeats,
)
from sentiment_assets.presentation.wording import percent
from sentiment_assets.text_identity import text_digests

_MEANINGS = {
    "quarantined": "rows of the file that have a text are in quarantine",
    "duplicates": "reviews repeat a text of this batch",
    "seen_before": "reviews repeat a text of an earlier batch and bring no new label",
    "empty": "reviews have no letter or digit",
    "truncated": "reviews end at one and the same length, as if cut",
    "mojibake": "reviews were decoded with a wrong encoding",
    "html": "reviews hold HTML tags or entities",
    "wrong_language": "reviews are in a language that is not expected",
    "bot_like": "reviews repeat themselves or one template",
    "future_dates": "reviews have a date in the future",
    "unread_dates": "reviews have a date that could not be read, and were kept without it",
    "unread_splits": "reviews have a split name that could not be read, and were kept without it",
}
_REMEDIES = {
    "quarantined": "See why in the batch's quarantine, mend the rule or the file, then replay the batch",
    "duplicates": "Ask the client whether the export repeats rows",
    "seen_before": "Ask the client whether the export overlaps the last one",
    "empty": "Check which column holds the text",
    "truncated": "Ask for an export with whole texts",
    "mojibake": "Set the branch's `encoding` to the one the file was written in, then replay the batch",
    "html": "Ask for an export of plain text",
    "wrong_language": "Land other languages in a branch of their own, or name them under `languages`",
    "bot_like": "Look at the sample: bots, or a form's text",
    "future_dates": "Check the column `created_at` and its time zone",
    "unread_dates": "See which in `unread` of the batch's metadata; write ISO 8601, or name the column of the date "
    'under `columns: created_at`, "" if there is none',
    "unread_splits": "See which in `unread` of the batch's metadata; write train, validation or test, or name the "
    'column of the split under `columns: split`, "" if there is none',
}
QUALITY_CHECKS = (*_MEANINGS, "missing_columns", "label_balance")


@dataclass(frozen=True)
class FileFacts:
    """What was found out when the file was read, besides its reviews."""

    rows_without_text: int = 0
    unread: Mapping[str, int] = field(default_factory=dict)
    """How many reviews were kept without their created_at or split, because it could not be read; by column."""
    columns_found: Sequence[str] = ()
    columns_missing: Sequence[str] = ()
    """Those that the branch names and the file lacks."""


NOTHING_FOUND = FileFacts()


@dataclass(frozen=True)
class Quality:
    """The findings of a batch, and which reviews have each fault."""

    findings: tuple[Finding, ...]
    """One each of ``QUALITY_CHECKS``, in that order."""
    faulty: Mapping[str, np.ndarray]
    """By check: int64, positions of the reviews at fault."""


def batch_quality(
    reviews: pd.DataFrame,
    rows_in: int,
    rows_quarantined: int,
    rows_duplicate: int,
    others: OtherBatches,
    now: datetime,
    settings: MonitoringSettings,
    file: FileFacts = NOTHING_FOUND,
) -> Quality:
    """Look for every fault in a batch: columns text, label, created_at and split, 0 rows or more.

    ``rows_duplicate`` rows repeated a row in every field and were dropped; they count as duplicates too. ``others``
    knows the texts of earlier batches. Rows without a text hold no review, so they are no fault.
    """
    flags = _flags(reviews, others, now, settings)
    counts = {name: (int(flagged.sum()), len(flagged)) for name, flagged in flags.items()}
    repeated, n = counts["duplicates"]
    counts["duplicates"] = repeated + rows_duplicate, n + rows_duplicate
    counts["quarantined"] = rows_quarantined, rows_in - file.rows_without_text
    for name, column in (("unread_dates", "created_at"), ("unread_splits", "split")):
        unread = file.unread.get(column, 0)
        counts[name] = unread, unread + int(reviews[column].notna().sum())
    limits, alpha = settings.quality, settings.alpha / len(QUALITY_CHECKS)
    shares = tuple(_share_finding(name, *counts[name], getattr(limits, name), alpha) for name in _MEANINGS)
    findings = (
        *shares,
        _missing_columns(file, limits.missing_columns),
        _label_balance(reviews["label"], limits, alpha),
    )
    return Quality(findings, {name: np.flatnonzero(flagged) for name, flagged in flags.items()})


def _flags(
    reviews: pd.DataFrame, others: OtherBatches, now: datetime, settings: MonitoringSettings
) -> dict[str, np.ndarray]:
    texts = reviews["text"]
    digests = text_digests(texts)
    languages = np.array(languages_of(texts), dtype="U8")
    expected = settings.languages or main_languages(languages)[:1]
    return {
        "duplicates": repeats(digests),
        "seen_before": others.bring_nothing(digests, reviews["label"].to_numpy(np.float64, na_value=np.nan)),
        "empty": is_empty(texts),
        "truncated": is_truncated(texts),
        "mojibake": is_mojibake(texts),
        "html": is_html(texts),
        "wrong_language": ~np.isin(languages, [*expected, UNDETERMINED]),
        "bot_like": is_bot_like(texts),
        "future_dates": (reviews["created_at"] > pd.Timestamp(now)).fillna(False).to_numpy(bool),
    }


def _share_finding(name: str, count: int, n: int, limit: float, alpha: float) -> Finding:
    if n == 0:
        return unknown(name, "The batch has no review of which this could be said.")
    share = count / n
    lowest = float(beta.ppf(alpha, count, n - count + 1)) if count else 0.0
    sentence = f"{count:,} of {n:,} {_MEANINGS[name]} ({percent(share)}); up to {percent(limit)} may."
    finding = judged(Finding(name, "ok", sentence, count, share, None, limit, lowest))
    return replace(finding, sentence=f"{sentence} {_REMEDIES[name]}.") if finding.warns else finding


def _missing_columns(file: FileFacts, limit: int) -> Finding:
    name, count = "missing_columns", len(file.columns_missing)
    if not file.columns_found:
        return unknown(name, "The batch has no rows.")
    if not count:
        return Finding(name, "ok", "The file has every column that the branch names.", 0, 0, None, limit)
    missing, found = (", ".join(f"“{each}”" for each in names) for names in (file.columns_missing, file.columns_found))
    sentence = f"The file lacks {missing}, which the branch names; it has {found}."
    if count > limit:
        sentence = f"{sentence} Name the right ones under `columns`, or ask the client for them."
    return Finding(name, "warn" if count > limit else "ok", sentence, count, count, None, limit)


def _label_balance(labels: "pd.Series[int]", limits: QualityLimits, alpha: float) -> Finding:
    name = "label_balance"
    n = int(labels.notna().sum())
    if n == 0:
        return unknown(name, "No review of the batch has a label.")
    positive = int(labels.sum())
    rarer, word = min((positive, "positive"), (n - positive, "negative"))
    highest = float(beta.ppf(1 - alpha, rarer + 1, n - rarer)) if rarer < n else 1.0
    least = percent(limits.label_balance)
    sentence = f"{rarer:,} of {n:,} labels are {word} ({percent(rarer / n)}); at least {least} should be."
    remedy = "Check the label rule, or ask the client whether the export is complete."
    least_share = limits.label_balance
    finding = judged(Finding(name, "ok", sentence, rarer, rarer / n, None, least_share, highest, too_little=True))
    return replace(finding, sentence=f"{sentence} {remedy}") if finding.warns else finding


@dataclass(frozen=True)
class RowIdentity:
    """Whether every row of a file is accounted for."""

    holds: bool
    sentence: str


def row_identity(
    rows_in: int, rows_kept: int, rows_quarantined: int, rows_without_text: int, rows_duplicate: int
) -> RowIdentity:
    """rows_in = rows_kept + rows_quarantined + rows_without_text + rows_duplicate."""
    accounted = rows_kept + rows_quarantined + rows_without_text + rows_duplicate
    sentence = (
        f"{rows_in:,} rows in the file; {rows_kept:,} kept, {rows_quarantined:,} in quarantine, "
        f"{rows_without_text:,} without text and {rows_duplicate:,} duplicates make {accounted:,}."
    )
    return RowIdentity(rows_in == accounted, sentence)
