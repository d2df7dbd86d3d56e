from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from upath import UPath

from sentiment_assets.resources import storage
from sentiment_assets.resources.home import below_home, local_home
from sentiment_assets.resources.storage import (
    ArraysIOManager,
    FrameIOManager,
    Storage,
    arrays_version,
    read_frame,
    read_partitions,
    write_atomically,
)

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


def test_a_write_that_fails_leaves_the_old_file_and_no_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = UPath(tmp_path / "f.bin")
    write_atomically(file, b"old")

    def fails(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(storage.os, "replace", fails)
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
