import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sentiment_assets.commands.forget import files
from sentiment_assets.commands.forget.files import DatabaseBusy, files_with, take_out_of_files
from sentiment_assets.commands.forget.traces import FORGOTTEN, Traces

TEXT = "The teapot of grandmother Eulalia sang all morning, until the kitchen said no"
TRACES = Traces([TEXT])


@pytest.fixture
def database(tmp_path: Path) -> Path:
    file = tmp_path / "events.db"
    with closing(sqlite3.connect(file)) as made:
        made.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, event TEXT)")
        made.executemany("INSERT INTO events (event) VALUES (?)", [(f'{{"text": "{TEXT * 20}"}}',), ("other",)] * 50)
        made.commit()
    return file


def test_no_page_of_a_database_keeps_the_text_and_other_rows_stay(database: Path, tmp_path: Path) -> None:
    pages = database.stat().st_size
    assert take_out_of_files([tmp_path], TRACES, [], write=True) == [database]
    assert b"Eulalia" not in database.read_bytes()
    assert database.stat().st_size < pages, "some builds of SQLite overwrite what they free; a free page is none then"
    with closing(sqlite3.connect(database)) as read:
        said = [event for (event,) in read.execute("SELECT event FROM events ORDER BY id")]
    assert said == [f'{{"text": "{FORGOTTEN * 20}"}}', "other"] * 50


def test_a_database_that_another_program_holds_is_said(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_LONGEST_WAIT", 0.0)
    with closing(sqlite3.connect(database)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(DatabaseBusy, match="events.db cannot be written .* stop what has it open"):
            take_out_of_files([tmp_path], TRACES, [], write=True)


def test_what_is_only_asked_for_changes_nothing_and_what_is_skipped_is_not_looked_at(tmp_path: Path) -> None:
    for folder in ("landing", "logs"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.txt").write_text(TEXT)
    assert take_out_of_files([tmp_path], TRACES, [tmp_path / "landing"], write=False) == [tmp_path / "logs/a.txt"]
    assert (tmp_path / "logs/a.txt").read_text() == TEXT


def test_bytes_that_are_no_text_stay_as_they_are_around_it(tmp_path: Path) -> None:
    (tmp_path / "page").write_bytes(b"\xff\x00" + TEXT.encode() + b"\xfe")
    take_out_of_files([tmp_path], TRACES, [], write=True)
    assert (tmp_path / "page").read_bytes() == b"\xff\x00" + FORGOTTEN.encode() + b"\xfe"


def test_a_warehouse_stays_readable_whatever_its_ending_is(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "warehouse.db")) as made:
        made.execute("CREATE TABLE reviews AS SELECT ? AS text FROM range(9)", [f"others say: {TEXT}"])
    assert take_out_of_files([tmp_path], TRACES, [], write=True) == []
    with duckdb.connect(str(tmp_path / "warehouse.db")) as read:
        assert read.execute("SELECT DISTINCT text FROM reviews").fetchall() == [(f"others say: {TEXT}",)]


def test_a_frame_that_holds_it_is_found_packed_as_it_is(tmp_path: Path) -> None:
    pd.DataFrame({"text": [TEXT] * 9}).to_parquet(tmp_path / "a.parquet", compression="zstd")
    pd.DataFrame({"text": ["other"]}).to_parquet(tmp_path / "b.parquet")
    words = pd.DataFrame({"words": [["other", TEXT]] * 9, "added": [[0.1, 0.2]] * 9})
    words.to_parquet(tmp_path / "c.parquet", compression="zstd")
    words.drop(columns="words").to_parquet(tmp_path / "d.parquet")
    texts = pa.array([TEXT] * 9)
    for name, column in {
        "e": texts.dictionary_encode(),
        "f": pa.array([{"said": TEXT}] * 9),
        "g": pa.array([[{"said": TEXT}]] * 9),
        "h": texts.cast(pa.large_binary()),
    }.items():
        pq.write_table(pa.table({"text": column}), tmp_path / f"{name}.parquet", compression="zstd")
    assert [each.stem for each in files_with([tmp_path], TRACES)] == ["a", "c", "e", "f", "g", "h"]


def test_what_a_killed_process_left_beside_its_database_is_gone_once_that_was_read(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    with closing(sqlite3.connect(tmp_path / "runs.db")) as killed:
        killed.execute("PRAGMA journal_mode = WAL")
        killed.execute("CREATE TABLE runs (body TEXT)")
        killed.execute("INSERT INTO runs VALUES (?)", [TEXT])
        killed.commit()
        for left in tmp_path.glob("runs.db*"):
            shutil.copy(left, tmp_path / "home")
    assert len(list((tmp_path / "home").iterdir())) == 3, "the database, its log and its index"
    assert take_out_of_files([tmp_path / "home"], TRACES, [], write=True) == [tmp_path / "home/runs.db"]
    assert [each.name for each in (tmp_path / "home").iterdir()] == ["runs.db"]
    assert files_with([tmp_path / "home"], TRACES) == []
