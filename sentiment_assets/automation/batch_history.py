"""What Dagster's history says about a branch's batches: which were taken in, from which file, and which are scored."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import dagster as dg

from sentiment_assets.assets.event_metadata import (
    FAILED,
    FILE_DIGEST,
    INSTEAD_OF,
    LABELS_SEEN,
    MODEL_VERSION,
    RECALIBRATED_ON,
    ROWS_LABELLED,
    TRANSIENT,
)
from sentiment_assets.assets.raw_reviews import NAME as RAW_REVIEWS
from sentiment_assets.assets.scored_reviews import NAME as SCORED_REVIEWS

_PAGE = 1_000
_AT_ONCE = 500
"""Partitions that one question names, which a database takes."""


@dataclass(frozen=True)
class TakenIn:
    """What a batch holds."""

    digest: str | None = None
    """The digest of the file that it was taken in from, where that is known."""
    event: int = 0
    """The number of the event that says so; 0: it has not been taken in."""


def materializations(
    instance: dg.DagsterInstance, key: dg.AssetKey, after: float | None = None
) -> Iterator[dg.AssetMaterialization]:
    """An asset's materializations, the oldest first."""
    for record in materialization_records(instance, key, after):
        if record.asset_materialization:
            yield record.asset_materialization


def materialization_records(
    instance: dg.DagsterInstance, key: dg.AssetKey, after: float | None = None
) -> Iterator[dg.EventLogRecord]:
    """The records of an asset's materializations, the oldest first: they say when, and by which run."""
    wanted = dg.AssetRecordsFilter(asset_key=key, after_timestamp=after)
    cursor, more = None, True
    while more:
        page = instance.fetch_materializations(wanted, limit=_PAGE, cursor=cursor, ascending=True)
        yield from page.records
        cursor, more = page.cursor, page.has_more


def taken_in(instance: dg.DagsterInstance, branch: str, keys: Sequence[str]) -> dict[str, TakenIn]:
    """Return what each batch holds, for those that have been taken in."""
    if not keys:
        return {}
    asset = dg.AssetKey([branch, RAW_REVIEWS])
    latest = latest_events(instance, asset)
    numbers = [latest[key] for key in keys if key in latest]
    batches = {}
    for start in range(0, len(numbers), _PAGE):
        wanted = dg.AssetRecordsFilter(asset_key=asset, storage_ids=numbers[start : start + _PAGE])
        for record in instance.fetch_materializations(wanted, limit=_PAGE).records:
            digest = record.asset_materialization.metadata.get(FILE_DIGEST) if record.asset_materialization else None
            batches[str(record.partition_key)] = TakenIn(str(digest.value) if digest else None, record.storage_id)
    return batches


def failed_at(
    instance: dg.DagsterInstance, branch: str, keys: Sequence[str], *, for_good: bool = False
) -> dict[str, float]:
    """Return when a run said last of each batch that it failed, seconds since 1970; for those of which one did.

    ``for_good`` leaves out what may pass by itself.
    """
    found: dict[str, float] = {}
    for start in range(0, len(keys), _AT_ONCE):
        some = dg.AssetRecordsFilter(
            asset_key=dg.AssetKey([branch, RAW_REVIEWS]), asset_partitions=keys[start : start + _AT_ONCE]
        )
        cursor, more = None, True
        while more:
            page = instance.fetch_observations(some, limit=_PAGE, cursor=cursor)  # the last one first
            for record in page.records:
                said = record.asset_observation.metadata if record.asset_observation else {}
                if FAILED in said and not (for_good and TRANSIENT in said):
                    found.setdefault(str(record.partition_key), record.timestamp)
            cursor, more = page.cursor, page.has_more
    return found


def latest_events(instance: dg.DagsterInstance, key: dg.AssetKey) -> Mapping[str, int]:
    """Return the number of the last materialization of each partition."""
    return instance.get_latest_storage_id_by_partition(key, dg.DagsterEventType.ASSET_MATERIALIZATION)


@dataclass(frozen=True)
class ScoredBy:
    """What scored a batch last."""

    version: str
    labels_seen: int
    """How many labelled reviews the branch had then, if it was a sister; else 0."""
    is_recalibrated: bool
    """Whether these were enough to recalibrate her."""
    instead_of: str | None = None
    """The champion's version of then, where somebody has named the one that scored."""


def scored_by(instance: dg.DagsterInstance, branch: str) -> dict[str, ScoredBy]:
    """Return the version of the model that scored each scored batch."""
    return {
        str(each.partition): ScoredBy(
            version=str(each.metadata[MODEL_VERSION].value),
            labels_seen=_count(each, LABELS_SEEN),
            is_recalibrated=_count(each, RECALIBRATED_ON) > 0,
            instead_of=str(each.metadata[INSTEAD_OF].value) if INSTEAD_OF in each.metadata else None,
        )
        for each in materializations(instance, dg.AssetKey([branch, SCORED_REVIEWS]))
    }


def labelled_reviews(instance: dg.DagsterInstance, branch: str, keys: Sequence[str]) -> int:
    """Return how many labelled reviews the batches ``keys`` have, as they are now."""
    latest = {
        str(each.partition): _count(each, ROWS_LABELLED)
        for each in materializations(instance, dg.AssetKey([branch, RAW_REVIEWS]))
    }
    return sum(latest.get(key, 0) for key in keys)


def _count(event: dg.AssetMaterialization, name: str) -> int:
    return int(str(event.metadata[name].value)) if name in event.metadata else 0
