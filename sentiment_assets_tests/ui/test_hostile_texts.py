"""Reviews that would do something, shown in a real browser: nothing in them is alive."""

from pathlib import Path

import pytest

from sentiment_assets_tests.reporting.test_drill_down import report_of
from testing.browser import chromium, needs_chromium, opened

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser"), needs_chromium]

ALIVE = (
    "<script>window.alive = 1</script><img src=x onerror='window.alive = 1'> lovely "
    "<svg onload='window.alive = 1'> [a](javascript:window.alive=1) ![b](https://tracker.example/b.png) "
    '"><a href="javascript:window.alive=1">c</a> \x1b[31m \u202e </script> </style> </textarea>'
)


def test_nothing_in_a_review_is_alive_in_any_page_of_a_report(tmp_path: Path) -> None:
    report = report_of(30, text=ALIVE, review_id=ALIVE, product=ALIVE)
    files = {"report.html": report.html.encode(), **report.files}
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    pages = [name for name in files if name.endswith(".html")]
    assert len(pages) > 2, "the report, the reviews, and the page of a value"
    with chromium() as browser:
        for name in pages:
            with opened(browser, (tmp_path / name).as_uri()) as found:
                found.page.wait_for_load_state("networkidle")
                assert found.page.evaluate("window.alive") is None, name
                assert found.page.locator("script:not([src]), img[src=x], a[href^='javascript:']").count() == 0, name
                assert found.errors == [], name
                assert [each for each in found.requests if not each.startswith(tmp_path.as_uri())] == [], name


def test_the_texts_would_be_alive_in_a_page_that_does_not_escape_them(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(ALIVE)
    with chromium() as browser, opened(browser, (tmp_path / "page.html").as_uri()) as found:
        assert found.page.evaluate("window.alive") == 1
