"""What becomes of landed files when the daemon, a run, or everything is killed: each must be ingested and scored.

Each repetition starts a real code server and daemon on an instance of its own, lands files while the daemon is killed
(SIGKILL) and started again at random moments, and processes of runs, or everything at once, are killed at others. It
waits until with nothing pressed by hand every file is ingested, a champion is trained, every file is scored and a
report is written. What went wrong with a run is printed after its row.

    python -m benchmarks.ingest_faults [--repetitions 20] [--first 0] [--files 30] [--kills 3] [--run-kills 3]
        [--kills-of-everything 1]
"""

import argparse
import random
import tempfile
import time
from collections import Counter
from pathlib import Path

import dagster as dg

from benchmarks.markdown import print_heads, print_row
from sentiment_assets.automation.alert_messages import what_failed
from sentiment_assets.resources.dagster_runs import ends_of
from testing.corpus import as_csv, made_up_reviews
from testing.faults import BRANCH
from testing.platform import Platform, wait_for

_LOCATION = "testing.faults"
_LANDING_SECONDS = 90
_KILLING_SECONDS = 300
_LONGEST = 2_400.0
_COLUMNS = (
    "repetition",
    "files",
    "kills",
    "runs killed",
    "everything killed",
    "ingested once",
    "more than once",
    "missing",
    "scored once",
    "more than once",
    "missing",
    "trained",
    "runs",
    "failed",
    "seconds",
)


def main() -> None:
    """Repeat and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=20)
    parser.add_argument("--first", type=int, default=0, help="number of the first repetition, which seeds its moments")
    parser.add_argument("--files", type=int, default=30)
    parser.add_argument("--kills", type=int, default=3, help="of the daemon")
    parser.add_argument("--run-kills", type=int, default=3, help="of a run, if one goes on at that moment")
    parser.add_argument("--kills-of-everything", type=int, default=1, help="of daemon, code server and runs at once")
    chosen = parser.parse_args()
    print_heads(*_COLUMNS)
    for repetition in range(chosen.first, chosen.first + chosen.repetitions):
        with tempfile.TemporaryDirectory() as folder:
            _repeat(Path(folder), repetition, chosen)


def _repeat(home: Path, repetition: int, chosen: argparse.Namespace) -> None:
    chance = random.Random(repetition)  # noqa: S311 - moments, no secrets
    landing = home / "landing" / BRANCH
    landing.mkdir(parents=True)
    platform = Platform(home, (_LOCATION,), {}, runs_at_once=6)
    started = time.monotonic()
    platform.start()
    try:
        landings = [(chance.uniform(0, _LANDING_SECONDS), "land") for _ in range(chosen.files)]
        killings = [(chance.uniform(5, _KILLING_SECONDS), "kill") for _ in range(chosen.kills)]
        killings += [(chance.uniform(20, _KILLING_SECONDS), "kill a run") for _ in range(chosen.run_kills)]
        killings += [
            (chance.uniform(20, _KILLING_SECONDS), "kill everything") for _ in range(chosen.kills_of_everything)
        ]
        runs_killed = 0
        for number, (moment, action) in enumerate(sorted(landings + killings)):
            time.sleep(max(0.0, started + moment - time.monotonic()))
            if action == "kill a run":
                runs_killed += _kill_a_run_soon(platform)
                continue
            if action == "kill everything":
                platform.kill_everything()
                continue
            if action == "kill":
                platform.kill_daemon()
                time.sleep(chance.uniform(0, 5))
                platform.start_daemon()
            else:
                reviews = made_up_reviews(60, seed=1_000 * repetition + number)
                (landing / f"{number:03}.csv").write_bytes(as_csv(reviews))
        with platform.instance() as instance:
            all_of_it = f"ingesting and scoring {chosen.files} files, and a report"
            wait_for(lambda: _done(instance, chosen.files), _LONGEST, all_of_it)
            time.sleep(65)  # two looks of every sensor: time for a run too many
            wait_for(lambda: not _under_way(instance), _LONGEST, "the end of every run")
            kills = (chosen.kills, runs_killed, chosen.kills_of_everything)
            _print(instance, repetition, files=chosen.files, kills=kills, seconds=time.monotonic() - started)
    finally:
        platform.stop()


def _done(instance: dg.DagsterInstance, files: int) -> bool:
    landed = [len(instance.get_materialized_partitions(_key(name))) for name in ("raw_reviews", "scored_reviews")]
    reported = instance.get_latest_materialization_event(_key("sentiment_report"))
    return min(landed) >= files and reported is not None and not _under_way(instance)


def _under_way(instance: dg.DagsterInstance) -> bool:
    ended = {dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED}
    return any(run.status not in ended for run in instance.get_runs())


def _kill_a_run_soon(platform: Platform) -> bool:
    """Kill a run that goes on, or else the first one that begins within half a minute."""
    until = time.monotonic() + 30
    while not (killed := platform.kill_a_run()) and time.monotonic() < until:
        time.sleep(0.5)
    return killed


def _print(
    instance: dg.DagsterInstance, repetition: int, *, files: int, kills: tuple[int, int, int], seconds: float
) -> None:
    trained = len(instance.fetch_materializations(_key("best_model"), limit=10).records)
    runs = instance.get_runs()
    failed = [run for run in runs if run.status != dg.DagsterRunStatus.SUCCESS]
    ingested, scored = (_times(instance, name, files) for name in ("raw_reviews", "scored_reviews"))
    print_row(repetition, files, *kills, *ingested, *scored, trained, len(runs), len(failed), round(seconds))
    for run in failed:
        events = instance.all_logs(
            run.run_id, of_type={dg.DagsterEventType.RUN_FAILURE, dg.DagsterEventType.STEP_FAILURE}
        )
        reasons = "; ".join(what_failed(each.dagster_event for each in events if each.dagster_event))
        print(f"{run.job_name} of {' to '.join(ends_of(run) or '-')}: {run.status.value}: {reasons}", flush=True)


def _times(instance: dg.DagsterInstance, name: str, files: int) -> tuple[int, int, int]:
    """How many files the asset was materialized for once, more than once, and never."""
    records = instance.fetch_materializations(_key(name), limit=10 * files).records
    times = Counter(str(record.asset_materialization.partition) for record in records if record.asset_materialization)
    return sum(each == 1 for each in times.values()), sum(each > 1 for each in times.values()), files - len(times)


def _key(name: str) -> dg.AssetKey:
    return dg.AssetKey([BRANCH, name])


if __name__ == "__main__":
    main()
