"""Made-up pages of every kind, served as a platform serves them, and a real browser."""

from collections.abc import Iterator
from datetime import date, timedelta

import dagster as dg
import pytest
from playwright.sync_api import Browser
from upath import UPath

from sentiment_assets.assets.sentiment_report import joined_report_asset
from sentiment_assets.definitions import resources
from sentiment_assets.serving.reports import reports_app
from testing.browser import chromium, serving
from testing.corpus import made_up_reviews
from testing.in_process import BranchInProcess, Prepared

_SHOPS = ("north", "south", "<b>east</b>")


def _file(seed: int, n: int, first_day: date, *, odd: bool = False) -> bytes:
    """A CSV file of dated reviews of three shops; odd ones are written in other words and without labels."""
    lines = ["review_id,text,label,created_at,shop"]
    for number, review in enumerate(made_up_reviews(n, seed)):
        day = first_day + timedelta(days=number % 80)
        text = f"ZQX blorp {review['text']} wibble" if odd else review["text"]
        label = "" if odd or number % 3 == 0 else review["label"]
        lines.append(f"{review['review_id']},{text},{label},{day},{_SHOPS[number % 3]}")
    return "\n".join(lines).encode()


@pytest.fixture(scope="session")
def pages(empty_home: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the pages of a branch with a champion, a batch that drifted, and a report of both."""
    home = tmp_path_factory.mktemp("pages")

    def work(plain: BranchInProcess) -> None:
        branch = plain.with_settings(columns={"keep": ["shop"]})
        assert branch.take_in("2026-spring.csv", _file(0, 600, date(2026, 3, 1))).success
        assert branch.train().success
        assert branch.take_in("2026-summer.csv", _file(1, 300, date(2026, 6, 1), odd=True)).success
        for key in ("2026-spring.csv", "2026-summer.csv"):
            assert branch.score(key).success
        assert branch.report().success
        _join(branch)

    with empty_home.and_then(work, home), serving(reports_app(UPath(home / "data"), ["127.0.0.1"])) as address:
        yield address


def _join(branch: BranchInProcess) -> None:
    """Write the report of all branches."""
    dg.materialize([joined_report_asset([branch.name])], instance=branch.instance, resources=dict(resources()))


@pytest.fixture(scope="module")
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    """Chromium, no longer than a module: while it is there, nothing else in this thread may run an event loop."""
    request.getfixturevalue("pages")
    with chromium() as started:
        yield started
