"""``open_warnings``: every warning of a branch in one check without partitions, so that the overview shows them all.

A check of a batch shows on its asset's page what the batch that was checked last had. This one is recorded anew
whenever a group of checks has run, whichever batch it was.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import dagster as dg

from sentiment_assets.assets.raw_reviews import NAME as RAW_REVIEWS
from sentiment_assets.assets.ui_metadata import table
from sentiment_assets.checks.results import evaluations
from sentiment_assets.presentation.wording import first_lines
from sentiment_assets.resources.check_records import load_current_history
from sentiment_assets.resources.storage import Storage

if TYPE_CHECKING:
    from sentiment_assets.monitoring.check_record import OpenWarning

NAME = "open_warnings"
_SAID_IN_FULL = 5


def open_warnings_check(branch: str, batch_partitions: dg.PartitionsDefinition) -> dg.AssetChecksDefinition:
    """The check ``open_warnings`` on ``<branch>/raw_reviews``.

    It can be asked by hand too, after a partition was deleted for example.
    """

    @dg.asset_check(
        asset=[branch, RAW_REVIEWS],
        name=NAME,
        description="Every warning about what the batches hold now, of any check: fails while there is one.",
    )
    def open_warnings(context: dg.AssetCheckExecutionContext, storage: Storage) -> dg.AssetCheckResult:
        return _result(branch, _open_warnings(context.instance, storage, branch, batch_partitions))

    return open_warnings


def tell_open_warnings(
    instance: dg.DagsterInstance, storage: Storage, branch: str, batch_partitions: dg.PartitionsDefinition
) -> None:
    """Tell Dagster what is open now, outside of the run, so that it can follow any check of any job.

    A run that has told Dagster looks again: of several runs at a time, the last one to tell has then seen all warnings.
    """
    recorded = None
    while (current := _open_warnings(instance, storage, branch, batch_partitions)) != recorded:
        for evaluation in evaluations(instance, [_result(branch, current)]):
            instance.report_runless_asset_event(evaluation)
        recorded = current


def _open_warnings(
    instance: dg.DagsterInstance, storage: Storage, branch: str, batch_partitions: dg.PartitionsDefinition
) -> "tuple[OpenWarning, ...]":
    from sentiment_assets.monitoring.check_record import open_warnings

    keys = batch_partitions.get_partition_keys(dynamic_partitions_store=instance)
    return open_warnings([record for group in load_current_history(storage, branch, keys).values() for record in group])


def _result(branch: str, warnings: "Sequence[OpenWarning]") -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=[branch, RAW_REVIEWS],
        check_name=NAME,
        passed=not warnings,
        severity=dg.AssetCheckSeverity.WARN,
        description=_sentence(warnings),
        metadata={"open": table(vars(each) for each in warnings)},
    )


def _sentence(warnings: "Sequence[OpenWarning]") -> str:
    if not warnings:
        return "No warning is open."
    said = [f"{each.check} of {each.batch}: {each.sentence}" for each in reversed(warnings)]
    return "\n".join([f"{len(warnings)} open:", *first_lines(said, _SAID_IN_FULL, "the table")])
