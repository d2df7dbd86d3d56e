"""The pictures of pages in the documentation, made in a real browser on made-up reviews: ``make screenshots``.

Beside each picture lies the text that stands in it, and a test compares that with what the page says today.
"""

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
from playwright.sync_api import Browser

from testing.browser import PHONE, Opened, chromium, opened
from testing.in_process import BranchInProcess, Prepared, keep_empty_home
from testing.made_pages import PAGES, made_pages

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"


@dataclass(frozen=True)
class Screenshot:
    """What a picture shows."""

    page: str
    """A name of ``PAGES``."""
    width: int
    height: int
    dark: bool = False


SCREENSHOTS = {
    "report": Screenshot("report", 1000, 900),
    "report_phone": Screenshot("report", PHONE, 844, dark=True),
    "reviews": Screenshot("reviews", 1000, 900),
    "drift": Screenshot("drift", 1000, 1100),
}


def text_in(found: Opened, height: int) -> str:
    """The text of a page down to a height, without the moment at which it was written and other days."""
    said: str = found.page.evaluate(
        """height => [...document.querySelectorAll('h1, h2, h3, p, li, th, td, summary, figcaption')]
        .filter(each => each.checkVisibility() && each.getBoundingClientRect().bottom <= height)
        .map(each => each.innerText.trim()).filter(Boolean).join('\\n')""",
        height,
    )
    return re.sub(r"\d{4}-\d{2}-\d{2}( \d{2}:\d{2} UTC)?", "(day)", said) + "\n"


def take(browser: Browser, address: str, shot: Screenshot) -> tuple[bytes, str]:
    """A picture, PNG, and the text that stands in it."""
    with opened(browser, address + PAGES[shot.page], width=shot.width, dark=shot.dark) as found:
        found.page.set_viewport_size({"width": shot.width, "height": shot.height})
        found.page.wait_for_load_state("networkidle")
        return found.page.screenshot(), text_in(found, shot.height)


def main() -> None:
    """Write all pictures anew, each with its text."""
    with tempfile.TemporaryDirectory() as folder, dg.DagsterInstance.ephemeral() as instance:
        empty = Path(folder) / "empty"
        keep_empty_home(empty)
        prepared = Prepared(empty, BranchInProcess(instance))
        with made_pages(prepared, Path(folder) / "home") as address, chromium() as browser:
            for name, shot in SCREENSHOTS.items():
                picture, text = take(browser, address, shot)
                (PICTURES / f"{name}.png").write_bytes(picture)
                (PICTURES / f"{name}.txt").write_text(text)


if __name__ == "__main__":
    main()
