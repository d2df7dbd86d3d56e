"""The peer of ``orchestration.py``: the same graph under Airflow 3's LocalExecutor with two slots.

Run by the interpreter of an environment with apache-airflow in it, not by the project's. The tasks do nothing, so all
that is measured is what orchestration costs. Prints one row of ``orchestration.py``'s table.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

_DAG = """
from airflow.sdk import DAG, task

with DAG("train", schedule=None, catchup=False, is_paused_upon_creation=False):
    @task
    def step(*upstream):
        return None

    splits = step.override(task_id="splits")()
    features = step.override(task_id="features")(splits)
    plan = step.override(task_id="plan")(features)
    candidates = [step.override(task_id=f"candidate_{number}")(plan) for number in range(12)]
    gather = step.override(task_id="gather")(*candidates)
    step.override(task_id="best_model")(gather)
"""
_STEPS = 17


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    counted = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as home:
        (Path(home) / "dags").mkdir()
        (Path(home) / "dags" / "train.py").write_text(_DAG)
        environment = os.environ | {
            "AIRFLOW_HOME": home,
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__PARALLELISM": "2",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        }
        server = subprocess.Popen(
            ["airflow", "standalone"],  # noqa: S607 - of the environment that runs this
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            _wait_for_dag(environment)
            walls = [_run_seconds(environment, f"run_{number}") for number in range(counted + 1)][1:]
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            time.sleep(5)
            os.killpg(server.pid, signal.SIGKILL)
    wall = statistics.median(walls)
    print(
        f"| Airflow {version('apache-airflow')} LocalExecutor, 2 slots | {wall:.1f} | 0.0 | {wall / _STEPS:.2f} |",
        flush=True,
    )


def _airflow(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        ["airflow", *arguments],  # noqa: S607
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


def _wait_for_dag(environment: dict[str, str]) -> None:
    deadline = time.monotonic() + 240
    while "train" not in _airflow(environment, "dags", "list", "--output", "plain"):
        if time.monotonic() > deadline:
            raise TimeoutError("Airflow did not come up")
        time.sleep(3)


def _run_seconds(environment: dict[str, str], run_id: str) -> float:
    """From the run's start to its end, as Airflow records them."""
    _airflow(environment, "dags", "trigger", "train", "--run-id", run_id)
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        time.sleep(2)
        listed = _airflow(environment, "dags", "list-runs", "train", "--output", "json")
        tables = [line for line in listed.splitlines() if line.startswith("[{")]  # among lines of its log
        for run in json.loads(tables[-1]) if tables else []:
            if run["run_id"] == run_id and run["state"] == "failed":
                raise RuntimeError("the Airflow run failed")
            if run["run_id"] == run_id and run["state"] == "success":
                started, ended = (datetime.fromisoformat(run[name]) for name in ("start_date", "end_date"))
                return (ended - started).total_seconds()
    raise TimeoutError("the Airflow run did not end")


if __name__ == "__main__":
    main()
