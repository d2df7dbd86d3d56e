"""What is stored of a batch becomes visible at once, whatever happens while it is written."""

import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from sentiment_assets.assets.stored_batch import read_stored_batch, read_text_digests, write_side_frames
from sentiment_assets.resources.storage import Storage, frame_to_bytes
from sentiment_assets.resources.written_files import write_atomically
from testing.in_process import BranchInProcess, checks_of

STORAGE = Storage(root="data")
OLD = b"text,label\nfine,1\ndull,0\n,1\nodd,maybe\n"
NEW = b"text,label\nlovely,1\nstale,0\nodd,maybe\nodder,maybe\n,1\n,0\n"


def stored(key: str) -> tuple[list[str], int, int, int]:
    """Texts, and the rows of each side frame."""
    batch = read_stored_batch(STORAGE, "acme", key)
    [digests] = read_text_digests(STORAGE, "acme", [key])
    assert batch.without_text is not None
    return batch.reviews["text"].tolist(), len(batch.quarantine), len(batch.without_text), len(digests)


@pytest.mark.parametrize("written", range(4))
def test_a_replacement_that_stops_anywhere_leaves_the_whole_former_batch(
    acme: BranchInProcess, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    """Three side frames and the reviews themselves are written, one after the other."""
    key = acme.land("a.csv", OLD)
    assert acme.ingest(key).success
    before = stored(key)
    acme.land("a.csv", NEW)
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", _that_fails_after(written))
        assert not acme.ingest(key).success
    assert stored(key) == before == (["fine", "dull"], 1, 1, 2)
    assert acme.ingest(key).success
    assert stored(key) == (["lovely", "stale"], 2, 2, 2)


def _that_fails_after(written: int) -> Callable[[str, str], None]:
    """Let the first files of a batch get their names, and fail from then on, also when the step is tried again."""
    replace, done = os.replace, []

    def replace_or_fail(source: str, target: str) -> None:
        if target.endswith(".parquet"):
            if len(done) == written:
                raise OSError(28, "No space left on device")
            done.append(target)
        replace(source, target)

    return replace_or_fail


def test_side_frames_that_are_in_use_no_more_are_removed_after_a_day(acme: BranchInProcess) -> None:
    for content in (OLD, NEW):
        key = acme.land("a.csv", content)
        assert acme.ingest(key).success
    versions = Path(str(acme.metadata("raw_reviews")["quarantine"].value)).parents[1]
    assert len(list(versions.iterdir())) == 2, "somebody may be reading the former ones"
    for file in versions.rglob("*.parquet"):
        os.utime(file, (0, 0))
    assert acme.ingest(key).success
    assert [folder.name for folder in versions.iterdir()] == [_version(key)]


def _version(key: str) -> str:
    return str(read_stored_batch(STORAGE, "acme", key).reviews.attrs["side_frames"])


def _as_a_former_release_stored_it(key: str) -> list[Path]:
    """One file for each batch in a folder of its kind, and reviews that name no version."""
    batch = read_stored_batch(STORAGE, "acme", key)
    [digests] = read_text_digests(STORAGE, "acme", [key])
    del batch.reviews.attrs["side_frames"]
    frames = {"raw_reviews": batch.reviews, "quarantine": batch.quarantine, "text_digests": digests}
    for name, frame in frames.items():
        write_atomically(STORAGE.frame_path("acme", name, key), frame_to_bytes(frame))
    folder = STORAGE.path("acme", "side_frames")
    folder.fs.rm(folder.path, recursive=True)
    return [Path(STORAGE.frame_path("acme", name, key).path) for name in ("quarantine", "text_digests")]


def test_a_batch_that_a_former_release_has_stored_is_read_and_replaced(acme: BranchInProcess) -> None:
    key = acme.land("a.csv", OLD.replace(b",1\nodd", b"nice,1\nodd"))
    assert acme.ingest(key).success
    former = _as_a_former_release_stored_it(key)
    batch = read_stored_batch(STORAGE, "acme", key)
    assert (len(batch.reviews), len(batch.quarantine), batch.without_text) == (3, 1, None)
    assert checks_of(acme.check("raw_reviews", "row_identity", key))["row_identity"].passed
    acme.land("a.csv", NEW)
    for _ in range(2):  # the first time they are still in use
        assert all(file.exists() for file in former)
        assert acme.ingest(key).success
    assert stored(key) == (["lovely", "stale"], 2, 2, 2)
    assert not any(file.exists() for file in former)


def test_what_is_remembered_of_batches_that_are_not_stored_is_nothing(home: Path) -> None:
    assert read_text_digests(STORAGE, "acme", ["never.csv"]) == []
    with pytest.raises(FileNotFoundError):
        read_stored_batch(STORAGE, "acme", "never.csv")


def test_the_side_frames_of_a_batch_do_not_lie_in_those_of_another(acme: BranchInProcess) -> None:
    inner = acme.land("export.csv/part-0.csv", OLD)
    assert acme.ingest(inner).success
    folder = Path(str(acme.metadata("raw_reviews")["quarantine"].value)).parent
    for file in folder.iterdir():
        os.utime(file, (0, 0))
    acme.register_batch("export.csv")
    write_side_frames(STORAGE, "acme", "export.csv", {"quarantine": pd.DataFrame({"row": [1]})})
    assert stored(inner) == (["fine", "dull"], 1, 1, 2)


def test_a_damaged_batch_is_replaced_by_its_file(acme: BranchInProcess) -> None:
    key = acme.land("a.csv", OLD)
    assert acme.ingest(key).success
    STORAGE.frame_path("acme", "raw_reviews", key).write_bytes(b"")
    assert acme.ingest(key).success
    assert stored(key) == (["fine", "dull"], 1, 1, 2)
