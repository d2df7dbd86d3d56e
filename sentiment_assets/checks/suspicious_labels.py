"""``suspicious_labels``: whether so many labels look wrong that somebody should correct them first."""

from typing import TYPE_CHECKING, Any

import dagster as dg

from sentiment_assets.assets.splits import NAME as SPLITS
from sentiment_assets.assets.suspicious_labels import FILE, NAME, REVIEWS_LOOKED_AT, TABLE_ROWS, is_current
from sentiment_assets.assets.ui_metadata import rows_of
from sentiment_assets.resources.storage import Storage, frame_attributes, read_frame

if TYPE_CHECKING:
    from sentiment_assets.learning.suspicious_labels import SuspiciousLabels


def suspicious_labels_check(branch: str) -> dg.AssetChecksDefinition:
    """The check ``suspicious_labels`` on ``<branch>/splits``: it reads what the asset of that name has found."""

    @dg.asset_check(
        asset=[branch, SPLITS],
        name=NAME,
        additional_deps=[[branch, NAME]],
        description="Fails where 10 % or more of the labels of train and validation look wrong.",
    )
    def suspicious_labels(context: dg.AssetCheckExecutionContext, storage: Storage) -> dg.AssetCheckResult:
        found = _found(context.instance, storage, branch)
        if found is None:
            return _result(passed=True, said=f"Nobody has looked at these splits yet: materialize {branch}/{NAME}.")
        return _result(
            passed=not found.are_many,
            said=found.sentence,
            more={"share": found.share, "most_suspicious": rows_of(found.reviews.head(TABLE_ROWS))},
        )

    def _result(*, passed: bool, said: str, more: dict[str, Any] | None = None) -> dg.AssetCheckResult:
        return dg.AssetCheckResult(
            passed=passed, severity=dg.AssetCheckSeverity.WARN, description=said, metadata=more or {}
        )

    return suspicious_labels


def _found(instance: dg.DagsterInstance, storage: Storage, branch: str) -> "SuspiciousLabels | None":
    """What was found in the splits as they are, if somebody has looked."""
    from sentiment_assets.learning.suspicious_labels import SuspiciousLabels

    file = storage.path(branch, FILE)
    if not is_current(instance, branch, frame_attributes(file)):
        return None
    frame = read_frame(file)
    return SuspiciousLabels(frame, frame.attrs[REVIEWS_LOOKED_AT])
