"""Exactly once: a pull that is killed at any step loses no row and lands none twice."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from fsspec.implementations.memory import MemoryFileSystem
from upath import UPath

from sentiment_assets.ingestion.landing import is_landed
from sentiment_assets.resources.home import below_home
from sentiment_assets.sources.pull import pull
from sentiment_assets.sources.pull_log import Entry, PulledMeanwhile, PullLog
from testing.dying_pull import STEPS, pull_and_die
from testing.shop import LANDING, Shop, landed_files, landed_ids, source_of

SOURCE = source_of(
    sql={"connection": {"env": "SHOP_DB"}, "table": "reviews", "cursor": "updated_at", "key": "id"},
)
KILLED = -9


@pytest.fixture
def shop(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    url = f"sqlite:///{tmp_path}/shop.db"
    monkeypatch.setenv("SHOP_DB", url)
    return Shop(url)


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
def test_a_pull_that_is_killed_lands_every_row_once(shop: Shop, step: str) -> None:
    shop.sells([1, 2])
    pull(SOURCE)
    shop.sells([3, 4])
    assert pull_and_die(SOURCE, step) == KILLED
    assert landed_ids() == ([1, 2, 3, 4] if STEPS[step].seen else [1, 2]), "no file is seen before its rows count"
    shop.run("DELETE FROM reviews WHERE id = 4")  # a row that has landed stays, one that has not is gone
    shop.sells([5], at="2026-01-01 00:00:06")
    pull(SOURCE)
    assert landed_ids() == ([1, 2, 3, 4, 5] if STEPS[step].counts else [1, 2, 3, 5])
    assert pull(SOURCE).rows == 0
    assert list(below_home(LANDING).joinpath(".pulled/shop").iterdir()) == []


@pytest.mark.slow
def test_a_pull_that_is_killed_again_and_again_at_every_step_lands_every_row_once(shop: Shop) -> None:
    sold = 0
    for step in STEPS:
        sold += 1
        shop.sells([sold])
        assert pull_and_die(SOURCE, step) in (KILLED, 0)
    pull(SOURCE)
    assert sorted(landed_ids()) == [*range(1, sold + 1)]


@pytest.fixture(params=["local", "memory"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PullLog]:
    """On a disk, and on an object store."""
    root = UPath(tmp_path) if request.param == "local" else UPath("memory://logs")
    yield PullLog(root / "log", root / "landing", "shop")
    MemoryFileSystem.store.clear()
    MemoryFileSystem.pseudo_dirs[:] = [""]


def put(log: PullLog, path: str, content: bytes = b"rows") -> str:
    with log.put_aside(path) as (aside, stream):
        stream.write(content)
    return aside


def seen(log: PullLog) -> list[str]:
    """The files that a landing sensor would see."""
    place = log._place
    found = [str(each) for each in place.fs.find(place.path)]
    return [each.rpartition("landing/")[2] for each in found if is_landed(each.rpartition("landing/")[2])]


def test_what_is_put_aside_is_seen_once_it_counts(log: PullLog) -> None:
    aside = put(log, "a.parquet")
    assert seen(log) == []
    log.count(log.last(), "here", {"a.parquet": aside})
    assert seen(log) == ["a.parquet"]
    assert (log.last().number, log.last().state) == (1, "here")


def test_of_two_pulls_at_once_one_counts(log: PullLog) -> None:
    first, second = log.last(), log.last()
    of_first, of_second = put(log, "a.parquet"), put(log, "b.parquet")
    log.count(first, "one", {"a.parquet": of_first})
    with pytest.raises(PulledMeanwhile):
        log.count(second, "two", {"b.parquet": of_second})
    assert log.last().state == "one"
    assert seen(log) == ["a.parquet"]


def test_a_pull_that_was_slower_than_many_others_does_not_count(log: PullLog) -> None:
    slow = log.last()
    aside = put(log, "slow.parquet")
    for number in range(15):
        log.count(log.last(), f"{number}", {})
    with pytest.raises(PulledMeanwhile):
        log.count(slow, "slow", {"slow.parquet": aside})
    assert (log.last().number, log.last().state) == (15, "14")
    assert seen(log) == []


def test_what_another_pull_is_about_to_land_is_not_swept_away(log: PullLog) -> None:
    before = log.last()
    aside = put(log, "a.parquet")
    assert log.last() == before, "a second pull looks, and sweeps"
    log.count(before, "here", {"a.parquet": aside})
    assert seen(log) == ["a.parquet"]


def test_a_file_that_somebody_has_taken_out_of_the_landing_place_does_not_come_back(log: PullLog) -> None:
    log.count(Entry(), "here", {"a.parquet": put(log, "a.parquet")})
    log._place.joinpath("a.parquet").unlink()
    assert log.last().number == 1
    assert seen(log) == []


def test_a_log_whose_last_entry_is_removed_reads_on_from_the_one_before(shop: Shop) -> None:
    for number in (1, 2, 3):
        shop.sells([number], at=f"2026-01-0{number}")
        pull(SOURCE)
    (below_home("pulled/acme/shop") / "000003.json").unlink()
    assert pull(SOURCE).rows == 1
    assert landed_ids()[-1] == 3


def test_files_and_folders_are_for_this_account_alone(shop: Shop, home: Path) -> None:
    shop.sells([1])
    pull(SOURCE)
    [file] = landed_files()
    for path in (home / LANDING / file, *(home / "pulled/acme/shop").iterdir()):
        assert os.stat(path).st_mode & 0o077 == 0
