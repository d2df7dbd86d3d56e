from collections.abc import Iterator

import pytest

from testing.forks import end_server


@pytest.fixture(scope="module", autouse=True)
def no_server_is_left() -> Iterator[None]:
    """Dagster's steps in later tests are forked from the same server, and would work in the home of these."""
    yield
    end_server()
