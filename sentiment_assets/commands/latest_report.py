"""Where the latest report of a branch, or of all of them, lies."""

import json
from dataclasses import asdict, dataclass

from sentiment_assets.branch.files import branch_files
from sentiment_assets.resources.home import below_home, is_local
from sentiment_assets.resources.ui_addresses import reports_ui
from sentiment_assets.resources.urls import shown
from sentiment_assets.serving.reports import JOINED, report_file, reports_of


class NoReport(ValueError):
    """There is no such report; the message names those there are, and what to do."""


@dataclass(frozen=True)
class LatestReport:
    """The last report that was written."""

    branch: str
    day: str
    """ISO 8601."""
    file: str
    address: str
    """Where it is served while ``sentiment-assets dev``, or ``serve-reports``, runs."""
    is_local: bool


def latest_report(branch: str | None) -> LatestReport:
    """The latest report of a branch; without one, that of all branches. Raises ``NoReport``."""
    data, wanted = below_home("data"), branch or JOINED
    days = {each.branch: each.days for each in reports_of(data) if each.days}
    if wanted not in days:
        there = ", ".join(each for each in days if each != JOINED) or "none yet"
        said = f"of branch {branch!r}" if branch else "that joins all branches"
        if branch and branch not in branch_files():
            raise NoReport(f"there is no report {said}, and no such branch; there are reports of: {there}")
        how = f"sentiment-assets report {branch} --write" if branch else "it is written once a branch has one"
        raise NoReport(f"there is no report {said}; there are reports of: {there}. To have one: {how}")
    day = days[wanted][0]
    file = report_file(data, wanted, day)
    address = f"{reports_ui()}/reports/{wanted}/{day}/"
    return LatestReport(wanted, day, file=shown(file), address=address, is_local=is_local(file))


def as_text(found: LatestReport) -> str:
    """Three lines for people."""
    return f"{found.branch}: report of {found.day}\n  {found.file}\n  {found.address}"


def as_json(found: LatestReport) -> str:
    """One JSON object, for programs."""
    return json.dumps(asdict(found), indent=2)
