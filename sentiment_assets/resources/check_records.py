"""The memory of the checks: what each group of them found in each batch, one small file per group and batch."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import dagster as dg
from upath import UPath

from sentiment_assets.resources.storage import Storage, write_atomically
from sentiment_assets.resources.urls import shown

if TYPE_CHECKING:
    from sentiment_assets.monitoring.check_record import CheckRecord

ROWS, QUALITY, DRIFT, DEGRADATION = "rows", "quality", "drift", "degradation"
GROUPS = (ROWS, QUALITY, DRIFT, DEGRADATION)
"""The groups of checks; each keeps one record per batch."""
_FOLDERS = {DRIFT: "texts", DEGRADATION: "scores"}
"""Groups whose folder still has the name that the first release gave it, so that no branch loses its history."""
MONITORING = "monitoring"
"""The folder of a branch in which they lie."""


def save_record(storage: Storage, branch: str, group: str, record: "CheckRecord") -> None:
    """Remember what a group of checks found in a batch."""
    from sentiment_assets.monitoring.check_record import record_to_bytes

    write_atomically(_path(storage, branch, group, record.batch), record_to_bytes(record))


def load_records(storage: Storage, branch: str, group: str, batch_keys: Sequence[str]) -> "list[CheckRecord]":
    """The records of those batches that have one, in the order given."""
    from sentiment_assets.monitoring.check_record import record_from_bytes

    records = []
    for path in (_path(storage, branch, group, key) for key in batch_keys):
        try:
            records += [record_from_bytes(path.read_bytes())] if path.exists() else []
        except ValueError as error:
            dg.get_dagster_logger().warning(
                f"{shown(path)} is not a record of this release and is passed over; checking its batch again mends it. "
                f"{error}"
            )
    return records


def load_current_records(storage: Storage, branch: str, batch_keys: Sequence[str]) -> "dict[str, list[CheckRecord]]":
    """Load the records of each group that are about what those batches hold now."""
    from sentiment_assets.monitoring.check_record import of_what_is_there

    return of_what_is_there({group: load_records(storage, branch, group, batch_keys) for group in GROUPS})


def _path(storage: Storage, branch: str, group: str, batch_key: str) -> UPath:
    folder = _FOLDERS.get(group, group)
    return storage.partition_path(branch, f"{MONITORING}/{folder}", batch_key, ".json")
