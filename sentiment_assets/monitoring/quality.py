"""Quality of a batch: each kind of fault against its limit, and whether every row of the file is accounted for."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sentiment_assets.ingestion.readers.source import FILES, LINES, LINES_IN_FIELDS, LINES_OF_HEADER, LINES_PASSED_OVER
from sentiment_assets.monitoring.finding import Finding
from sentiment_assets.monitoring.quality_batch import QualityBatch
from sentiment_assets.monitoring.quality_checks import judges
from sentiment_assets.monitoring.settings import MonitoringSettings


@dataclass(frozen=True)
class Quality:
    """The findings of a batch, and which reviews have each fault."""

    findings: tuple[Finding, ...]
    """One for each of ``QUALITY_CHECKS``, in that order."""
    faulty: Mapping[str, np.ndarray]
    """The positions of the reviews at fault, int64, by check."""


def batch_quality(batch: QualityBatch, settings: MonitoringSettings) -> Quality:
    """Look for every fault in a batch."""
    judgements = [judge(batch, settings) for judge in judges()]
    return Quality(
        tuple(each.finding for each in judgements),
        {each.finding.name: each.faulty for each in judgements if each.faulty is not None},
    )


@dataclass(frozen=True)
class RowIdentity:
    """Whether every row of a file is accounted for."""

    holds: bool
    sentence: str


def row_identity(
    *,
    rows_in: int,
    rows_kept: int,
    rows_quarantined: int,
    rows_without_text: int,
    rows_duplicate: int,
    rows_forgotten: int = 0,
    lines: Mapping[str, int],
) -> RowIdentity:
    """Whether rows_in is the sum of what became of the rows, and each line is accounted for.

    ``lines`` has what the reader counted apart from its rows (``COUNTED``); it is empty where it counts none.
    """
    accounted = rows_kept + rows_quarantined + rows_without_text + rows_duplicate + rows_forgotten
    forgotten = f", {rows_forgotten:,} forgotten" if rows_forgotten else ""
    sentence = (
        f"{rows_in:,} rows in the file; {rows_kept:,} kept, {rows_quarantined:,} in quarantine, "
        f"{rows_without_text:,} without text{forgotten} and {rows_duplicate:,} duplicates make {accounted:,}."
    )
    if not lines:
        return RowIdentity(rows_in == accounted, sentence)
    header, in_fields, passed_over = (lines[name] for name in (LINES_OF_HEADER, LINES_IN_FIELDS, LINES_PASSED_OVER))
    lines_sentence = (
        f" {lines[LINES]:,} lines: {rows_in:,} rows, {header:,} of the header, {in_fields:,} within fields and "
        f"{passed_over:,} passed over make {rows_in + header + in_fields + passed_over:,}."
    )
    if lines.get(FILES):
        lines_sentence = (
            f" {lines[FILES]:,} files: {rows_in:,} rows and {passed_over:,} passed over make {rows_in + passed_over:,}."
        )
    all_lines = lines[LINES] == rows_in + header + in_fields + passed_over
    return RowIdentity(rows_in == accounted and all_lines, sentence + lines_sentence)
