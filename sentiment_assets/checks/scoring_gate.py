"""What stands between a batch and its scores.

A batch that was taken in before is scored without its checks being asked again: what they said of this very content
holds. Only the comparison with a champion is made again, and only where there is something new to say.
"""

from collections.abc import Iterator

import dagster as dg

from sentiment_assets.assets.raw_reviews import NAME as RAW_REVIEWS
from sentiment_assets.checks.drift import drift_results
from sentiment_assets.checks.results import CheckedBatch
from sentiment_assets.resources.check_records import DRIFT, QUALITY, ROWS, load_records


def compare_again(batch: CheckedBatch) -> Iterator[dg.AssetCheckResult]:
    """Compare a batch with the champion, if what was found before is out of date."""
    from sentiment_assets.monitoring.batch_checks import is_out_of_date

    record = next(iter(load_records(batch.storage, batch.branch, DRIFT, [batch.key])), None)
    if batch.champion and is_out_of_date(record, batch.content, batch.champion.version):
        known = record.warnings if record and record.is_of(batch.content) else ()
        yield from drift_results(batch, failed_before=[finding.name for finding in known])


def require_passed(batch: CheckedBatch) -> None:
    """Raise ``dg.Failure`` if a check that blocks has failed for what a batch holds, or has not seen it."""
    blocking = batch.settings.severity == "error"
    groups = (ROWS, QUALITY, DRIFT) if blocking else (ROWS,)
    stored = {group: load_records(batch.storage, batch.branch, group, [batch.key]) for group in groups}
    content = batch.content
    known = {group: [record for record in records if record.is_of(content)] for group, records in stored.items()}
    warned = [f for records in known.values() for record in records for f in record.findings if f.warns]
    if warned:
        said = " ".join(f"{finding.name}: {finding.sentence}" for finding in warned)
        raise dg.Failure(
            f"{batch.key} is not scored, because a check that blocks has failed. {said}", allow_retries=False
        )
    if blocking and not known[QUALITY]:
        raise dg.Failure(
            f"{batch.key} is not scored, because its quality checks, which block, have not seen what it holds: "
            f"materialize it in {batch.branch}/{RAW_REVIEWS} again.",
            allow_retries=False,
        )
