from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from sentiment_assets.assets.raw_reviews import FILE_DIGEST
from sentiment_assets.automation import landing_sensor as module
from sentiment_assets.automation.landing_sensor import MOST_RUNS_A_TICK, landing_sensor
from sentiment_assets.ingestion.landing import content_digest_of


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

    def __init__(self, landing: str, clock: Clock) -> None:
        batches = dg.DynamicPartitionsDefinition(name="acme/batches")
        self.sensor = landing_sensor("acme", batches, landing)
        self.instance = dg.DagsterInstance.ephemeral()
        self.cursor: str | None = None
        self.clock = clock
        self.said = ""

    def tick(self, keep: bool = True) -> list[dg.RunRequest]:
        """What it asks for; without ``keep`` the daemon dies before it notes that."""
        self.clock.now += 15
        found = self.sensor(dg.build_sensor_context(self.instance, cursor=self.cursor))
        if isinstance(found, dg.SkipReason):
            self.said = str(found.skip_message)
            return []
        assert isinstance(found, dg.SensorResult)
        self.cursor = found.cursor if keep else self.cursor
        for request in found.dynamic_partitions_requests or ():
            self.instance.add_dynamic_partitions(request.partitions_def_name, list(request.partition_keys))
        return list(found.run_requests or ())

    def ingested(self, batch: str, content: bytes) -> None:
        """The run has taken the content in."""
        self.instance.report_runless_asset_event(
            dg.AssetMaterialization(
                ["acme", "raw_reviews"], partition=batch, metadata={FILE_DIGEST: content_digest_of([content])}
            )
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
def looks(folder: Path, clock: Clock) -> Looks:
    return Looks(str(folder), clock)


def batches(requests: list[dg.RunRequest]) -> list[str | None]:
    return [each.partition_key for each in requests]


def test_a_settled_file_gets_one_run(looks: Looks, folder: Path) -> None:
    (folder / "2026").mkdir()
    (folder / "2026" / "a,b.csv").write_bytes(b"x")
    for ignored in (".hidden.csv", "b.csv.part", "c.tmp"):
        (folder / ignored).write_bytes(b"y")
    assert looks.tick() == []
    assert batches(looks.tick()) == ["2026/a%2Cb.csv"]
    assert looks.instance.get_dynamic_partitions("acme/batches") == ["2026/a%2Cb.csv"]
    assert looks.tick() == []


def test_a_file_still_being_written_is_left_alone(looks: Looks, folder: Path) -> None:
    for size in range(1, 4):
        (folder / "a.csv").write_bytes(b"x" * size)
        assert looks.tick() == []
    assert batches(looks.tick()) == ["a.csv"]


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
    assert batches(looks.tick()) == ["a.csv"], "changed content is"


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
    assert batches(looks.tick()) == ["b%2C1.csv"]
    looks.ingested("b%2C1.csv", b"x")
    (folder / "a.csv").write_bytes(b"x")
    looks.cursor = None
    assert [looks.tick() for _ in range(3)] == [[], [], []]
    (folder / "a.csv").write_bytes(b"yy")
    looks.tick()
    assert batches(looks.tick()) == ["a.csv"], "content of its own"


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


def test_a_thousand_files_are_taken_in_bounded_ticks(looks: Looks, folder: Path) -> None:
    for number in range(1_000):
        (folder / f"{number:04}.csv").write_bytes(str(number).encode())
    asked = [batches(looks.tick()) for _ in range(1 + 1_000 // MOST_RUNS_A_TICK)]
    assert max(map(len, asked)) == MOST_RUNS_A_TICK
    assert sorted(key for keys in asked for key in keys if key) == [f"{number:04}.csv" for number in range(1_000)]
    assert looks.tick() == []


def test_reading_stops_when_time_is_short(
    looks: Looks, folder: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "abc":
        (folder / name).write_bytes(name.encode())
    looks.tick()

    def slow(chunks: Iterator[bytes]) -> str:
        clock.now += 15
        return content_digest_of(chunks)

    monkeypatch.setattr(module, "content_digest_of", slow)
    assert [batches(looks.tick()) for _ in range(2)] == [["a", "b"], ["c"]]


def test_a_place_that_is_not_there_is_said(clock: Clock, folder: Path) -> None:
    looks = Looks(str(folder / "later"), clock)
    assert looks.tick() == []
    assert "is not there: create it, or land a file" in looks.said
    (folder / "later").mkdir()
    (folder / "later" / "a.csv").write_bytes(b"x")
    looks.tick()
    assert batches(looks.tick()) == ["a.csv"]


def test_a_place_out_of_reach_skips_the_tick_and_recovers(clock: Clock) -> None:
    bucket = fsspec.filesystem("memory")
    bucket.pipe("/landing/a.csv", b"x")
    looks = Looks("memory:///landing", clock)
    looks.tick()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MemoryFileSystem, "find", out_of_reach)
        assert looks.tick() == []
        assert "cannot be reached: TimeoutError: the bucket does not answer" in looks.said
    assert batches(looks.tick()) == ["a.csv"]
    bucket.rm("/landing", recursive=True)


def out_of_reach(*arguments: object, **options: object) -> None:
    raise TimeoutError("the bucket does not answer")
