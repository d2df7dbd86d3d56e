import bz2
import gzip
import io
import lzma
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from sentiment_assets.commands.forget.landed import NotRewritten, take_out_of_landed
from sentiment_assets.ingestion.batch import read_batch
from sentiment_assets.ingestion.settings import IngestionSettings

SETTINGS = IngestionSettings()
CSV = b'\xef\xbb\xbfreview_id,text,label\r\n1,good,1\r\n2,"bad,\r\nof two lines",0\r\n3,fine,1\r\n2,"said twice",0\r\n'
JSONL = b'{"review_id": 1, "text": "good"}\n{"review_id": 2, "text": "bad"}\n{"review_id": 3, "text": "fine"}\n'
PACKED = [
    ("gz", gzip.compress, gzip.decompress),
    ("bz2", bz2.compress, bz2.decompress),
    ("xz", lzma.compress, lzma.decompress),
    (
        "zst",
        partial(pa.compress, codec="zstd", asbytes=True),
        lambda packed: pa.CompressedInputStream(io.BytesIO(packed), "zstd").read(),
    ),
]


def without_2(folder: Path, name: str, content: bytes) -> bytes:
    file = folder / name
    file.write_bytes(content)
    assert take_out_of_landed(file, "2", SETTINGS, write=True) > 0
    return file.read_bytes()


def test_the_other_rows_of_a_csv_file_stay_byte_for_byte(tmp_path: Path) -> None:
    expected = b"\xef\xbb\xbfreview_id,text,label\r\n1,good,1\r\n3,fine,1\r\n"
    assert without_2(tmp_path, "a.csv", CSV) == expected


def test_so_do_those_of_json_lines(tmp_path: Path) -> None:
    assert without_2(tmp_path, "a.jsonl", JSONL) == JSONL.replace(b'{"review_id": 2, "text": "bad"}\n', b"")


def test_a_parquet_file_has_the_same_types_and_the_other_rows(tmp_path: Path) -> None:
    frame = pd.DataFrame({"review_id": [1, 2, 3], "text": ["good", "bad", "fine"], "at": pd.Timestamp("2026-01-01")})
    left = pd.read_parquet(io.BytesIO(without_2(tmp_path, "a.parquet", frame.to_parquet())))
    pd.testing.assert_frame_equal(left.reset_index(drop=True), frame[frame["review_id"] != 2].reset_index(drop=True))


@pytest.mark.parametrize(("ending", "pack", "unpack"), PACKED)
def test_a_packed_file_is_packed_again(
    tmp_path: Path, ending: str, pack: Callable[[bytes], bytes], unpack: Callable[[bytes], bytes]
) -> None:
    rewritten = without_2(tmp_path, f"a.jsonl.{ending}", pack(JSONL))
    assert unpack(rewritten) == JSONL.replace(b'{"review_id": 2, "text": "bad"}\n', b"")


def test_a_file_is_for_those_who_could_read_it_before(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(CSV)
    (tmp_path / "a.csv").chmod(0o640)
    take_out_of_landed(tmp_path / "a.csv", "2", SETTINGS, write=True)
    assert (tmp_path / "a.csv").stat().st_mode & 0o777 == 0o640


def test_a_row_is_found_by_the_id_that_was_made_of_it(tmp_path: Path) -> None:
    content = b"text,label\ngood,1\nbad,0\n"
    made = read_batch(content, "a.csv", SETTINGS).reviews["review_id"].tolist()
    (tmp_path / "a.csv").write_bytes(content)
    assert take_out_of_landed(tmp_path / "a.csv", made[1], SETTINGS, write=True) == 1
    assert (tmp_path / "a.csv").read_bytes() == b"text,label\ngood,1\n"


@pytest.mark.parametrize("number", [0, 1])
def test_of_rows_that_differ_by_their_label_alone_none_is_taken_out_for_another(tmp_path: Path, number: int) -> None:
    content = b"text,label\nsame,1\nsame,0\nother,1\n"
    made = read_batch(content, "a.csv", SETTINGS).reviews["review_id"].tolist()
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(NotRewritten, match=f"has 2 rows that differ by their label alone, and {made[number]} is one"):
        take_out_of_landed(tmp_path / "a.csv", made[number], SETTINGS, write=True)
    assert (tmp_path / "a.csv").read_bytes() == content


def test_nothing_is_written_when_it_is_only_asked_for_or_the_review_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(CSV)
    assert take_out_of_landed(tmp_path / "a.csv", "2", SETTINGS, write=False) == 2
    assert take_out_of_landed(tmp_path / "a.csv", "9", SETTINGS, write=True) == 0
    assert (tmp_path / "a.csv").read_bytes() == CSV


def test_a_form_that_cannot_be_written_safely_is_named_and_stays(tmp_path: Path) -> None:
    content = b'[{"review_id": 1, "text": "good"}, {"review_id": 2, "text": "bad"}]'
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(NotRewritten, match=r"a\.json has it in 1 of its rows: take them out by hand, or delete"):
        take_out_of_landed(tmp_path / "a.json", "2", SETTINGS, write=True)
    assert (tmp_path / "a.json").read_bytes() == content
