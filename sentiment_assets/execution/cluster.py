"""Steps as jobs of a Ray cluster; one that is lost with its host is launched again on another.

This module needs the extra ``cluster``.
"""

import time
from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster._core.events import DagsterEvent
from dagster._core.execution.plan.objects import StepRetryData
from dagster._core.execution.retries import RetryMode
from dagster._core.executor.step_delegating import (
    CheckStepHealthResult,
    StepDelegatingExecutor,
    StepHandlerContext,
)
from dagster_ray.core.executor import RayStepHandler
from dagster_shared.error import SerializableErrorInfo
from ray.job_submission import JobSubmissionClient

from sentiment_assets.execution.steps import JobShare, job_share

_LAUNCHED_AGAIN = 2
"""The most times that a step is launched again, as ``run_retries`` does with a run."""
_SECONDS_BETWEEN_LOOKS = 5
_PATIENCE = 300.0
"""Seconds without an answer after which a cluster is given up, and the steps of its runs with it."""
_PAUSE = 30.0
"""Seconds for which a cluster that has not answered is not asked again: to wait for each answer may take minutes."""
_UNKNOWN = "status code 404"
"""What Ray says of a job that it does not know, as when its first host has been started again."""
_ENDS = {dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.STEP_SUCCESS, dg.DagsterEventType.STEP_UP_FOR_RETRY}


def cluster_executor(address: str, settings: Mapping[str, Any]) -> StepDelegatingExecutor:
    """An executor that gives each step to the cluster whose dashboard has that address."""
    return StepDelegatingExecutor(
        ClusterSteps(JobSubmissionClient(address), job_share(settings)),
        retries=RetryMode.ENABLED,
        max_concurrent=settings.get("max_concurrent"),
        check_step_health_interval_seconds=_SECONDS_BETWEEN_LOOKS,
        should_verify_step=True,
    )


class ClusterSteps(RayStepHandler):
    """Jobs as dagster-ray makes them; a step whose job has ended and that has not told its own end is launched again.

    A step that tells that it failed is not: somebody should look. Hosts have their settings from where Ray was started,
    since the environment of a job can be read on the dashboard.
    """

    def __init__(self, client: JobSubmissionClient, share: JobShare) -> None:
        super().__init__(
            client=client,
            env_vars=None,
            runtime_env=None,
            num_cpus=share.cpus,
            num_gpus=None,
            memory=share.bytes,
            resources=None,
        )
        self._silent_since: float | None = None
        self._not_answered_at = 0.0

    def check_step_health(self, step_handler_context: StepHandlerContext) -> CheckStepHealthResult:
        """Look at a step's job. A step that was lost is told to the run as one to be launched again."""
        why = self._why_ended(self._get_ray_job_submission_id(step_handler_context))
        if self._silent_since is not None and time.monotonic() - self._silent_since > _PATIENCE:
            return CheckStepHealthResult.unhealthy(
                f"the cluster has not answered for {_PATIENCE / 60:.0f} minutes: see that its first host is up, and "
                "re-execute the run from failure"
            )
        if why is None or _has_told_its_end(step_handler_context):
            return CheckStepHealthResult.healthy()
        if _attempts(step_handler_context) >= _LAUNCHED_AGAIN:
            return CheckStepHealthResult.unhealthy(why)
        key = _key(step_handler_context)
        lost = SerializableErrorInfo(f"Step {key} is lost, and is launched again: {why}", [], None)
        retry = StepRetryData(lost)  # type: ignore[no-untyped-call]
        DagsterEvent.step_retry_event(step_handler_context.get_step_context(key), retry)
        return CheckStepHealthResult.healthy()

    def _why_ended(self, job: str) -> str | None:
        """Why a job is over, or ``None`` if it is not, or the cluster does not say."""
        now = time.monotonic()
        if self._silent_since is not None and now - self._not_answered_at < _PAUSE:
            return None
        try:
            details = self.client.get_job_info(job)
        except (OSError, RuntimeError) as error:
            if _UNKNOWN not in str(error):
                self._silent_since, self._not_answered_at = self._silent_since or now, time.monotonic()
                return None
            self._silent_since = None
            return f"the cluster does not know its job {job}"
        self._silent_since = None
        return f"its job {job} is over: {details.message}" if details.status.is_terminal() else None


def _has_told_its_end(context: StepHandlerContext) -> bool:
    """Whether a step has told its end, which the run may not have read yet: it looks at one job after the other."""
    told = context.instance.all_logs(context.dagster_run.run_id, of_type=_ENDS)
    return sum(entry.step_key == _key(context) for entry in told) > _attempts(context)


def _attempts(context: StepHandlerContext) -> int:
    known = context.execute_step_args.known_state
    return known.get_retry_state().get_attempt_count(_key(context)) if known else 0


def _key(context: StepHandlerContext) -> str:
    [key] = context.execute_step_args.step_keys_to_execute or ()
    return key
