"""``scored_reviews``: the champion's score of every review of a batch, and the words behind it."""

from collections.abc import Iterator
from typing import Any, Protocol

import dagster as dg

from sentiment_assets.assets.best_model import NAME as BEST_MODEL
from sentiment_assets.assets.event_metadata import MODEL_VERSION, ROW_COUNT
from sentiment_assets.assets.raw_reviews import NAME as RAW_REVIEWS
from sentiment_assets.assets.ui_metadata import counts_by, sample, schema_of
from sentiment_assets.assets.versions import code_version
from sentiment_assets.resources.storage import Frame, Storage
from sentiment_assets.resources.tracking import Tracking


class ScoringGate(Protocol):
    """What may hold a batch back."""

    def __call__(
        self, context: dg.AssetExecutionContext, *, content: str, champion: str, storage: Storage, tracking: Tracking
    ) -> None:
        """Raise ``dg.Failure`` if a batch may not be scored.

        ``content`` is ``content_digest`` of its reviews, ``champion`` the champion's version.
        """


NAME = "scored_reviews"
_COLUMNS = {
    "review_id": ("string", "As in raw_reviews."),
    "score": ("float64", "2p - 1, from -1 (surely negative) to 1 (surely positive)."),
    "label": ("int8", "1 if the score is above 0, else 0."),
    "confidence": ("float64", "Probability of the label, 0.5 to 1; 0.5 where the champion knows nothing in the text."),
    "words": ("list<string>", "The n-grams that weighed most, heaviest first."),
    "contributions": ("list<double>", "What each of them added to the margin, exactly."),
    "model_version": ("string", "The champion's version in MLflow's registry."),
}


def scored_reviews_asset(
    branch: str, batch_partitions: dg.PartitionsDefinition, gate: ScoringGate
) -> dg.AssetsDefinition:
    """The asset ``<branch>/scored_reviews``; ``gate`` may hold a batch back."""

    @dg.asset(
        name=NAME,
        key_prefix=branch,
        ins={RAW_REVIEWS: dg.AssetIn([branch, RAW_REVIEWS])},
        deps=[[branch, BEST_MODEL]],
        partitions_def=batch_partitions,
        io_manager_key="frames",
        output_required=False,
        code_version=code_version(__name__),
        kinds={"python", "parquet", "mlflow"},
        metadata={"dagster/column_schema": schema_of(_COLUMNS)},
        description=(
            f"Each review of a {branch} batch with the score of the champion, whichever version that is when the batch "
            "is scored. Without a champion the partition stays missing."
        ),
    )
    def scored_reviews(
        context: dg.AssetExecutionContext, raw_reviews: Frame, storage: Storage, tracking: Tracking
    ) -> Iterator[dg.MaterializeResult[Any]]:
        from sentiment_assets.ingestion.content import content_digest
        from sentiment_assets.learning.scored_batch import score_batch

        champion = tracking.champion(branch)
        if champion is None:
            context.log.warning(
                f"{branch} has no champion yet, so batch {context.partition_key} is not scored. "
                f"Run the job {branch}_train, then materialize this partition."
            )
            return
        content = content_digest(raw_reviews)
        gate(context, content=content, champion=champion.version, storage=storage, tracking=tracking)
        scored = score_batch(champion.model, champion.version, raw_reviews, content)
        yield dg.MaterializeResult(
            value=scored,
            data_version=dg.DataVersion(f"{content}-{champion.digest}"),
            metadata={
                ROW_COUNT: len(scored),
                MODEL_VERSION: champion.version,
                "labels": counts_by(scored, ["label"]),
                "sample": sample(scored),
                "mlflow_model": tracking.version_link(branch, champion.version),
                "mlflow_run": tracking.run_link(champion.run_id),
            },
        )

    return scored_reviews
