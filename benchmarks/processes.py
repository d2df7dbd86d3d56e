"""The processes that a measured one starts."""

from pathlib import Path


def with_descendants(process_id: int) -> list[int]:
    """The process and all that it started, and that these started (Linux)."""
    children = Path(f"/proc/{process_id}/task/{process_id}/children")
    try:
        started = [int(each) for each in children.read_text().split()]
    except OSError:
        return []
    return [process_id, *(each for child in started for each in with_descendants(child))]
