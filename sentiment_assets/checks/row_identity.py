"""``row_identity``: no row of a landed file is lost or doubled."""

from collections.abc import Iterator, Sequence

import dagster as dg

from sentiment_assets.assets.raw_reviews import NAME as RAW_REVIEWS
from sentiment_assets.assets.stored_batch import ROWS_FORGOTTEN
from sentiment_assets.checks.results import CheckedBatch, check_specs
from sentiment_assets.resources.check_records import ROWS, save_record

NAME = "row_identity"


def row_identity_specs(branch: str, batch_partitions: dg.PartitionsDefinition) -> Sequence[dg.AssetCheckSpec]:
    """The check ``row_identity`` on ``<branch>/raw_reviews``: it counts what is stored."""
    description = (
        "rows_in = rows_kept + rows_quarantined + rows_without_text + rows_duplicate + rows_forgotten, counted in "
        "what is stored; and each line of the file is a row, within a field, blank, or the header."
    )
    return check_specs(
        branch,
        RAW_REVIEWS,
        batch_partitions=batch_partitions,
        descriptions={NAME: description},
        severity=dg.AssetCheckSeverity.ERROR,
    )


def row_identity_results(batch: CheckedBatch) -> Iterator[dg.AssetCheckResult]:
    """Count the rows of a batch, remember whether they add up, and say it."""
    from sentiment_assets.monitoring.check_record import CheckRecord
    from sentiment_assets.monitoring.finding import Finding
    from sentiment_assets.monitoring.quality import row_identity as rows_add_up

    stored = batch.stored
    result = rows_add_up(
        rows_in=stored.reviews.attrs["rows_in"],
        rows_kept=len(stored.reviews),
        rows_quarantined=len(stored.quarantine),
        rows_without_text=0 if stored.without_text is None else len(stored.without_text),
        rows_duplicate=stored.reviews.attrs["rows_duplicate"],
        rows_forgotten=stored.reviews.attrs.get(ROWS_FORGOTTEN, 0),
        lines=stored.reviews.attrs.get("lines", {}),
    )
    finding = Finding(name=NAME, verdict="ok" if result.holds else "warn", sentence=result.sentence)
    record = CheckRecord(
        batch.key, batch.checked_at.isoformat(timespec="seconds"), None, (finding,), content=batch.content
    )
    save_record(batch.storage, batch.branch, ROWS, record)
    yield dg.AssetCheckResult(
        asset_key=[batch.branch, RAW_REVIEWS], check_name=NAME, passed=result.holds, description=result.sentence
    )
