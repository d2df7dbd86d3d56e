"""The history of the checks says what their files say, whatever was written, removed or stopped in between."""

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from upath import UPath

from sentiment_assets.monitoring.check_record import CheckRecord, for_history
from sentiment_assets.monitoring.finding import Finding
from sentiment_assets.resources import check_records
from sentiment_assets.resources.check_records import (
    DRIFT,
    GROUPS,
    QUALITY,
    load_current_history,
    load_current_records,
    load_history,
    load_records,
    save_record,
)
from sentiment_assets.resources.storage import Storage
from sentiment_assets.resources.written_files import write_atomically

KEYS = ("a.csv", "2026/b.csv", "c.csv", "d.csv")


def file_of(storage: Storage, group: str, key: str) -> UPath:
    folder = {"drift": "texts", "degradation": "scores"}.get(group, group)
    return storage.path("acme", "monitoring", folder, f"{key}.json")


def record(key: str, content: str, checked_at: str = "2026-11-01", verdict: Any = "warn") -> CheckRecord:
    finding = Finding(name="html", verdict=verdict, sentence=f"of {content}", surely=0.1, threshold=0.05)
    return CheckRecord(key, checked_at, "1", (finding,), content=content)


def assert_same_history(storage: Storage) -> None:
    for group in GROUPS:
        whole = load_records(storage, "acme", group, KEYS)
        assert load_history(storage, "acme", group, KEYS) == [for_history(each) for each in whole]
    current = load_current_records(storage, "acme", KEYS)
    assert load_current_history(storage, "acme", KEYS) == {
        group: [for_history(each) for each in records] for group, records in current.items()
    }


class Killed(BaseException):
    """What no part of the code catches."""


@contextmanager
def dying_at_the_first_write() -> Iterator[None]:
    def die(source: str, target: str) -> None:
        raise Killed

    with pytest.MonkeyPatch.context() as patch, suppress(Killed):
        patch.setattr(os, "replace", die)
        yield


def another_process() -> None:
    """What this process knows is forgotten."""
    check_records._memory.cache_clear()


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("save"), st.sampled_from(KEYS), st.sampled_from("12")),
        st.tuples(st.just("die while it is saved"), st.sampled_from(KEYS), st.sampled_from("12")),
        st.tuples(st.just("remove"), st.sampled_from(KEYS), st.just("")),
        st.tuples(st.just("look"), st.sampled_from(KEYS), st.just("")),
        st.tuples(st.just("die while it looks"), st.sampled_from(KEYS), st.just("")),
        st.tuples(st.just("start anew"), st.sampled_from(KEYS), st.just("")),
    ),
    min_size=4,
    max_size=20,
)


@settings(max_examples=60)
@given(steps=STEPS, fewest_unsaved=st.sampled_from((0, 2)))
def test_a_history_is_that_of_the_files_after_anything(
    steps: Sequence[tuple[str, str, str]], fewest_unsaved: int
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(check_records, "_FEWEST_UNSAVED", fewest_unsaved)
        storage = Storage(root=folder)
        for number, (step, key, content) in enumerate(steps):
            _take(step, storage, record(key, content, f"2026-11-{number + 1:02}"))
        assert_same_history(storage)
        another_process()
        assert_same_history(storage)


def _take(step: str, storage: Storage, new: CheckRecord) -> None:
    group = GROUPS[KEYS.index(new.batch)]
    if step == "save":
        save_record(storage, "acme", group, new)
    elif step == "die while it is saved":
        with dying_at_the_first_write():
            save_record(storage, "acme", group, new)
    elif step == "remove":
        file_of(storage, group, new.batch).unlink(missing_ok=True)
    elif step == "look":
        load_current_history(storage, "acme", KEYS)
    elif step == "die while it looks":
        with dying_at_the_first_write():
            load_current_history(storage, "acme", KEYS)
    else:
        another_process()


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The batches whose files are opened."""
    keys: list[str] = []
    read: Callable[..., CheckRecord | None] = check_records._read

    def read_and_note(path: UPath) -> CheckRecord | None:
        keys.append(path.stem)
        return read(path)

    monkeypatch.setattr(check_records, "_read", read_and_note)
    return keys


def test_files_that_a_history_knows_are_not_opened_again(tmp_path: Path, opened: list[str]) -> None:
    storage, keys = Storage(root=str(tmp_path)), [f"{number}.csv" for number in range(40)]
    for key in keys:
        save_record(storage, "acme", QUALITY, record(key, "1"))
    (tmp_path / "acme" / "monitoring" / "quality" / ".1.part").write_bytes(b"{")  # somebody is writing
    assert len(load_history(storage, "acme", QUALITY, keys)) == len(opened) == 40
    opened.clear()
    another_process()
    history = tmp_path / "acme" / "monitoring" / "histories" / "quality.json"
    before = history.stat().st_ino
    save_record(storage, "acme", QUALITY, record(keys[3], "2"))
    for _ in range(2):
        assert load_history(storage, "acme", QUALITY, keys)[3].content == "2"
    assert opened == [keys[3]]
    assert history.stat().st_ino == before, "it is not written again for a single one"
    assert load_history(storage, "other", QUALITY, keys) == load_history(storage, "acme", DRIFT, keys) == []


def test_a_history_of_another_release_is_made_anew(tmp_path: Path, opened: list[str]) -> None:
    storage, keys = Storage(root=str(tmp_path)), [f"{number}.csv" for number in range(40)]
    for key in keys:
        save_record(storage, "acme", QUALITY, record(key, "1"))
    before = load_history(storage, "acme", QUALITY, keys)
    file = tmp_path / "acme" / "monitoring" / "histories" / "quality.json"
    for content in (b"{", file.read_bytes().replace(b'"format":2', b'"format":1')):
        file.write_bytes(content)
        another_process()
        opened.clear()
        assert load_history(storage, "acme", QUALITY, keys) == before
        assert set(opened) == set(keys)


def test_a_file_that_is_no_record_is_passed_over_until_it_is_mended(tmp_path: Path) -> None:
    storage = Storage(root=str(tmp_path))
    for key in KEYS:
        save_record(storage, "acme", QUALITY, record(key, "1"))
    file = file_of(storage, QUALITY, KEYS[0])
    right = file.read_bytes()
    for content, expected in ((right, 4), (b"{", 3), (right, 4)):
        write_atomically(file, content)
        assert len(load_history(storage, "acme", QUALITY, KEYS)) == expected


def test_files_are_looked_at_only_where_something_was_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage, looks = Storage(root=str(tmp_path)), []
    save_record(storage, "acme", QUALITY, record("a.csv", "1"))
    os.utime(tmp_path / "acme" / "monitoring" / "quality", (1_000_000_000, 1_000_000_000))
    look = check_records.stamps_below
    monkeypatch.setattr(check_records, "stamps_below", lambda folder: looks.append(folder) or look(folder))
    for _ in range(3):
        assert len(load_history(storage, "acme", QUALITY, KEYS)) == 1
    assert len(looks) == 1
    save_record(storage, "acme", QUALITY, record("c.csv", "1"))
    assert len(load_history(storage, "acme", QUALITY, KEYS)) == 2
