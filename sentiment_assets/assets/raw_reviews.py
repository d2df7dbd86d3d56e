"""``raw_reviews``: one partition per landed file, checked row by row."""

import logging
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

import dagster as dg
from upath import UPath

from sentiment_assets.assets.event_metadata import FILE_DIGEST, ROW_COUNT, ROWS_LABELLED, ROWS_QUARANTINED
from sentiment_assets.assets.materialized import Materialized
from sentiment_assets.assets.stored_batch import (
    CONTENT_DIGEST,
    QUARANTINE,
    REVIEWS,
    ROWS_FORGOTTEN,
    SIDE_FRAMES,
    TEXT_DIGESTS,
    WITHOUT_TEXT,
    write_side_frames,
)
from sentiment_assets.assets.ui_metadata import counts_by, sample, schema_of, table
from sentiment_assets.assets.versions import code_version
from sentiment_assets.ingestion.batch_key import path_of_batch
from sentiment_assets.ingestion.decoding import on_one_line
from sentiment_assets.ingestion.open_file import OpenFile
from sentiment_assets.ingestion.settings import IngestionSettings
from sentiment_assets.ingestion.text_folders import Folder
from sentiment_assets.resources.forgotten_list import forgotten_of
from sentiment_assets.resources.home import below_home, shown_below_home
from sentiment_assets.resources.landing_place import NotAReviewFile, read_folder, take
from sentiment_assets.resources.storage import Storage, read_frame
from sentiment_assets.resources.urls import shown, without_secrets

NAME = REVIEWS
FILE_FACTS = "file"
"""What the stored frame's ``attrs`` say of its file, for the quality checks."""
_COLUMNS = {
    "review_id": ("string", "The client's id, or a digest of the row."),
    "text": ("string", "The review as it was written, but for what the branch redacts."),
    "label": ("Int8", "1 positive, 0 negative, missing: neutral or unlabelled."),
    "neutral": ("bool", "Whether the rater's label is neither; without it, a missing label says nothing."),
    "created_at": ("timestamp[us, UTC]", "When it was written, where known."),
    "split": ("string", "Official split, where the source has one."),
    "rating_position": (
        "float64",
        "Where the rating lies on its scale, from -1 (the lowest) to 1; only with `scores_by_rating`.",
    ),
}


def rules_version(settings: IngestionSettings) -> str:
    """The version of all that turns a landed file into a batch: code, settings, and which of these the branch gives."""
    return code_version(__name__, settings, *settings.columns.named, *sorted(settings.labels.model_fields_set))


def raw_reviews_spec(
    branch: str, landing: str, settings: IngestionSettings, sources: Sequence[dg.AssetKey] = ()
) -> dg.AssetSpec:
    """The asset ``<branch>/raw_reviews``, which ``branch/batches.py`` materializes; ``sources`` land files for it."""
    return dg.AssetSpec(
        [branch, NAME],
        deps=sources,
        skippable=True,
        code_version=rules_version(settings),
        kinds={"python", "parquet"},
        metadata={
            "landing": shown(landing),
            "dagster/column_schema": schema_of(
                _COLUMNS | dict.fromkeys(settings.columns.keep, ("string", "Kept as it is."))
            ),
        },
        description=(
            f"Reviews of {branch}, one partition per file, or folder of texts, landed in `{shown(landing)}`. Rows that "
            "cannot be used lie in quarantine with their reasons; landing a changed file under the same name replaces "
            "its batch, unless hardly any row of it can be used."
        ),
    ).with_io_manager_key("frames")


def take_in(
    branch: str, key: str, *, landing: str, settings: IngestionSettings, storage: Storage, log: logging.Logger
) -> Materialized:
    """Store what a landed file, or folder of texts, holds. Raises ``dg.Failure`` if it cannot be used as a whole."""
    from sentiment_assets.ingestion.batch import read_batch
    from sentiment_assets.ingestion.content import content_digest
    from sentiment_assets.ingestion.forgotten import forgets
    from sentiment_assets.ingestion.landing import file_digest, folder_digest
    from sentiment_assets.ingestion.preview.lines_to_write import with_lines_to_write
    from sentiment_assets.ingestion.readers.source import ENCODING_PROPOSED, NOT_READ
    from sentiment_assets.ingestion.readers.unpacking import UnreadableFile
    from sentiment_assets.ingestion.redaction import Redactor
    from sentiment_assets.monitoring.other_batches import digests_and_labels

    path = path_of_batch(key)
    file, shown_file = below_home(landing) / path, f"{shown_below_home(landing)}/{on_one_line(path)}"
    with _content(landing, key) as content:
        digest_of_file = folder_digest(content.texts) if isinstance(content, Folder) else file_digest(content)
        try:
            is_forgotten = forgets(branch, key, forgotten_of(storage, branch))
            batch = read_batch(content, file.name, settings, is_forgotten=is_forgotten)
        except UnreadableFile as error:
            _require_unchanged(content, shown_file)  # or what is half written would be called damaged
            said = Redactor(settings).redact(with_lines_to_write(error, content, file.name, settings))
            raise dg.Failure(f"{shown_file}: {said}", allow_retries=False) from error
        except OSError as error:
            raise _cannot_be_read(shown_file, error.strerror) from error
        _require_unchanged(content, shown_file)
    if not batch.rows_in:
        _require_nothing_lost(storage.frame_path(branch, NAME, key), shown_file)
    if batch.columns_missing:
        log.warning(
            f"{shown_file} lacks columns that the branch names: {', '.join(batch.columns_missing)}; "
            f"it has: {', '.join(batch.columns_found)}."
        )
    if proposed := batch.found.get(ENCODING_PROPOSED):
        log.warning(f"The encoding of {shown_file} may be another one: {proposed}.")
    if others := batch.found.get(NOT_READ):
        log.warning(f"Not every file in {shown_file} is read: {others}.")
    if batch.redacted:
        log.info(f"Redacted in the texts of {shown_file}: {_counted(batch.redacted)}.")
    beside = {
        TEXT_DIGESTS: digests_and_labels(batch.reviews),
        WITHOUT_TEXT: batch.without_text,
        QUARANTINE: batch.quarantine,
    }
    side_frames = write_side_frames(storage, branch, key, beside)
    digest = content_digest(batch.reviews)
    batch.reviews.attrs = {
        "rows_in": batch.rows_in,
        "rows_duplicate": batch.rows_duplicate,
        ROWS_FORGOTTEN: batch.rows_forgotten,
        "lines": batch.lines,
        FILE_FACTS: {
            "rows_without_text": len(batch.without_text),
            "unread": batch.unread_by_field,
            "columns_found": list(batch.columns_found),
            "columns_missing": list(batch.columns_missing),
        },
        SIDE_FRAMES: side_frames.version,
        CONTENT_DIGEST: digest,
    }
    stored = storage.store_frame(branch, NAME, key, batch.reviews)
    return Materialized(
        data_version=digest,
        made_from={},
        metadata={
            ROW_COUNT: len(batch.reviews),
            "rows_in": batch.rows_in,
            ROWS_QUARANTINED: len(batch.quarantine),
            "rows_without_text": len(batch.without_text),
            "rows_duplicate": batch.rows_duplicate,
            ROWS_FORGOTTEN: batch.rows_forgotten,
            "texts_from_markup": batch.texts_from_markup,
            "redacted": dict(batch.redacted),
            ROWS_LABELLED: int(batch.reviews["label"].notna().sum()),
            "labels": counts_by(batch.reviews, ["label", "neutral"]),
            "sample": sample(batch.reviews),
            "quarantine_sample": sample(batch.quarantine),
            "quarantine": shown(side_frames.paths[QUARANTINE]),
            "without_text": shown(side_frames.paths[WITHOUT_TEXT]),
            "unread": table((vars(each) for each in batch.unread), cut=False),
            "format_found": dict(batch.found),
            "columns_missing": list(batch.columns_missing),
            "columns_found": list(batch.columns_found),
            "file": shown_file,
            "path": shown(stored),
            FILE_DIGEST: digest_of_file,
        },
    )


def _counted(redacted: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {kind}" for kind, count in redacted.items())


def _require_nothing_lost(former: UPath, shown_file: str) -> None:
    """A file without a row is a day without reviews, but it must not take the place of reviews."""
    kept = len(read_frame(former)) if former.exists() else 0
    if kept:
        raise dg.Failure(
            f"{shown_file} has no rows, but the batch of its name has {kept:,} reviews, which stay: land the file "
            f"again with its rows, or delete {shown(former)} if they are to go.",
            allow_retries=False,
        )


def _require_unchanged(content: OpenFile | Folder, shown_file: str) -> None:
    """What was read while somebody wrote is neither the file as it was nor as it is."""
    if isinstance(content, OpenFile) and content.has_changed:
        raise dg.Failure(f"{shown_file} was written to while it was read; it is taken in once it stops changing.")


def _content(landing: str, partition: str) -> AbstractContextManager[OpenFile | Folder]:
    """The file, which lies open until it was read, or the texts of the folder.

    What file systems say of a failure may quote the landing place with its password.
    """
    path, place = path_of_batch(partition), shown_below_home(landing)
    try:
        if folder := read_folder(below_home(landing), path):
            return nullcontext(folder)
        return take(below_home(landing), path)
    except NotAReviewFile as error:
        raise dg.Failure(
            f"The batch key {partition!r} leads to no review file: {on_one_line(path)!r} {error}. Delete its "
            f"partition: a batch key is the path of a regular file below {place}, such as 2026/october.csv.",
            allow_retries=False,
        ) from error
    except FileNotFoundError:
        raise dg.Failure(
            f"{place}/{on_one_line(path)} is not there: land the file again, or delete its partition.",
            allow_retries=False,
        ) from None
    except Exception as error:  # noqa: BLE001  every file system has errors of its own
        reason = getattr(error, "strerror", None) or without_secrets(error, landing)
        raise _cannot_be_read(f"{place}/{on_one_line(path)}", reason) from None


def _cannot_be_read(shown_file: str, reason: str | None) -> dg.Failure:
    return dg.Failure(
        f"{shown_file} cannot be read ({reason}): see that it may be read, or land it again, under a shorter name if "
        "that is what is wrong."
    )
