"""The pages that people read, over HTTP: reports by branch and day, and drift pages. See ``docs/reports.md``."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from upath import UPath

from sentiment_assets.presentation.html import html_environment
from sentiment_assets.resources.report_folders import DAY, PAGE, REPORTS
from sentiment_assets.resources.versioned_folders import current_folder, current_version

JOINED = "sentiment_report"
"""The folder of the report that joins all branches."""
LATEST = "latest"
_DRIFT_PAGE = "monitoring/drift.html"
_LONGEST_NAME = 255
_FOLDER = re.compile(f"{DAY.pattern}(_{DAY.pattern})?")
"""A report of a day, or of the reviews from one day to another."""
_VERSION = re.compile("[0-9a-f]{16}/")
"""How a file's path begins that lies in a version of such a report."""
_KINDS: Mapping[str, str] = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".svg": "image/svg+xml",
    ".parquet": "application/vnd.apache.parquet",
}
_HEADERS: Mapping[str, str] = {
    # Review text is escaped in every page; should one slip through, nothing of it runs and nothing leaves the page.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline' 'self'; script-src 'self'; "
    "img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


_Endpoint = Callable[[Request], Response]


@dataclass(frozen=True)
class BranchReports:
    """What there is to read of a branch, or of all of them."""

    branch: str
    days: Sequence[str]
    """The days on which a report was written, the latest first."""
    periods: Sequence[str]
    """The folders of reports of some days alone, the latest first."""
    has_drift_page: bool

    @property
    def is_joined(self) -> bool:
        """Whether it is the report that joins all branches."""
        return self.branch == JOINED


def reports_app(data: UPath, hosts: Sequence[str]) -> Starlette:
    """The application over a data folder. Requests are answered that name one of ``hosts``, and no others.

    So no page that somebody opens elsewhere can read these by a name of its own for this machine.
    """
    return Starlette(
        routes=[
            Route("/", lambda _: RedirectResponse("/reports/")),
            Route("/healthz", lambda _: PlainTextResponse("ok")),
            Route("/favicon.ico", lambda _: Response(status_code=204)),  # browsers ask for it, and call 404 an error
            Route("/reports/", _index(data)),
            Route("/reports/{branch}/", _days(data)),
            Route("/reports/{branch}/latest/{file:path}", _latest(data)),
            Route("/reports/{branch}/{day}/{file:path}", _report(data)),
            Route("/drift/{branch}", _drift(data)),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts))],
    )


def reports_of(data: UPath) -> list[BranchReports]:
    """What there is to read, the joined report first, then the branches by name."""
    branches = [each.name for each in data.iterdir() if each.is_dir()] if data.exists() else []
    found = [
        BranchReports(
            each,
            days=report_days(data, each),
            periods=period_reports(data, each),
            has_drift_page=_file(data, each, _DRIFT_PAGE).exists(),
        )
        for each in branches
    ]
    there = [each for each in found if each.days or each.periods or each.has_drift_page]
    return sorted(there, key=lambda each: (not each.is_joined, each.branch))


def report_days(data: UPath, branch: str) -> list[str]:
    """The days on which a branch's report was written, the latest first."""
    folder = _file(data, branch, REPORTS)
    if not folder.exists():
        return []
    names = (each.name for each in folder.iterdir() if DAY.fullmatch(each.name))
    return sorted((name for name in names if report_file(data, branch, name).exists()), reverse=True)


def period_reports(data: UPath, branch: str) -> list[str]:
    """The folders of reports of some days alone, the latest first."""
    folder = _file(data, branch, REPORTS)
    names = [each.name for each in folder.iterdir()] if folder.exists() else []
    wanted = (each for each in names if _FOLDER.fullmatch(each) and not DAY.fullmatch(each))
    return sorted((each for each in wanted if report_file(data, branch, each).exists()), reverse=True)


def report_file(data: UPath, branch: str, day: str) -> UPath:
    """The page of a report."""
    return current_folder(_file(data, branch, f"{REPORTS}/{day}")) / PAGE


def _index(data: UPath) -> _Endpoint:
    def answer(_: Request) -> Response:
        return _page("reports_index.html.j2", branches=reports_of(data))

    return answer


def _days(data: UPath) -> _Endpoint:
    def answer(request: Request) -> Response:
        branch = request.path_params["branch"]
        days, periods = report_days(data, branch), period_reports(data, branch)
        if not days and not periods:
            raise HTTPException(404, f"There is no report of {branch!r} yet.")
        return _page("reports_of_branch.html.j2", branch=branch, days=days, periods=periods)

    return answer


def _latest(data: UPath) -> _Endpoint:
    def answer(request: Request) -> Response:
        branch, file = request.path_params["branch"], request.path_params["file"]
        day = _days_or_none(data, branch)[0]
        return RedirectResponse(f"/reports/{branch}/{day}/{file or PAGE}")

    return answer


def _report(data: UPath) -> _Endpoint:
    def answer(request: Request) -> Response:
        branch, day, file = (request.path_params[name] for name in ("branch", "day", "file"))
        if not _FOLDER.fullmatch(day):
            raise HTTPException(404)
        found = _file(data, branch, f"{REPORTS}/{day}/{file or PAGE}")
        version = current_version(_file(data, branch, f"{REPORTS}/{day}"))
        if version and not _VERSION.match(file):  # so that all files of what somebody reads are of one version
            return RedirectResponse(f"/reports/{branch}/{day}/{version}/{file or PAGE}")
        return _content(found)

    return answer


def _drift(data: UPath) -> _Endpoint:
    def answer(request: Request) -> Response:
        return _content(_file(data, request.path_params["branch"], _DRIFT_PAGE))

    return answer


def _days_or_none(data: UPath, branch: str) -> list[str]:
    days = report_days(data, branch)
    if not days:
        raise HTTPException(404, f"There is no report of {branch!r} yet.")
    return days


def _content(file: UPath) -> Response:
    kind = _KINDS.get(file.suffix)
    if kind is None:
        raise HTTPException(404)
    try:
        content = file.read_bytes()
    except OSError:  # there is none, it is a folder, or its name is too long for a file
        raise HTTPException(404, "There is no such page.") from None
    return Response(content, media_type=kind, headers=dict(_HEADERS))


def _file(data: UPath, branch: str, within: str) -> UPath:
    """A path below the folder of a branch, whatever the request names."""
    parts = [branch, *within.split("/")]
    for part in parts:
        if not part or part.startswith(".") or len(part) > _LONGEST_NAME or set(part) & {"/", "\\", "\0"}:
            raise HTTPException(404)
    return data.joinpath(*parts)


def _page(template: str, **values: object) -> HTMLResponse:
    page = html_environment(Path(__file__).parent).get_template(template).render(**values)
    return HTMLResponse(page, headers=dict(_HEADERS))
