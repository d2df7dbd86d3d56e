"""The memory of the checks: what each group of them found in each batch, one small file per group and batch.

A history keeps together what is asked of all these files. They stay the truth: it says by their stamps which of them
it knows, so it may be old or missing, and whichever of two processes writes it last.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import dagster as dg
from upath import UPath

from sentiment_assets.resources.file_stamps import FileStamps, stamps_below
from sentiment_assets.resources.storage import Storage, file_name
from sentiment_assets.resources.urls import shown
from sentiment_assets.resources.written_files import write_atomically

if TYPE_CHECKING:
    from sentiment_assets.monitoring.check_record import CheckRecord, StampedRecord

ROWS, QUALITY, DRIFT, DEGRADATION = "rows", "quality", "drift", "degradation"
GROUPS = (ROWS, QUALITY, DRIFT, DEGRADATION)
"""The groups of checks; each keeps one record per batch."""
_FOLDERS = {DRIFT: "texts", DEGRADATION: "scores"}
"""Groups whose folder still has the name that the first release gave it, so that no branch loses its history."""
MONITORING = "monitoring"
"""The folder of a branch in which they lie."""
_HISTORIES = "histories"
_RECORD = ".json"
_FEWEST_UNSAVED, _SHARE_UNSAVED = 32, 8
"""A history is written again when it lacks so many records, and an eighth of what it holds: seldom as it grows."""


def save_record(storage: Storage, branch: str, group: str, record: "CheckRecord") -> None:
    """Remember what a group of checks found in a batch."""
    from sentiment_assets.monitoring.check_record import record_to_bytes

    write_atomically(_folder(storage, branch, group) / _file(record.batch), record_to_bytes(record))


def load_records(storage: Storage, branch: str, group: str, batch_keys: Sequence[str]) -> "list[CheckRecord]":
    """The records of those batches that have one, in the order given."""
    folder = _folder(storage, branch, group)
    found = (_read(folder / _file(key)) for key in batch_keys)
    return [record for record in found if record]


def remove_records(storage: Storage, branch: str, batch_keys: Sequence[str]) -> None:
    """Remove what the checks have found in some batches, and the histories, which the next look makes again."""
    for group in GROUPS:
        for key in batch_keys:
            (_folder(storage, branch, group) / _file(key)).unlink(missing_ok=True)
    histories = storage.path(branch, MONITORING, _HISTORIES)
    if histories.exists():
        histories.fs.rm(histories.path, recursive=True)


def _read(path: UPath) -> "CheckRecord | None":
    """A stored record; ``None`` where there is none, or none of this release."""
    from sentiment_assets.monitoring.check_record import record_from_bytes

    try:
        return record_from_bytes(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError as error:
        dg.get_dagster_logger().warning(
            f"{shown(path)} is not a record of this release and is passed over; checking its batch again mends it. "
            f"{error}"
        )
        return None


def load_current_records(storage: Storage, branch: str, batch_keys: Sequence[str]) -> "dict[str, list[CheckRecord]]":
    """Load the records of each group that are about what those batches hold now."""
    return _current(load_records, storage, branch, batch_keys)


def load_history(storage: Storage, branch: str, group: str, batch_keys: Sequence[str]) -> "list[CheckRecord]":
    """The records of those batches that have one, in the order given, as far as anybody asks (``for_history``).

    Only those files are opened that the branch's history, or this process, does not know.
    """
    memory = _memory(storage.path(branch, MONITORING, _HISTORIES, group + _RECORD))
    memory.look_at(_folder(storage, branch, group))
    files = (_file(key) for key in batch_keys)
    return [memory.records[file].record for file in files if file in memory.records]


def load_current_history(storage: Storage, branch: str, batch_keys: Sequence[str]) -> "dict[str, list[CheckRecord]]":
    """The same as ``load_current_records``, as far as anybody asks of batches that are none of the latest."""
    return _current(load_history, storage, branch, batch_keys)


def _current(
    load: "Callable[[Storage, str, str, Sequence[str]], list[CheckRecord]]",
    storage: Storage,
    branch: str,
    batch_keys: Sequence[str],
) -> "dict[str, list[CheckRecord]]":
    from sentiment_assets.monitoring.check_record import of_what_is_there

    return of_what_is_there({group: load(storage, branch, group, batch_keys) for group in GROUPS})


@dataclass
class _Memory:
    """What this process knows of a group's records, by the name of their files."""

    path: UPath
    records: "dict[str, StampedRecord]"
    stamps: FileStamps | None = None
    """What this process saw of the files when it looked at them last."""
    unsaved: int = 0

    def look_at(self, folder: UPath) -> None:
        """Read the files that are new or were written again, and forget those that are gone."""
        if self.stamps and self.stamps.are_current():
            return
        stamps = stamps_below(folder)
        for file in self.records.keys() - stamps.files.keys():
            del self.records[file]
        for file, stamp in stamps.files.items():
            if file.endswith(_RECORD) and (file not in self.records or self.records[file].stamp != stamp):
                self._read(folder / file, file, stamp)
        self.stamps = stamps
        self._save()

    def _read(self, path: UPath, file: str, stamp: str) -> None:
        from sentiment_assets.monitoring.check_record import StampedRecord, for_history

        self.records.pop(file, None)
        if record := _read(path):
            self.records[file] = StampedRecord(stamp, for_history(record))
            self.unsaved += 1

    def _save(self) -> None:
        """Write the history if too many of its records are not in it."""
        from sentiment_assets.monitoring.check_record import history_to_bytes

        if self.unsaved > max(_FEWEST_UNSAVED, len(self.records) // _SHARE_UNSAVED):
            write_atomically(self.path, history_to_bytes(self.records))
            self.unsaved = 0


@lru_cache(maxsize=16)
def _memory(path: UPath) -> _Memory:
    """Read once a process, and kept for the branches that it asked for lately."""
    from sentiment_assets.monitoring.check_record import history_from_bytes

    try:
        return _Memory(path, history_from_bytes(path.read_bytes()))
    except FileNotFoundError:
        return _Memory(path, {})


def _folder(storage: Storage, branch: str, group: str) -> UPath:
    return storage.path(branch, MONITORING, _FOLDERS.get(group, group))


@lru_cache(maxsize=1 << 16)
def _file(batch_key: str) -> str:
    return file_name(batch_key) + _RECORD
