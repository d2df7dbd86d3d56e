"""A real browser, Debian's Chromium, on real pages."""

import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright
from starlette.applications import Starlette

from testing.servers import free_port

DESKTOP, PHONE = 1400, 390
"""Widths in CSS pixels."""
_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
_QUIET = [
    "--no-sandbox",  # which root has none of
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

needs_chromium = pytest.mark.skipif(
    not any(map(shutil.which, _PROGRAMS)), reason="there is no Chromium on this machine: apt-get install chromium"
)


@dataclass
class Opened:
    """A page, and what went wrong on it, or on those that it opened, or left them."""

    page: Page
    errors: list[str] = field(default_factory=list)
    """What the console calls an error, with the address it is about, and exceptions of the page's scripts."""
    requests: list[str] = field(default_factory=list)
    """The addresses that were asked for."""

    def axe(self) -> str:
        """What axe finds wrong for people who see, hear or point otherwise; empty if nothing."""
        found = Axe().run(self.page)
        return found.generate_report() if found.violations_count else ""

    def is_cut(self) -> bool:
        """Whether something sticks out of the page to the right, so that it must be scrolled."""
        width: int = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        return width > 0


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser, while the block lasts."""
    with sync_playwright() as playwright:
        program = next(filter(None, map(shutil.which, _PROGRAMS)))
        browser = playwright.chromium.launch(executable_path=program, args=_QUIET)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(browser: Browser, address: str, *, width: int = DESKTOP, dark: bool = False) -> Iterator[Opened]:
    """A page of that width, light or dark."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light", bypass_csp=False
    )
    found = Opened(context.new_page())

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error":
            found.errors.append(f"{message.text} ({message.location['url']})")

    def note(request: Request) -> None:
        found.requests.append(request.url)

    context.on("console", listen)
    context.on("weberror", lambda error: found.errors.append(str(error.error)))
    context.on("request", note)
    found.page.goto(address)
    try:
        yield found
    finally:
        context.close()


@contextmanager
def serving(app: Starlette) -> Iterator[str]:
    """The address of an application that is served while the block lasts."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            thread.join(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def numbers_of(texts: Sequence[str]) -> list[int]:
    """The numbers that stand alone in texts, as people write them: 1,234."""
    return [int(text.replace(",", "")) for text in texts if text.replace(",", "").isdigit()]
