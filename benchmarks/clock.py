"""What becomes of files that land while the clock is set forward and back, under a real daemon.

    python -m benchmarks.clock [--library /usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1]

Daemon, code server and runs have the clock of libfaketime (Debian: apt-get install faketime). A file lands, the clock
is set to another time, another file lands. Prints how long each took until it was scored, and what there is in the end.
"""

import argparse
import tempfile
import time
from pathlib import Path

import dagster as dg

from testing.corpus import as_csv, made_up_reviews
from testing.one_branch import BRANCH
from testing.platform import Platform, wait_for

_LIBRARY = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
_SCORED = dg.AssetKey([BRANCH, "scored_reviews"])
_LONGEST = 900
_JUMPS = {
    "forward by a day": 86_400,
    "back to where it was, and two minutes more": -120,
    "back by another two minutes": -240,
}
"""What is added to the machine's own clock from then on, in seconds."""


def main() -> None:
    """Set the clock, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", default=_LIBRARY)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home, clock = Path(folder), Path(folder) / "clock"
        clock.write_text("+0")
        faked = {
            "LD_PRELOAD": chosen.library,
            "FAKETIME_TIMESTAMP_FILE": str(clock),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        platform = Platform(home, ("testing.one_branch",), faked, seconds_between_launches=1)
        platform.start()
        try:
            _watch(platform, clock)
        finally:
            platform.stop()


def _watch(platform: Platform, clock: Path) -> None:
    print("| clock | a file lands at once: scored after, s | the next one, s | batches | runs that failed |")
    print("| --- | --- | --- | --- | --- |")
    landing = platform.home / "landing" / BRANCH
    landing.mkdir(parents=True)
    landed = 0

    def seconds_until_scored(content: bytes) -> float:
        nonlocal landed
        started, landed = time.monotonic(), landed + 1
        (landing / f"{landed}.csv").write_bytes(content)
        with platform.instance() as instance:
            wait_for(lambda: len(instance.get_materialized_partitions(_SCORED)) == landed, _LONGEST, "scores")
        return time.monotonic() - started

    _print_row(platform, "as it is", seconds_until_scored(as_csv(made_up_reviews(900))), None)
    for jump, seconds in _JUMPS.items():
        clock.write_text(f"{seconds:+}")
        at_once = seconds_until_scored(_without_labels(landed))
        _print_row(platform, jump, at_once, seconds_until_scored(_without_labels(landed)))


def _without_labels(seed: int) -> bytes:
    return as_csv([{"text": each["text"]} for each in made_up_reviews(50, seed=1_000 + seed)])


def _print_row(platform: Platform, clock: str, at_once: float, later: float | None) -> None:
    with platform.instance() as instance:
        batches = len(instance.get_materialized_partitions(dg.AssetKey([BRANCH, "raw_reviews"])))
        failed = instance.get_runs_count(dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE]))
    print(
        f"| {clock} | {at_once:.0f} | {'–' if later is None else f'{later:.0f}'} | {batches} | {failed} |", flush=True
    )


if __name__ == "__main__":
    main()
