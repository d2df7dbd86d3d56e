"""The stored frames of a branch: rows of a forgotten review are taken out, all others stay as they are."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import dagster as dg
import pandas as pd

from sentiment_assets.assets.derived_rows import tell_again
from sentiment_assets.assets.event_metadata import FILE_DIGEST, ROW_COUNT, ROWS_LABELLED, ROWS_QUARANTINED
from sentiment_assets.assets.materialized import DATA_VERSION
from sentiment_assets.assets.raw_reviews import NAME as RAW_REVIEWS
from sentiment_assets.assets.scored_reviews import NAME as SCORED_REVIEWS
from sentiment_assets.assets.stored_batch import (
    CONTENT_DIGEST,
    ROWS_FORGOTTEN,
    StoredBatch,
    read_stored_batch,
    store_batch_again,
)
from sentiment_assets.assets.ui_metadata import counts_by, sample
from sentiment_assets.ingestion.content import content_digest
from sentiment_assets.ingestion.settings import IngestionSettings
from sentiment_assets.ingestion.values import RejectedRow, optional_text, value_at
from sentiment_assets.learning.scored_batch import SCORED_FROM
from sentiment_assets.monitoring.other_batches import digests_and_labels
from sentiment_assets.resources.check_records import GROUPS, load_records, save_record
from sentiment_assets.resources.storage import Storage, read_frame, store_frame

_INPUT_VERSION = "dagster/input_data_version"


@dataclass(frozen=True)
class FoundRows:
    """What a stored batch has of a review."""

    batch: str
    stored: StoredBatch
    kept: "pd.Series[bool]"
    """True for each review of the batch that is the one."""
    quarantined: "pd.Series[bool]"
    texts: tuple[str, ...]

    @property
    def count(self) -> int:
        """How many rows they are."""
        return int(self.kept.sum() + self.quarantined.sum())


def find_rows(
    storage: Storage, branch: str, key: str, *, review_id: str, settings: IngestionSettings
) -> FoundRows | None:
    """The rows of a review in a stored batch, its quarantine included; ``None`` where it has none."""
    try:
        stored = read_stored_batch(storage, branch, key)
    except FileNotFoundError:
        return None
    kept = stored.reviews["review_id"] == review_id
    rows = [_row(raw) for raw in stored.quarantine["raw"]]
    quarantined = pd.Series([_client_id(row, settings) == review_id for row in rows], dtype=bool)
    of_quarantine = (
        str(value_at(row, column))
        for row, is_it in zip(rows, quarantined, strict=True)
        for column in settings.columns.texts
        if is_it and value_at(row, column)
    )
    texts = (*stored.reviews.loc[kept, "text"].map(str), *of_quarantine)
    found = FoundRows(batch=key, stored=stored, kept=kept, quarantined=quarantined, texts=texts)
    return found if found.count else None


def _row(raw: str) -> Mapping[str, Any]:
    try:
        row = json.loads(raw)
    except ValueError:
        return {}
    return row if isinstance(row, dict) else {}


def _client_id(row: Mapping[str, Any], settings: IngestionSettings) -> str | None:
    try:
        return optional_text(value_at(row, settings.columns.review_id), settings.columns.review_id)
    except RejectedRow:
        return None


def take_out_of_scores(storage: Storage, branch: str, found: FoundRows, content: str, *, write: bool) -> int:
    """Take a review out of the scores of a batch, or only count them; returns how many scores these are.

    ``content`` is the digest of what the batch holds without the review.
    """
    file = storage.frame_path(branch, SCORED_REVIEWS, found.batch)
    if not file.exists():
        return 0
    scored = read_frame(file)
    former = content_digest(found.stored.reviews)
    if len(scored) != len(found.kept):  # a review was taken out before, and the command was stopped then
        return 0
    without = scored[~found.kept.to_numpy()].reset_index(drop=True)
    without.attrs = scored.attrs | ({SCORED_FROM: content} if scored.attrs.get(SCORED_FROM) == former else {})
    if write:
        store_frame(file, without)
    return len(scored) - len(without)


def without_rows(found: FoundRows) -> StoredBatch:
    """A batch without the rows of a review, which are counted as forgotten."""
    stored = found.stored
    reviews = stored.reviews[~found.kept].reset_index(drop=True)
    forgotten = int(stored.reviews.attrs.get(ROWS_FORGOTTEN, 0)) + found.count
    reviews.attrs = {**stored.reviews.attrs, ROWS_FORGOTTEN: forgotten, CONTENT_DIGEST: content_digest(reviews)}
    return replace(
        stored, reviews=reviews, quarantine=stored.quarantine[~found.quarantined.to_numpy()].reset_index(drop=True)
    )


def store_without(storage: Storage, branch: str, key: str, batch: StoredBatch) -> None:
    """Store a batch without a review, and have what its checks have found speak of what it holds now."""
    former, content = (
        content_digest(read_stored_batch(storage, branch, key).reviews),
        batch.reviews.attrs[CONTENT_DIGEST],
    )
    for group in GROUPS:
        for record in load_records(storage, branch, group, [key]):
            if record.is_of(former):
                save_record(storage, branch, group, replace(record, content=content))
    store_batch_again(storage, branch, key, batch=batch, digests=digests_and_labels(batch.reviews))


def tell_dagster(
    instance: dg.DagsterInstance, storage: Storage, branch: str, key: str, *, file_digest: str | None
) -> None:
    """Say in Dagster's history what a batch and its scores hold now, so that neither is made again."""
    stored = read_stored_batch(storage, branch, key)
    content = content_digest(stored.reviews)
    said = {
        ROW_COUNT: len(stored.reviews),
        ROWS_QUARANTINED: len(stored.quarantine),
        ROWS_LABELLED: int(stored.reviews["label"].notna().sum()),
        ROWS_FORGOTTEN: stored.reviews.attrs[ROWS_FORGOTTEN],
        "labels": counts_by(stored.reviews, ["label", "neutral"]),
        "sample": sample(stored.reviews),
        "quarantine_sample": sample(stored.quarantine),
        **({FILE_DIGEST: file_digest} if file_digest else {}),
    }
    former = tell_again(instance, dg.AssetKey([branch, RAW_REVIEWS]), key, metadata=said, tags={DATA_VERSION: content})
    scores = storage.frame_path(branch, SCORED_REVIEWS, key)
    if not former or not scores.exists():
        return
    scored = read_frame(scores)
    if scored.attrs.get(SCORED_FROM) != content:  # they are of a former content, and are made again anyway
        return
    asset = dg.AssetKey([branch, SCORED_REVIEWS])
    tags = {f"{_INPUT_VERSION}/{branch}/{RAW_REVIEWS}": content}
    of_scores = {ROW_COUNT: len(scored), "labels": counts_by(scored, ["label"]), "sample": sample(scored)}
    tell_again(instance, asset, key, metadata=of_scores, tags=tags, versions={former: content})


def batches_of(
    storage: Storage, branch: str, keys: Sequence[str], *, review_id: str, settings: IngestionSettings
) -> list[FoundRows]:
    """What each of some batches has of a review, for those that have any of it."""
    found = (find_rows(storage, branch, key, review_id=review_id, settings=settings) for key in keys)
    return [each for each in found if each]
