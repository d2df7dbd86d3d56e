import contextlib
import gzip
import io
import tracemalloc
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment_assets.ingestion.readers.file_rows import read_rows
from sentiment_assets.ingestion.readers.source import RawRow
from sentiment_assets.ingestion.readers.unpacking import UnreadableFile
from sentiment_assets.ingestion.settings import UnpackingLimits

MEGABYTE = 1024 * 1024
LIMITS = UnpackingLimits(times=10, megabytes=80)


def zeros(megabytes: int) -> bytes:
    return gzip.compress(b"text\n" + b"0" * (megabytes * MEGABYTE), 1)


def zstd_zeros(megabytes: int) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        for _ in range(megabytes):
            stream.write(b"0" * MEGABYTE)
    return sink.getvalue().to_pybytes()


def parquet_zeros(megabytes: int) -> bytes:
    buffer = io.BytesIO()
    table = pa.table({"text": [f"{number}" + "0" * MEGABYTE for number in range(megabytes)]})
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


BOMBS = {"r.csv.gz": zeros, "r.csv.zst": zstd_zeros, "r.parquet": parquet_zeros}


@pytest.mark.parametrize("name", BOMBS)
def test_a_small_file_that_expands_without_end_is_refused(name: str) -> None:
    with pytest.raises(UnreadableFile, match="bytes expand to more than 67,108,864.*raise `unpacking`"):
        list(read_rows(BOMBS[name](70), name, "utf-8", LIMITS))


def test_no_more_than_what_is_allowed_is_ever_held() -> None:
    bomb = zeros(300)
    tracemalloc.start()
    with pytest.raises(UnreadableFile, match="expand to more than"):
        list(read_rows(bomb, "r.csv.gz", "utf-8", LIMITS))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 7 * MEGABYTE


def parquet_dictionary() -> bytes:
    """One value of 10 MB, a hundred times."""
    buffer = io.BytesIO()
    table = pa.table({"text": ["0" * (10 * MEGABYTE)] * 100})
    pq.write_table(table, buffer, compression="zstd", use_dictionary=True)
    return buffer.getvalue()


def megabytes_to_read(name: str, content: bytes) -> int:
    """By how much the most memory that a process ever had grows when it reads a file; what becomes of rows aside."""
    before = peak_of_this_process()
    with contextlib.suppress(UnreadableFile):
        deque(read_rows(content, name, "utf-8"), maxlen=0)
    return peak_of_this_process() - before


def peak_of_this_process() -> int:
    """In megabytes. What ``resource`` says would count the process that started this one as well."""
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) // 1024


ROW = b"fine and good " * 70
EMOJI = "😀".encode()
PACKED = {
    "r.csv.gz": (gzip.compress, b"text,label\n" + EMOJI + b",1\n", ROW + b",1\n"),
    "r.tsv.zst": (pa.Codec("zstd").compress, b"text\tlabel\n" + EMOJI + b"\t1\n", ROW + b"\t1\n"),
    "r.jsonl.gz": (gzip.compress, b"", b'{"text": "' + EMOJI + ROW + b'"}\n'),
}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "most"), [*[(name, 25) for name in PACKED], ("r.parquet", 300)])
def test_a_file_is_never_held_unpacked_as_a_whole(name: str, most: int) -> None:
    """60 MB of text in 0.2 MB; one character beyond the common ones makes Python hold each of a text in four bytes."""
    pack, beginning, row = PACKED.get(name, (None, b"", b""))
    content = bytes(pack(beginning + row * 60_000)) if pack else parquet_dictionary()
    assert len(content) < MEGABYTE
    with ProcessPoolExecutor(1, get_context("spawn")) as child:
        assert child.submit(megabytes_to_read, name, content).result() < most


@given(st.binary(max_size=300), st.sampled_from(["csv", "tsv", "jsonl", "json"]), st.sampled_from(["utf-8", "gb18030"]))
def test_a_packed_file_has_the_rows_of_the_plain_one(content: bytes, ending: str, encoding: str) -> None:
    text = b"text,label\n" + content
    packed = {"gz": gzip.compress(text), "zst": pa.Codec("zstd").compress(text, asbytes=True)}
    plain = rows_or_refusal(text, f"r.{ending}", encoding)
    assert [rows_or_refusal(each, f"r.{ending}.{end}", encoding) for end, each in packed.items()] == [plain, plain]


def rows_or_refusal(content: bytes, name: str, encoding: str) -> list[RawRow] | str:
    try:
        return list(read_rows(content, name, encoding))
    except UnreadableFile as refusal:
        return str(refusal)


def test_up_to_64_megabytes_are_always_allowed_and_never_more_than_the_limit() -> None:
    packed = zeros(60)
    assert len(packed) * LIMITS.times < 60 * MEGABYTE, "only the 64 MB let it through"
    assert len(list(read_rows(packed, "r.csv.gz", "utf-8", LIMITS))) == 1
    with pytest.raises(UnreadableFile, match="expand to more than 10,485,760"):
        list(read_rows(packed, "r.csv.gz", "utf-8", UnpackingLimits(times=10_000, megabytes=10)))


def test_a_parquet_dictionary_that_expands_without_end_is_refused() -> None:
    """Its own metadata say how large it is stored, not how large it becomes."""
    buffer = io.BytesIO()
    pq.write_table(pa.table({"text": ["0" * MEGABYTE] * 300}), buffer, compression="zstd", use_dictionary=True)
    content = buffer.getvalue()
    assert pq.ParquetFile(pa.BufferReader(content)).metadata.row_group(0).total_byte_size < 3 * MEGABYTE
    with pytest.raises(UnreadableFile, match="expand to more than 67,108,864"):
        list(read_rows(content, "r.parquet", "utf-8", LIMITS))


def test_several_members_of_a_gzip_file_are_one_file() -> None:
    content = gzip.compress(b"text\nfine\n") + gzip.compress(b"dull\n")
    assert [row.values for row in read_rows(content, "r.csv.gz", "utf-8")] == [{"text": "fine"}, {"text": "dull"}]


@pytest.mark.parametrize("declared", ["utf-16", "UTF_32"])
def test_wide_text_without_a_byte_order_mark_is_little_endian(declared: str) -> None:
    content = "text\nfine\n".encode(f"{declared}-le")
    assert [row.values for row in read_rows(content, "r.csv", declared)] == [{"text": "fine"}]
