"""What orchestration costs: a train run of 12 trivially small candidates, in wall seconds per step.

    python -m benchmarks.orchestration [--runs N] [--airflow PYTHON]

Prints one Markdown table: forkserver with preload (as in production), Dagster's default `spawn`, and, given the
interpreter of an environment with apache-airflow in it, the same graph under Airflow's LocalExecutor.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path

import dagster as dg

from testing import code_location, runs
from testing.corpus import as_csv, made_up_reviews

_BRANCH = "twelve"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=3, help="counted runs of each; one more warms up")
    parser.add_argument("--airflow", type=Path, help="interpreter of an environment with apache-airflow")
    chosen = parser.parse_args()
    print(f"{os.cpu_count()} processors, Python {sys.version.split()[0]}, Dagster {dg.__version__}, medians of")
    print(f"{chosen.runs} runs after a warm-up; 12 candidates, {_n_steps()} steps in a run.\n")
    print("| executor | run, s | its steps' work, s | per step beyond its work, s |")
    print("| --- | --- | --- | --- |")
    measured = {
        "multiprocess, forkserver + preload": code_location.job_named,
        "multiprocess, spawn": code_location.spawned_job_named,
    }
    with _temporary_instance() as instance:
        work = _work_seconds(instance)
        for name, job_named in measured.items():
            walls = [_wall_seconds(instance, job_named) for _ in range(chosen.runs + 1)][1:]
            wall = statistics.median(walls)
            print(f"| {name} | {wall:.1f} | {work:.1f} | {(wall - work) / _n_steps():.2f} |", flush=True)
    if chosen.airflow:
        script = Path(__file__).with_name("airflow_peer.py")
        environment = {"PATH": os.environ["PATH"], "HOME": tempfile.mkdtemp()}
        subprocess.run([chosen.airflow, script, "--runs", str(chosen.runs)], env=environment, check=True)


def _n_steps() -> int:
    return len(runs.candidate_keys(_BRANCH)) + 5


def _wall_seconds(instance: dg.DagsterInstance, job_named: Callable[[str], dg.JobDefinition]) -> float:
    tags = runs.all_candidates_tags(runs.candidate_keys(_BRANCH))
    started = time.perf_counter()
    result = runs.execute(instance, f"{_BRANCH}_train", tags, job_named=job_named)
    wall = time.perf_counter() - started
    if not result.success:
        raise RuntimeError("the train run failed")
    return wall


def _work_seconds(instance: dg.DagsterInstance) -> float:
    """What the same steps take one after the other in one warm process, halved for two processors.

    An executor that costs nothing would need as long.
    """
    job = code_location.job_named(f"{_BRANCH}_train")
    tags = runs.all_candidates_tags(runs.candidate_keys(_BRANCH))
    seconds = []
    for _ in range(2):
        result = job.execute_in_process(instance=instance, tags=tags)
        stats = instance.get_run_step_stats(result.run_id)
        seconds.append(sum((each.end_time or 0) - (each.start_time or 0) for each in stats))
    return seconds[-1] / 2


@contextmanager
def _temporary_instance() -> Iterator[dg.DagsterInstance]:
    with tempfile.TemporaryDirectory() as home, Path(os.devnull).open("w") as nowhere, redirect_stderr(nowhere):
        os.environ["SENTIMENT_HOME"] = home
        with dg.instance_for_test(temp_dir=home) as instance:
            key = runs.land(_BRANCH, "reviews.csv", as_csv(made_up_reviews(600)))
            runs.ingest(instance, _BRANCH, key)
            yield instance


if __name__ == "__main__":
    main()
