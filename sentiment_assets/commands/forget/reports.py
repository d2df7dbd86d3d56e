"""Reports of the past: figures and pages stay, quotes of a forgotten review and the tables of reviews go.

The tables hold reviews by their place, in several files that fit together, so they go as a whole: a page in their place
says so. The next report has the reviews that are left.
"""

from collections.abc import Iterator
from html import escape

from upath import UPath

from sentiment_assets.commands.forget.traces import Traces
from sentiment_assets.reporting.drill_down import EVERY_REVIEW, PAGE, TABLE
from sentiment_assets.resources.report_folders import REPORTS
from sentiment_assets.resources.storage import Storage, read_frame
from sentiment_assets.resources.written_files import write_atomically

_SCRIPTS = "*.js"


def take_out_of_reports(storage: Storage, branch: str, traces: Traces, *, write: bool) -> list[str]:
    """Remove the tables of reviews of each report that has the review; returns the names of these reports."""
    held = [folder for folder in _folders(storage, branch) if _has_it(folder, traces)]
    for folder in held if write else ():
        _remove_tables(folder, branch)
    return [folder.name for folder in held]


def _folders(storage: Storage, branch: str) -> Iterator[UPath]:
    place = storage.path(branch, REPORTS)
    return (each for each in sorted(place.iterdir(), key=str) if each.is_dir()) if place.exists() else iter(())


def _has_it(folder: UPath, traces: Traces) -> bool:
    file = folder / EVERY_REVIEW
    return file.exists() and any(map(traces.are_in, read_frame(file)["text"].map(str)))


def _remove_tables(folder: UPath, branch: str) -> None:
    said = (
        "A review had to be forgotten, and so the table of reviews of this report was removed. Its figures stay as "
        f"they were. The next report of {branch} has the reviews that are left."
    )
    page = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Removed</title><p>{escape(said)}</p></html>\n'
    write_atomically(folder / PAGE, page.encode())
    for file in (folder / TABLE, folder / EVERY_REVIEW, *folder.rglob(_SCRIPTS)):
        file.unlink(missing_ok=True)
