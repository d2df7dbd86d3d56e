"""Reports of the past: figures and pages stay, quotes of a forgotten review and the tables of reviews go.

The tables hold reviews by their place, in several files that fit together, so they go as a whole: a page in their place
says so. The next report has the reviews that are left.
"""

from collections.abc import Collection
from pathlib import Path

import pandas as pd
from upath import UPath

from sentiment_assets.commands.forget.traces import Traces
from sentiment_assets.presentation.html import html_environment
from sentiment_assets.reporting.drill_down import EVERY_REVIEW, PAGE, SOURCE, TABLE
from sentiment_assets.resources.report_folders import REPORTS
from sentiment_assets.resources.storage import Storage, read_frame
from sentiment_assets.resources.written_files import write_atomically

_HERE, _PAGE_INSTEAD = Path(__file__).parent, "removed_table.html.j2"
_SCRIPTS = "*.js"


def take_out_of_reports(
    storage: Storage, branch: str, traces: Traces, *, review_id: str, batches: Collection[str], write: bool
) -> list[str]:
    """Remove the tables of reviews of each report that has the review; returns the names of these reports.

    It has it if a row is the review's, or a text of it holds a piece of the review's.

    The version of a report before its current one is one of them, too.
    """
    place = storage.path(branch, REPORTS)
    tables = sorted(place.rglob(EVERY_REVIEW), key=str) if place.exists() else []
    held = [file.parent for file in tables if _has(read_frame(file), traces, review_id=review_id, batches=batches)]
    for folder in held if write else ():
        _remove_tables(folder, branch)
    return sorted({folder.relative_to(place).parts[0] for folder in held})


def _has(rows: pd.DataFrame, traces: Traces, *, review_id: str, batches: Collection[str]) -> bool:
    is_it = (rows["review_id"] == review_id) & rows[SOURCE].isin(list(batches))
    return bool(is_it.any()) or any(map(traces.are_in, rows["text"].map(str)))


def _remove_tables(folder: UPath, branch: str) -> None:
    page = html_environment(_HERE).get_template(_PAGE_INSTEAD).render(branch=branch)
    write_atomically(folder / PAGE, page.encode())
    for file in (folder / TABLE, folder / EVERY_REVIEW, *folder.rglob(_SCRIPTS)):
        file.unlink(missing_ok=True)
