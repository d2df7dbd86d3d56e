"""Files of a vendor's folder: each new or changed one once, as it is."""

import gzip
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from fsspec.implementations.memory import MemoryFileSystem
from upath import UPath

from sentiment_assets.resources.home import below_home
from sentiment_assets.sources import files
from sentiment_assets.sources.faults import PullFailed
from sentiment_assets.sources.pull import Source, pull
from testing.dying_pull import STEPS, pull_and_die
from testing.shop import LANDING, landed_files, source_of

EXPORT = gzip.compress(b"text\nfine\n")


@pytest.fixture(params=["local", "memory"])
def bucket(request: pytest.FixtureRequest, tmp_path: Path, home: Path) -> Iterator[UPath]:
    """A vendor's folder, on a disk and on an object store."""
    yield UPath(tmp_path / "vendor") if request.param == "local" else UPath("memory://vendor/export")
    MemoryFileSystem.store.clear()
    MemoryFileSystem.pseudo_dirs[:] = [""]


def put(bucket: UPath, path: str, content: bytes = EXPORT) -> None:
    file = bucket / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


def of(bucket: UPath, pattern: str = "**") -> Source:
    return source_of(name="bucket", files={"url": str(bucket), "pattern": pattern})


def test_new_and_changed_files_land_as_they_are(bucket: UPath) -> None:
    put(bucket, "2026/october.csv.gz")
    put(bucket, "november.csv.gz")
    found = pull(of(bucket))
    assert found.files == ["bucket/2026/october.csv.gz", "bucket/november.csv.gz"]
    assert sorted(landed_files()) == found.files
    assert (below_home(LANDING) / "bucket/november.csv.gz").read_bytes() == EXPORT
    assert (pull(of(bucket)).files, pull(of(bucket)).number) == ([], 1)
    put(bucket, "november.csv.gz", b"another")
    put(bucket, "december.csv.gz")
    assert pull(of(bucket)).files == ["bucket/december.csv.gz", "bucket/november.csv.gz"]
    assert (below_home(LANDING) / "bucket/november.csv.gz").read_bytes() == b"another"


@pytest.mark.parametrize(
    ("pattern", "landed"),
    [
        ("*.csv.gz", ["a.csv.gz"]),
        ("**/*.csv.gz", ["a.csv.gz", "b/c.csv.gz"]),
        ("b/*", ["b/c.csv.gz", "b/d.csv"]),
        ("**", ["a.csv.gz", "b/c.csv.gz", "b/d.csv"]),
    ],
)
def test_a_pattern_says_which(bucket: UPath, pattern: str, landed: list[str]) -> None:
    for path in ("a.csv.gz", "b/c.csv.gz", "b/d.csv", ".hidden.csv", "unfinished.csv.part"):
        put(bucket, path)
    assert pull(of(bucket, pattern)).files == [f"bucket/{path}" for path in landed]


def test_what_is_no_review_file_is_passed_over_and_named(bucket: UPath) -> None:
    put(bucket, "README.md")
    found = pull(of(bucket))
    assert (found.files, found.passed_over) == ([], ["README.md has no name of a review file"])


def test_a_file_that_has_the_time_of_another_is_not_passed_over(tmp_path: Path, home: Path) -> None:
    bucket = UPath(tmp_path / "vendor")
    for name in ("a.csv", "b.csv"):
        put(bucket, name)
        os.utime(tmp_path / "vendor" / name, (1, 1))
        assert pull(of(bucket)).files == [f"bucket/{name}"]


def test_a_file_that_is_written_to_while_it_is_copied_is_left_for_the_next_pull(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = UPath(tmp_path / "vendor")
    put(bucket, "a.csv")
    put(bucket, "b.csv")
    copy = files.copy_stream

    def copied_while_written(source, target):  # type: ignore[no-untyped-def]
        copy(source, target)
        put(bucket, "b.csv", b"longer than it was before")
        monkeypatch.setattr(files, "copy_stream", copy)

    monkeypatch.setattr(files, "copy_stream", copied_while_written)
    found = pull(of(bucket))
    assert (found.files, found.passed_over) == (["bucket/a.csv"], ["b.csv has changed while it was copied"])
    assert pull(of(bucket)).files == ["bucket/b.csv"]


def test_many_files_count_by_portions(bucket: UPath, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_FILES_AT_ONCE", 2)
    for number in range(5):
        put(bucket, f"{number}.csv")
    found = pull(of(bucket))
    assert (len(found.files), found.number) == (5, 3)
    assert pull(of(bucket)).files == []


@pytest.mark.slow
@pytest.mark.parametrize("step", [step for step in STEPS if "page" not in step])
def test_a_pull_that_is_killed_lands_every_file(tmp_path: Path, home: Path, step: str) -> None:
    bucket = UPath(tmp_path / "vendor")
    put(bucket, "a.csv")
    pull(of(bucket))
    for name in ("a.csv", "b.csv", "c.csv"):
        put(bucket, name, name.encode())
    pull_and_die(of(bucket), step)
    pull(of(bucket))
    assert sorted(landed_files()) == ["bucket/a.csv", "bucket/b.csv", "bucket/c.csv"]
    for name in ("a.csv", "b.csv", "c.csv"):
        assert (home / LANDING / "bucket" / name).read_bytes() == name.encode()
    assert pull(of(bucket)).files == []


def test_a_folder_that_is_not_there_is_an_error_that_transient(bucket: UPath) -> None:
    with pytest.raises(PullFailed, match="acme: source bucket: .*there is no folder") as failure:
        pull(of(bucket))
    assert failure.value.may_help_later


def test_a_folder_that_holds_the_landing_place_is_refused(home: Path) -> None:
    put(UPath(home), "reviews.csv.gz")
    with pytest.raises(PullFailed, match="holds the landing place itself") as failure:
        pull(of(UPath(home)))
    assert not failure.value.may_help_later
    assert landed_files() == []
