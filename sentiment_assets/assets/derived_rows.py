"""What was made of batches for training: rows whose review is gone are taken out, and Dagster is told of it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import dagster as dg
from upath import UPath

from sentiment_assets.assets.event_metadata import ROW_COUNT
from sentiment_assets.assets.features import NAME as FEATURES
from sentiment_assets.assets.materialized import DATA_VERSION
from sentiment_assets.assets.splits import NAME as SPLITS
from sentiment_assets.assets.suspicious_labels import FILE as SUSPICIOUS_LABELS_FILE
from sentiment_assets.assets.suspicious_labels import NAME as SUSPICIOUS_LABELS
from sentiment_assets.assets.text_tables import FOLDER as TEXT_TABLES
from sentiment_assets.assets.ui_metadata import counts_by, sample
from sentiment_assets.resources.storage import Frame, Storage, read_frame, store_frame


def take_out_of_derived(
    storage: Storage, branch: str, batches: Collection[str], review_id: str | None = None, *, write: bool = True
) -> dict[str, int]:
    """Take the reviews of some batches, or one review of them, out of what was made for training.

    Without ``write`` everything stays, and what would go is counted.

    Returns how many rows, or files, went, by what it was. The features are removed, since they have these rows: the
    next train run makes them again, as it does anyway. So is the file of suspicious labels, and the index of texts,
    which is made again by the next check.
    """
    splits, suspicious = storage.path(branch, f"{SPLITS}.parquet"), storage.path(branch, SUSPICIOUS_LABELS_FILE)
    of_splits, of_suspicious = (_without(each, batches, review_id) for each in (splits, suspicious))
    # What was made of the rows goes first: if this is stopped, the rows say that there is something left to do.
    removed = {FEATURES: _remove(storage.path(branch, FEATURES), write=write) if of_splits else 0}
    if of_suspicious:
        _remove(storage.path(branch, f"{SUSPICIOUS_LABELS}.csv"), write=write)
    _remove(storage.path(branch, TEXT_TABLES), write=write)
    for name, file, left in ((SPLITS, splits, of_splits), (SUSPICIOUS_LABELS, suspicious, of_suspicious)):
        if left:
            if write:
                store_frame(file, left.rows)
            removed[name] = left.n_gone
    return {name: count for name, count in removed.items() if count}


@dataclass(frozen=True)
class _Left:
    """What is left of a stored frame without some rows, and how many these are."""

    rows: Frame
    n_gone: int


def _without(file: UPath, batches: Collection[str], review_id: str | None) -> _Left | None:
    """A stored frame without the rows of some batches, or of one review of them; ``None`` if it has none of these."""
    if not file.exists():
        return None
    frame = read_frame(file)
    gone = frame["batch"].isin(list(batches))
    if review_id is not None:
        gone &= frame["review_id"] == review_id
    if not gone.any():
        return None
    kept = frame[~gone].reset_index(drop=True)
    kept.attrs = frame.attrs
    return _Left(kept, int(gone.sum()))


def _remove(place: UPath, *, write: bool) -> int:
    if not place.exists():
        return 0
    if write:
        place.fs.rm(place.path, recursive=place.is_dir())
    return 1


def tell_of_splits(instance: dg.DagsterInstance, storage: Storage, branch: str) -> None:
    """Say in Dagster's history what the splits hold now, unless it says so: what was made of them is out of date."""
    from sentiment_assets.learning.splitting import digest_of_splits

    file, asset = storage.path(branch, f"{SPLITS}.parquet"), dg.AssetKey([branch, SPLITS])
    if not file.exists():
        return
    splits = read_frame(file)
    version = digest_of_splits(splits)
    event = instance.get_latest_materialization_event(asset)
    if event and event.asset_materialization and (event.asset_materialization.tags or {}).get(DATA_VERSION) == version:
        return
    said = {
        ROW_COUNT: len(splits),
        "sample": sample(splits),
        "near_duplicates_sample": sample(splits.head(0)),
        "reviews_by_split": counts_by(splits, ["split", "label"]),
    }
    tell_again(instance, asset, None, metadata=said, tags={DATA_VERSION: version})


def tell_again(
    instance: dg.DagsterInstance,
    asset: dg.AssetKey,
    partition: str | None,
    *,
    metadata: Mapping[str, Any],
    tags: Mapping[str, str],
    versions: Mapping[str, str] | None = None,
) -> str:
    """Repeat the last materialization with some of it changed; returns the data version that it had, if any."""
    wanted = dg.AssetRecordsFilter(asset_key=asset, asset_partitions=[partition] if partition else None)
    records = instance.fetch_materializations(wanted, limit=1).records
    last = records[0].asset_materialization if records else None
    if last is None:
        return ""
    former = (last.tags or {}).get(DATA_VERSION, "")
    changed = dict(tags)
    for before, after in (versions or {}).items():  # the version of scores begins with that of their reviews
        changed[DATA_VERSION] = former.replace(before, after, 1)
    system = {name: value for name, value in (last.tags or {}).items() if name.startswith("dagster/")}
    instance.report_runless_asset_event(
        dg.AssetMaterialization(
            asset, partition=partition, metadata={**last.metadata, **metadata}, tags={**system, **changed}
        )
    )
    return former
