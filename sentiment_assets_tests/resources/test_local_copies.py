import os
import shutil
import stat
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from fsspec.implementations.memory import MemoryFile, MemoryFileSystem
from upath import UPath

from sentiment_assets.resources import local_copies
from sentiment_assets.resources.local_copies import local_copy

SIZE = 1_000


class Disk(NamedTuple):
    """What is left of a disk."""

    free: int


@pytest.fixture
def copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the copies of this test's host lie."""
    monkeypatch.setattr(local_copies.tempfile, "gettempdir", lambda: str(tmp_path))
    return tmp_path / "sentiment_assets"


@pytest.fixture
def stored(tmp_path: Path) -> Callable[[str], UPath]:
    """A remote file of 1,000 bytes, of the version that is asked for."""

    def store(version: str, name: str = "a.npy") -> UPath:
        file = UPath(f"memory://{tmp_path.name}/features/{version}/{name}")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(version.encode() * (SIZE // len(version)))
        return file

    return store


def names_in(copies: Path) -> list[str]:
    return sorted(f"{file.parent.name}/{file.name}" for file in copies.rglob("*.npy"))


def last_asked_for(copy: Path, seconds_ago: float) -> None:
    then = time.time() - seconds_ago
    os.utime(copy.parent, (then, then))


def opened_files(monkeypatch: pytest.MonkeyPatch, change: Callable[[MemoryFile], Any] = lambda file: file) -> list[str]:
    """The names of the remote files that are read from now on."""
    opened: list[str] = []
    plain = MemoryFileSystem._open

    def watched(self: MemoryFileSystem, path: str, *arguments: Any, **named: Any) -> Any:
        opened.append(path.rpartition("/")[2])
        return change(plain(self, path, *arguments, **named))

    monkeypatch.setattr(MemoryFileSystem, "_open", watched)
    return opened


def test_a_copy_is_whole_for_this_account_alone_and_made_once(
    copies: Path, stored: Callable[[str], UPath], monkeypatch: pytest.MonkeyPatch
) -> None:
    file, opened = stored("one"), opened_files(monkeypatch)
    first, second = local_copy(file), local_copy(file)
    assert first == second
    assert first.read_bytes() == b"one" * 333
    assert stat.S_IMODE(first.stat().st_mode) == 0o600
    assert opened == ["a.npy"]


def test_steps_that_ask_at_the_same_time_copy_once(
    copies: Path, stored: Callable[[str], UPath], monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(file: MemoryFile) -> MemoryFile:
        time.sleep(0.2)
        return file

    file, opened = stored("one"), opened_files(monkeypatch, slowly)
    with ThreadPoolExecutor(4) as steps:
        assert len(set(steps.map(lambda _: local_copy(file), range(4)))) == 1
    assert opened == ["a.npy"]


def test_a_file_is_read_in_blocks(
    copies: Path, stored: Callable[[str], UPath], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Arrays may be larger than the memory of a step."""
    asked: list[int] = []

    def watched(file: MemoryFile) -> MemoryFile:
        read = file.read

        def counted(size: int = -1) -> bytes:
            asked.append(size)
            return read(size)

        file.read = counted
        return file

    monkeypatch.setattr(local_copies, "_BLOCK", 100)
    opened_files(monkeypatch, watched)
    local_copy(stored("one"))
    assert set(asked) == {100}


def test_what_does_not_arrive_whole_is_no_copy(
    copies: Path, stored: Callable[[str], UPath], monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(file: MemoryFile) -> MemoryFile:
        file.truncate(10)
        return file

    file = stored("one")
    size = file.stat()
    monkeypatch.setattr(type(file), "stat", lambda _: size)
    opened_files(monkeypatch, cut)
    with pytest.raises(OSError, match=r"a.npy has 999 bytes, and 10 of them arrived: run the step again"):
        local_copy(file)
    assert [each.suffix for each in copies.rglob("*") if each.is_file()] in ([], [".lock"])


def test_copies_that_nothing_has_asked_for_in_an_hour_go_when_another_is_made(
    copies: Path, stored: Callable[[str], UPath]
) -> None:
    long_ago, lately = local_copy(stored("long")), local_copy(stored("lately"))
    last_asked_for(long_ago, 3_700)
    last_asked_for(lately, 3_500)
    local_copy(stored("new"))
    assert names_in(copies) == ["lately/a.npy", "new/a.npy"]
    last_asked_for(long_ago, 90_000)
    local_copy(stored("newer"))
    assert not long_ago.parent.exists(), "the empty folder goes a day later: nothing is copied into it any more"


def test_to_ask_for_a_copy_keeps_its_version(copies: Path, stored: Callable[[str], UPath]) -> None:
    file = stored("one")
    last_asked_for(local_copy(file), 3_700)
    local_copy(file)
    local_copy(stored("two"))
    assert names_in(copies) == ["one/a.npy", "two/a.npy"]


@pytest.mark.parametrize(("free", "kept"), [(5_000, ["one", "two", "three"]), (3_000, ["two", "three"]), (900, [])])
def test_copies_take_no_more_of_the_disk_than_they_leave_free(
    copies: Path, stored: Callable[[str], UPath], monkeypatch: pytest.MonkeyPatch, free: int, kept: list[str]
) -> None:
    """One more of 1,000 bytes, beside three of them: the versions go that were asked for longest ago."""
    for number, version in enumerate(["three", "two", "one"]):
        last_asked_for(local_copy(stored(version)), 100 * number)
    monkeypatch.setattr(local_copies.shutil, "disk_usage", lambda _: Disk(free))
    local_copy(stored("new"))
    assert names_in(copies) == sorted(f"{version}/a.npy" for version in [*kept, "new"])


def test_the_version_that_is_asked_for_stays_whole_on_a_full_disk(
    copies: Path, stored: Callable[..., UPath], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_copies.shutil, "disk_usage", lambda _: Disk(0))
    for name in ("a.npy", "b.npy", "c.npy"):
        local_copy(stored("one", name))
    assert names_in(copies) == ["one/a.npy", "one/b.npy", "one/c.npy"]


def test_what_another_process_is_copying_stays(
    copies: Path, stored: Callable[[str], UPath], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = local_copy(stored("other"))
    unfinished = other.with_name(".0.part")
    unfinished.write_bytes(b"x")
    last_asked_for(other, 7_200)
    local_copy(stored("new"))
    assert unfinished.exists()
    assert not other.exists()


def test_who_has_mapped_a_copy_keeps_it_when_it_is_removed(tmp_path: Path, copies: Path) -> None:
    file = UPath(f"memory://{tmp_path.name}/features/one/a.npy")
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as stream:
        np.save(stream, np.arange(50_000))
    copy = local_copy(file)
    mapped = np.load(copy, mmap_mode="r")
    shutil.rmtree(copy.parent)
    assert mapped.sum() == np.arange(50_000).sum()


def test_a_copy_that_cannot_be_removed_stays(
    copies: Path, stored: Callable[[str], UPath], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows refuses to remove a file that somebody has mapped."""
    first = local_copy(stored("first"))
    last_asked_for(first, 7_200)
    unlink = Path.unlink

    def refusing(self: Path, missing_ok: bool = False) -> None:
        if self == first:
            raise PermissionError("the file is in use")
        unlink(self, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", refusing)
    assert local_copy(stored("second")).exists()
    assert first.exists()
