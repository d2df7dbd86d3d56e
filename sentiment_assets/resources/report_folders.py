"""Where the reports of a branch lie: a folder for each day, or for the days from one to another."""

import re
from collections.abc import Collection
from datetime import date

from upath import UPath

REPORTS, PAGE = "reports", "report.html"
"""The folder below that of a branch, and the page that each report in it begins with."""
TRAININGS = "trainings"
"""The folder below that of a branch with the page of each train run, in a folder named by its run in MLflow."""
DAY = re.compile(r"\d{4}-\d\d-\d\d")
"""The name of a daily report's folder."""


def remove_reports_before(folder: UPath, day: date) -> list[str]:
    """Remove the daily reports before ``day`` but the newest of all; returns the days.

    Those of some days alone stay: somebody has asked for each of them.
    """
    days = sorted(each.name for each in folder.iterdir() if DAY.fullmatch(each.name)) if folder.exists() else []
    return remove_folders(folder, [each for each in days[:-1] if each < day.isoformat()])


def remove_folders(folder: UPath, names: Collection[str]) -> list[str]:
    """Remove those of the folders in ``folder`` that are there; returns their names."""
    there = [each for each in names if (folder / each).exists()]
    for each in there:
        folder.fs.rm((folder / each).path, recursive=True)
    return there
