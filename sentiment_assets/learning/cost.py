"""What a piece of work costs: processor time, time on the clock, memory."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True)
class Cost:
    """The cost of one call, in the process that made it."""

    cpu_seconds: float
    wall_seconds: float
    peak_megabytes: float
    """The process's largest resident memory since it began; NaN on Windows, which does not say."""


def measure_cost(work: Callable[[], Result]) -> tuple[Result, Cost]:
    """Call ``work`` and say what that cost."""
    cpu, wall = time.process_time(), time.perf_counter()
    result = work()
    return result, Cost(time.process_time() - cpu, time.perf_counter() - wall, _peak_megabytes())


def _peak_megabytes() -> float:
    if sys.platform == "win32":
        return float("nan")
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # kilobytes, but bytes on macOS
    return peak / 1e6 if sys.platform == "darwin" else peak / 1e3
