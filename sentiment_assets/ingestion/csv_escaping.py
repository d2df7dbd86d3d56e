"""CSV for people with a spreadsheet: nothing in it is run as a formula, and ``read_rows`` reads back what was written.

A column with a cell that a spreadsheet would take for a formula is *protected*: an apostrophe stands before its name,
before each such cell, and before each that begins with an apostrophe itself. So the name alone says how to read it.
"""

import csv

import pandas as pd

_GUARD = "'"
# Spreadsheets take the wide ones as well.
_BEGINS_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_STARTS_CELL = ("\t", "\r", "\n")


def to_spreadsheet_csv(frame: pd.DataFrame) -> bytes:
    """A frame of texts as CSV with a byte order mark; every field is quoted, so that any line end stays in its text."""
    protected = pd.concat([_protected(frame[name]) for name in frame], axis=1)
    return protected.to_csv(index=False, quoting=csv.QUOTE_ALL).encode("utf-8-sig")


def is_protected(name: str) -> bool:
    """Whether a column with this name is; a name that stands *between* apostrophes is something else."""
    return name.startswith(_GUARD) and not name.endswith(_GUARD)


def unprotected(cell: str) -> str:
    """A cell, or the name, of a protected column as it was."""
    return cell.removeprefix(_GUARD)


def _protected(column: "pd.Series[str]") -> "pd.Series[str]":
    if not any(map(_is_live, column)):
        return column
    guarded = [_GUARD + cell if _is_live(cell) or cell.startswith(_GUARD) else cell for cell in column]
    return pd.Series(guarded, column.index, name=f"{_GUARD}{column.name}")


def _is_live(cell: str) -> bool:
    return cell.startswith(_STARTS_CELL) or cell.lstrip().startswith(_BEGINS_FORMULA)
