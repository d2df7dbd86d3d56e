"""The retraining sensor: one train run when the branch's policy says that it is due."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg

from sentiment_assets.assets.best_model import NAME as BEST_MODEL
from sentiment_assets.assets.suspicious_labels import NAME as SUSPICIOUS_LABELS
from sentiment_assets.assets.trained_candidates import all_candidates_tags
from sentiment_assets.automation.jobs import ingest_job_name, train_job_name
from sentiment_assets.automation.quorum import lost_candidates
from sentiment_assets.automation.retraining_policy import RetrainingPolicy, is_due
from sentiment_assets.automation.run_history import last_train_run, trains
from sentiment_assets.automation.training_state import training_state
from sentiment_assets.learning.hyperparameters import fewest_candidates
from sentiment_assets.presentation.wording import counted
from sentiment_assets.resources.dagster_runs import runs_under_way
from sentiment_assets.resources.mlflow_settings import MlflowAway
from sentiment_assets.resources.storage import Storage
from sentiment_assets.resources.tracking import Tracking

REASON = "sentiment_assets/reason"
"""The tag of a train run that says why it was started."""
_LONGEST_WAIT = timedelta(hours=1)
"""A train run waits so long for files that are being taken in, so that it sees them all."""


def retraining_sensor(
    branch: str, candidate_keys: Sequence[str], policy: RetrainingPolicy, quorum: float = 1.0
) -> dg.SensorDefinition:
    """The sensor ``<branch>_retraining``."""

    @dg.sensor(
        name=f"{branch}_retraining",
        job_name=train_job_name(branch),
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Trains when labelled reviews have landed and the branch's `retraining` policy says why; chooses "
        "among the rest where some candidates failed and `quorum` allows it.",
    )
    def retraining_looks(context: dg.SensorEvaluationContext, storage: Storage, tracking: Tracking) -> dg.SensorResult:
        under_way, now = runs_under_way(context.instance), datetime.now(UTC)
        if any(trains(run, branch) for run in under_way):
            return dg.SensorResult(skip_reason="A train run is under way.", cursor="")
        try:
            due = is_due(training_state(context.instance, branch, storage, tracking), policy, now)
        except MlflowAway as error:
            return dg.SensorResult(skip_reason=f"{error}.", cursor=context.cursor)
        if not due.train:
            choice = _choice_among_the_rest(context.instance, branch, len(candidate_keys), quorum)
            if choice:
                return dg.SensorResult([choice], cursor="")
            return dg.SensorResult(skip_reason=f"Not due: {due.reason}.", cursor="")
        since = datetime.fromisoformat(context.cursor) if context.cursor else now
        ingesting = sum(run.job_name == ingest_job_name(branch) for run in under_way)
        if ingesting and now - since < _LONGEST_WAIT:
            reason = f"Due ({due.reason}), and waiting for {counted(ingesting, 'ingest run')}."
            return dg.SensorResult(skip_reason=reason, cursor=since.isoformat())
        tags = {**all_candidates_tags(candidate_keys), REASON: due.reason}
        run_key = f"after {_last_train_run_id(context.instance, branch)}"
        return dg.SensorResult([dg.RunRequest(run_key=run_key, tags=tags)], cursor="")

    return retraining_looks


def _choice_among_the_rest(
    instance: dg.DagsterInstance, branch: str, n_candidates: int, quorum: float
) -> dg.RunRequest | None:
    """A run that chooses the best model, where the last train run failed by some candidates and a quorum is left."""
    may_be_lost = n_candidates - fewest_candidates(n_candidates, quorum)
    lost = lost_candidates(instance, branch) if may_be_lost else None  # without a quorum nothing is looked up
    if lost is None or lost.n > may_be_lost:
        return None
    reason = f"{lost.n} of {n_candidates} candidates failed, and the quorum of {quorum:g} is there"
    return dg.RunRequest(
        run_key=f"choice after {lost.run_id}",
        asset_selection=[dg.AssetKey([branch, name]) for name in (BEST_MODEL, SUSPICIOUS_LABELS)],
        tags={REASON: reason},
    )


def _last_train_run_id(instance: dg.DagsterInstance, branch: str) -> str:
    """A key that stays the same until a train run is there, whatever happens to the daemon in between."""
    last = last_train_run(instance, branch)
    return last.dagster_run.run_id if last else "none"
