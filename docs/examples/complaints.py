"""An asset of your own, in a code location of your own, that follows ``movies/scored_reviews`` batch by batch."""

import os
from pathlib import Path

import dagster as dg
import pandas as pd  # noqa: TID253 - nothing here is to load fast

BATCHES = dg.DynamicPartitionsDefinition(name="movies/batches")
SCORED = dg.AssetSpec(["movies", "scored_reviews"], partitions_def=BATCHES)


@dg.asset(
    deps=[SCORED],
    partitions_def=BATCHES,
    automation_condition=dg.AutomationCondition.eager(),
    description="The reviews of a batch that are surely negative, the worst first.",
)
def complaints(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """Read what the branch has stored for this batch, and write a file of your own."""
    data = Path(os.environ["SENTIMENT_HOME"]) / "data"
    scores = pd.read_parquet(data / "movies" / "scored_reviews" / f"{context.partition_key}.parquet")
    worst = scores[scores["score"] < -0.9].sort_values("score")
    target = data / "complaints" / f"{context.partition_key}.csv"
    target.parent.mkdir(parents=True, exist_ok=True)
    worst[["review_id", "score", "model_version"]].to_csv(target, index=False)
    return dg.MaterializeResult(metadata={"dagster/row_count": len(worst), "file": str(target)})


defs = dg.Definitions(
    assets=[complaints],
    sensors=[
        dg.AutomationConditionSensorDefinition(
            "follow_scores", target=[complaints], default_status=dg.DefaultSensorStatus.RUNNING
        )
    ],
)
