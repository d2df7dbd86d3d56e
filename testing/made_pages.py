"""Pages of every kind on made-up reviews, the same at each making but for the day: for tests, and for the pictures."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
from upath import UPath

from sentiment_assets.assets.sentiment_report import joined_report_asset
from sentiment_assets.definitions import resources
from sentiment_assets.serving.reports import reports_app
from testing.browser import serving
from testing.corpus import made_up_reviews
from testing.in_process import BranchInProcess, Prepared

PAGES = {
    "index": "/reports/",
    "report": "/reports/acme/latest/",
    "reviews": "/reports/acme/latest/reviews.html",
    "joined": "/reports/sentiment_report/latest/",
    "drift": "/drift/acme",
}
_SHOPS = ("north", "south", "<b>east</b>")


@contextmanager
def made_pages(empty_home: Prepared, home: Path) -> Iterator[str]:
    """The address of the pages of a branch with a champion, a batch that drifted, and a report of both."""
    with empty_home.and_then(_work, home), serving(reports_app(UPath(home / "data"), ["127.0.0.1"])) as address:
        yield address


def _work(plain: BranchInProcess) -> None:
    branch = plain.with_settings(columns={"keep": ["shop"]})
    assert branch.take_in("2026-spring.csv", _file(0, 600, date(2026, 3, 1))).success
    assert branch.train().success
    assert branch.take_in("2026-summer.csv", _file(1, 300, date(2026, 6, 1), odd=True)).success
    for key in ("2026-spring.csv", "2026-summer.csv"):
        assert branch.score(key).success
    assert branch.report().success
    joined = joined_report_asset([branch.name])
    dg.materialize([joined], instance=branch.instance, resources=dict(resources()))


def _file(seed: int, n: int, first_day: date, *, odd: bool = False) -> bytes:
    """A CSV file of dated reviews of three shops; odd ones are written in other words and without labels."""
    lines = ["review_id,text,label,created_at,shop"]
    for number, review in enumerate(made_up_reviews(n, seed)):
        day = first_day + timedelta(days=number % 80)
        text = f"ZQX blorp {review['text']} wibble" if odd else review["text"]
        label = "" if odd or number % 3 == 0 else review["label"]
        lines.append(f"{review['review_id']},{text},{label},{day},{_SHOPS[number % 3]}")
    return "\n".join(lines).encode()
