"""The scoring sensor: after a promotion, score what has no scores, or by choice everything again."""

import dagster as dg

from sentiment_assets.automation.run_history import batches_to_score
from sentiment_assets.automation.jobs import score_job_name
from sentiment_assets.resources.tracking import Tracking

MOST_RUNS_A_TICK = 100


def scoring_sensor(branch: str, batches: dg.DynamicPartitionsDefinition, *, again: bool) -> dg.SensorDefinition:
    """The sensor ``<branch>_scoring``."""
    which = "another model has scored" if again else "have no scores"

    @dg.sensor(
        name=f"{branch}_scoring",
        job_name=score_job_name(branch),
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Scores batches that {which}, with the champion.",
    )
    def scoring_looks(context: dg.SensorEvaluationContext, tracking: Tracking) -> dg.SensorResult | dg.SkipReason:
        keys = batches.get_partition_keys(dynamic_partitions_store=context.instance)
        wanted = batches_to_score(context.instance, branch, keys, tracking, again=again)
        if not wanted:
            return dg.SkipReason("Every batch is scored, is being scored, or waits for a champion.")
        chosen = list(wanted.items())[:MOST_RUNS_A_TICK]
        return dg.SensorResult([dg.RunRequest(run_key=run_key, partition_key=key) for key, run_key in chosen])

    return scoring_looks
