"""Reviews that would do something, shown in a real browser: nothing in them is alive."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pandas as pd
import pytest
from playwright.sync_api import Browser, Page
from starlette.applications import Starlette
from upath import UPath

from sentiment_assets.learning.train_report_page import TrainReportPage, render_train_report_page
from sentiment_assets.monitoring.check_record import CheckRecord, Example
from sentiment_assets.monitoring.drift import MovedWord
from sentiment_assets.monitoring.drift_page import make_drift_page, render_drift_page
from sentiment_assets.monitoring.finding import Finding
from sentiment_assets.monitoring.settings import MonitoringSettings
from sentiment_assets.monitoring.word_shift import Shift, WordShift
from sentiment_assets.reporting.client_report import join_reports
from sentiment_assets.serving.reports import reports_app
from sentiment_assets_tests.reporting.test_drill_down import report_of
from testing.browser import chromium, needs_chromium, opened, serving

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser"), needs_chromium]

ALIVE = (
    "<script>window.alive = 1</script><img src=x onerror='window.alive = 1'> lovely "
    "<svg onload='window.alive = 1'> [a](javascript:window.alive=1) ![b](https://tracker.example/b.png) "
    '"><a href="javascript:window.alive=1">c</a> \x1b[31m \u202e </script> </style> </textarea>'
)
NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


def look_at(browser: Browser, address: str, own: str) -> str:
    """The text of a page on which nothing is alive, and which asks nobody but what begins as ``own`` for anything."""
    with opened(browser, address) as found:
        found.page.wait_for_load_state("networkidle")
        assert found.page.evaluate("window.alive") is None, address
        planted = "script:not([src]), img[src=x], a[href^='javascript:'], svg[onload], iframe"
        assert found.page.locator(planted).count() == 0, address
        assert found.page.locator("meta[http-equiv='Content-Security-Policy']").count() == 1, address
        assert found.errors == [], address
        assert [each for each in found.requests if not each.startswith((own, "data:"))] == [], address
        return found.page.inner_text("body")


def test_nothing_in_a_review_is_alive_in_any_page_of_a_report(browser: Browser, tmp_path: Path) -> None:
    report = report_of(30, text=ALIVE, review_id=ALIVE, product=ALIVE)
    files = {"report.html": report.html.encode(), **report.files}
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    pages = [name for name in files if name.endswith(".html")]
    assert len(pages) > 2, "the report, the reviews, and the page of a value"
    for name in pages:
        look_at(browser, (tmp_path / name).as_uri(), tmp_path.as_uri())


def drift_page() -> str:
    """The drift page of a batch whose name, words, reviews and their ids would do something."""
    part = Finding(name="words", verdict="warn", sentence=ALIVE, effect=0.5, p_value=0.0)
    findings = (
        Finding(name="text_drift", verdict="warn", sentence=ALIVE, parts=(part,)),
        Finding(name="label_drift", verdict="ok", sentence=ALIVE),
    )
    texts = CheckRecord(
        ALIVE, "", "1", findings, (MovedWord(ALIVE, 0.9, 0.1, 9.0),), (Example(ALIVE, ALIVE, 1.0),), unlike=0.5
    )
    scores = CheckRecord(ALIVE, "", "1", findings[:1], word_shift=WordShift(0.5, (Shift(ALIVE, 0.4, 0.4, 0.0),)))
    return render_drift_page(
        make_drift_page(
            ALIVE,
            [ALIVE],
            quality=[CheckRecord(ALIVE, "", None, findings)],
            drift=[texts],
            degradation=[scores],
            settings=MonitoringSettings(),
            written_at=NOW,
        )
    )


def train_report() -> str:
    """The page of a train run in whose reviews, columns and reasons everything would do something."""
    tables = {ALIVE: pd.DataFrame({ALIVE: [ALIVE]})}
    page = TrainReportPage(title=ALIVE, summary=ALIVE, reason=ALIVE, figures={ALIVE: 0.5}, files={}, tables=tables)
    return render_train_report_page(page).decode()


def joined_report() -> str:
    """The report of a branch with such reviews, and of one without any; their names cannot be hostile, and are."""
    figures = report_of(30, text=ALIVE, product=ALIVE).figures.assign(branch=ALIVE)
    return join_reports([ALIVE, f"{ALIVE} empty"], {ALIVE: figures}, NOW, reports_at="https://reports.example").html


OTHER_PAGES = {"drift": (drift_page, 9), "train report": (train_report, 5), "joined report": (joined_report, 2)}
"""How each is made, and how often at least a planted text is to be read on it."""


@pytest.mark.parametrize("name", OTHER_PAGES)
def test_nothing_in_a_review_is_alive_in_a_page_of_another_kind(browser: Browser, tmp_path: Path, name: str) -> None:
    make, times = OTHER_PAGES[name]
    (tmp_path / "page.html").write_text(make())
    said = look_at(browser, (tmp_path / "page.html").as_uri(), tmp_path.as_uri())
    assert said.count("<img src=x onerror=") >= times, "it is shown as the text that it is"


def click_the_planted_link(page: Page) -> None:
    """A click of the event alone, since nothing is to be seen of a link within a picture."""
    page.dispatch_event("a[href^='javascript:']", "click")


def served(data: Path) -> Starlette:
    for name, html in {"reports/2026-11-30/report.html": ALIVE, "monitoring/drift.html": ALIVE}.items():
        (data / "acme" / name).parent.mkdir(parents=True)
        (data / "acme" / name).write_text(html)
    return reports_app(UPath(data), ["127.0.0.1"])


@pytest.mark.parametrize("path", ["/reports/", f"/reports/{quote(ALIVE, safe='')}/", f"/drift/{quote(ALIVE, safe='')}"])
def test_what_the_reports_server_says_by_itself_is_inert(browser: Browser, tmp_path: Path, path: str) -> None:
    with serving(served(tmp_path)) as address, opened(browser, address + path) as found:
        assert found.page.evaluate("window.alive") is None
        assert [each for each in found.requests if not each.startswith(address)] == []


@pytest.mark.parametrize("path", ["/reports/acme/latest/", "/drift/acme"])
def test_a_served_page_that_escaped_nothing_would_still_run_nothing_and_ask_nobody(
    browser: Browser, tmp_path: Path, path: str
) -> None:
    with serving(served(tmp_path)) as address, opened(browser, address + path) as found:
        assert found.page.evaluate("window.alive") is None
        click_the_planted_link(found.page)
        assert found.page.evaluate("window.alive") is None
        assert [each for each in found.requests if not each.startswith(address)] == []


def test_the_texts_would_be_alive_in_a_page_that_does_not_escape_them(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(ALIVE)
    with opened(browser, (tmp_path / "page.html").as_uri()) as found:
        assert found.page.evaluate("window.alive") == 1
        found.page.evaluate("window.alive = 0")
        click_the_planted_link(found.page)
        assert found.page.evaluate("window.alive") == 1
