"""What many branches, many candidates, many files and many ticks leave behind: lost runs, locks, processes, memory.

    python -m benchmarks.load [--files N] [--rounds N] [--ticks N]

Four branches with sixteen candidates each are trained at once by a real daemon beside a real code server, and take in
files of made-up reviews, in rounds. Prints what MLflow has of the train runs, how often a log says that a database is
locked, which processes are left over, and the memory of daemon and code server after each round. Then every sensor of a
branch looks as often as it does in a day, in one process.
"""

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import dagster as dg

from benchmarks.processes import with_descendants
from sentiment_assets.definitions import resources
from testing.corpus import as_csv, made_up_reviews
from testing.four_branches import BRANCHES, defs
from testing.platform import Platform, wait_for

_LOCATION = "testing.four_branches"
_LONGEST = 3_600
_DAY = 86_400
_LOCKED = "database is locked"


def main() -> None:
    """Load the platform, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=1_000, help="of all branches and rounds together")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--reviews", type=int, default=50, help="of each file")
    parser.add_argument("--ticks", type=int, help="of each sensor; by default as many as it has in a day")
    chosen = parser.parse_args()
    print(f"{os.cpu_count()} processors, Python {sys.version.split()[0]}, Dagster {dg.__version__}.\n")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        os.environ["SENTIMENT_HOME"] = folder
        platform = Platform(home, (_LOCATION,), {}, seconds_between_launches=1)
        platform.start()
        try:
            _load(platform, files=chosen.files // chosen.rounds, rounds=chosen.rounds, reviews=chosen.reviews)
        finally:
            platform.stop()
        _tell_of_runs(platform)
        _look_for_a_day(platform, chosen.ticks)


def _load(platform: Platform, *, files: int, rounds: int, reviews: int) -> None:
    print("| after | seconds | daemon, MB | code server, MB | processes |\n| --- | --- | --- | --- | --- |")
    for name in BRANCHES:
        _land(platform, name, "first.csv", as_csv(made_up_reviews(900)))
    _wait_until_scored(platform, len(BRANCHES), "four train runs of 16 candidates at once")
    for number in range(rounds):
        for place in range(files):
            content = as_csv([{"text": each["text"]} for each in made_up_reviews(reviews, seed=number * files + place)])
            _land(platform, list(BRANCHES)[place % len(BRANCHES)], f"{number}-{place:04}.csv", content)
        _wait_until_scored(platform, len(BRANCHES) + (number + 1) * files, f"{(number + 1) * files} files")


def _land(platform: Platform, branch: str, name: str, content: bytes) -> None:
    landing = platform.home / "landing" / branch
    landing.mkdir(parents=True, exist_ok=True)
    (landing / name).write_bytes(content)


def _wait_until_scored(platform: Platform, batches: int, what: str) -> None:
    """Wait for the scores of so many batches, and for the end of all runs; then say what is there."""
    started = time.monotonic()
    scored = [dg.AssetKey([name, "scored_reviews"]) for name in BRANCHES]
    with platform.instance() as instance:
        wait_for(
            lambda: sum(len(instance.get_materialized_partitions(key)) for key in scored) == batches, _LONGEST, what
        )
        seconds = time.monotonic() - started
        wait_for(lambda: all(run.is_finished for run in instance.get_runs()), _LONGEST, "the end of all runs")
    time.sleep(15)  # until the code server has seen them off
    left = list(_processes(platform.home))
    memory = [sum(map(_megabytes, with_descendants(pid))) for pid in _mains(platform)]
    print(f"| {what} | {seconds:.0f} | {memory[0]:.0f} | {memory[1]:.0f} | {len(left)} |", flush=True)


def _mains(platform: Platform) -> Sequence[int]:
    return [each.pid for each in (platform.daemon, *platform.servers) if each]


def _processes(home: Path) -> Iterator[int]:
    """The processes that were started for this home folder, whoever their parent is now."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environment = (process / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if f"SENTIMENT_HOME={home}".encode() in environment and int(process.name) != os.getpid():
            yield int(process.name)


def _megabytes(pid: int) -> float:
    """What a process has in memory that is no mapped file."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon:")) / 1e3


def _tell_of_runs(platform: Platform) -> None:
    from sentiment_assets.resources.mlflow_settings import default_tracking_uri
    from sentiment_assets.resources.registry import open_client

    with platform.instance() as instance:
        runs = Counter(run.status.value for run in instance.get_runs())
        said = [entry.message for run in instance.get_runs() for entry in instance.all_logs(run.run_id)]
    client = open_client(default_tracking_uri())
    experiments = [each.experiment_id for each in client.search_experiments() if each.name in BRANCHES]
    of_mlflow = client.search_runs(experiments, max_results=1_000)
    candidates = Counter(each.info.status for each in of_mlflow if "mlflow.parentRunId" in each.data.tags)
    parents = Counter(each.info.status for each in of_mlflow if "mlflow.parentRunId" not in each.data.tags)
    printed = (platform.home / "processes.log").read_text(errors="replace")
    locked = printed.count(_LOCKED) + sum(_LOCKED in each for each in said)
    print(f"\nDagster's runs: {dict(runs)}. MLflow's: candidates {dict(candidates)}, train runs {dict(parents)}.")
    print(f"Logs say {locked} times that a database is locked.\n")


def _look_for_a_day(platform: Platform, ticks: int | None) -> None:
    """Have every sensor of one branch look, and say what that does to the memory of this process."""
    print("| sensor | ticks | ms each | memory before, MB | after a tenth, MB | at the end, MB |")
    print("| --- | --- | --- | --- | --- | --- |")
    branch = next(iter(BRANCHES))
    repository = defs().get_repository_def()
    with platform.instance() as instance:
        for sensor in sorted(repository.sensor_defs, key=lambda each: each.name):
            if not sensor.name.startswith(branch) or isinstance(sensor, dg.AutomationConditionSensorDefinition):
                continue
            wanted = ticks or _DAY // (sensor.minimum_interval_seconds or 30)
            memory, started, cursor = [_megabytes(os.getpid())], time.process_time(), None
            for tick in range(wanted):
                with dg.build_sensor_context(
                    instance,
                    cursor=cursor,
                    repository_def=repository,
                    sensor_name=sensor.name,
                    resources=dict(resources()),
                ) as context:
                    cursor = sensor.evaluate_tick(context).cursor or cursor
                if tick in (wanted // 10, wanted - 1):
                    memory.append(_megabytes(os.getpid()))
            spent = 1_000 * (time.process_time() - started) / wanted
            print(f"| {sensor.name} | {wanted} | {spent:.0f} | " + " | ".join(f"{each:.0f}" for each in memory), "|")


if __name__ == "__main__":
    main()
