"""``row_identity``: no row of a landed file is lost or doubled."""

import warnings

import dagster as dg

from sentiment_assets.assets.raw_reviews import NAME as RAW_REVIEWS
from sentiment_assets.assets.stored_batch import read_stored_batch
from sentiment_assets.checks.open_warnings import tell_open_warnings
from sentiment_assets.checks.results import now
from sentiment_assets.resources.check_records import ROWS, save_record
from sentiment_assets.resources.storage import Storage


def row_identity_check(branch: str, batch_partitions: dg.PartitionsDefinition) -> dg.AssetChecksDefinition:
    """The check ``row_identity`` on ``<branch>/raw_reviews``: it counts what is stored."""
    with warnings.catch_warnings():
        # partitions_def on a check is marked preview in Dagster 1.13; its behaviour is pinned by a test.
        warnings.simplefilter("ignore", dg.PreviewWarning)

        @dg.asset_check(
            asset=[branch, RAW_REVIEWS],
            partitions_def=batch_partitions,
            blocking=True,
            description="rows_in = rows_kept + rows_quarantined + rows_without_text + rows_duplicate, counted in what "
            "is stored; and each line of the file is a row, within a field, blank, or the header.",
        )
        def row_identity(context: dg.AssetCheckExecutionContext, storage: Storage) -> dg.AssetCheckResult:
            from sentiment_assets.ingestion.content import content_digest
            from sentiment_assets.monitoring.check_record import CheckRecord
            from sentiment_assets.monitoring.finding import Finding
            from sentiment_assets.monitoring.quality import row_identity as rows_add_up

            key = context.partition_key
            batch = read_stored_batch(storage, branch, key)
            result = rows_add_up(
                rows_in=batch.reviews.attrs["rows_in"],
                rows_kept=len(batch.reviews),
                rows_quarantined=len(batch.quarantine),
                rows_without_text=0 if batch.without_text is None else len(batch.without_text),
                rows_duplicate=batch.reviews.attrs["rows_duplicate"],
                lines=batch.reviews.attrs.get("lines", {}),
            )
            finding = Finding(name="row_identity", verdict="ok" if result.holds else "warn", sentence=result.sentence)
            checked_at = now().isoformat(timespec="seconds")
            save_record(
                storage,
                branch,
                ROWS,
                CheckRecord(key, checked_at, None, (finding,), content=content_digest(batch.reviews)),
            )
            tell_open_warnings(context.instance, storage, branch, batch_partitions)
            return dg.AssetCheckResult(passed=result.holds, description=result.sentence)

    return row_identity
