import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import dagster as dg
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from upath import UPath

from sentiment_assets.resources import local_copies, storage, versioned_folders, written_files
from sentiment_assets.resources.home import below_home, local_home
from sentiment_assets.resources.storage import (
    MAPPED_TEXTS,
    ArraysIOManager,
    FrameIOManager,
    Frames,
    IncompleteArrays,
    Storage,
    arrays_version,
    file_name,
    read_frame,
    read_partitions,
)
from sentiment_assets.resources.written_files import write_atomically

ARRAYS = {"a": np.arange(5, dtype=np.int32), "b": np.ones((2, 3), np.float32)}


@pytest.fixture(params=["local", "memory"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> UPath:
    return UPath(tmp_path) if request.param == "local" else UPath(f"memory://{tmp_path.name}")


def test_a_frame_comes_back_with_its_attributes(root: UPath) -> None:
    frame = pd.DataFrame({"text": ["a", None], "label": pd.array([1, None], "Int8")})
    frame.attrs = {"rows_in": 7}
    FrameIOManager(root).dump_to_path(None, frame, root / "x" / "f.parquet")
    again = read_frame(root / "x" / "f.parquet")
    pd.testing.assert_frame_equal(again, frame)
    assert again.attrs == {"rows_in": 7}


def test_the_texts_of_a_large_frame_need_no_memory_where_an_asset_says_so(root: UPath) -> None:
    texts = pd.array([f"{number} " * 100 for number in range(45_000)], dtype="str")
    labels = pd.array([1, None, 0] * 15_000, "Int8")
    frame = pd.DataFrame({"review_id": [f"r{number}" for number in range(45_000)], "text": texts})
    frame = frame.assign(label=labels, text_digest=np.arange(45_000, dtype=np.uint64))
    manager, file = FrameIOManager(root), root / "x" / "f.parquet"
    manager.dump_to_path(None, frame, file)
    asking = dg.build_input_context(definition_metadata={MAPPED_TEXTS: True})
    before = pa.total_allocated_bytes()
    mapped = manager.load_from_path(asking, file)
    assert pa.total_allocated_bytes() - before < frame["text"].str.len().sum() / 4
    pd.testing.assert_frame_equal(mapped, frame)
    pd.testing.assert_frame_equal(manager.load_from_path(dg.build_input_context(), file), frame)


def test_arrays_come_back_mapped_and_the_former_ones_are_gone(root: UPath) -> None:
    manager = ArraysIOManager(root)
    manager.dump_to_path(None, {"a": np.zeros(9)}, root / "features")
    manager.dump_to_path(None, ARRAYS, root / "features")
    loaded = manager.load_from_path(None, root / "features")
    assert loaded.version == arrays_version(ARRAYS)
    assert set(loaded.arrays) == set(ARRAYS)
    for name, array in loaded.arrays.items():
        assert isinstance(array, np.memmap)
        assert np.array_equal(array, ARRAYS[name])
    assert {path.name for path in (root / "features").iterdir()} == {"CURRENT", loaded.version}


def test_overlapping_writes_leave_whole_arrays(root: UPath, monkeypatch: pytest.MonkeyPatch) -> None:
    """One process begins to write, another writes and ends meanwhile, then the first one ends."""
    manager, plain, place = ArraysIOManager(root), storage.written_atomically, root / "features"
    others = {name: array + 1 for name, array in ARRAYS.items()}

    @contextmanager
    def interrupted(path: UPath) -> Iterator[BinaryIO]:
        if path.name == "b.npy":
            monkeypatch.setattr(storage, "written_atomically", plain)
            manager.dump_to_path(None, others, place)
        with plain(path) as stream:
            yield stream

    manager.dump_to_path(None, {"a": np.zeros(9)}, place)
    monkeypatch.setattr(storage, "written_atomically", interrupted)
    manager.dump_to_path(None, ARRAYS, place)
    loaded = manager.load_from_path(None, place)
    assert loaded.version == arrays_version(ARRAYS)
    assert all(np.array_equal(loaded.arrays[name], ARRAYS[name]) for name in ARRAYS)
    assert {path.name for path in place.iterdir()} == {"CURRENT", loaded.version, arrays_version(others)}
    long_ago = time.time() + 90_000
    monkeypatch.setattr(versioned_folders.time, "time", lambda: long_ago)
    manager.dump_to_path(None, {"a": np.ones(9)}, place)
    assert len(list(place.iterdir())) == 2, "what was left lying is removed a day later"


def test_arrays_that_became_current_again_meanwhile_are_kept(root: UPath, monkeypatch: pytest.MonkeyPatch) -> None:
    manager, plain, place = ArraysIOManager(root), storage.write_atomically, root / "features"
    others = {name: array + 1 for name, array in ARRAYS.items()}

    def overtaken(path: UPath, content: bytes) -> None:
        plain(path, content)
        if path.name == "CURRENT":
            monkeypatch.setattr(storage, "write_atomically", plain)
            manager.dump_to_path(None, ARRAYS, place)

    manager.dump_to_path(None, ARRAYS, place)
    monkeypatch.setattr(storage, "write_atomically", overtaken)
    manager.dump_to_path(None, others, place)
    assert manager.load_from_path(None, place).version == arrays_version(ARRAYS)


def test_arrays_that_are_not_all_there_are_refused(root: UPath) -> None:
    manager, place = ArraysIOManager(root), root / "features"
    manager.dump_to_path(None, ARRAYS, place)
    (place / arrays_version(ARRAYS) / "b.npy").unlink()
    with pytest.raises(IncompleteArrays, match="are not all there: materialize them again"):
        manager.load_from_path(None, place)


def test_an_array_of_a_remote_folder_is_copied_when_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_copies.tempfile, "gettempdir", lambda: str(tmp_path))
    manager, place = ArraysIOManager(), UPath(f"memory://{tmp_path.name}/features")
    manager.dump_to_path(None, ARRAYS, place)
    loaded = manager.load_from_path(None, place)
    assert set(loaded.arrays) == set(ARRAYS)
    assert not list(tmp_path.rglob("*.npy"))
    assert np.array_equal(loaded.arrays["b"], ARRAYS["b"])
    assert [file.name for file in tmp_path.rglob("*.npy")] == ["b.npy"]


def test_an_array_that_is_removed_before_it_is_asked_for_is_told_about(tmp_path: Path) -> None:
    manager, place = ArraysIOManager(), UPath(f"memory://{tmp_path.name}/features")
    manager.dump_to_path(None, ARRAYS, place)
    loaded = manager.load_from_path(None, place)
    (place / loaded.version / "b.npy").unlink()
    with pytest.raises(IncompleteArrays, match="are not all there: materialize them again"):
        loaded.arrays["b"]


@pytest.mark.parametrize(
    "partition",
    ["评" * 73 + ".csv", "2026/" + "%EF%BC%8C" * 60 + ".csv", "epochs=20|eta0=0.1|l2=1e-06", "ü" * 110, "a, b.csv"],
)
def test_any_partition_can_be_stored(home: Path, partition: str) -> None:
    store = Storage(root="data")
    for path in (store.frame_path("acme", "raw_reviews", partition), store.candidate_path("acme", partition)):
        write_atomically(path, b"x")
        assert path.read_bytes() == b"x"
        assert "|" not in path.name
        assert max(len(part.encode()) for part in path.parts) <= 255


def test_partitions_with_long_names_are_told_apart_and_short_ones_keep_theirs() -> None:
    keys = [f"{'评' * 90}{end}.csv" for end in ("a", "b")]
    assert len({file_name(key) for key in keys}) == 2
    assert file_name("2026/October, (1).csv") == "2026/October, (1).csv"


@pytest.mark.parametrize(
    "partition",
    [
        "..",
        "../../a.csv",
        "{outside}/a.csv",
        "2026/../../../a.csv",
        ".",
        "a\x00b",
        ("x" * 190 + "/") * 21 + "a.csv",
    ],
)
def test_no_partition_is_stored_outside_its_folder_or_too_deep(home: Path, tmp_path: Path, partition: str) -> None:
    path = Storage(root="data").frame_path("acme", "raw_reviews", partition.format(outside=tmp_path))
    write_atomically(path, b"x")
    assert [each.name for each in (home / "data" / "acme" / "raw_reviews").iterdir()] == [path.name]


def test_the_frames_of_an_asset_lie_where_the_storage_looks_for_them(home: Path) -> None:
    """Dagster asks the IO manager, the checks and reports ask the storage."""
    key = f"{'评' * 90}|x.csv"

    @dg.asset(key_prefix="acme", partitions_def=dg.StaticPartitionsDefinition([key]), io_manager_key="frames")
    def reviews() -> pd.DataFrame:
        return pd.DataFrame({"text": ["fine"]})

    assert dg.materialize([reviews], partition_key=key, resources={"frames": Frames(root="data")}).success
    assert read_frame(Storage(root="data").frame_path("acme", "reviews", key))["text"].tolist() == ["fine"]


def test_a_write_that_fails_leaves_the_old_file_and_no_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = UPath(tmp_path / "f.bin")
    write_atomically(file, b"old")

    def fails(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(written_files.os, "replace", fails)
    with pytest.raises(OSError, match="no space left"):
        write_atomically(file, b"new")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("f.bin", b"old")]


def test_partitions_are_read_in_order_and_missing_ones_skipped(home: Path) -> None:
    store = Storage(root="data")
    for key in ("b.csv", "2026/a, odd.csv"):
        frame = pd.DataFrame({"key": [key]})
        FrameIOManager().dump_to_path(None, frame, store.frame_path("acme", "raw_reviews", key))
    read = read_partitions(store, "acme", "raw_reviews", ["b.csv", "missing.csv", "2026/a, odd.csv"])
    assert list(read) == ["b.csv", "2026/a, odd.csv"]
    assert [frame["key"][0] for frame in read.values()] == list(read)


def test_relative_places_lie_below_home_and_others_stay(home: Path) -> None:
    assert str(below_home("landing/acme")) == str(home / "landing/acme")
    assert str(below_home("/mnt/acme")) == "/mnt/acme"
    assert str(below_home("memory://acme/x")) == "memory://acme/x"
    with pytest.raises(ValueError, match="'nosuch://x' is not a path or fsspec URL"):
        below_home("nosuch://x")


def test_a_remote_home_is_no_local_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTIMENT_HOME", "memory://bucket")
    with pytest.raises(ValueError, match="SENTIMENT_HOME is memory://.*bucket"):
        local_home()


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def open_umask() -> Iterator[None]:
    """The umask of most machines, by which everybody may read new files."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.usefixtures("open_umask")
def test_what_is_stored_below_the_home_folder_is_for_one_account(home: Path) -> None:
    file = Storage(root="data").frame_path("acme", "raw_reviews", "2026/a.csv")
    write_atomically(file, b"x")
    write_atomically(file, b"y")
    assert mode_of(Path(file)) == 0o600
    folders = [each for each in Path(file).parents if each.is_relative_to(home)]
    assert [mode_of(each) for each in folders] == [0o700] * 5


@pytest.mark.usefixtures("open_umask")
@pytest.mark.parametrize(
    ("found", "kept"), [(0o755, 0o700), (0o2770, 0o2700), (0o777, 0o700), (0o711, 0o711), (0o710, 0o710)]
)
def test_a_home_folder_that_others_can_list_is_tightened_and_one_to_pass_through_stays(
    home: Path, caplog: pytest.LogCaptureFixture, found: int, kept: int
) -> None:
    home.mkdir()
    home.chmod(found)
    assert local_home() == home.resolve()
    assert mode_of(home) == kept
    assert ("now it is for this one alone" in caplog.text) == (found != kept)


def test_a_home_folder_of_another_account_is_told_about_and_left(
    home: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.mkdir()
    home.chmod(0o775)
    monkeypatch.setattr(os, "geteuid", lambda: home.stat().st_uid + 1)
    for number in range(2):
        write_atomically(UPath(home / "data" / str(number)), b"x")
    assert mode_of(home) == 0o775
    assert caplog.text.count("belongs to one of them: see who may") == 1


def test_a_remote_home_folder_is_left_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SENTIMENT_HOME", f"memory://{tmp_path.name}")
    file = Storage(root="data").frame_path("acme", "raw_reviews", "a.csv")
    write_atomically(file, b"x")
    assert file.read_bytes() == b"x"
