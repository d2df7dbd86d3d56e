"""A pull in a process of its own that is killed at a step that a test chooses."""

import multiprocessing
import os
from dataclasses import dataclass

from sentiment_assets.sources import pull_log, session
from sentiment_assets.sources.pull import Source, pull
from testing.killing import kills


@dataclass(frozen=True)
class Step:
    """A call at which, or after which, a pull that has a former one before it dies."""

    owner: object
    name: str
    calls: int = 1
    """How many of them there are until then."""
    after: bool = False
    counts: bool = False
    """Whether its rows count by then."""
    seen: bool = False
    """Whether a landing sensor sees its file by then."""


STEPS = {
    "a page has been read": Step(session, "page_of", after=True),
    "the file is to be written": Step(pull_log, "for_this_account"),
    "the file is being written": Step(pull_log, "for_this_account", after=True),
    "the file is put aside": Step(pull_log, "_create"),
    "the entry is to be linked": Step(os, "link"),
    "the entry is there": Step(pull_log, "_create", after=True, counts=True),
    "the file is to be shown": Step(os, "replace", calls=2, counts=True),
    "the file is shown": Step(os, "replace", calls=2, after=True, counts=True, seen=True),
    "the leftovers are to be swept": Step(pull_log.PullLog, "_sweep", calls=2, counts=True, seen=True),
}
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["testing.dying_pull", "sentiment_assets.sources.columns", "dlt.sources.sql_database"])


def pull_and_die(source: Source, step: str) -> int | None:
    """Pull, and be killed at a step; returns the code of the process's end, 0 if it did not come so far."""
    process = _FORKS.Process(target=_pull, args=(source, step, dict(os.environ)))
    process.start()
    process.join(60)
    return process.exitcode


def _pull(source: Source, step: str, environment: dict[str, str]) -> None:
    os.environ.update(environment)
    dies = STEPS[step]
    setattr(dies.owner, dies.name, kills(getattr(dies.owner, dies.name), dies.calls, after=dies.after))
    pull(source)
