"""Batches that are older than a branch wants reviews kept: which they are, and how they are removed, as a whole.

The order is such that the job can be stopped anywhere and goes on at its next run. First goes what may be out of reach,
the landed file and the texts in the warehouses: a batch of which that fails is kept as it is. What is to be removed is
then written down, since Dagster's history, which says how old a batch is, is removed too.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

import dagster as dg
from upath import UPath

from sentiment_assets.assets.best_model import NAME as BEST_MODEL
from sentiment_assets.assets.derived_rows import take_out_of_derived, tell_of_splits
from sentiment_assets.assets.event_metadata import FILE_DIGEST, ROW_COUNT
from sentiment_assets.assets.published_scores import NAME as PUBLISHED_SCORES
from sentiment_assets.assets.raw_reviews import NAME as RAW_REVIEWS
from sentiment_assets.assets.scored_reviews import NAME as SCORED_REVIEWS
from sentiment_assets.assets.splits import NAME as SPLITS
from sentiment_assets.assets.stored_batch import remove_stored_batch
from sentiment_assets.assets.suspicious_labels import NAME as SUSPICIOUS_LABELS
from sentiment_assets.automation.batch_history import materialization_records
from sentiment_assets.automation.run_history import belongs_to
from sentiment_assets.checks.degradation import LABEL_BUDGET
from sentiment_assets.checks.open_warnings import tell_open_warnings
from sentiment_assets.ingestion.batch_key import path_of_batch
from sentiment_assets.ingestion.decoding import on_one_line
from sentiment_assets.ingestion.settings import IngestionSettings
from sentiment_assets.publishing.settings import Duckdb, Postgres
from sentiment_assets.resources.check_records import remove_records
from sentiment_assets.resources.dagster_history import (
    HistoryBusy,
    forget_partitions,
    rewrite_index,
    take_out_texts_told_before,
)
from sentiment_assets.resources.dagster_runs import runs_under_way
from sentiment_assets.resources.home import below_home, shown_below_home
from sentiment_assets.resources.landed_removal import copies_of, landed_digest, remove_half_removed, remove_landed
from sentiment_assets.resources.storage import Storage
from sentiment_assets.resources.urls import without_secrets
from sentiment_assets.resources.warehouses import warehouse_of
from sentiment_assets.resources.written_files import write_atomically

BEGUN = "expiring.json"
"""The file of a branch's data that says which batches are being removed."""
_OF_BATCHES = (RAW_REVIEWS, SCORED_REVIEWS, PUBLISHED_SCORES)
_OF_TRAINING = (SPLITS, SUSPICIOUS_LABELS, BEST_MODEL)


@dataclass(frozen=True)
class Places:
    """Where a branch's reviews come from and go to, and how they are read."""

    landing: str
    ingestion: IngestionSettings
    batch_partitions: str
    """The name of the partitions that are its batches."""
    publish: Sequence[Duckdb | Postgres] = ()


@dataclass(frozen=True)
class Held:
    """What a batch holds, since when, and which event says so."""

    digest: str
    """The digest of its file; empty where the release of then did not tell it."""
    since: float
    """When it was taken in first with this content, seconds since 1970."""
    event: int
    reviews: int


@dataclass
class Expired:
    """What became of the batches that are too old."""

    batches: int = 0
    reviews: int = 0
    runs: int = 0
    waits_for: str = ""
    """The run of the branch that was under way, so that nothing was removed."""
    kept: dict[str, str] = field(default_factory=dict)
    """Why something could not be removed, by what it is; it is tried again on the next day."""


def held_by_batches(instance: dg.DagsterInstance, branch: str) -> dict[str, Held]:
    """What each batch holds that was taken in, and since when.

    Taking in the same file again makes its batch no younger, while a file with other content makes it a new one. What
    was told by no run makes none younger either: ``forget`` does so when it has written a file again.
    """
    held: dict[str, Held] = {}
    for record in materialization_records(instance, dg.AssetKey([branch, RAW_REVIEWS])):
        event, key = record.asset_materialization, str(record.partition_key)
        said = event.metadata.get(FILE_DIGEST) if event else None
        digest, former = str(said.value) if said else "", held.get(key)
        count = event.metadata.get(ROW_COUNT) if event else None
        reviews = int(str(count.value)) if count else 0
        if record.run_id:
            since = former.since if former and digest and former.digest == digest else record.timestamp
            held[key] = Held(digest, since, record.storage_id, reviews)
        elif former:
            held[key] = Held(digest or former.digest, former.since, record.storage_id, reviews)
    return held


def remove_expired(
    instance: dg.DagsterInstance, branch: str, places: Places, before: datetime | None, *, storage: Storage, run_id: str
) -> Expired:
    """Remove the batches that were taken in before a moment, and finish what was begun; ``run_id`` is the run's own.

    ``None``: reviews are kept for good, and only what was begun is finished.
    """
    removal, expired = _Removal(instance, branch, places, storage), Expired()
    if before is None and not removal.file.exists():
        return expired
    held = held_by_batches(instance, branch)
    begun = removal.begun(held)
    due = removal.due(held, before.timestamp()) if before else {}
    under_way = [run for run in runs_under_way(instance) if belongs_to(run, branch) and run.run_id != run_id]
    if under_way and (due or begun):
        expired.waits_for = under_way[0].run_id
        return expired
    if before:
        take_out_texts_told_before(instance, [dg.AssetKey([branch, name]) for name in _OF_TRAINING], before)
    within_reach = removal.remove_from_outside({key: each for key, each in due.items() if key not in begun}, expired)
    if gone := {**begun, **within_reach}:
        write_atomically(removal.file, json.dumps({key: asdict(each) for key, each in gone.items()}).encode())
        removal.finish(gone, expired)
    else:
        removal.file.unlink(missing_ok=True)
    return expired


@dataclass(frozen=True)
class _Removal:
    """The places from which batches of a branch are removed."""

    instance: dg.DagsterInstance
    branch: str
    places: Places
    storage: Storage

    @property
    def file(self) -> UPath:
        """Where it stands which batches are being removed."""
        return self.storage.path(self.branch, BEGUN)

    @property
    def keys(self) -> Sequence[str]:
        """The batches that there are."""
        return self.instance.get_dynamic_partitions(self.places.batch_partitions)

    def begun(self, held: Mapping[str, Held]) -> dict[str, Held]:
        """The batches of which a former run has begun to remove all, but those that have new content by now."""
        if not self.file.exists():
            return {}
        begun = {key: Held(**each) for key, each in json.loads(self.file.read_bytes()).items()}
        return {key: each for key, each in begun.items() if key not in held or held[key].event == each.event}

    def due(self, held: Mapping[str, Held], before: float) -> dict[str, Held]:
        """The batches that are too old, and what is stored of one whose partition somebody has deleted."""
        keys = set(self.keys)
        return {
            key: each
            for key, each in held.items()
            if each.since < before and (key in keys or self.storage.frame_path(self.branch, RAW_REVIEWS, key).exists())
        }

    def remove_from_outside(self, due: Mapping[str, Held], expired: Expired) -> dict[str, Held]:
        """Remove landed files, and texts in warehouses; returns the batches of which nothing is left there."""
        if not due:
            return {}
        try:
            remove_half_removed(below_home(self.places.landing))
            copies = self._copies(due)
        except Exception as error:  # noqa: BLE001  every file system has errors of its own
            place = shown_below_home(self.places.landing)
            expired.kept[place] = f"{self._said(error)}: see that it can be reached"
            return {}
        removed = {}
        for key, each in due.items():
            own = path_of_batch(key)
            paths = [*(path for path, digest in copies.items() if digest == each.digest), own]
            if all(self._is_removed(path, each, expired) for path in paths):  # the first that stays keeps the others
                removed[key] = each
        return removed if removed and self._texts_are_removed(list(removed), expired) else {}

    def _copies(self, due: Mapping[str, Held]) -> Mapping[str, str]:
        place, digests = below_home(self.places.landing), {each.digest for each in due.values()}
        # A file of a batch that goes too may hold by now what another one was taken in with: then it is a copy of that.
        known = [path_of_batch(key) for key in self.keys if key not in due]
        copies, unread = copies_of(place, digests, known, self.places.ingestion)
        for path, error in unread.items():
            dg.get_dagster_logger().warning(
                f"{shown_below_home(self.places.landing)}/{on_one_line(path)} cannot be read ({self._said(error)}), so "
                "nobody can say whether it is a copy of a file that was removed: see to it"
            )
        return copies

    def _is_removed(self, path: str, held: Held, expired: Expired) -> bool:
        """Whether a landed file is not there any more, or has other content by now, which stays."""
        place = below_home(self.places.landing)
        shown_file = f"{shown_below_home(self.places.landing)}/{on_one_line(path)}"
        try:
            if not held.digest and landed_digest(place, path):
                expired.kept[shown_file] = (
                    "a former release took it in, and did not note what it held then: delete it, or take it in again, "
                    "which makes its batch a new one"
                )
                return False
            remove_landed(place, path, held.digest)
        except Exception as error:  # noqa: BLE001  every file system has errors of its own
            expired.kept[shown_file] = (
                f"it cannot be deleted ({self._said(error)}), so its batch is kept as it is: delete the file, or see "
                "that the account of the platform may"
            )
            return False
        return True

    def _texts_are_removed(self, keys: Sequence[str], expired: Expired) -> bool:
        from sentiment_assets.publishing.warehouse import remove_texts

        away: dict[str, str] = {}
        for each in self.places.publish:
            url = ""
            try:
                warehouse = warehouse_of(self.branch, each)
                url = getattr(warehouse, "url", "")
                remove_texts(warehouse, self.branch, keys)
            except Exception as error:  # noqa: BLE001  whatever a library raises, with the address in it
                away[f"the texts in {each}"] = without_secrets(error, url)
        expired.kept.update(away)
        return not away

    def finish(self, gone: Mapping[str, Held], expired: Expired) -> None:
        """Remove all that is stored of batches, then what Dagster knows of them."""
        branch, storage, keys = self.branch, self.storage, list(gone)
        try:
            take_out_of_derived(storage, branch, keys)
            tell_of_splits(self.instance, storage, branch)
            for key in keys:
                storage.partition_path(branch, LABEL_BUDGET, key, ".csv").unlink(missing_ok=True)
                storage.frame_path(branch, SCORED_REVIEWS, key).unlink(missing_ok=True)
            remove_records(storage, branch, keys)
            for key in keys:
                remove_stored_batch(storage, branch, key)
            assets = [dg.AssetKey([branch, name]) for name in _OF_BATCHES]
            expired.runs = forget_partitions(self.instance, assets, keys, self.keys)
            rewrite_index(self.instance)
        except (OSError, HistoryBusy) as error:
            expired.kept[f"all of {len(keys)} batches"] = self._said(error)
            return
        for key in keys:
            self.instance.delete_dynamic_partition(self.places.batch_partitions, key)
        tell_open_warnings(
            self.instance, storage, branch, dg.DynamicPartitionsDefinition(name=self.places.batch_partitions)
        )
        self.file.unlink()
        expired.batches, expired.reviews = len(keys), sum(each.reviews for each in gone.values())

    def _said(self, error: Exception) -> str:
        return without_secrets(getattr(error, "strerror", None) or error, self.places.landing)
