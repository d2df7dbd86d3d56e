"""Steps as jobs of a Ray cluster; one that is lost with its host is launched again on another.

This module needs the extra ``cluster``.
"""

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

from sentiment_assets.execution.steps import job_share

_LAUNCHED_AGAIN = 2
"""The most times that a step is launched again, as ``run_retries`` does with a run."""
_SECONDS_BETWEEN_LOOKS = 5
_ENDS = {dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.STEP_SUCCESS, dg.DagsterEventType.STEP_UP_FOR_RETRY}


def cluster_executor(address: str, settings: Mapping[str, Any]) -> StepDelegatingExecutor:
    """An executor that gives each step to the cluster whose dashboard has that address.

    Hosts have their settings from where Ray was started: a job's environment can be read on the dashboard.
    """
    share = job_share(settings)
    steps = ClusterSteps(
        client=JobSubmissionClient(address),
        env_vars=None,
        runtime_env=None,
        num_cpus=share.cpus,
        num_gpus=None,
        memory=share.bytes,
        resources=None,
    )
    return StepDelegatingExecutor(
        steps,
        retries=RetryMode.ENABLED,
        max_concurrent=settings.get("max_concurrent"),
        check_step_health_interval_seconds=_SECONDS_BETWEEN_LOOKS,
        should_verify_step=True,
    )


class ClusterSteps(RayStepHandler):
    """Ray's jobs as dagster-ray makes them, which launches steps again that did not end by themselves.

    A step that fails by itself is no such step: somebody should look.
    """

    def check_step_health(self, step_handler_context: StepHandlerContext) -> CheckStepHealthResult:
        """Look at a step's job. A step that was lost is told to the run as one to be launched again."""
        health = super().check_step_health(step_handler_context)
        if health.is_healthy or _has_ended(step_handler_context):
            return CheckStepHealthResult.healthy()
        if _attempts(step_handler_context) >= _LAUNCHED_AGAIN:
            return health
        key = _key(step_handler_context)
        lost = SerializableErrorInfo(f"Step {key} is lost, and is launched again: {health.unhealthy_reason}", [], None)
        DagsterEvent.step_retry_event(step_handler_context.get_step_context(key), StepRetryData(lost))  # type: ignore[no-untyped-call]
        return CheckStepHealthResult.healthy()


def _has_ended(context: StepHandlerContext) -> bool:
    """Whether a step has told its end, of which the run has not heard yet: jobs are asked after one after the other."""
    told = context.instance.all_logs(context.dagster_run.run_id, of_type=_ENDS)
    return sum(entry.step_key == _key(context) for entry in told) > _attempts(context)


def _attempts(context: StepHandlerContext) -> int:
    known = context.execute_step_args.known_state
    return known.get_retry_state().get_attempt_count(_key(context)) if known else 0


def _key(context: StepHandlerContext) -> str:
    [key] = context.execute_step_args.step_keys_to_execute or ()
    return key
