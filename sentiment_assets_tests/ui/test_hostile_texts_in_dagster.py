"""A file that would do something, in Dagster's own pages: its metadata are tables, and a table shows texts as texts."""

import csv
import io
import os
import sys
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from sentiment_assets_tests.ui.test_hostile_texts import ALIVE
from testing.browser import chromium, needs_chromium, opened
from testing.in_process import Prepared
from testing.servers import free_port, running

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.process,
    pytest.mark.xdist_group("browser"),
    needs_chromium,
]

FILE_NAME = "![f](https:x) <img src=x onerror='window.alive = 1'>.csv"
LOADS = "![b](https://tracker.example/b.png)"


def planted_file() -> bytes:
    """Texts, ids and a kept column that would do something, and labels that go to quarantine and would, too."""
    file = io.StringIO()
    rows = csv.writer(file)
    rows.writerow(["review_id", "text", "label", "product"])
    rows.writerows([f"{LOADS} {number}", f"{LOADS} {ALIVE} {number}", number % 2, ALIVE] for number in range(60))
    rows.writerows([f"{LOADS} q{number}", ALIVE, f"{LOADS} {ALIVE}", ALIVE] for number in range(3))
    return file.getvalue().encode()


def test_nothing_in_a_review_is_alive_in_the_log_of_a_run_and_the_pages_of_an_asset(
    empty_home: Prepared, tmp_path: Path
) -> None:
    history = tmp_path / "dagster"
    history.mkdir()
    (history / "dagster.yaml").touch()
    with empty_home.copied_to(tmp_path / "home") as branch, dg.DagsterInstance.from_config(str(history)) as instance:
        planted = replace(branch, instance=instance).with_settings(columns={"keep": ["product"]}, html="keep")
        run = planted.take_in(FILE_NAME, planted_file())
    assert run.success
    address = f"http://127.0.0.1:{free_port()}"
    server = [sys.executable, "-m", "dagster_webserver", "--empty-workspace", "--port", address.rpartition(":")[2]]
    environment = os.environ | {"DAGSTER_HOME": str(history)}
    with running(server, f"{address}/server_info", tmp_path / "log", environment), chromium() as browser:
        for path in (f"/runs/{run.run_id}", "/assets/acme/raw_reviews?view=events"):
            with opened(browser, address + path) as found:
                found.page.get_by_text("onerror=").first.wait_for(timeout=60_000)
                found.page.wait_for_load_state("networkidle")
                assert found.page.get_by_text("Show Markdown").count() == 0, "in Markdown, an address is asked for"
                assert found.page.evaluate("window.alive") is None, path
                assert found.page.locator("img[src=x], img[src*='tracker'], a[href*='tracker']").count() == 0, path
                assert [each for each in found.requests if "tracker" in each] == [], path
