"""A run whose process is gone, with all that could have told it, is ended so that it is launched again."""

import multiprocessing
import os
import time
from collections.abc import Iterator
from uuid import uuid4

import dagster as dg
import pytest
from dagster._core.events import EngineEventData

from sentiment_assets.resources import lost_runs as module
from sentiment_assets.resources.dagster_runs import is_launched_again
from sentiment_assets.resources.lost_runs import end_lost_runs

pytestmark = pytest.mark.process


@pytest.fixture
def sleeper() -> Iterator[multiprocessing.process.BaseProcess]:
    """A process that is started as those of runs are."""
    process = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(600,))
    process.start()
    yield process
    process.kill()
    process.join()


def lost_runs(instance: dg.DagsterInstance, job: str = "acme_ingest") -> list[dg.DagsterRun]:
    """Those of one job that were ended."""
    return end_lost_runs(instance, lambda run: run.job_name == job)


def begun(instance: dg.DagsterInstance, process: int | None, status: str = "STARTED") -> str:
    """A run that has begun in a process, or in none yet."""
    run = instance.add_run(dg.DagsterRun("acme_ingest", run_id=str(uuid4()), status=dg.DagsterRunStatus(status)))
    instance.report_engine_event("The run is to begin.", run)
    if process:
        instance.report_engine_event(f"Started process for run (pid: {process}).", run)
    return run.run_id


def test_a_run_is_ended_once_its_process_is_gone(
    instance: dg.DagsterInstance, sleeper: multiprocessing.process.BaseProcess
) -> None:
    run_id = begun(instance, sleeper.pid)
    assert lost_runs(instance) == []
    sleeper.kill()
    sleeper.join()
    [lost] = lost_runs(instance)
    assert (lost.run_id, lost.status) == (run_id, dg.DagsterRunStatus.FAILURE)
    assert lost_runs(instance) == []


def test_a_number_that_another_program_has_by_now_is_not_the_process_of_a_run(instance: dg.DagsterInstance) -> None:
    run_id = begun(instance, os.getpid())
    assert [run.run_id for run in lost_runs(instance)] == [run_id]


def test_a_run_that_was_being_terminated_is_canceled_and_not_launched_again(instance: dg.DagsterInstance) -> None:
    begun(instance, os.getpid(), "CANCELING")
    [lost] = lost_runs(instance)
    assert lost.status == dg.DagsterRunStatus.CANCELED
    assert not is_launched_again(instance, lost)


def test_a_run_that_ends_well_while_it_is_looked_at_is_left_alone(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its process is gone a moment after its last word."""
    run_id = begun(instance, os.getpid())

    def ends_meanwhile(process: int) -> bool:
        event = dg.DagsterEvent(dg.DagsterEventType.RUN_SUCCESS.value, "acme_ingest")
        instance.report_dagster_event(event, run_id)
        return False

    monkeypatch.setattr(module, "_goes_on", ends_meanwhile)
    assert lost_runs(instance) == []
    [run] = instance.get_runs(dg.RunsFilter(run_ids=[run_id]))
    assert run.status == dg.DagsterRunStatus.SUCCESS


def test_a_run_that_a_command_runs_itself_is_left_alone(instance: dg.DagsterInstance) -> None:
    """Its steps are of processes, too, and Dagster says which."""
    run_id = begun(instance, None)
    [run] = instance.get_runs(dg.RunsFilter(run_ids=[run_id]))
    instance.report_engine_event("Executing steps using multiprocess executor", run, EngineEventData.in_process(1))
    assert lost_runs(instance) == []


def test_runs_without_a_process_and_runs_of_elsewhere_are_left_alone(
    instance: dg.DagsterInstance, history: dg.DagsterInstance
) -> None:
    begun(instance, None, "STARTING")
    begun(history, os.getpid())
    begun(instance, os.getpid())
    assert lost_runs(instance, "other_ingest") == []
    assert len(lost_runs(instance)) == 1
    assert lost_runs(instance) == []
    assert lost_runs(history) == []
