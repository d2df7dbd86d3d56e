import os
from pathlib import Path

import pytest
from upath import UPath

from sentiment_assets.resources.file_stamps import FileStamps, stamps_below
from sentiment_assets.resources.written_files import write_atomically


@pytest.fixture(params=["local", "memory"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> UPath:
    place = UPath(tmp_path / "here") if request.param == "local" else UPath(f"memory://{tmp_path.name}/here")
    write_atomically(place / "a.json", b"1")
    write_atomically(place / "2026" / "b.json", b"1")
    return place


def test_a_file_that_is_written_again_has_another_stamp_and_no_other_file_has(folder: UPath) -> None:
    before = stamps_below(folder).files
    write_atomically(folder / "a.json", b"1")
    after = stamps_below(folder).files
    assert set(before) == set(after) == {"a.json", "2026/b.json"}
    assert before["a.json"] != after["a.json"], "though it holds the same"
    assert before["2026/b.json"] == after["2026/b.json"]


def test_files_come_and_go(folder: UPath) -> None:
    (folder / "a.json").unlink()
    assert set(stamps_below(folder).files) == {"2026/b.json"}
    assert stamps_below(folder / "nowhere") == FileStamps({}, {})


def long_ago(folder: Path) -> None:
    for each in (folder, *(each for each in folder.rglob("*") if each.is_dir())):
        os.utime(each, (1_000_000_000, 1_000_000_000))


@pytest.mark.parametrize("changed", ["a.json", "2026/b.json", "2026/c.json", "2027/d.json"])
def test_folders_tell_whether_anything_was_stored(tmp_path: Path, changed: str) -> None:
    for name in ("a.json", "2026/b.json"):
        write_atomically(UPath(tmp_path / name), b"1")
    assert not stamps_below(UPath(tmp_path)).are_current(), "what comes at the same moment could not be told"
    long_ago(tmp_path)
    seen = stamps_below(UPath(tmp_path))
    assert seen.are_current()
    write_atomically(UPath(tmp_path / changed), b"2")
    assert not seen.are_current()


def test_a_folder_that_is_gone_is_a_change(tmp_path: Path) -> None:
    write_atomically(UPath(tmp_path / "here" / "a.json"), b"1")
    long_ago(tmp_path)
    seen = stamps_below(UPath(tmp_path / "here"))
    assert seen.are_current()
    (tmp_path / "here" / "a.json").unlink()
    (tmp_path / "here").rmdir()
    assert not seen.are_current()


def test_an_object_store_is_always_asked() -> None:
    assert not stamps_below(UPath("memory://nowhere")).are_current()
