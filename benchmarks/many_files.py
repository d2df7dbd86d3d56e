"""What it takes from landing to scores: many small files, and files that come alone, through a real daemon.

    python -m benchmarks.many_files [--files N] [--reviews N] [--alone N]

A branch with a champion gets files of made-up reviews without labels. Prints one Markdown table: files a minute by the
clock, and processor seconds a file of the runs alone, without the daemon and the code server, which look at the landing
place whether files come or not.
"""

import argparse
import contextlib
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import dagster as dg

from benchmarks.processes import with_descendants
from testing.corpus import as_csv, made_up_reviews
from testing.one_branch import BRANCH
from testing.platform import Platform, wait_for

_SCORED = dg.AssetKey([BRANCH, "scored_reviews"])
_LOCATION = "testing.one_branch"
_LONGEST = 3_600


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--files", type=int, default=300)
    parser.add_argument("--reviews", type=int, default=50, help="of each file")
    parser.add_argument("--alone", type=int, default=5, help="files that land one after the other")
    chosen = parser.parse_args()
    print(f"{os.cpu_count()} processors, Python {sys.version.split()[0]}, Dagster {dg.__version__}.\n")
    print("| what lands | files a minute | from landing to the last scores, s | processor seconds a file |")
    print("| --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        landing = home / "landing" / BRANCH
        landing.mkdir(parents=True)
        platform = Platform(home, (_LOCATION,), {}, seconds_between_launches=1)
        platform.start()
        try:
            _make_champion(platform, landing)
            contents = [_without_labels(chosen.reviews, seed) for seed in range(chosen.alone + chosen.files)]
            alone = [_measure(platform, landing, f"alone-{n}", contents[n : n + 1]) for n in range(chosen.alone)]
            wall, cpu = (statistics.median(each) for each in zip(*alone, strict=True))
            print(f"| a file alone, median of {chosen.alone} | {60 / wall:.1f} | {wall:.0f} | {cpu:.1f} |", flush=True)
            wall, cpu = _measure(platform, landing, "many", contents[chosen.alone :])
            print(f"| {chosen.files} files at once | {60 * chosen.files / wall:.0f} | {wall:.0f} | {cpu:.2f} |")
        finally:
            platform.stop()


def _make_champion(platform: Platform, landing: Path) -> None:
    (landing / "first.csv").write_bytes(as_csv(made_up_reviews(900)))
    _wait_for_scores(platform, 1)


def _without_labels(reviews: int, seed: int) -> bytes:
    return as_csv([{"text": each["text"]} for each in made_up_reviews(reviews, seed=1_000 + seed)])


def _measure(platform: Platform, landing: Path, name: str, contents: Sequence[bytes]) -> tuple[float, float]:
    """Seconds until all is scored, and the processor seconds a file of the runs in between."""
    files = len(contents)
    with platform.instance() as instance:
        before = len(instance.get_materialized_partitions(_SCORED))
    spent, started = _run_seconds(platform), time.monotonic()
    for number, content in enumerate(contents):
        (landing / f"{name}-{number:04}.csv").write_bytes(content)
    _wait_for_scores(platform, before + files)
    wall = time.monotonic() - started
    with platform.instance() as instance:
        running = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.QUEUED])
        wait_for(lambda: not instance.get_runs(running), _LONGEST, "the end of the runs")
    time.sleep(3)  # until the code server has seen them off
    return wall, (_run_seconds(platform) - spent) / files


def _wait_for_scores(platform: Platform, batches: int) -> None:
    with platform.instance() as instance:
        wait_for(lambda: len(instance.get_materialized_partitions(_SCORED)) == batches, _LONGEST, "scores")


def _run_seconds(platform: Platform) -> float:
    """The processor seconds of the processes that the code server has started for runs, and that have ended."""
    [server] = platform.servers
    spent = 0
    for process in with_descendants(server.pid):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
            spent += int(fields[13]) + int(fields[14])
    return spent / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
