"""What becomes of landed files when the daemon is killed: every file must be ingested once, whatever happens.

Each repetition starts a real code server and daemon on an instance of its own, lands files while the daemon is killed
(SIGKILL) and started again at random moments, and waits until every file is taken in.

    python -m benchmarks.ingest_faults [--repetitions 20] [--first 0] [--files 30] [--kills 3]
"""

import argparse
import random
import tempfile
import time
from collections import Counter
from pathlib import Path

import dagster as dg

from sentiment_assets_tests.automation.faults import BRANCH
from sentiment_assets_tests.automation.platform import Platform, wait_for
from sentiment_assets_tests.corpus import as_csv, made_up_reviews

_LOCATION = "sentiment_assets_tests.automation.faults"
_LONGEST = 900.0
_RAW_REVIEWS = dg.AssetKey([BRANCH, "raw_reviews"])


def main() -> None:
    """Repeat and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=20)
    parser.add_argument("--first", type=int, default=0, help="number of the first repetition, which seeds its moments")
    parser.add_argument("--files", type=int, default=30)
    parser.add_argument("--kills", type=int, default=3)
    chosen = parser.parse_args()
    print("| repetition | files | kills | ingested once | more than once | missing | runs that failed | seconds |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |", flush=True)
    for repetition in range(chosen.first, chosen.first + chosen.repetitions):
        with tempfile.TemporaryDirectory() as folder:
            _repeat(Path(folder), repetition, chosen.files, chosen.kills)


def _repeat(home: Path, repetition: int, files: int, kills: int) -> None:
    chance = random.Random(repetition)  # noqa: S311 - moments, no secrets
    landing = home / "landing" / BRANCH
    landing.mkdir(parents=True)
    platform = Platform(home, (_LOCATION,), {}, runs_at_once=6)
    started = time.monotonic()
    platform.start()
    try:
        landings = [(chance.uniform(0, 90), "land") for _ in range(files)]
        killings = [(chance.uniform(5, 100), "kill") for _ in range(kills)]
        for number, (moment, action) in enumerate(sorted(landings + killings)):
            time.sleep(max(0.0, started + moment - time.monotonic()))
            if action == "kill":
                platform.kill_daemon()
                time.sleep(chance.uniform(0, 5))
                platform.start_daemon()
            else:
                reviews = [
                    {"review_id": each["review_id"], "text": each["text"]}  # without labels nothing trains meanwhile
                    for each in made_up_reviews(60, seed=1_000 * repetition + number)
                ]
                (landing / f"{number:03}.csv").write_bytes(as_csv(reviews))
        with platform.instance() as instance:
            wait_for(lambda: _done(instance, files), _LONGEST, f"ingesting {files} files")
            time.sleep(35)  # two looks of the sensor: time for a run too many
            wait_for(lambda: not _under_way(instance), _LONGEST, "the end of every run")
            _print(instance, repetition, files, kills, time.monotonic() - started)
    finally:
        platform.stop()


def _done(instance: dg.DagsterInstance, files: int) -> bool:
    return len(instance.get_materialized_partitions(_RAW_REVIEWS)) >= files and not _under_way(instance)


def _under_way(instance: dg.DagsterInstance) -> bool:
    ended = {dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED}
    return any(run.status not in ended for run in instance.get_runs(dg.RunsFilter(job_name=f"{BRANCH}_ingest")))


def _print(instance: dg.DagsterInstance, repetition: int, files: int, kills: int, seconds: float) -> None:
    records = instance.fetch_materializations(_RAW_REVIEWS, limit=10 * files).records
    times = Counter(str(record.asset_materialization.partition) for record in records if record.asset_materialization)
    once, more = sum(each == 1 for each in times.values()), sum(each > 1 for each in times.values())
    runs = instance.get_runs(dg.RunsFilter(job_name=f"{BRANCH}_ingest"))
    ill = sum(run.status != dg.DagsterRunStatus.SUCCESS for run in runs)
    figures = (repetition, files, kills, once, more, files - len(times), ill, round(seconds))
    print("|", " | ".join(map(str, figures)), "|", flush=True)


if __name__ == "__main__":
    main()
