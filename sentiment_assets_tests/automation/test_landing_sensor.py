import contextlib
import os
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import dagster as dg
import fsspec
import pytest
from fsspec.implementations.local import LocalFileSystem
from fsspec.implementations.memory import MemoryFile, MemoryFileSystem
from upath import UPath

from sentiment_assets.assets.raw_reviews import FILE_DIGEST
from sentiment_assets.automation import landing_sensor as module
from sentiment_assets.automation.landing_sensor import MOST_RUNS_A_TICK, landing_sensor
from sentiment_assets.ingestion import landing
from sentiment_assets.ingestion.landing import file_digest, folder_digest
from sentiment_assets.ingestion.settings import IngestionSettings
from sentiment_assets.resources import landing_place
from sentiment_assets.resources.dagster_runs import stretch_tags
from sentiment_assets.resources.storage import Storage
from testing.runs import batches_of

FILES_PER_RUN = 3


class Clock:
    """Moved by the test."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now


class Looks:
    """A landing sensor and its ticks, 15 seconds apart."""

    def __init__(self, place: str, clock: Clock) -> None:
        batches = dg.DynamicPartitionsDefinition(name="acme/batches")
        self.batches, self.place = batches, place
        self.sensor = landing_sensor(
            "acme", batches, place, "rules 1", settings=IngestionSettings(), files_per_run=FILES_PER_RUN
        )
        self.instance = dg.DagsterInstance.ephemeral()
        self.cursor: str | None = None
        self.clock = clock
        self.said = ""
        self.waiting: dict[str, set[str]] = {}

    def tick(self, keep: bool = True) -> list[dg.RunRequest]:
        """What it asks for; without ``keep`` the daemon dies before it notes that."""
        self.clock.now += 15
        resources = {"storage": Storage(root="data")}
        context = dg.build_sensor_context(self.instance, cursor=self.cursor, resources=resources)
        found = self.sensor(context)
        if isinstance(found, dg.SkipReason):
            self.said = str(found.skip_message)
            return []
        assert isinstance(found, dg.SensorResult)
        self.said = str(found.skip_reason.skip_message) if found.skip_reason else ""
        self.cursor = found.cursor if keep else self.cursor
        for request in found.dynamic_partitions_requests or ():
            self.instance.add_dynamic_partitions(request.partitions_def_name, list(request.partition_keys))
        requests = list(found.run_requests or ())
        if keep:
            self._launch(requests)
        return requests

    def _launch(self, requests: list[dg.RunRequest]) -> None:
        """The runs wait, as those do that the daemon has asked for, until a test says what became of their batches."""
        every = self.instance.get_dynamic_partitions("acme/batches")
        for request, keys in zip(requests, batches_of(requests, every), strict=True):
            tags = stretch_tags(keys[0], keys[-1]) | dict(request.tags)
            run = dg.DagsterRun(job_name="acme_ingest", tags=tags, status=dg.DagsterRunStatus.STARTED)
            self.waiting[self.instance.add_run(run).run_id] = set(keys)

    def _is_done(self, batch: str) -> None:
        """The run of a batch is gone once all of its batches are done."""
        for run_id, keys in [*self.waiting.items()]:
            keys.discard(batch)
            if not keys:
                self.waiting.pop(run_id)
                self.instance.delete_run(run_id)

    def kill(self) -> None:
        """All runs end without a word."""
        for run_id in [*self.waiting]:
            self.waiting.pop(run_id)
            self.instance.delete_run(run_id)

    def asks_for(self) -> list[str]:
        """The batches of the runs that a tick asks for."""
        return [key for keys in self.runs() for key in keys]

    def runs(self) -> list[list[str]]:
        """The batches of each run that a tick asks for."""
        requests = self.tick()
        return batches_of(requests, self.instance.get_dynamic_partitions("acme/batches"))

    def ingested(self, batch: str, content: bytes | Mapping[str, bytes]) -> None:
        """The run has taken the content in: that of a file, or of the texts of a folder."""
        self._is_done(batch)
        digest = file_digest(content) if isinstance(content, bytes) else folder_digest(content)
        self.instance.report_runless_asset_event(
            dg.AssetMaterialization(["acme", "raw_reviews"], partition=batch, metadata={FILE_DIGEST: digest})
        )

    def ended(
        self, batch: str, status: dg.DagsterRunStatus = dg.DagsterRunStatus.FAILURE, *, transient: bool = False
    ) -> None:
        """A run for the batch has ended; by default, it has failed, and said so."""
        self._is_done(batch)
        self.run(batch, status)
        if status == dg.DagsterRunStatus.FAILURE:
            said = {"failed": "no text"} | ({"transient": True} if transient else {})
            self.instance.report_runless_asset_event(
                dg.AssetObservation(["acme", "raw_reviews"], partition=batch, metadata=said)
            )

    def run(self, batch: str, status: dg.DagsterRunStatus) -> str:
        """A run for the batch, as the sensor's request would make it; its id."""
        run = dg.DagsterRun(job_name="acme_ingest", tags={"dagster/partition": batch}, status=status)
        return self.instance.add_run(run).run_id

    def with_rules(self, rules: str) -> None:
        """The branch's rules have changed."""
        self.sensor = landing_sensor(
            "acme", self.batches, self.place, rules, settings=IngestionSettings(), files_per_run=FILES_PER_RUN
        )


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "landing"
    folder.mkdir()
    return folder


@pytest.fixture
def looks(folder: Path, clock: Clock, home: Path) -> Looks:
    return Looks(str(folder), clock)


def test_a_settled_file_gets_one_run(looks: Looks, folder: Path) -> None:
    (folder / "2026").mkdir()
    (folder / "2026" / "a,b.csv").write_bytes(b"x")
    for ignored in (".hidden.csv", "b.csv.part", "c.tmp"):
        (folder / ignored).write_bytes(b"y")
    assert looks.tick() == []
    assert looks.asks_for() == ["2026/a%2Cb.csv"]
    assert looks.instance.get_dynamic_partitions("acme/batches") == ["2026/a%2Cb.csv"]
    assert looks.tick() == []


def test_a_file_still_being_written_is_left_alone(looks: Looks, folder: Path) -> None:
    for size in range(1, 4):
        (folder / "a.csv").write_bytes(b"x" * size)
        assert looks.tick() == []
    assert looks.asks_for() == ["a.csv"]


def test_a_daemon_that_dies_before_it_notes_a_tick_asks_for_the_same_runs(looks: Looks, folder: Path) -> None:
    (folder / "a.csv").write_bytes(b"x")
    looks.tick()
    first = looks.tick(keep=False)
    assert [each.run_key for each in looks.tick()] == [each.run_key for each in first]


def test_what_the_batch_holds_already_is_not_taken_in_again(looks: Looks, folder: Path) -> None:
    """The cursor is lost, or the file was ingested by hand."""
    (folder / "a.csv").write_bytes(b"x")
    looks.instance.add_dynamic_partitions("acme/batches", ["a.csv"])
    looks.ingested("a.csv", b"x")
    looks.tick()
    assert looks.tick() == []
    (folder / "a.csv").write_bytes(b"yy")
    looks.tick()
    assert looks.asks_for() == ["a.csv"], "changed content is"


def test_a_batch_whose_partition_was_deleted_is_taken_in_as_new(looks: Looks, folder: Path) -> None:
    (folder / "a.csv").write_bytes(b"x")
    looks.tick()
    [first] = looks.tick()
    looks.ingested("a.csv", b"x")
    looks.instance.delete_dynamic_partition("acme/batches", "a.csv")
    [again] = looks.tick()
    assert again.partition_key == "a.csv"
    assert again.run_key != first.run_key
    looks.ingested("a.csv", b"x")
    assert looks.tick() == []


def test_without_its_cursor_it_still_takes_no_copy_in(looks: Looks, folder: Path) -> None:
    (folder / "b,1.csv").write_bytes(b"x")
    looks.tick()
    assert looks.asks_for() == ["b%2C1.csv"]
    looks.ingested("b%2C1.csv", b"x")
    (folder / "a.csv").write_bytes(b"x")
    looks.cursor = None
    assert [looks.tick() for _ in range(3)] == [[], [], []]
    (folder / "a.csv").write_bytes(b"yy")
    looks.tick()
    assert looks.asks_for() == ["a.csv"], "content of its own"


def test_content_that_comes_back_is_taken_in_again_with_a_new_run_key(looks: Looks, folder: Path) -> None:
    keys = []
    for content in (b"x", b"yy", b"x"):
        (folder / "a.csv").write_bytes(content)
        looks.tick()
        keys += [each.run_key for each in looks.tick()]
        looks.ingested("a.csv", content)
    assert len(set(keys)) == 3


def test_a_deleted_file_removes_nothing(looks: Looks, folder: Path) -> None:
    (folder / "a.csv").write_bytes(b"x")
    looks.tick()
    looks.tick()
    (folder / "a.csv").unlink()
    assert looks.tick() == []
    assert looks.instance.get_dynamic_partitions("acme/batches") == ["a.csv"]


def test_many_files_are_taken_in_by_bounded_runs_of_bounded_ticks(looks: Looks, folder: Path) -> None:
    n = MOST_RUNS_A_TICK * FILES_PER_RUN + 4
    for number in range(n):
        (folder / f"{number:04}.csv").write_bytes(str(number).encode())
    assert looks.runs() == []
    first, second = looks.runs(), looks.runs()
    assert [len(keys) for keys in first] == [FILES_PER_RUN] * MOST_RUNS_A_TICK
    assert [len(keys) for keys in second] == [3, 1]
    assert [key for keys in (*first, *second) for key in keys] == [f"{number:04}.csv" for number in range(n)]
    assert looks.tick() == []


def test_a_run_takes_in_files_whose_batches_lie_side_by_side(looks: Looks, folder: Path) -> None:
    for name in ("a.csv", "b.csv", "c.csv"):
        (folder / name).write_bytes(name.encode())
    looks.tick()
    assert looks.runs() == [["a.csv", "b.csv", "c.csv"]]
    for name in ("a.csv", "b.csv", "c.csv"):
        looks.ingested(name, name.encode())
    for name in ("a.csv", "c.csv", "new.csv"):
        (folder / name).write_bytes(b"other content of " + name.encode())
    looks.tick()
    assert looks.runs() == [["a.csv"], ["c.csv", "new.csv"]], "b.csv holds what it is to hold"


def test_files_that_a_run_of_many_takes_in_are_not_asked_for_again(looks: Looks, folder: Path) -> None:
    for name in ("a.csv", "b.csv", "c.csv"):
        (folder / name).write_bytes(name.encode())
    looks.tick()
    assert looks.runs() == [["a.csv", "b.csv", "c.csv"]]
    looks.ingested("a.csv", b"a.csv")
    looks.cursor = None
    (folder / "b.csv").write_bytes(b"landed again meanwhile")
    assert [looks.asks_for() for _ in range(3)] == [[], [], []]


def test_a_file_of_which_its_run_said_nothing_is_tried_once_more_and_alone(looks: Looks, folder: Path) -> None:
    """One of them may have killed the run."""
    names = ["a.csv", "b.csv", "c.csv"]
    for name in names:
        (folder / name).write_bytes(name.encode())
    looks.tick()
    assert looks.runs() == [names]
    looks.ingested("a.csv", b"a.csv")
    looks.kill()
    looks.instance.report_runless_asset_event(
        dg.AssetObservation(["acme", "raw_reviews"], partition="b.csv", metadata={"seen_by": "somebody else"})
    )
    assert looks.runs() == [["b.csv"], ["c.csv"]]
    looks.kill()
    assert [looks.asks_for() for _ in range(3)] == [[], [], []]


def test_a_file_that_failed_for_a_transient_reason_is_tried_once_more_and_alone(looks: Looks, folder: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (folder / name).write_bytes(name.encode())
    looks.tick()
    assert looks.runs() == [["a.csv", "b.csv"]]
    looks.ended("a.csv")
    looks.ended("b.csv", transient=True)
    assert looks.runs() == [["b.csv"]]
    looks.ended("b.csv", transient=True)
    assert [looks.asks_for() for _ in range(3)] == [[], [], []]


def test_a_run_that_dagster_is_about_to_launch_again_is_waited_for(looks: Looks, folder: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (folder / name).write_bytes(name.encode())
    looks.tick()
    [request] = looks.tick()
    looks.kill()
    tags = {**request.tags, "dagster/will_retry": "true"}
    run = dg.DagsterRun(job_name="acme_ingest", tags=tags, status=dg.DagsterRunStatus.FAILURE)
    looks.instance.add_run(run)
    assert [looks.asks_for() for _ in range(3)] == [[], [], []]
    looks.instance.add_run_tags(run.run_id, {"dagster/auto_retry_run_id": "of the next one"})
    assert looks.runs() == [["a.csv"], ["b.csv"]], "had the next one ended without a word too"


@pytest.mark.parametrize("deleted", ["a.csv", "b.csv", "c.csv"])
def test_files_of_a_run_that_a_deleted_partition_has_left_without_batches_are_asked_for_again(
    looks: Looks, folder: Path, deleted: str
) -> None:
    names = ["a.csv", "b.csv", "c.csv"]
    for name in names:
        (folder / name).write_bytes(name.encode())
    looks.tick()
    assert looks.runs() == [names]
    looks.instance.delete_dynamic_partition("acme/batches", deleted)
    first = looks.asks_for()
    looks.kill()
    asked = [*first, *(key for _ in range(3) for key in looks.asks_for())]
    assert {*asked} == {*names}


def test_a_batch_whose_key_somebody_has_spelled_in_another_way_is_taken_in_under_it(looks: Looks, folder: Path) -> None:
    looks.instance.add_dynamic_partitions("acme/batches", ["a%2cb.csv"])
    (folder / "a,b.csv").write_bytes(b"x")
    looks.tick()
    assert looks.asks_for() == ["a%2cb.csv"]
    looks.ingested("a%2cb.csv", b"x")
    assert [looks.asks_for() for _ in range(2)] == [[], []]


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    """Each part of a file takes 15 seconds to read, and has four bytes."""
    monkeypatch.setattr(landing, "PART", 4)
    monkeypatch.setattr(module, "PART", 4)

    def slow_chunks(opened: BinaryIO) -> Iterator[bytes]:
        while chunk := opened.read(4):
            clock.now += 15
            yield chunk

    monkeypatch.setattr(module, "chunks_of", slow_chunks)


def test_reading_stops_when_time_is_short(looks: Looks, folder: Path, slow: None) -> None:
    for name in "abc":
        (folder / f"{name}.csv").write_bytes(name.encode())
    looks.tick()
    assert [looks.asks_for() for _ in range(2)] == [["a.csv", "b.csv"], ["c.csv"]]


def test_a_large_file_is_read_over_several_looks_and_delays_no_other_for_ever(
    looks: Looks, folder: Path, slow: None
) -> None:
    content = b"0123456789abcdef!"
    (folder / "large.csv").write_bytes(content)
    looks.tick()
    (folder / "small.csv").write_bytes(b"x")
    asked = [looks.asks_for() for _ in range(5)]
    assert [key for keys in asked for key in keys] == ["large.csv", "small.csv"]
    assert asked[0] == [], "it has not been read to its end"
    looks.ingested("large.csv", content)
    assert looks.tick() == [], "its digest is that of the whole content"


def test_a_large_file_that_changes_while_it_is_read_is_read_from_its_beginning(
    looks: Looks, folder: Path, slow: None
) -> None:
    (folder / "large.csv").write_bytes(b"0123456789abcdef!")
    looks.tick()
    assert looks.tick() == []
    (folder / "large.csv").write_bytes(b"another content!!!!")
    looks.tick()
    [request] = [each for _ in range(4) for each in looks.tick()]
    assert file_digest(b"another content!!!!") in str(request.run_key)


def test_a_failed_file_is_taken_in_when_it_is_landed_again(looks: Looks, folder: Path) -> None:
    (folder / "a.csv").write_bytes(b"x")
    looks.tick()
    [first] = looks.tick()
    looks.ended("a.csv")
    assert [looks.tick() for _ in range(2)] == [[], []], "by itself it would only fail again"
    os.utime(folder / "a.csv", (1, 1))
    looks.tick()
    [again] = looks.tick()
    assert again.partition_key == "a.csv"
    assert again.run_key != first.run_key, "Dagster would pass over a run key that it knows"
    looks.ingested("a.csv", b"x")
    looks.ended("a.csv", dg.DagsterRunStatus.SUCCESS)
    os.utime(folder / "a.csv", (2, 2))
    assert [looks.tick() for _ in range(3)] == [[], [], []], "the batch holds it now"


def test_a_failed_file_is_taken_in_under_another_name(looks: Looks, folder: Path) -> None:
    (folder / "a.json").write_bytes(b"x")
    looks.tick()
    looks.tick()
    looks.ended("a.json")
    (folder / "a.json").rename(folder / "a.jsonl")
    looks.tick()
    assert looks.asks_for() == ["a.jsonl"]


def test_a_failed_file_whose_partition_was_deleted_is_taken_in(looks: Looks, folder: Path) -> None:
    (folder / "a.csv").write_bytes(b"x")
    looks.tick()
    [first] = looks.tick()
    looks.ended("a.csv")
    looks.instance.delete_dynamic_partition("acme/batches", "a.csv")
    [again] = looks.tick()
    assert again.run_key != first.run_key


def test_changed_rules_are_a_reason_to_try_failed_files_again_and_no_others(looks: Looks, folder: Path) -> None:
    for name in ("bad.csv", "good.csv"):
        (folder / name).write_bytes(name.encode())
    looks.tick()
    assert looks.asks_for() == ["bad.csv", "good.csv"]
    looks.ended("bad.csv")
    looks.ingested("good.csv", b"good.csv")
    assert looks.tick() == []
    looks.with_rules("rules 2")
    assert looks.asks_for() == ["bad.csv"]
    looks.ended("bad.csv")
    assert [looks.tick() for _ in range(2)] == [[], []]


@pytest.fixture
def run_id(looks: Looks, folder: Path) -> str:
    """The run that takes a.csv in; the file was landed again since, and is not asked for again."""
    (folder / "a.csv").write_bytes(b"x")
    looks.tick()
    looks.tick()
    [run_id] = looks.waiting
    os.utime(folder / "a.csv", (1, 1))
    assert [looks.tick() for _ in range(3)] == [[], [], []]
    return run_id


def test_a_file_that_is_being_taken_in_is_not_asked_for_again(looks: Looks, folder: Path, run_id: str) -> None:
    (folder / "a.csv").write_bytes(b"yy")
    assert [looks.tick() for _ in range(3)] == [[], [], []], "other content waits for its run"
    looks.instance.delete_run(run_id)
    assert looks.asks_for() == ["a.csv"]


def test_a_file_that_is_landed_again_before_its_run_has_failed_is_tried_again(looks: Looks, run_id: str) -> None:
    looks.instance.delete_run(run_id)
    looks.ended("a.csv")
    assert looks.asks_for() == ["a.csv"]


def test_foreign_files_are_left_alone_with_one_note_that_names_them(looks: Looks, folder: Path) -> None:
    for name in ("README.md", "Thumbs.db", "reviews.docx", "a.csv.gz.md5", "photo.jpg", "notes", "csv"):
        (folder / name).write_bytes(name.encode())
    assert [looks.tick() for _ in range(3)] == [[], [], []]
    assert looks.instance.get_dynamic_partitions("acme/batches") == []
    assert "Left alone: README.md, Thumbs.db, a.csv.gz.md5, csv, notes and 2 more." in looks.said
    assert ".csv, .tsv, .txt, .jsonl" in looks.said
    (folder / "A.CSV").write_bytes(b"x")
    looks.tick()
    assert looks.asks_for() == ["A.CSV"]


def test_a_name_that_is_not_utf_8_is_told(looks: Looks, folder: Path) -> None:
    (folder / os.fsdecode(b"caf\xe9.csv")).write_bytes(b"x")
    assert [looks.tick() for _ in range(3)] == [[], [], []]
    assert "Not taken in: caf\\udce9.csv has a name that is not UTF-8." in looks.said


def test_the_cursor_stays_short_and_what_is_remembered_shrinks(looks: Looks, folder: Path, home: Path) -> None:
    for number in range(100):
        (folder / f"{number:04}.csv").write_bytes(str(number).encode())
    looks.tick()
    assert len(looks.asks_for()) == 100
    assert looks.cursor is not None
    assert len(looks.cursor) < 1_000
    remembered = home / "data" / "acme" / "landing"
    before = sum(file.stat().st_size for file in remembered.iterdir())
    for number in range(100):
        (folder / f"{number:04}.csv").unlink()
        looks.instance.delete_dynamic_partition("acme/batches", f"{number:04}.csv")
    for _ in range(3):
        looks.tick()
    assert len(list(remembered.iterdir())) <= 2
    assert (remembered / f"{looks.cursor}.json").stat().st_size < before / 50
    quiet = looks.cursor
    looks.tick()
    assert looks.cursor == quiet, "nothing has changed"


def test_a_copy_is_told_once(looks: Looks, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for name in ("a.csv", "b.csv"):
        (folder / name).write_bytes(b"x")
    looks.tick()
    assert looks.asks_for() == ["a.csv"]
    for _ in range(3):
        looks.tick()
    assert capfd.readouterr().err.count("b.csv holds what a.csv was taken in with") == 1


def test_a_cursor_of_a_former_release_is_replaced_by_what_history_says(looks: Looks, folder: Path) -> None:
    (folder / "a.csv").write_bytes(b"x")
    looks.instance.add_dynamic_partitions("acme/batches", ["a.csv"])
    looks.ingested("a.csv", b"x")
    looks.cursor = '{"a.csv": {"token": "1", "since": 0.0, "digest": "2", "taken": "2"}}' * 100
    assert [looks.tick() for _ in range(3)] == [[], [], []]
    assert len(looks.cursor) < 1_000


def test_a_place_that_is_not_there_is_said(clock: Clock, folder: Path, home: Path) -> None:
    looks = Looks(str(folder / "later"), clock)
    assert looks.tick() == []
    assert "is not there: create it, or land a file" in looks.said
    (folder / "later").write_bytes(b"x")
    assert looks.tick() == []
    assert "is no folder: create it, or land a file" in looks.said
    (folder / "later").unlink()
    (folder / "later").mkdir()
    (folder / "later" / "a.csv").write_bytes(b"x")
    looks.tick()
    assert looks.asks_for() == ["a.csv"]


def test_a_place_out_of_reach_skips_the_tick_and_recovers(clock: Clock, home: Path) -> None:
    bucket = fsspec.filesystem("memory")
    bucket.pipe("/landing/a.csv", b"x")
    looks = Looks("memory:///landing", clock)
    looks.tick()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MemoryFileSystem, "find", out_of_reach)
        assert looks.tick() == []
        assert (
            "cannot be reached, and it is looked at again in 15 seconds: TimeoutError: the bucket does not answer"
            in looks.said
        )
    assert looks.asks_for() == ["a.csv"]
    bucket.rm("/landing", recursive=True)


def out_of_reach(*arguments: object, **options: object) -> None:
    raise TimeoutError("the bucket does not answer")


def make_odd_things(folder: Path, outside: Path) -> dict[str, str]:
    """What no sensor should read, each by its name, and what is said of it."""
    outside.mkdir()
    (outside / "secret.csv").write_bytes(b"text\nnot for this branch\n")
    os.mkfifo(folder / "pipe.csv")
    with socket.socket(socket.AF_UNIX) as listening, contextlib.chdir(folder):
        listening.bind("socket.csv")
    (folder / "folder.csv").mkdir()
    (folder / "loop.csv").symlink_to(folder / "loop.csv")
    (folder / "nothing.csv").symlink_to(folder / "gone.csv")
    (folder / "out.csv").symlink_to(outside / "secret.csv")
    (folder / "out").symlink_to(outside)
    (folder / "device.csv").symlink_to("/dev/zero")
    (folder / os.fsdecode(b"caf\xe9.csv")).write_bytes(b"x")
    return {
        "pipe.csv": "is a named pipe",
        "socket.csv": "is a socket",
        "folder.csv": "is a folder",
        "loop.csv": "is a link that leads in a circle",
        "nothing.csv": "is a link to nothing",
        "out.csv": "is a link that leads out of the landing place",
        "out": "is a link that leads out of the landing place",
        "device.csv": "is a link that leads out of the landing place",
        "caf\\udce9.csv": "has a name that is not UTF-8",
    }


def test_odd_things_are_named_once_a_tick_and_files_beside_them_are_taken_in(
    looks: Looks, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "MOST_NAMED", 20)
    odd = make_odd_things(folder, tmp_path / "outside")
    (folder / "a.csv").write_bytes(b"x")
    looks.tick()
    capfd.readouterr()
    assert looks.asks_for() == ["a.csv"]
    said = capfd.readouterr().err
    for name, what in odd.items():
        assert said.count(f"{name} {what}") == 1
    assert looks.tick() == []
    for name, what in odd.items():
        assert looks.said.count(f"{name} {what}") == 1


def test_a_file_named_in_no_utf_8_settles_no_tick_and_stops_none(
    looks: Looks, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(landing, "SETTLED_AFTER", 0.0)
    (folder / os.fsdecode(b"caf\xe9")).mkdir()
    for name in (b"\xff.csv", b"caf\xe9/b.csv"):
        (folder / os.fsdecode(name)).write_bytes(b"x")
    (folder / "a.csv").write_bytes(b"yy")
    assert looks.asks_for() == ["a.csv"]
    looks.ingested("a.csv", b"yy")
    looks.tick()
    quiet = looks.cursor
    assert [looks.tick() for _ in range(3)] == [[], [], []]
    assert looks.cursor == quiet, "nothing looks new"


def test_a_link_to_a_file_of_the_landing_place_is_followed(looks: Looks, folder: Path) -> None:
    (folder / ".incoming").mkdir()
    (folder / ".incoming" / "1.csv").write_bytes(b"x")
    (folder / "a.csv").symlink_to(".incoming/1.csv")
    looks.tick()
    assert looks.asks_for() == ["a.csv"]
    looks.ingested("a.csv", b"x")
    (folder / ".incoming" / "1.csv").write_bytes(b"y")
    looks.tick()
    assert looks.asks_for() == ["a.csv"], "what it leads to has changed"


def test_a_folder_that_cannot_be_listed_is_named_and_stops_no_other(
    looks: Looks, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("locked", "open"):
        (folder / name).mkdir()
        (folder / name / "a.csv").write_bytes(name.encode())

    def without_permission(path: Path) -> object:
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", without_permission)
    looks.tick()
    assert looks.asks_for() == ["open/a.csv"]
    assert looks.tick() == []
    assert "locked cannot be looked at (Permission denied)" in looks.said


def test_a_file_of_which_the_file_system_says_nothing_stops_no_other(
    looks: Looks, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.csv", "broken.csv"):
        (folder / name).write_bytes(name.encode())
    plain = LocalFileSystem.info

    def damaged(system: LocalFileSystem, path: Any, **options: Any) -> Any:
        if os.fspath(path).endswith("broken.csv"):
            raise OSError(5, "Input/output error", os.fspath(path))
        return plain(system, path, **options)

    monkeypatch.setattr(LocalFileSystem, "info", damaged)
    looks.tick()
    assert looks.asks_for() == ["a.csv"]
    assert looks.tick() == []
    assert "broken.csv cannot be looked at (Input/output error)" in looks.said


@pytest.mark.parametrize("error", [PermissionError("not yours"), RuntimeError("a client library's own")])
def test_a_file_that_cannot_be_read_is_tried_after_the_others(
    looks: Looks, folder: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """Also one whose reading takes all the time that there is."""
    for name in ("bad.csv", "good.csv"):
        (folder / name).write_bytes(name.encode())
    plain = module.open_landed

    def opened(place: UPath, path: str) -> BinaryIO:
        if path == "bad.csv":
            clock.now += 30
            raise error
        return plain(place, path)

    monkeypatch.setattr(module, "open_landed", opened)
    asked = [looks.asks_for() for _ in range(4)]
    assert [key for keys in asked for key in keys] == ["good.csv"]
    monkeypatch.setattr(module, "open_landed", plain)
    assert [key for _ in range(3) for key in looks.asks_for()] == ["bad.csv"]


def test_objects_of_a_bucket_whose_names_lead_elsewhere_are_named(clock: Clock, home: Path) -> None:
    bucket = fsspec.filesystem("memory")
    for name in ("a.csv", "x//b.csv", "%2e%2e/c.csv"):
        bucket.store[f"/odd/{name}"] = MemoryFile(bucket, f"/odd/{name}", b"text\nfine\n")
    looks = Looks("memory:///odd", clock)
    looks.tick()
    assert looks.asks_for() == ["a.csv"]
    assert looks.tick() == []
    for name in ("x//b.csv", "%2e%2e/c.csv"):
        assert f"{name} " in looks.said
    bucket.rm("/odd", recursive=True)


TEXTS = {"pos/0_9.txt": b"fine", "neg/1_2.txt": b"bad"}


def write_texts(folder: Path, texts: Mapping[str, bytes]) -> None:
    for path, content in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


def test_a_settled_folder_of_texts_gets_one_run(looks: Looks, folder: Path) -> None:
    write_texts(folder / "2026" / "week 12", {**TEXTS, "urls.txt": b"http://x"})
    write_texts(folder, {"2026/a.txt": b"text\nfine\n", "2026/week 12/reviews.csv": b"text\nbad\n"})
    assert looks.tick() == []
    assert sorted(map(str, looks.asks_for())) == ["2026/a.txt", "2026/week 12", "2026/week 12/reviews.csv"]
    assert looks.tick() == []


def test_a_folder_that_is_still_being_copied_is_left_alone(looks: Looks, folder: Path) -> None:
    for number, (path, content) in enumerate([*TEXTS.items(), ("neg/2_1.txt", b"no")]):
        write_texts(folder / "week_12", {path: content})
        assert looks.tick() == [], f"file {number} has just come"
    assert looks.asks_for() == ["week_12"]


def test_a_folder_is_taken_in_again_when_any_of_its_texts_has_changed_come_or_gone(looks: Looks, folder: Path) -> None:
    write_texts(folder / "w", TEXTS)
    looks.tick()
    assert looks.asks_for() == ["w"]
    looks.ingested("w", TEXTS)
    for changed in (
        {**TEXTS, "neg/1_2.txt": b"awful"},
        {**TEXTS, "neg/3_1.txt": b"awful"},
        {"pos/0_9.txt": b"fine"},
    ):
        for path in list((folder / "w").rglob("*.txt")):
            path.unlink()
        write_texts(folder / "w", changed)
        assert looks.tick() == []
        assert looks.asks_for() == ["w"]
        looks.ingested("w", changed)
    os.utime(folder / "w" / "pos" / "0_9.txt", (1, 1))
    assert [looks.tick() for _ in range(3)] == [[], [], []], "its content is as it was"


def test_a_copy_of_a_folder_is_not_taken_in_and_one_with_a_label_changed_is(looks: Looks, folder: Path) -> None:
    write_texts(folder / "w", TEXTS)
    looks.tick()
    assert looks.asks_for() == ["w"]
    looks.ingested("w", TEXTS)
    write_texts(folder / "copy", TEXTS)
    write_texts(folder / "other", {"pos/0_9.txt": b"fine", "pos/1_2.txt": b"bad"})
    looks.tick()
    assert looks.asks_for() == ["other"]


def test_labels_without_a_folder_around_them_are_told_and_not_taken_in(looks: Looks, folder: Path) -> None:
    write_texts(folder, TEXTS)
    assert [looks.tick() for _ in range(3)] == [[], [], []]
    assert "pos holds texts and lies in no folder that names their batch: move it into one" in looks.said


def test_other_files_odd_things_and_links_in_a_folder_of_texts_are_told(
    looks: Looks, folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write_texts(folder / "w", {**TEXTS, "README": b"x", "pos/.hidden.txt": b"x", "pos/x.txt.part": b"x"})
    (tmp_path / "secret.txt").write_bytes(b"not for this branch")
    (folder / "w" / "pos" / "out.txt").symlink_to(tmp_path / "secret.txt")
    os.mkfifo(folder / "w" / "neg" / "pipe.txt")
    looks.tick()
    [request] = looks.tick()
    assert folder_digest(TEXTS) in str(request.run_key), "nothing else is read"
    said = capfd.readouterr().err
    assert "w/pos/out.txt is a link that leads out of the landing place" in said
    assert "w/neg/pipe.txt is a named pipe" in said
    assert "Left alone: w/README." in said


def test_a_folder_of_which_a_part_cannot_be_listed_is_not_taken_in_by_halves(
    looks: Looks, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_texts(folder / "w", TEXTS)
    scandir = os.scandir

    def without_permission(path: Path) -> object:
        if Path(path).name == "neg":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", without_permission)
        assert [looks.tick() for _ in range(3)] == [[], [], []]
        assert "w/neg cannot be looked at (Permission denied)" in looks.said
    looks.tick()
    assert looks.asks_for() == ["w"]


def test_a_folder_of_many_texts_is_read_over_several_looks(
    looks: Looks, folder: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As over a slow network: each text takes a second."""
    texts = {f"pos/{number}.txt": b"%d" % number for number in range(10)}
    write_texts(folder / "w", texts)
    plain, opened = landing_place.open_landed, []

    def slow(place: UPath, path: str) -> BinaryIO:
        clock.now += 1
        opened.append(path)
        return plain(place, path)

    monkeypatch.setattr(landing_place, "open_landed", slow)
    monkeypatch.setattr(landing, "FILES_OF_A_PART", 2)
    monkeypatch.setattr(module, "FILES_OF_A_PART", 2)
    monkeypatch.setattr(module, "_MOST_SECONDS_READING", 3.0)
    asked = [looks.tick() for _ in range(5)]
    [request] = [each for requests in asked for each in requests]
    assert folder_digest(texts) in str(request.run_key)
    assert opened == [f"w/{path}" for path in sorted(texts)], "no text is read twice"


def test_a_folder_of_texts_in_a_bucket_is_one_batch(clock: Clock, home: Path) -> None:
    bucket = fsspec.filesystem("memory")
    for path, content in TEXTS.items():
        bucket.pipe(f"/folders/w/{path}", content)
    looks = Looks("memory:///folders", clock)
    looks.tick()
    [request] = looks.tick()
    assert (request.partition_key, folder_digest(TEXTS) in str(request.run_key)) == ("w", True)
    bucket.rm("/folders", recursive=True)
