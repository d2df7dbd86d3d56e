"""``raw_reviews``: one partition per landed file, checked row by row."""

import dagster as dg
from upath import UPath

from sentiment_assets.assets.describe import counts_by, sample, schema_of
from sentiment_assets.assets.versions import code_version
from sentiment_assets.ingestion.batch_key import path_of_batch
from sentiment_assets.ingestion.settings import IngestionSettings
from sentiment_assets.resources.home import below_home
from sentiment_assets.resources.storage import Storage, frame_to_bytes, write_atomically

NAME = "raw_reviews"
QUARANTINE = "quarantine"
TEXT_DIGESTS = "text_digests"
FILE_DIGEST = "file_digest"
ROWS_LABELLED = "rows_labelled"
_COLUMNS = {
    "review_id": ("string", "The client's id, or a digest of the row."),
    "text": ("string", "The review as it was written."),
    "label": ("Int8", "1 positive, 0 negative, missing: neutral or unlabelled."),
    "created_at": ("timestamp[us, UTC]", "When it was written, where known."),
    "split": ("string", "Official split, where the source has one."),
}


def raw_reviews_asset(
    branch: str, batches: dg.PartitionsDefinition, landing: str, settings: IngestionSettings
) -> dg.AssetsDefinition:
    """The asset ``<branch>/raw_reviews``."""

    @dg.asset(
        name=NAME,
        key_prefix=branch,
        partitions_def=batches,
        io_manager_key="frames",
        code_version=code_version(__name__, settings),
        kinds={"python", "parquet"},
        metadata={
            "landing": landing,
            "dagster/column_schema": schema_of(
                _COLUMNS | dict.fromkeys(settings.columns.keep, ("string", "Kept as it is."))
            ),
        },
        description=(
            f"Reviews of {branch}, one partition per file landed in `{landing}`. Rows that cannot be used lie in "
            "quarantine with their reasons; landing a changed file under the same name replaces its batch."
        ),
    )
    def raw_reviews(context: dg.AssetExecutionContext, storage: Storage) -> dg.MaterializeResult:
        from sentiment_assets.ingestion.batch import content_digest, read_batch
        from sentiment_assets.ingestion.landing import content_digest_of
        from sentiment_assets.ingestion.readers import UnreadableFile
        from sentiment_assets.monitoring.other_batches import digests_and_labels

        partition = context.partition_key
        file = below_home(landing) / path_of_batch(partition)
        try:
            content = _content(file)
            batch = read_batch(content, file.name, settings)
        except UnreadableFile as error:
            raise dg.Failure(f"{file}: {error}.", allow_retries=False) from error
        quarantine = storage.frame_path(branch, QUARANTINE, partition)
        write_atomically(quarantine, frame_to_bytes(batch.quarantine))
        digests = storage.frame_path(branch, TEXT_DIGESTS, partition)
        write_atomically(digests, frame_to_bytes(digests_and_labels(batch.reviews)))
        batch.reviews.attrs = {"rows_in": batch.rows_in, "rows_duplicate": batch.rows_duplicate}
        return dg.MaterializeResult(
            value=batch.reviews,
            data_version=dg.DataVersion(content_digest(batch.reviews)),
            metadata={
                "dagster/row_count": len(batch.reviews),
                "rows_in": batch.rows_in,
                "rows_quarantined": len(batch.quarantine),
                "rows_duplicate": batch.rows_duplicate,
                ROWS_LABELLED: int(batch.reviews["label"].notna().sum()),
                "labels": counts_by(batch.reviews, ["label"]),
                "sample": sample(batch.reviews),
                "quarantine_sample": sample(batch.quarantine),
                "quarantine": str(quarantine),
                "file": str(file),
                FILE_DIGEST: content_digest_of([content]),
            },
        )

    return raw_reviews


def _content(file: UPath) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError as error:
        raise dg.Failure(
            f"{file} is not there: land the file again, or delete its partition.",
            allow_retries=False,
        ) from error
