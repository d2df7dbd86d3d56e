"""The processes that a measured one starts."""

from contextlib import suppress
from pathlib import Path


def with_descendants(process_id: int) -> list[int]:
    """The process and all that it started, by whichever thread, and that these started (Linux)."""
    started: list[int] = []
    for children in Path(f"/proc/{process_id}/task").glob("*/children"):
        with suppress(OSError):  # the thread, or the process, has ended just now
            started += [int(each) for each in children.read_text().split()]
    return [process_id, *(each for child in started for each in with_descendants(child))]
