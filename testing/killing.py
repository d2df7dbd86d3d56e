"""Processes that are killed at a call that a test chooses."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from importlib import import_module
from typing import Any


def is_killed_at(
    call: str, work: Callable[[], object], *, calls: int = 1, after: bool = False, starts_by: str = "spawn"
) -> bool:
    """Have a process of its own do ``work``, and killed at, or after, the call of a function; whether it came so far.

    ``call`` is the function's module and name, such as ``os.replace``. A process that ``starts_by`` fork has loaded
    what this one has.
    """
    how = {"calls": calls, "after": after}
    context: Any = multiprocessing.get_context(starts_by)
    process = context.Process(target=_work, args=(call, work), kwargs=how)
    process.start()
    process.join(90)
    was_killed = process.exitcode == -signal.SIGKILL
    process.kill()
    return was_killed


def kills(called: Callable[..., Any], calls: int, *, after: bool) -> Callable[..., Any]:
    """The function, with a kill at its call of that number, or after it."""
    left = calls

    def dies(*given: Any, **named: Any) -> Any:
        nonlocal left
        left -= 1
        if left == 0 and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        result = called(*given, **named)
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return dies


def _work(call: str, work: Callable[[], object], *, calls: int, after: bool) -> None:
    module, _, name = call.rpartition(".")
    owner = import_module(module)
    setattr(owner, name, kills(getattr(owner, name), calls, after=after))
    work()
