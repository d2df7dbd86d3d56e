"""A quorum of candidates: whether a train run that failed left enough of them to choose among."""

from dataclasses import dataclass

import dagster as dg

from sentiment_assets.assets.trained_candidates import is_candidate_step
from sentiment_assets.automation.run_history import last_train_run

_FAILED = "FAILURE"
"""The value of the status that Dagster gives a step that has failed."""


@dataclass(frozen=True)
class LostCandidates:
    """Candidates that failed, and nothing else did."""

    run_id: str
    n: int


def lost_candidates(instance: dg.DagsterInstance, branch: str) -> LostCandidates | None:
    """What the last run of the train job lost, if it failed by candidates alone."""
    last = last_train_run(instance, branch)
    if last is None or last.dagster_run.status is not dg.DagsterRunStatus.FAILURE:
        return None
    run_id = last.dagster_run.run_id
    stats = instance.get_run_step_stats(run_id)
    failed = [each.step_key for each in stats if each.status and each.status.value == _FAILED]
    only_candidates = failed and all(is_candidate_step(branch, key) for key in failed)
    return LostCandidates(run_id, len(failed)) if only_candidates else None
