"""What Dagster's history and MLflow's registry say about a branch's training, for its retraining policy."""

from datetime import UTC, datetime

import dagster as dg

from sentiment_assets.assets.event_metadata import ROWS_LABELLED, TOLD_AGAIN
from sentiment_assets.assets.raw_reviews import NAME as RAW_REVIEWS
from sentiment_assets.automation.batch_history import materializations
from sentiment_assets.automation.retraining_policy import TrainingState
from sentiment_assets.automation.run_history import last_train_run
from sentiment_assets.resources.check_records import DEGRADATION, DRIFT, load_current_records
from sentiment_assets.resources.storage import Storage
from sentiment_assets.resources.tracking import Tracking


def training_state(instance: dg.DagsterInstance, branch: str, storage: Storage, tracking: Tracking) -> TrainingState:
    """What the retraining policy asks about."""
    last = last_train_run(instance, branch)
    began = _began(instance, last.dagster_run.root_run_id or last.dagster_run.run_id) if last else None
    since_training = _labelled(instance, branch, began)
    if not any(since_training.values()):
        return TrainingState(
            champion_since=None,
            labelled_since_champion=0,
            labelled_since_training=0,
            last_training=None,
            failed_checks=(),
        )  # the registry need not be asked: there is nothing to train on
    champion = tracking.champion_version(branch)
    read_at = (_began(instance, champion.root_run_id) or champion.registered_at.timestamp()) if champion else None
    recalled = load_current_records(storage, branch, list(since_training))
    return TrainingState(
        champion_since=champion.registered_at if champion else None,
        labelled_since_champion=sum(_labelled(instance, branch, read_at).values()),
        labelled_since_training=sum(since_training.values()),
        last_training=datetime.fromtimestamp(last.end_time, UTC) if last and last.end_time else None,
        failed_checks=[
            f"{finding.name} of {record.batch}"
            for group in (DRIFT, DEGRADATION)
            for record in recalled[group]
            for finding in record.findings
            if finding.warns
        ],
    )


def _began(instance: dg.DagsterInstance, root_run_id: str) -> float | None:
    """Return when a train run began to read its data; a run executed again goes on with what the first one read."""
    record = instance.get_run_record_by_id(root_run_id)
    return (record.start_time or record.create_timestamp.timestamp()) if record else None


def _labelled(instance: dg.DagsterInstance, branch: str, after: float | None) -> dict[str, int]:
    """Labelled reviews of each batch taken in after that moment, as it is now."""
    labelled = {}
    for each in materializations(instance, dg.AssetKey([branch, RAW_REVIEWS]), after=after):
        if TOLD_AGAIN in each.metadata:
            continue
        count = each.metadata.get(ROWS_LABELLED)
        labelled[str(each.partition)] = int(str(count.value)) if count else 0
    return labelled
