from pathlib import Path

import pytest
from upath import UPath

from sentiment_assets.resources import written_files
from sentiment_assets.resources.written_files import write_folder

FILES = {"a.txt": b"a", "below/b.txt": b"b", "last.txt": b"last"}


def names(folder: UPath) -> set[str]:
    return {each.path.removeprefix(folder.path).strip("/") for each in folder.rglob("*") if each.is_file()}


@pytest.fixture(params=["local", "remote"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> UPath:
    return (
        UPath(tmp_path / "reports" / "day") if request.param == "local" else UPath(f"memory://{tmp_path}/reports/day")
    )


def test_a_folder_has_the_files_that_were_written_last_and_no_other(folder: UPath) -> None:
    write_folder(folder, {**FILES, "former.txt": b"former"}, last="last.txt")
    write_folder(folder, FILES | {"a.txt": b"new"}, last="last.txt")
    assert names(folder) == set(FILES)
    assert (folder / "a.txt").read_bytes() == b"new"
    assert (folder / "below" / "b.txt").read_bytes() == b"b"
    assert [each.name for each in folder.parent.iterdir()] == ["day"], "nothing unfinished is left"


def test_what_people_open_is_written_when_all_others_are_there(folder: UPath, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a disk none is to be seen before all are."""
    write = written_files.write_atomically
    seen: list[set[str]] = []

    def watched(path: UPath, content: bytes) -> None:
        seen.append(names(folder) if folder.exists() else set())
        write(path, content)

    monkeypatch.setattr(written_files, "write_atomically", watched)
    write_folder(folder, {"last.txt": b"last", "a.txt": b"a", "b.txt": b"b"}, last="last.txt")
    assert all("last.txt" not in each for each in seen)
    if folder.protocol in ("", "file"):
        assert seen == [set()] * 3


def test_a_folder_that_cannot_be_written_stays_as_it_was(folder: UPath, monkeypatch: pytest.MonkeyPatch) -> None:
    write_folder(folder, FILES, last="last.txt")
    write = written_files.write_atomically

    def full(path: UPath, content: bytes) -> None:
        if path.name == "last.txt":
            raise OSError("no space left")
        write(path, content)

    monkeypatch.setattr(written_files, "write_atomically", full)
    with pytest.raises(OSError, match="no space left"):
        write_folder(folder, {"last.txt": b"new", "a.txt": b"a"}, last="last.txt")
    assert names(folder) == set(FILES)
    assert (folder / "last.txt").read_bytes() == b"last"
    assert [each.name for each in folder.parent.iterdir()] == ["day"]
