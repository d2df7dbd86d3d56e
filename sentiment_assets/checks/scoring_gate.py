"""What stands between a batch that was taken in before and its scores.

In the run that takes a batch in, Dagster holds scoring back until the checks that block have passed. A run that scores
it later does not ask them again: it obeys what they said of this very content. Only the comparison with a champion is
made again, and only where there is something new to say.
"""

import dagster as dg

from sentiment_assets.assets.raw_reviews import NAME as RAW_REVIEWS
from sentiment_assets.assets.scored_reviews import ScoringGate
from sentiment_assets.checks.drift import drift_results
from sentiment_assets.checks.open_warnings import tell_open_warnings
from sentiment_assets.checks.results import neighbours_of, tell_without_run
from sentiment_assets.monitoring.settings import MonitoringSettings
from sentiment_assets.resources.check_records import DRIFT, QUALITY, ROWS, load_records
from sentiment_assets.resources.storage import Storage
from sentiment_assets.resources.tracking import Tracking


def scoring_gate(branch: str, batch_partitions: dg.PartitionsDefinition, settings: MonitoringSettings) -> ScoringGate:
    """The gate of a branch."""
    blocking = settings.severity == "error"

    def gate(
        context: dg.AssetExecutionContext, *, content: str, champion: str, storage: Storage, tracking: Tracking
    ) -> None:
        from sentiment_assets.monitoring.batch_checks import is_out_of_date

        if _is_taken_in_by_this_run(context, branch):
            return
        batch = context.partition_key
        if is_out_of_date(next(iter(load_records(storage, branch, DRIFT, [batch])), None), content, champion):
            for result in drift_results(
                branch, neighbours_of(context, batch_partitions), storage=storage, tracking=tracking, settings=settings
            ):
                tell_without_run(context.instance, result, batch)
            tell_open_warnings(context.instance, storage, branch, batch_partitions)
        groups = (ROWS, QUALITY, DRIFT) if blocking else (ROWS,)
        stored = {group: load_records(storage, branch, group, [batch]) for group in groups}
        known = {group: [record for record in records if record.is_of(content)] for group, records in stored.items()}
        warned = [f for records in known.values() for record in records for f in record.findings if f.warns]
        if warned:
            said = " ".join(f"{finding.name}: {finding.sentence}" for finding in warned)
            raise dg.Failure(
                f"{batch} is not scored, because a check that blocks has failed. {said}", allow_retries=False
            )
        if blocking and not known[QUALITY]:
            raise dg.Failure(
                f"{batch} is not scored, because its quality checks, which block, have not seen what it holds: "
                f"materialize it in {branch}/{RAW_REVIEWS} again.",
                allow_retries=False,
            )

    return gate


def _is_taken_in_by_this_run(context: dg.AssetExecutionContext, branch: str) -> bool:
    of_batch = dg.AssetRecordsFilter(
        asset_key=dg.AssetKey([branch, RAW_REVIEWS]), asset_partitions=[context.partition_key]
    )
    records = context.instance.fetch_materializations(of_batch, limit=1).records
    return bool(records) and records[0].run_id == context.run.run_id
