"""Tables as CSV for people with a spreadsheet, which would run a cell that begins like a formula.

See "CSV injection" at OWASP. An apostrophe before such a cell makes it a text; numbers are left as numbers.
"""

import csv
import io
import re
from collections.abc import Sequence

import pandas as pd

GUARD = "'"
# Spreadsheets take the wide and the small signs as well, and look for them behind what cannot be seen.
_LIVE = re.compile(r"[\t\r\n]|[\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠﹦﹢﹣﹫]")


def is_live(cell: str) -> bool:
    """Whether a spreadsheet may take a cell for a formula, or lose its beginning."""
    return _LIVE.match(cell) is not None


def table_to_csv(frame: pd.DataFrame) -> bytes:
    """A frame as CSV without formulas; texts are quoted, so that a row stays one whatever line ends they hold."""
    return without_formulas(frame).to_csv(index=False, quoting=csv.QUOTE_NONNUMERIC).encode()


def table_of_csv(content: bytes, texts: Sequence[str]) -> pd.DataFrame:
    """The frame that ``table_to_csv`` has written, whose columns ``texts`` hold texts and the others numbers."""
    frame = pd.read_csv(io.BytesIO(content), dtype=dict.fromkeys(texts, str), keep_default_na=False, na_values=[])
    for name in frame:
        if name in texts:
            frame[name] = frame[name].map(_unguarded)
        else:
            frame[name] = pd.to_numeric(frame[name].replace("", None))
    return frame


def without_formulas(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with an apostrophe before each text, and each name of a column, that is live.

    One that would be live without the apostrophes that it begins with gets another, so that it can be read again.
    """
    guarded = frame.rename(columns=_guarded)
    for name, kind in guarded.dtypes.items():
        if not (pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_datetime64_any_dtype(kind)):
            guarded[name] = guarded[name].astype("object").map(_guarded)
    return guarded


def _guarded(cell: object) -> object:
    return GUARD + cell if isinstance(cell, str) and _would_be_live(cell) else cell


def _unguarded(cell: str) -> str:
    return cell[len(GUARD) :] if cell.startswith(GUARD) and _would_be_live(cell) else cell


def _would_be_live(cell: str) -> bool:
    """Whether a cell is live, or would be without the apostrophes that it begins with."""
    return is_live(cell.lstrip(GUARD))
