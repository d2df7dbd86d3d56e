"""The memory of the checks: what each group of them found in each batch, a small file each."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import dagster as dg

from sentiment_assets.resources.storage import Storage, write_atomically

if TYPE_CHECKING:
    from sentiment_assets.monitoring.check_record import Record

ROWS, QUALITY, TEXTS, SCORES = "rows", "quality", "texts", "scores"
GROUPS = (ROWS, QUALITY, TEXTS, SCORES)
"""The groups of checks; each keeps one record a batch."""
MONITORING = "monitoring"
"""The folder of a branch in which they lie."""


def keep(storage: Storage, branch: str, group: str, record: "Record") -> None:
    """Remember what a group of checks found in a batch."""
    from sentiment_assets.monitoring.check_record import record_to_bytes

    write_atomically(
        storage.partition_path(branch, f"{MONITORING}/{group}", record.batch, ".json"), record_to_bytes(record)
    )


def recall(storage: Storage, branch: str, group: str, batches: Sequence[str]) -> "list[Record]":
    """The records of those batches that have one, in the order given."""
    from sentiment_assets.monitoring.check_record import record_from_bytes

    found = []
    for path in (storage.partition_path(branch, f"{MONITORING}/{group}", batch, ".json") for batch in batches):
        try:
            found += [record_from_bytes(path.read_bytes())] if path.exists() else []
        except ValueError as error:
            dg.get_dagster_logger().warning(
                f"{path} is not a record of this release and is passed over; checking its batch again mends it. {error}"
            )
    return found


def recall_current(storage: Storage, branch: str, batches: Sequence[str]) -> "dict[str, list[Record]]":
    """By group, the records about what those batches hold now."""
    from sentiment_assets.monitoring.check_record import of_what_is_there

    return of_what_is_there({group: recall(storage, branch, group, batches) for group in GROUPS})
