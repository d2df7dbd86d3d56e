"""CSV for people with a spreadsheet: nothing in it is run as a formula, and ``read_rows`` reads back what was written.

A column that a spreadsheet would run, in its name or in a cell, is *protected*: an apostrophe stands before its name,
before each such cell, and before each that begins with an apostrophe itself. So the name alone says how to read it.
"""

import csv

import pandas as pd

from sentiment_assets.presentation.spreadsheet import GUARD, is_live


def to_spreadsheet_csv(frame: pd.DataFrame) -> bytes:
    """A frame of texts as CSV with a byte order mark; every field is quoted, so that any line end stays in its text."""
    protected = pd.concat([_protected(frame[name]) for name in frame], axis=1)
    return protected.to_csv(index=False, quoting=csv.QUOTE_ALL).encode("utf-8-sig")


def is_protected(name: str) -> bool:
    """Whether a column with this name is; a name that stands *between* apostrophes is something else."""
    return name.startswith(GUARD) and not name.endswith(GUARD)


def unprotected(cell: str) -> str:
    """A cell, or the name, of a protected column as it was."""
    return cell.removeprefix(GUARD)


def _protected(column: "pd.Series[str]") -> "pd.Series[str]":
    name = str(column.name)
    if not any(map(is_live, [name, *column])) and not is_protected(name):
        return column
    guarded = [GUARD + cell if is_live(cell) or cell.startswith(GUARD) else cell for cell in column]
    return pd.Series(guarded, column.index, name=f"{GUARD}{name}")
