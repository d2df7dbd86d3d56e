"""What a run makes of Ray's word on a job. The rest is tried on a cluster: ``sentiment_assets_tests/deployment``."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest

pytest.importorskip("dagster_ray")  # the extra `cluster`

from dagster._core.execution.retries import RetryState
from ray.job_submission import JobStatus

from sentiment_assets.execution import cluster
from sentiment_assets.execution.cluster import ClusterSteps
from sentiment_assets.execution.steps import JobShare

pytestmark = pytest.mark.cluster

SHARE = JobShare(1, None)


def client(status: JobStatus = JobStatus.FAILED, error: Exception | None = None) -> Any:
    """A client of a cluster that says the same of every job."""

    def answer(job: str) -> SimpleNamespace:
        asked.append(job)
        if error:
            raise error
        return SimpleNamespace(status=status, message="Job supervisor actor died")

    asked: list[str] = []
    return SimpleNamespace(get_job_info=answer, asked=asked)


@dg.op
def fails() -> None:
    raise ValueError("by itself")


@dg.job
def failing_job() -> None:
    fails()


@pytest.fixture
def ended() -> Iterator[tuple[dg.DagsterInstance, dg.DagsterRun]]:
    """A run whose only step has told that it failed."""
    with dg.DagsterInstance.ephemeral() as instance:
        done = failing_job.execute_in_process(instance=instance, raise_on_error=False)
        yield instance, done.dagster_run


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time as the run sees it, to be set."""
    now = [1_000.0]
    monkeypatch.setattr(cluster.time, "monotonic", lambda: now[0])
    return now


def asked_about(ended: tuple[dg.DagsterInstance, dg.DagsterRun], key: str, attempts: int = 0) -> Any:
    """A step, as a run asks about it."""
    instance, run = ended
    known = SimpleNamespace(get_retry_state=lambda: RetryState({key: attempts}))
    asked = SimpleNamespace(run_id=run.run_id, step_keys_to_execute=[key], known_state=known)
    return SimpleNamespace(instance=instance, dagster_run=run, execute_step_args=asked)


def test_a_step_that_has_told_its_end_is_left_to_the_run(ended: tuple[dg.DagsterInstance, dg.DagsterRun]) -> None:
    """The run has yet to read that; told of the end twice, it would end itself."""
    assert ClusterSteps(client(), SHARE).check_step_health(asked_about(ended, "fails")).is_healthy


@pytest.mark.parametrize("key", ["fails", "silent"])
def test_a_step_that_was_lost_three_times_is_lost(ended: tuple[dg.DagsterInstance, dg.DagsterRun], key: str) -> None:
    """What an attempt before told is not the end of this one."""
    last = ClusterSteps(client(), SHARE).check_step_health(asked_about(ended, key, attempts=2))
    assert not last.is_healthy
    assert "Job supervisor actor died" in str(last.unhealthy_reason)


@pytest.mark.parametrize("status", list(JobStatus))
def test_a_job_that_is_over_without_a_word_of_its_step_is_lost_however_it_ended(
    ended: tuple[dg.DagsterInstance, dg.DagsterRun], status: JobStatus
) -> None:
    found = ClusterSteps(client(status), SHARE).check_step_health(asked_about(ended, "silent", attempts=2))
    assert found.is_healthy == (status in (JobStatus.PENDING, JobStatus.RUNNING))


def test_a_job_that_a_new_cluster_does_not_know_is_lost(ended: tuple[dg.DagsterInstance, dg.DagsterRun]) -> None:
    unknown = RuntimeError("Request failed with status code 404: Job raysubmit_1 does not exist.")
    found = ClusterSteps(client(error=unknown), SHARE).check_step_health(asked_about(ended, "silent", attempts=2))
    assert "does not know its job" in str(found.unhealthy_reason)


@pytest.mark.parametrize("error", [ConnectionError("refused"), RuntimeError("Request failed with status code 500: ?")])
def test_a_cluster_that_does_not_answer_is_given_up_after_five_minutes(
    ended: tuple[dg.DagsterInstance, dg.DagsterRun], clock: list[float], error: Exception
) -> None:
    steps, step = ClusterSteps(client(error=error), SHARE), asked_about(ended, "silent", attempts=2)
    for seconds, healthy in ((0, True), (10, True), (299, True), (301, False)):
        clock[0] = 1_000 + seconds
        found = steps.check_step_health(step)
        assert found.is_healthy == healthy
    assert "has not answered for 5 minutes: see that its first host is up" in str(found.unhealthy_reason)
    assert len(steps.client.asked) == 2, "to wait for the answer may take minutes, and there are many steps"


def test_a_cluster_that_answers_again_is_trusted_again(
    ended: tuple[dg.DagsterInstance, dg.DagsterRun], clock: list[float]
) -> None:
    steps, step = ClusterSteps(client(error=ConnectionError("refused")), SHARE), asked_about(ended, "silent")
    assert steps.check_step_health(step).is_healthy
    silent, steps.client = steps.client, client(JobStatus.RUNNING)
    clock[0] += 290
    assert steps.check_step_health(step).is_healthy
    steps.client = silent
    clock[0] += 290
    assert steps.check_step_health(step).is_healthy
