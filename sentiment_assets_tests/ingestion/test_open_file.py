"""An open file is read as often as needed, by streams that do not disturb one another."""

import bz2
import gzip
import io
import lzma
import os
import tracemalloc
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from sentiment_assets.ingestion.batch import read_batch
from sentiment_assets.ingestion.landing import file_digest
from sentiment_assets.ingestion.open_file import OpenFile, stream_of
from sentiment_assets.ingestion.settings import IngestionSettings, ReviewColumns
from testing.spreadsheets import as_xlsx


def open_file(folder: Path, content: bytes) -> OpenFile:
    file = folder / "file"
    file.write_bytes(content)
    return OpenFile(file.open("rb"))


def test_each_stream_begins_at_the_beginning_and_keeps_its_place(tmp_path: Path) -> None:
    with (
        open_file(tmp_path, bytes(range(256)) * 100) as content,
        stream_of(content) as one,
        stream_of(content) as other,
    ):
        assert one.read(3) == b"\x00\x01\x02"
        assert other.read(2) == b"\x00\x01"
        assert one.read(1) == b"\x03"
        assert one.seek(-2, 2) == len(content) - 2
        assert one.read() == b"\xfe\xff"
        assert other.seek(0) == 0
        assert other.read() == bytes(range(256)) * 100


def test_what_is_added_while_it_lies_open_is_not_read_and_told(tmp_path: Path) -> None:
    with open_file(tmp_path, b"text\nfine\n") as content:
        assert not content.has_changed
        with (tmp_path / "file").open("ab") as again:
            again.write(b"more\n")
        assert content.has_changed
        assert stream_of(content).read() == b"text\nfine\n"
        assert len(content) == 10


def zipped(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


CSV = b"text,label\n" + b"".join(b"fine %d,1\n" % number for number in range(50_000))
FILES = {
    "r.csv": CSV,
    "r.csv.gz": gzip.compress(CSV),
    "r.csv.bz2": bz2.compress(CSV),
    "r.csv.xz": lzma.compress(CSV),
    "r.csv.zip": zipped("r.csv", CSV),
    "r.xlsx": as_xlsx({"Sheet1": [["text"], ["fine"]]}),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_on_a_disk_is_read_as_one_in_memory(name: str, tmp_path: Path) -> None:
    in_memory = read_batch(FILES[name], name, IngestionSettings())
    with open_file(tmp_path, FILES[name]) as content:
        batch = read_batch(content, name, IngestionSettings())
        assert file_digest(content) == file_digest(FILES[name])
    pd.testing.assert_frame_equal(batch.reviews, in_memory.reviews)
    assert batch.found == in_memory.found


def test_a_file_is_not_held_as_a_whole(tmp_path: Path) -> None:
    megabytes = 40
    rows = b"".join(b"a,%d,%s\n" % (number, b"x" * 1000) for number in range(megabytes * 1000))
    with open_file(tmp_path, b"text,id,note\n" + rows) as content:
        tracemalloc.start()
        batch = read_batch(content, "r.csv", IngestionSettings(columns=ReviewColumns(review_id="id")))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert len(batch.reviews) == megabytes * 1000
    assert peak < megabytes * 1_000_000 / 2


def test_a_file_that_is_overwritten_with_as_many_bytes_has_changed(tmp_path: Path) -> None:
    with open_file(tmp_path, b"text\nfine\n") as content:
        with (tmp_path / "file").open("r+b") as again:
            again.write(b"text\ndull\n")
        os.utime(tmp_path / "file", ns=(0, 0))  # a clock of a file system may be too coarse to have moved on
        assert content.has_changed
