"""Tables of texts say what the batches say, whatever was stored, replaced, removed or stopped in between."""

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment_assets.assets import text_tables
from sentiment_assets.assets.stored_batch import REVIEWS, SIDE_FRAMES, TEXT_DIGESTS, write_side_frames
from sentiment_assets.assets.text_tables import FOLDER, look_at_neighbours
from sentiment_assets.monitoring.other_batches import digests_and_labels
from sentiment_assets.resources.storage import Storage, frame_to_bytes
from sentiment_assets.resources.written_files import write_atomically
from sentiment_assets.text_identity import text_digests

TEXTS = ("fine", "dull", "odd")
KEYS = ("a.csv", "b.csv", "2026/c.csv", "d.csv", "e.csv")
Review = tuple[str, int | None]
Batches = dict[str, Sequence[Review]]


def store(storage: Storage, key: str, reviews: Sequence[Review]) -> None:
    """Store a batch as ``raw_reviews`` does: what lies beside the reviews first."""
    frame = pd.DataFrame(reviews, columns=["text", "label"]).astype({"text": "str", "label": "Int8"})
    side_frames = write_side_frames(storage, "acme", key, {TEXT_DIGESTS: digests_and_labels(frame)})
    frame.attrs = {SIDE_FRAMES: side_frames.version}
    write_atomically(storage.frame_path("acme", REVIEWS, key), frame_to_bytes(frame))


def store_as_a_former_release(storage: Storage, key: str, reviews: Sequence[Review]) -> None:
    frame = pd.DataFrame(reviews, columns=["text", "label"]).astype({"text": "str", "label": "Int8"})
    write_atomically(storage.frame_path("acme", TEXT_DIGESTS, key), frame_to_bytes(digests_and_labels(frame)))
    write_atomically(storage.frame_path("acme", REVIEWS, key), frame_to_bytes(frame))


def last_label(batches: Batches, keys: Sequence[str], text: str) -> float:
    told = [label for key in keys for each, label in batches.get(key, ()) if each == text and label is not None]
    return told[-1] if told else np.nan


def plainly(batches: Batches, place: int) -> tuple[list[bool], list[float], list[float]]:
    """Whether each text came before, and the last label before and after, by looking at every review."""
    earlier, later = KEYS[:place], KEYS[place + 1 :]
    return (
        [any(text == each for key in earlier for each, _ in batches.get(key, ())) for text in TEXTS],
        [last_label(batches, earlier, text) for text in TEXTS],
        [last_label(batches, later, text) for text in TEXTS],
    )


def by_tables(storage: Storage, place: int) -> tuple[list[bool], list[float], list[float]]:
    """The same by the tables; the label before is that which brings nothing."""
    others, digests = look_at_neighbours(storage, "acme", KEYS[:place], KEYS[place + 1 :]), text_digests(TEXTS)
    nothing_new = {label: others.bring_nothing(digests, np.full(len(TEXTS), label)) for label in (0.0, 1.0)}
    before = np.where(nothing_new[0.0], 0.0, np.where(nothing_new[1.0], 1.0, np.nan))
    return others.came_before(digests).tolist(), before.tolist(), others.labels_since(digests).tolist()


def assert_same_answers(storage: Storage, batches: Batches) -> None:
    for place in range(len(KEYS)):
        for ours, theirs in zip(by_tables(storage, place), plainly(batches, place), strict=True):
            assert np.array_equal(ours, theirs, equal_nan=True)


@contextmanager
def at_the_nth_write(n: int, happening: Callable[[], None]) -> Iterator[None]:
    """Let something happen just before the n-th file from here gets its name."""
    replace, left = os.replace, [n]

    def replace_after(source: str, target: str) -> None:
        left[0] -= 1
        if left[0] == 0:
            happening()
        replace(source, target)

    os.replace = replace_after
    try:
        yield
    finally:
        os.replace = replace


class Killed(BaseException):
    """What no part of the code catches."""


def die() -> None:
    raise Killed


@contextmanager
def when_the_first_is_read(happening: Callable[[], None]) -> Iterator[None]:
    """Let something happen between a look at which batches there are and the first that is read."""
    read, left = text_tables.read_text_digests, [happening]

    def happen_and_read(*asked: Any) -> list[pd.DataFrame]:
        if left:
            left.pop()()
        return read(*asked)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_tables, "read_text_digests", happen_and_read)
        yield


REVIEWS_OF_A_BATCH = st.lists(st.tuples(st.sampled_from(TEXTS), st.sampled_from((0, 1, None))), max_size=4)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("store"), st.sampled_from(KEYS), REVIEWS_OF_A_BATCH),
        st.tuples(st.just("die while it is stored"), st.sampled_from(KEYS), REVIEWS_OF_A_BATCH),
        st.tuples(st.just("remove"), st.sampled_from(KEYS), st.just(())),
        st.tuples(st.just("look"), st.integers(0, len(KEYS) - 1), st.just(())),
        st.tuples(st.just("die while it looks"), st.integers(0, len(KEYS) - 1), st.integers(1, 12)),
        st.tuples(st.just("look at once with another"), st.integers(0, len(KEYS) - 1), st.integers(1, 12)),
        st.tuples(st.just("replace while it looks"), st.sampled_from(KEYS), REVIEWS_OF_A_BATCH),
    ),
    min_size=4,
    max_size=16,
)


@pytest.mark.slow
@pytest.mark.parametrize("most_loose", [0, 1])
@settings(max_examples=60)
@given(steps=STEPS)
def test_tables_answer_as_the_batches_do_after_any_history(
    most_loose: int, steps: Sequence[tuple[str, object, object]]
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_tables, "_MOST_LOOSE", most_loose)
        storage, batches = Storage(root=folder), {}
        for step, what, how in steps:
            _take(step, what, how, storage, batches)
        assert_same_answers(storage, batches)
        assert_same_answers(storage, batches)


def _take(step: str, what: Any, how: Any, storage: Storage, batches: Batches) -> None:
    """One step of a history, with what it makes of the batches."""
    last = len(KEYS) - 1

    def store_it() -> None:
        store(storage, what, how)
        batches[what] = how

    if step == "store":
        store_it()
    elif step == "die while it is stored":
        with at_the_nth_write(2, die), suppress(Killed):
            store(storage, what, how)
    elif step == "remove":
        storage.frame_path("acme", REVIEWS, what).unlink(missing_ok=True)
        batches.pop(what, None)
    elif step == "look":
        by_tables(storage, what)
    elif step == "die while it looks":
        with at_the_nth_write(how, die), suppress(Killed):
            by_tables(storage, what)
    elif step == "look at once with another":
        with at_the_nth_write(how, lambda: look_at_neighbours(storage, "acme", KEYS[:last], [])):
            by_tables(storage, what)
    else:
        with when_the_first_is_read(store_it):
            by_tables(storage, last)


def levels(storage: Storage) -> list[int]:
    """How many batches the table of each level holds."""
    return [len(each.files) for each in text_tables._read_tables(storage.path("acme", FOLDER))]


def test_few_batches_are_read_one_by_one_and_more_become_a_table(tmp_path: Path) -> None:
    storage, keys = Storage(root=str(tmp_path)), [f"{number}.csv" for number in range(40)]
    seen = []
    for place, key in enumerate(keys):
        look_at_neighbours(storage, "acme", keys[:place], [])
        seen.append(levels(storage))
        store(storage, key, [(key, 1)])
    assert seen[8] == []
    assert seen[9] == [9], "with one more than eight that no table holds"
    assert seen[18] == [0, 18], "the second nine join the first"
    assert seen[27] == [9, 18]
    assert seen[36] == [0, 0, 36]


def test_batches_that_two_tables_hold_after_a_death_are_joined_once(tmp_path: Path) -> None:
    """Killed between a table and the emptying of those that it was joined from."""
    storage, keys = Storage(root=str(tmp_path)), [f"{number}.csv" for number in range(36)]
    for key in keys:
        store(storage, key, [(key, 1)])
    look_at_neighbours(storage, "acme", keys[:9], [])
    with at_the_nth_write(7, die), suppress(Killed):
        look_at_neighbours(storage, "acme", keys[:18], [])
    assert levels(storage) == [9, 18]
    look_at_neighbours(storage, "acme", keys[:27], [])
    assert levels(storage) == [0, 0, 27]
    [table] = [each.table for each in text_tables._read_tables(storage.path("acme", FOLDER)) if each.files]
    assert len(table.digests) == 27


def test_what_tables_hold_is_not_read_again(tmp_path: Path) -> None:
    storage, keys = Storage(root=str(tmp_path)), [f"{number}.csv" for number in range(12)]
    for key in keys:
        store(storage, key, [("fine", 1)])
    look_at_neighbours(storage, "acme", keys, [])
    (tmp_path / "acme" / "side_frames").rename(tmp_path / "elsewhere")
    assert look_at_neighbours(storage, "acme", keys[:1], []).came_before(text_digests(["fine"])).all()


@pytest.mark.parametrize("most_loose", [0, 8])
def test_batches_of_a_former_release_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most_loose: int) -> None:
    monkeypatch.setattr(text_tables, "_MOST_LOOSE", most_loose)
    storage, batches = Storage(root=str(tmp_path)), {}
    for label in (1, 0):
        batches[KEYS[1]] = [("fine", label)]
        store_as_a_former_release(storage, KEYS[1], batches[KEYS[1]])
        assert_same_answers(storage, batches)
    storage.frame_path("acme", REVIEWS, KEYS[1]).unlink()
    assert_same_answers(storage, batches)  # as before there were tables
    storage.frame_path("acme", TEXT_DIGESTS, KEYS[1]).unlink()
    assert_same_answers(storage, {})


def test_a_damaged_table_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_tables, "_MOST_LOOSE", 0)
    storage, batches = Storage(root=str(tmp_path)), {key: [("fine", 1)] for key in KEYS}
    for key, reviews in batches.items():
        store(storage, key, reviews)
    assert_same_answers(storage, batches)
    for file in (tmp_path / "acme" / FOLDER).rglob("digests.npy"):
        file.unlink()
    assert_same_answers(storage, batches)
    assert sum(levels(storage)) == len(KEYS)


def test_tables_lie_in_an_object_store_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_tables, "_MOST_LOOSE", 0)
    storage, batches = Storage(root=f"memory://{tmp_path.name}"), {}
    for label in (1, 0, None):
        for key in KEYS:
            batches[key] = [("fine", label)]
            store(storage, key, batches[key])
            assert_same_answers(storage, batches)
    storage.frame_path("acme", REVIEWS, KEYS[2]).unlink()
    assert_same_answers(storage, {key: reviews for key, reviews in batches.items() if key != KEYS[2]})


def test_a_branch_without_batches_has_no_others(tmp_path: Path) -> None:
    others = look_at_neighbours(Storage(root=str(tmp_path)), "acme", KEYS, [])
    assert not others.came_before(text_digests(TEXTS)).any()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", [b"", b"\x93NUMPY"])
def test_a_table_that_a_loss_of_power_has_cut_is_as_if_it_were_not_there(home: Path, damage: bytes) -> None:
    storage = Storage(root="data")
    keys = [f"{number}.csv" for number in range(12)]
    for key in keys:
        store(storage, key, [("fine", 1)])
    look_at_neighbours(storage, "acme", keys, [])
    damaged = list((home / "data" / "acme" / FOLDER).rglob("*.npy"))
    assert damaged
    for file in damaged:
        file.write_bytes(damage)
    digests = text_digests(pd.Series(["fine", "dull"]))
    for _ in range(2):
        assert look_at_neighbours(storage, "acme", keys, []).came_before(digests).tolist() == [True, False]
