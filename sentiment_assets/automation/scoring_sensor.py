"""The scoring sensor: after a promotion, score what has no scores, or by choice everything again."""

from collections.abc import Sequence

import dagster as dg

from sentiment_assets.assets.raw_reviews import NAME as RAW_REVIEWS
from sentiment_assets.assets.scored_reviews import NAME as SCORED_REVIEWS
from sentiment_assets.automation.batch_history import labelled_reviews, latest_events, scored_by
from sentiment_assets.automation.jobs import score_job_name
from sentiment_assets.automation.run_history import belongs_to
from sentiment_assets.automation.stretches import requests_for, stretches
from sentiment_assets.learning.settings import (
    FEWEST_TO_RECALIBRATE,
    SisterName,
    branch_and_version,
    is_of_sister,
    version_of_sister,
)
from sentiment_assets.resources.dagster_runs import partitions_of, runs_under_way
from sentiment_assets.resources.mlflow_settings import MlflowAway
from sentiment_assets.resources.tracking import Tracking

MOST_RUNS_A_TICK = 100


def scoring_sensor(
    branch: str,
    batch_partitions: dg.DynamicPartitionsDefinition,
    *,
    again: bool,
    files_per_run: int,
    sisters: Sequence[SisterName] = (),
) -> dg.SensorDefinition:
    """The sensor ``<branch>_scoring``; a run scores up to ``files_per_run`` batches that lie side by side."""
    which = "another model has scored" if again else "have no scores"
    by_whom = " or, until there is one, the first sister" if sisters else ""

    @dg.sensor(
        name=f"{branch}_scoring",
        job_name=score_job_name(branch),
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Scores batches that {which}, with the champion{by_whom}.",
    )
    def scoring_looks(context: dg.SensorEvaluationContext, tracking: Tracking) -> dg.SensorResult | dg.SkipReason:
        keys = batch_partitions.get_partition_keys(dynamic_partitions_store=context.instance)
        try:
            wanted = batches_to_score(context.instance, branch, keys, tracking, again=again, sisters=sisters)
        except MlflowAway as error:
            return dg.SkipReason(f"{error}.")
        if not wanted:
            return dg.SkipReason("Every batch is scored, is being scored, or waits for a champion.")
        return dg.SensorResult(requests_for(stretches(keys, wanted, files_per_run)[:MOST_RUNS_A_TICK], wanted))

    return scoring_looks


def batches_to_score(
    instance: dg.DagsterInstance,
    branch: str,
    keys: Sequence[str],
    tracking: Tracking,
    *,
    again: bool,
    sisters: Sequence[SisterName] = (),
) -> dict[str, str]:
    """Batches whose content has no scores, with ``again`` also those that another model has scored; the state of each.

    What somebody has had scored with a version that he named stays so until there is another champion.
    What one of ``sisters`` has scored counts as not scored once there is a champion, and once there are labels enough
    to recalibrate her scores. None without a champion and a sister, and none that a run is taking in or scoring just
    now.
    """
    busy = {key for run in runs_under_way(instance) if belongs_to(run, branch) for key in partitions_of(run, keys)}
    ingested, scored = (latest_events(instance, dg.AssetKey([branch, name])) for name in (RAW_REVIEWS, SCORED_REVIEWS))
    waiting = [key for key in keys if key in ingested and key not in busy]
    without = [key for key in waiting if scored.get(key, 0) < ingested[key]]  # replaced content has no scores either
    wanted = waiting if again or sisters else without
    champion = _version_that_scores(branch, sisters, tracking) if wanted else None
    if champion is None:
        return {}
    by = scored_by(instance, branch) if again or sisters else {}
    labelled = labelled_reviews(instance, branch, keys) if is_of_sister(champion) else 0

    def state_if_wanted(key: str) -> str | None:
        state = f"{champion}|{ingested[key]}|{scored.get(key, 0)}"
        if key in without or (again and champion not in {by[key].version, by[key].instead_of}):
            return state
        if not is_of_sister(by[key].version):
            return None
        if not is_of_sister(champion):
            return state
        if by[key].is_recalibrated or labelled < max(FEWEST_TO_RECALIBRATE, by[key].labels_seen + 1):
            return None
        # The number of labels is the state: were it the last scoring, labels of no use would have it scored for ever.
        return f"{champion}|{ingested[key]}|{labelled} labels"

    states = {key: state_if_wanted(key) for key in wanted}
    return {key: state for key, state in states.items() if state}


def _version_that_scores(branch: str, sisters: Sequence[SisterName], tracking: Tracking) -> str | None:
    """The champion's version; without one, that of the first sister, if she has one. Raises ``MlflowAway``."""
    champion = tracking.champion_version(branch)
    if champion or not sisters:
        return champion.version if champion else None
    sister, version = branch_and_version(sisters[0])
    theirs = None if version else tracking.champion_version(sister)
    version = theirs.version if theirs else version
    return version_of_sister(sister, version) if version else None
