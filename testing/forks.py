"""The process that others are forked from: there is one for each process that asks, by whatever module it does."""

from multiprocessing import forkserver


def end_server() -> None:
    """End it: whatever is forked from it later would have the environment in which it was begun."""
    forkserver._forkserver._stop()  # type: ignore[attr-defined]
