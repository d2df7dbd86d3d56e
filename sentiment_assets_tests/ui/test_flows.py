"""People's ways through Dagster, MLflow and the reports, in a real browser on a platform that runs."""

import json
import re
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

import dagster as dg
import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from playwright.sync_api import TimeoutError as NotInTime

from sentiment_assets.resources.storage import Storage
from testing.batches import as_file, kitchen
from testing.browser import Opened, chromium, needs_chromium, opened
from testing.code_location import BRANCHES
from testing.corpus import as_csv, made_up_reviews
from testing.flows_location import FAILS, WORKS
from testing.in_process import BranchInProcess, home_of
from testing.platform import Platform
from testing.uis import Uis, platform_with_uis

pytestmark = [
    pytest.mark.browser,
    pytest.mark.flows,
    pytest.mark.slow,
    pytest.mark.xdist_group("browser"),
    needs_chromium,
]

PATIENCE = 90_000
"""The milliseconds in which a page shows what it is to show: its own looks are 15 seconds apart."""
A_RUN = 240_000
"""The milliseconds in which a run starts and ends, also on a machine that has other work."""
NOISE = ("/ajax-api/2.0/mlflow/users/current",)  # MLflow asks who has logged in; a server without log-in answers 404
CANDIDATES = BRANCHES[WORKS].candidates


@pytest.fixture(scope="module")
def uis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Uis]:
    """A branch with a champion, a batch that drifted, and a report; and one with a candidate that cannot be stored."""
    with platform_with_uis("testing.flows_location", tmp_path_factory.mktemp("flows"), history) as running:
        yield running


@pytest.fixture(scope="module")
def browser(uis: Uis) -> Iterator[Browser]:
    """Chromium, after everything that needs an event loop of its own in this thread."""
    with chromium() as started:
        yield started


def history(instance: dg.DagsterInstance) -> None:
    works = BranchInProcess(instance, WORKS, BRANCHES[WORKS])
    assert works.take_in("2026-10.csv", as_csv(dated(made_up_reviews(900)))).success
    assert works.train().success
    assert works.take_in("2026-11.csv", as_file(kitchen(300))).success
    assert works.score("2026-10.csv").success
    assert works.report().success
    fails = BranchInProcess(instance, FAILS, BRANCHES[FAILS])
    assert fails.take_in("2026-10.csv", as_csv(made_up_reviews(600))).success
    in_the_way().mkdir(parents=True)


def dated(reviews: list[dict[str, object]]) -> list[dict[str, object]]:
    first = date(2026, 8, 1)
    return [{**each, "created_at": first + timedelta(days=number % 90)} for number, each in enumerate(reviews)]


def in_the_way() -> Path:
    """A folder where a candidate is to be stored."""
    return Path(Storage(root="data").candidate_path(FAILS, BRANCHES[FAILS].candidates[1].key).path)


@contextmanager
def walk(browser: Browser, address: str) -> Iterator[Opened]:
    """A way that begins at an address, on which no console says an error of our making."""
    with opened(browser, address) as found:
        found.page.set_default_timeout(PATIENCE)
        yield found
        assert [each for each in found.errors if not any(noise in each for noise in NOISE)] == []


def sees(what: Locator, milliseconds: int = PATIENCE) -> None:
    expect(what.first).to_be_visible(timeout=milliseconds)


def follow(page: Page, link: Locator) -> Page:
    """Click it; returns the page that it leads to, which may be in a tab of its own."""
    first = link.first
    first.wait_for()
    if first.get_attribute("target") != "_blank":
        first.click()
        return page
    with page.context.expect_page() as tab:
        first.click()
    tab.value.set_default_timeout(PATIENCE)
    return tab.value


def choose(opener: Locator, item: Locator) -> None:
    """Choose of a menu, again if need be: a run's page that draws itself anew closes it before it is clicked."""
    for _ in range(5):
        opener.click()
        with suppress(NotInTime):
            item.click(timeout=10_000)
            return
    raise AssertionError(f"the menu never stayed open for {item}")


def registered(uis: Uis, branch: str) -> dict[str, object]:
    """All that MLflow says of a branch's models: versions, aliases, and when they were changed."""
    address = f"{uis.mlflow}/api/2.0/mlflow/registered-models/get?name={branch}"
    with urllib.request.urlopen(address, timeout=30) as answer:  # noqa: S310
        return json.load(answer)["registered_model"]


def test_a_file_lands_arrives_and_its_warning_leads_to_the_drift_page(browser: Browser, uis: Uis) -> None:
    with walk(browser, f"{uis.dagster}/assets/{WORKS}/raw_reviews") as found:
        page = found.page
        land(uis.platform, "2026-12.csv", as_file(kitchen(400, seed=400)))
        page.get_by_role("tab", name="Partitions").click()
        sees(page.get_by_text("Materialized (3)"), A_RUN)
        page.get_by_text("2026-12.csv").first.click()
        sees(page.get_by_role("row", name="rows_in 400"))

        page.get_by_role("tab", name="Checks").click()
        page.get_by_text("text_drift").first.click()
        sees(page.get_by_text(re.compile("of 400 distinct reviews are unlike those the champion was trained on")))
        sees(page.get_by_text("2026-12.csv"))
        drift = follow(page, page.get_by_role("row", name=re.compile("^drift_page ")).get_by_role("link"))
        shown = drift.frame_locator("iframe")
        sees(shown.get_by_role("heading", name=f"{WORKS}: is the data still what the champion was trained on?"))
        sees(shown.get_by_text("No: since 2026-11.csv, because "))
        sees(shown.get_by_text("What moved in 2026-12.csv"))


def land(platform: Platform, name: str, content: bytes) -> None:
    (platform.home / "landing" / WORKS / name).write_bytes(content)


def test_a_failed_candidate_is_understood_and_run_again_from_failure(browser: Browser, uis: Uis) -> None:
    with walk(browser, f"{uis.dagster}/runs") as found:
        page = found.page
        page.get_by_role("tab", name="Failed").click()
        page.get_by_role("link", name=re.compile("^run ")).first.click(timeout=A_RUN)
        sees(page.get_by_text("Errored (1)"))
        page.get_by_text("train_candidate[epochs_2").first.click()
        page.get_by_role("button", name="View full message").last.click()
        said = page.get_by_role("dialog")
        sees(said.get_by_role("heading", name=re.compile("^IsADirectoryError: .*epochs=2")))
        sees(said.get_by_text("write_atomically"))
        said.get_by_role("button", name="Done").click()

        with home_of(uis.platform.home):
            in_the_way().rmdir()
        beside = page.get_by_role("button", name=re.compile("^Re-execute")).locator("xpath=following::button[1]")
        choose(beside, page.get_by_role("menuitem", name="From failure"))
        sees(page.get_by_text("Success", exact=True), A_RUN)
        sees(page.get_by_text("Succeeded (5)"))
        page.goto(f"{uis.dagster}/assets/{FAILS}/best_model")
        sees(page.get_by_role("row", name=re.compile("^outcome .* promoted$")))


def test_a_trial_is_launched_in_the_launchpad_and_leaves_the_champion_alone(browser: Browser, uis: Uis) -> None:
    before = registered(uis, WORKS)
    with walk(browser, f"{uis.dagster}/jobs") as found:
        page = found.page
        page.get_by_role("link", name=f"{WORKS}_trial").first.click()
        page.get_by_role("tab", name="Launchpad").click()
        page.locator(".CodeMirror-line", has_text="epochs: 1").click()
        page.keyboard.press("End")
        page.keyboard.press("Backspace")
        page.keyboard.type("4")
        sees(page.locator(".CodeMirror-line", has_text="epochs: 4"))
        page.get_by_role("button", name="Launch Run").click()
        sees(page.get_by_text("Success", exact=True), A_RUN)
        sees(page.get_by_text(re.compile(r"^epochs=4\|eta0=1\|l2=1e-05: validation loss 0\.\d+ .* of 4\.$")))
    assert registered(uis, WORKS) == before
    assert before["aliases"] == [{"alias": "champion", "version": "1"}]


def test_candidates_are_compared_in_charts_of_mlflow(browser: Browser, uis: Uis) -> None:
    with walk(browser, f"{uis.dagster}/assets/{WORKS}/trained_candidates") as found:
        link = found.page.get_by_role("row", name=re.compile("^compare ")).get_by_role("link")
        charts = follow(found.page, link)
        sees(charts.get_by_text(f"{len(CANDIDATES)} matching runs"))
        for each in CANDIDATES:
            sees(charts.get_by_role("link", name=each.short_name))
        sees(charts.get_by_text("Model metrics"))
        sees(charts.locator(".js-plotly-plot"))


Role = Literal["link", "tab"]


@dataclass(frozen=True)
class Question:
    """What somebody wants to know, of the table at the end of ``docs/first-steps.md``, and where it is answered."""

    asked: str
    start: str
    clicks: tuple[tuple[Role, str], ...]
    """The roles and names of what is clicked; Playwright takes no slash in a pattern."""
    answer: tuple[str, str]
    """What holds the answer, and what it says."""


HOME, OVERVIEW, INDEX = "{dagster}/", f"{{dagster}}/assets/{WORKS}?view=folder", "{reports}/reports/"
REPORT: tuple[Role, str] = ("link", r"^\d{4}-\d{2}-\d{2}$")
# The rows that are not here are answered by a page of the documentation alone: where the platform runs in production,
# how reviews are pulled, where a thing is in the code, what to do when nothing fires, and how to ask it in SQL.
QUESTIONS = [
    Question(
        "what fires when",
        HOME,
        (("link", "Automation"), ("link", f"{WORKS}_landing")),
        ("tr", f"Takes in each file or folder of texts in .landing/{WORKS}. that is new or changed"),
    ),
    Question(
        "how a failed candidate is run again",
        HOME,
        (("link", "Catalog"), ("link", f"{WORKS} . trained_candidates")),
        ("p", "A failed one leaves the others green; re-execute from failure trains it alone"),
    ),
    Question(
        "why this candidate won, and whether it is better than the champion",
        OVERVIEW,
        (("link", "best_model"),),
        ("tr", "decision.*there was no champion; in [0-9.]+ % of pairs"),
    ),
    Question(
        "which hyperparameters are worth trying",
        OVERVIEW,
        (("link", "trained_candidates"), ("link", "compareRunsMode=CHART")),
        ("div", f"{len(CANDIDATES)} matching runs"),
    ),
    Question(
        "how to try a set of one's own",
        OVERVIEW,
        (("link", "Jobs"), ("link", f"{WORKS}_trial")),
        ("p", "Tries one hyperparameter set of your own: set it in the launchpad"),
    ),
    Question(
        "what a version was trained on, and what it is for",
        OVERVIEW,
        (("link", "best_model"), ("link", f"models.{WORKS}.versions.1")),
        ("li", "It was trained on train and validation together"),
    ),
    Question(
        "whether data has drifted",
        OVERVIEW,
        (("link", "raw_reviews"), ("tab", "Checks")),
        ("div", r"^(text_drift)+\s*Failed$"),
    ),
    Question(
        "whether data has drifted, and how right the scores still are",
        INDEX,
        (("link", f"drift page of {WORKS}"),),
        ("p", "No: since 2026-11.csv, because .*often right"),
    ),
    Question(
        "which labels look wrong",
        OVERVIEW,
        (("link", "suspicious_labels"),),
        ("tr", "most_suspicious.*likely_label.*2026-10.csv"),
    ),
    Question(
        "what reviewers feel, and whether that changed",
        INDEX,
        (REPORT,),
        (".lead", f"Reviewers of {WORKS} are .* points.*; .* is .* points (up|down) on .* chance"),
    ),
    Question("why, in their words", INDEX, (REPORT, ("link", "What complaint is made of")), ("#complaint li", r"\w+")),
    Question("which reviews a number counts", INDEX, (REPORT, ("link", r"^\d+$")), ("#rows li", r"\w+")),
    Question("how sure a figure is", INDEX, (REPORT,), ("p", r"between [-+][0-9.]+ and [-+][0-9.]+")),
]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.asked)
def test_a_question_is_answered_within_two_clicks(browser: Browser, uis: Uis, question: Question) -> None:
    assert len(question.clicks) <= 2
    with walk(browser, question.start.format(**vars(uis))) as found:
        page = found.page
        for role, name in question.clicks:
            page = follow(page, page.get_by_role(role, name=re.compile(name)))
        where, what = question.answer
        sees(page.locator(where, has_text=re.compile(what)))
