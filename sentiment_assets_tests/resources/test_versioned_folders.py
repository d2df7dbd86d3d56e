from functools import partial
from pathlib import Path

import pytest
from upath import UPath

from sentiment_assets.resources import versioned_folders
from sentiment_assets.resources.versioned_folders import current_folder, current_version, write_folder
from sentiment_assets.resources.written_files import write_atomically
from testing.killing import is_killed_at

FORMER = {"page.html": b"former", "below/data.js": b"former"}
NEW = {"page.html": b"new", "below/data.js": b"new"}
RENAMED = len(NEW) + 1
"""What is written to a disk is renamed once: each file, then the one that names the version."""


def read(folder: UPath) -> dict[str, bytes]:
    """Read what lies in the current version; a killed process leaves hidden files, which nobody reads."""
    place = current_folder(folder)
    files = [each for each in place.rglob("*") if each.is_file() and not each.name.startswith(".")]
    return {each.path.removeprefix(place.path).strip("/"): each.read_bytes() for each in files}


def versions(folder: UPath) -> set[str]:
    return {each.name for each in folder.iterdir() if each.is_dir()}


@pytest.fixture(params=["local", "remote"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> UPath:
    return UPath(tmp_path / "day") if request.param == "local" else UPath(f"memory://{tmp_path}/day")


def test_a_folder_has_the_files_that_were_written_last_and_no_other(folder: UPath) -> None:
    write_folder(folder, {**FORMER, "more.txt": b"former"})
    assert write_folder(folder, NEW) == current_folder(folder)
    assert read(folder) == NEW


def test_the_version_before_stays_for_who_reads_it_and_the_one_before_that_goes(folder: UPath) -> None:
    written = [write_folder(folder, NEW | {"page.html": str(number).encode()}).name for number in range(3)]
    assert versions(folder) == set(written[1:])
    assert current_version(folder) == written[2]
    write_folder(folder, NEW | {"page.html": b"2"})
    assert versions(folder) == set(written[1:]), "what is written again is the version that it was"


def test_a_version_whose_writer_was_killed_goes_after_a_day(folder: UPath, monkeypatch: pytest.MonkeyPatch) -> None:
    write_folder(folder, FORMER)
    write_atomically(folder / "0123456789abcdef" / "below/data.js", b"half")
    write_folder(folder, NEW)
    assert "0123456789abcdef" in versions(folder), "it may be being written now"
    monkeypatch.setattr(versioned_folders, "ABANDONED", -1.0)
    last = [write_folder(folder, NEW | {"page.html": str(number).encode()}).name for number in range(2)]
    assert versions(folder) == set(last)


def test_what_a_former_release_has_written_is_read_as_it_lies_and_stays_whole(
    folder: UPath, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, content in FORMER.items():
        write_atomically(folder / name, content)
    assert read(folder) == FORMER
    monkeypatch.setattr(versioned_folders, "ABANDONED", -1.0)
    write_folder(folder, NEW)
    assert read(folder) == NEW
    assert {name: (folder / name).read_bytes() for name in FORMER} == FORMER


def test_files_that_only_share_their_content_otherwise_are_another_version(folder: UPath) -> None:
    write_folder(folder, {"a.js": b"12", "b.js": b"3"})
    for files in ({"a.js": b"1", "b.js": b"23"}, {"a.js": b"1", "c.js": b"23"}):
        write_folder(folder, files)
        assert read(folder) == files


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("renaming", range(1, RENAMED + 1))
def test_who_reads_sees_one_version_wherever_its_writer_is_killed(tmp_path: Path, renaming: int, after: bool) -> None:
    folder = UPath(tmp_path / "day")
    write_folder(folder, FORMER)
    assert is_killed_at("os.replace", partial(write_folder, folder, NEW), calls=renaming, after=after)
    assert read(folder) == (NEW if (renaming, after) == (RENAMED, True) else FORMER)
    write_folder(folder, NEW)
    assert read(folder) == NEW
