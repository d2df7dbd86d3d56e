"""Made-up pages of every kind, served as a platform serves them, and a real browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from testing.browser import chromium
from testing.in_process import Prepared
from testing.made_pages import made_pages


@pytest.fixture(scope="session")
def pages(empty_home: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the pages."""
    with made_pages(empty_home, tmp_path_factory.mktemp("pages")) as address:
        yield address


@pytest.fixture(scope="module")
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    """Chromium, no longer than a module: while it is there, nothing else in this thread may run an event loop."""
    request.getfixturevalue("pages")
    with chromium() as started:
        yield started
