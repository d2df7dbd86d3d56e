"""What is stored of a batch: its reviews, and its side frames, which hold what else was in its file.

All of it becomes visible at once. The side frames lie in a folder named by their digest, and the reviews, which are
written last, say which folder is theirs; so whoever reads sees the batch as it was, or as it is now.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from upath import UPath

from sentiment_assets.resources.storage import (
    Frame,
    Storage,
    frame_attributes,
    frame_to_bytes,
    read_frame,
    stored_partitions,
)
from sentiment_assets.resources.versioned_folders import remove_unused
from sentiment_assets.resources.written_files import write_atomically

REVIEWS = "raw_reviews"
QUARANTINE, WITHOUT_TEXT, TEXT_DIGESTS = "quarantine", "without_text", "text_digests"
SIDE_FRAMES = "side_frames"
"""The folder of a branch's data in which they lie, and the attribute of the reviews that names their version."""
CONTENT_DIGEST = "content"
"""The attribute of the reviews that says what they hold; those that a former release has stored have none."""
ROWS_FORGOTTEN = "rows_forgotten"
"""The attribute of the reviews that says how many rows of the file somebody has had forgotten."""


@dataclass(frozen=True)
class StoredBatch:
    """A batch as it is stored; each frame is of the same file as the others."""

    reviews: Frame
    quarantine: Frame
    without_text: Frame | None
    """``None`` in batches that a former release has taken in."""


@dataclass(frozen=True)
class SideFrames:
    """Where the side frames of a batch lie."""

    version: str
    """What the attribute ``SIDE_FRAMES`` of its reviews has to say."""
    paths: Mapping[str, UPath]


def write_side_frames(storage: Storage, branch: str, key: str, frames: Mapping[str, Frame]) -> SideFrames:
    """Store what lies beside a batch's reviews, before these are stored themselves.

    Nothing that is in use is touched. What no stored reviews name is removed once it is a day old.
    """
    contents = {name: frame_to_bytes(frame) for name, frame in frames.items()}
    version = sha256(b"".join(contents.values())).hexdigest()[:16]
    folder = storage.path(branch, SIDE_FRAMES, _folder_of(key))
    paths = {name: folder / version / f"{name}.parquet" for name in contents}
    for name, content in contents.items():
        write_atomically(paths[name], content)
    current = _version(frame_attributes(storage.frame_path(branch, REVIEWS, key)))
    remove_unused(folder, kept={version, current})
    if current:  # what a former release has stored of the batch is in use no more
        for name in frames:
            storage.frame_path(branch, name, key).unlink(missing_ok=True)
    return SideFrames(version, paths)


def store_batch_again(storage: Storage, branch: str, key: str, *, batch: StoredBatch, digests: Frame) -> SideFrames:
    """Store a batch some of whose rows were taken out, and leave nothing of what it was.

    ``digests`` is what is remembered of its texts (``digests_and_labels``).
    """
    beside = {TEXT_DIGESTS: digests, QUARANTINE: batch.quarantine}
    without_text = {} if batch.without_text is None else {WITHOUT_TEXT: batch.without_text}
    side_frames = write_side_frames(storage, branch, key, beside | without_text)
    batch.reviews.attrs = {**batch.reviews.attrs, SIDE_FRAMES: side_frames.version}
    storage.store_frame(branch, REVIEWS, key, batch.reviews)
    for folder in storage.path(branch, SIDE_FRAMES, _folder_of(key)).iterdir():
        if folder.name != side_frames.version:
            folder.fs.rm(folder.path, recursive=True)
    for name in (TEXT_DIGESTS, QUARANTINE, WITHOUT_TEXT):  # of a former release
        storage.frame_path(branch, name, key).unlink(missing_ok=True)
    return side_frames


def remove_stored_batch(storage: Storage, branch: str, key: str) -> None:
    """Remove a batch, as far as it is there: its reviews last, since they say that there is one."""
    folder = storage.path(branch, SIDE_FRAMES, _folder_of(key))
    if folder.exists():
        folder.fs.rm(folder.path, recursive=True)
    for name in (TEXT_DIGESTS, QUARANTINE, WITHOUT_TEXT, REVIEWS):  # the first three are of a former release
        storage.frame_path(branch, name, key).unlink(missing_ok=True)


def read_stored_batch(storage: Storage, branch: str, key: str) -> StoredBatch:
    """Read a batch. Raises ``FileNotFoundError`` when there is none."""
    reviews = read_frame(storage.frame_path(branch, REVIEWS, key))
    version = _version(reviews.attrs)
    without_text = _side_frame_path(storage, branch, key, name=WITHOUT_TEXT, version=version)
    return StoredBatch(
        reviews,
        read_frame(_side_frame_path(storage, branch, key, name=QUARANTINE, version=version)),
        read_frame(without_text) if version or without_text.exists() else None,
    )


def read_text_digests(storage: Storage, branch: str, keys: Sequence[str]) -> list[Frame]:
    """What is remembered of the texts of those batches that are stored (``digests_and_labels``), in the order given."""
    versions = {key: _version(frame_attributes(storage.frame_path(branch, REVIEWS, key))) for key in keys}
    paths = [
        _side_frame_path(storage, branch, key, name=TEXT_DIGESTS, version=version) for key, version in versions.items()
    ]
    return [read_frame(path) for path in paths if path.exists()]


def stored_digests(storage: Storage, branch: str, keys: Sequence[str]) -> dict[str, str]:
    """The digest of what each stored batch holds, by its key; empty for one that a former release has stored."""
    stored = stored_partitions(storage, branch, REVIEWS, keys)
    return {
        key: str(frame_attributes(storage.frame_path(branch, REVIEWS, key)).get(CONTENT_DIGEST, "")) for key in stored
    }


def _version(attributes: Mapping[Any, Any]) -> str:
    return str(attributes.get(SIDE_FRAMES, ""))


def _side_frame_path(storage: Storage, branch: str, key: str, *, name: str, version: str) -> UPath:
    """Where a side frame lies; a former release had one for each batch in a folder of its kind."""
    if not version:
        return storage.frame_path(branch, name, key)
    return storage.path(branch, SIDE_FRAMES, _folder_of(key), version, f"{name}.parquet")


def _folder_of(key: str) -> str:
    """The folder of a batch: not within that of another, as that of ``a.csv/b.csv`` would be in that of ``a.csv``."""
    return sha256(key.encode()).hexdigest()[:32]
