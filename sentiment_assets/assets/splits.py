"""``splits``: every labelled review once, in train, validation or test for good."""

from typing import Any

import dagster as dg

from sentiment_assets.assets.event_metadata import ROW_COUNT
from sentiment_assets.assets.raw_reviews import NAME as RAW_REVIEWS
from sentiment_assets.assets.ui_metadata import counts_by, lineage, sample, schema_of
from sentiment_assets.assets.versions import code_version
from sentiment_assets.learning.settings import Analyzer, SplitSettings
from sentiment_assets.resources.storage import Storage, read_frame, stored_partitions

NAME = "splits"
_COLUMNS = {
    "review_id": ("string", "As in raw_reviews."),
    "text": ("string", "As in raw_reviews."),
    "label": ("int8", "1 positive, 0 negative."),
    "split": ("string", "train, validation, test, or near_duplicate: set aside."),
    "batch": ("string", "The batch it was kept from."),
    "created_at": ("timestamp[us, UTC]", "As in raw_reviews."),
    "text_digest": ("uint64", "Digest of the normalised text, which decides the split."),
    "rating_position": ("float64", "As in raw_reviews; only with `scores_by_rating`."),
}
_MADE_OF = {
    **{name: [name] for name in ("review_id", "text", "label", "created_at", "rating_position")},
    "split": ["split", "text"],
    "text_digest": ["text"],
}
"""Which columns of raw_reviews each column comes from."""


def splits_asset(
    branch: str, batch_partitions: dg.DynamicPartitionsDefinition, settings: SplitSettings, analyzer: Analyzer | None
) -> dg.AssetsDefinition:
    """The asset ``<branch>/splits``."""

    @dg.asset(
        name=NAME,
        key_prefix=branch,
        deps=[[branch, RAW_REVIEWS]],
        io_manager_key="frames",
        code_version=code_version(__name__, settings, str(analyzer)),
        kinds={"python", "parquet"},
        metadata={"dagster/column_schema": schema_of(_COLUMNS)},
        description=(
            f"Labelled reviews of {branch} from all batches, each distinct text once. An official split column wins; "
            f"otherwise a hash of the text decides: {settings.train} % train, {settings.validation} % validation, "
            f"{settings.test} % test. A text keeps its split as the corpus grows, unless a later file gives it an "
            "official one; a near-duplicate of a test or validation review is taken out of train. Once a batch "
            "has come since, it is out of date (*unsynced*): that is no fault, the next train run takes it in."
        ),
    )
    def splits(context: dg.AssetExecutionContext, storage: Storage) -> dg.MaterializeResult[Any]:
        from joblib import cpu_count

        from sentiment_assets.learning.mapped_texts import joined_with_mapped_texts
        from sentiment_assets.learning.splitting import (
            UnusableSplits,
            digest_of_splits,
            require_usable,
            split_reviews,
        )

        keys = context.instance.get_dynamic_partitions(str(batch_partitions.name))
        batches = stored_partitions(storage, branch, RAW_REVIEWS, keys)
        if not batches:
            raise dg.Failure(
                f"{branch} has no ingested batch: land a file and run the job {branch}_ingest first. Batches that were "
                "there before are gone if they are older than `retention: reviews` says.",
                allow_retries=False,
            )
        frames = (read_frame(storage.frame_path(branch, RAW_REVIEWS, key)).assign(batch=key) for key in batches)
        folder = storage.folder_of_unfinished
        corpus = joined_with_mapped_texts(frames, folder)
        outcome = split_reviews(corpus, settings, analyzer, n_jobs=cpu_count(), folder=folder)
        try:
            require_usable(outcome.reviews)
        except UnusableSplits as error:
            raise dg.Failure(f"{branch}: {error}", allow_retries=False) from error
        return dg.MaterializeResult(
            value=outcome.reviews,
            data_version=dg.DataVersion(digest_of_splits(outcome.reviews)),
            metadata={
                ROW_COUNT: len(outcome.reviews),
                **lineage(dg.AssetKey([branch, RAW_REVIEWS]), _MADE_OF),
                "batches": len(batches),
                "unlabelled_reviews": outcome.n_unlabelled,
                "labelled_reviews_too_old": outcome.n_too_old,
                "rows_corrected_later": outcome.n_corrected,
                "duplicate_texts_dropped": outcome.n_duplicate_texts,
                "of_these_with_another_label": outcome.n_conflicting_labels,
                "near_duplicates_set_aside": len(outcome.near_duplicates),
                "near_duplicates_sample": sample(outcome.near_duplicates),
                "reviews_by_split": counts_by(outcome.reviews, ["split", "label"]),
                "sample": sample(outcome.reviews),
            },
        )

    return splits
