import gzip
import io
import tracemalloc

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sentiment_assets.ingestion.readers import UnreadableFile, read_rows
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
    assert peak < 70 * MEGABYTE


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
