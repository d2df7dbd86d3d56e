"""Runs of this machine that nobody goes on with, because everything was killed at once or the machine has stopped.

A code server sees that the process of a run is gone. One that was killed with it sees nothing any more, and Dagster
would show the run as under way for a day.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path

import dagster as dg
from dagster._core.launcher import DefaultRunLauncher
from dagster._core.storage.runs import SqliteRunStorage

_BEGUN = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
_STARTED_PROCESS = re.compile(r"Started process for run \(pid: (\d+)\)")
_STARTER = b"multiprocessing"
"""Stands in the command line of each process of a run."""


def end_lost_runs(instance: dg.DagsterInstance, is_own: Callable[[dg.DagsterRun], bool]) -> list[dg.DagsterRun]:
    """End each run whose process is gone; returns them. The daemon launches them again.

    ``is_own`` tells the runs of the code server that asks, whose processes are of its machine. Only runs in SQLite that
    the server itself has launched are looked at: others may be of other machines.
    """
    launcher, storage = instance.run_launcher, instance.run_storage
    if not (isinstance(launcher, DefaultRunLauncher) and isinstance(storage, SqliteRunStorage)):
        return []
    begun = [run for run in instance.get_runs(dg.RunsFilter(statuses=_BEGUN)) if is_own(run)]
    processes = {run.run_id: process_of(instance, run.run_id) for run in begun}
    gone = [run_id for run_id, process in processes.items() if process and not _goes_on(process)]
    # Whether a run has ended is asked once its process is gone: until then it may end well at any moment.
    lost = [run for run_id in gone if (run := instance.get_run_by_id(run_id)) and not run.is_finished]
    for run in lost:
        if run.status == dg.DagsterRunStatus.CANCELING:
            instance.report_run_canceled(run, "Its process is gone.")
        else:
            instance.report_run_failed(run, "Its process is gone: all was killed at once, or the machine has stopped.")
    return [ended for run in lost if (ended := instance.get_run_by_id(run.run_id))]


def process_of(instance: dg.DagsterInstance, run_id: str) -> int | None:
    """The number of the process that a code server has started for a run; ``None`` if none has: a command runs it."""
    for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.ENGINE_EVENT):
        if found := _STARTED_PROCESS.match(entry.message):
            return int(found[1])
    return None


def _goes_on(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, PermissionError):
        return False
    command = Path(f"/proc/{process}/cmdline")  # after the machine has started again the number may be another's
    return not command.exists() or _STARTER in command.read_bytes()
