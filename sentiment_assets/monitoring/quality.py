"""Statements about the rows of a batch."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RowIdentity:
    """Whether every row of a file is accounted for."""

    holds: bool
    sentence: str


def row_identity(rows_in: int, rows_kept: int, rows_quarantined: int, rows_duplicate: int) -> RowIdentity:
    """rows_in = rows_kept + rows_quarantined + rows_duplicate."""
    accounted = rows_kept + rows_quarantined + rows_duplicate
    sentence = (
        f"{rows_in:,} rows in the file; {rows_kept:,} kept, {rows_quarantined:,} in quarantine and "
        f"{rows_duplicate:,} duplicates make {accounted:,}."
    )
    return RowIdentity(rows_in == accounted, sentence)
