import gzip
import io
import json

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment_assets.ingestion.batch import Batch, content_digest, read_batch
from sentiment_assets.ingestion.readers import UnreadableFile
from sentiment_assets.ingestion.settings import IngestionSettings, LabelRule, ReviewColumns

PLAIN = IngestionSettings()
STARS = IngestionSettings(labels=LabelRule(positive_from=4, negative_to=2, lowest=1, highest=5))
ROWS = [
    {"review_id": "a", "text": "Good, really good", "label": "1"},
    {"review_id": "b", "text": 'It said "new".\nIt was not', "label": "0"},
    {"review_id": "c", "text": "好看", "label": ""},
]


def parquet(rows: list[dict[str, object]]) -> bytes:
    buffer = io.BytesIO()
    pd.DataFrame(rows).to_parquet(buffer)
    return buffer.getvalue()


def zstd(content: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(content)
    return sink.getvalue().to_pybytes()


CSV = pd.DataFrame(ROWS).to_csv(index=False).encode()
TSV = pd.DataFrame(ROWS).to_csv(index=False, sep="\t").encode()
LINES = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS).encode()


def accounted(batch: Batch) -> bool:
    return batch.rows_in == len(batch.reviews) + len(batch.quarantine) + batch.rows_duplicate


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("r.csv", CSV),
        ("r.tsv", TSV),
        ("r.jsonl", LINES),
        ("R.NDJSON", LINES),
        ("r.json", json.dumps(ROWS).encode()),
        ("r.parquet", parquet(ROWS)),
        ("r.csv.gz", gzip.compress(CSV)),
        ("r.jsonl.zst", zstd(LINES)),
        ("bom.csv", b"\xef\xbb\xbf" + CSV),
        ("utf16.csv", b"\xff\xfe" + CSV.decode().encode("utf-16-le")),
    ],
)
def test_every_format_gives_the_same_batch(name: str, content: bytes) -> None:
    batch = read_batch(content, name, PLAIN)
    assert batch.reviews["text"].tolist() == [row["text"] for row in ROWS]
    assert batch.reviews["label"].astype(object).fillna("none").tolist() == [1, 0, "none"]
    assert batch.reviews["review_id"].tolist() == ["a", "b", "c"]
    assert batch.quarantine.empty


def test_columns_are_mapped_and_more_are_kept() -> None:
    content = b"opinion,stars,when,brand\nfine,5,2026-11-23T10:00+02:00,Acme\nso so,3,2026-11-23,\n"
    columns = ReviewColumns(text="opinion", label="stars", created_at="when", keep=["brand"])
    batch = read_batch(content, "r.csv", STARS.model_copy(update={"columns": columns}))
    assert batch.reviews["label"].tolist() == [1, pd.NA]
    assert batch.reviews["created_at"].tolist() == [
        pd.Timestamp("2026-11-23T08:00Z"),
        pd.Timestamp("2026-11-23T00:00Z"),
    ]
    assert batch.reviews["brand"].fillna("none").tolist() == ["Acme", "none"]


@pytest.mark.parametrize(
    ("written", "label"),
    [("1", 1), ("-1", 0), ("0", 0), ("+1", 1), ("Positive", 1), ("NEG", 0), ("neutral", None), ("", None)],
)
def test_the_default_label_rule(written: str, label: int | None) -> None:
    batch = read_batch(f"text,label\nfine,{written}\n".encode(), "r.csv", PLAIN)
    assert batch.reviews["label"].astype(object).where(batch.reviews["label"].notna(), None).tolist() == [label]


@pytest.mark.parametrize(("rating", "label"), [("5", 1), ("4.0", 1), ("3.9", None), ("2", 0), ("1", 0)])
def test_a_rating_rule(rating: str, label: int | None) -> None:
    batch = read_batch(f"text,label\nfine,{rating}\n".encode(), "r.csv", STARS)
    assert batch.reviews["label"].astype(object).where(batch.reviews["label"].notna(), None).tolist() == [label]


BROKEN_ROWS = {
    "text missing": (b"text,label\n,1\n", "r.csv", PLAIN, "text", "the text is missing"),
    "text of blanks": (b"text,label\n  \t ,1\n", "r.csv", PLAIN, "text", "the text is missing"),
    "text null": (b'{"text": null}\n', "r.jsonl", PLAIN, "text", "the text is missing"),
    "text a number": (b'[{"text": 42}]', "r.json", PLAIN, "text", "of type int, not a string"),
    "text a list": (b'[{"text": ["a"]}]', "r.json", PLAIN, "text", "of type list"),
    "other keys": (b'{"text": "x"}\n{"body": "y"}\n', "r.jsonl", PLAIN, "text", "the text is missing"),
    "bytes not utf-8": (b"text\ncaf\xe9\n", "r.csv", PLAIN, "text", "bytes E9 are not valid"),
    "bytes not utf-16": (b"\xff\xfe" + "text\nab".encode("utf-16-le") + b"\x00\xd8", "r.csv", PLAIN, "text", "bytes"),
    "NUL": (b"text\na\x00b and more text to be read here\n", "r.csv", PLAIN, "text", "NUL character"),
    "half a surrogate pair": (b'{"text": "\\ud83d"}\n', "r.jsonl", PLAIN, "text", "half of a surrogate"),
    "unknown label": (b"text,label\nx,7\n", "r.csv", PLAIN, "label", "'7' is not a known label"),
    "long label": (b"text,label\nx," + b"z" * 500 + b"\n", "r.csv", PLAIN, "label", "z…' is not a known"),
    "rating too high": (b"text,label\nx,6\n", "r.csv", STARS, "label", "6 lies outside 1 to 5"),
    "rating a word": (b"text,label\nx,five\n", "r.csv", STARS, "label", "'five' is not a rating"),
    "rating infinite": (b"text,label\nx,inf\n", "r.csv", STARS, "label", "'inf' is not a rating"),
    "rating a boolean": (b'[{"text": "x", "label": true}]', "r.json", STARS, "label", "is not a rating"),
    "date unreadable": (b"text,created_at\nx,03/04/2026\n", "r.csv", PLAIN, "created_at", "write ISO 8601"),
    "date impossible": (b"text,created_at\nx,2026-02-30\n", "r.csv", PLAIN, "created_at", "is not a date"),
    "date a number": (b'[{"text": "x", "created_at": 5}]', "r.json", PLAIN, "created_at", "'5' is not a date"),
    "date out of range": (b"text,created_at\nx,0001-01-01T00:00+10:00\n", "r.csv", PLAIN, "created_at", "out of range"),
    "split unknown": (b"text,split\nx,holdout\n", "r.csv", PLAIN, "split", "write train, validation or test"),
    "id used twice": (b"review_id,text\n1,a\n1,b\n", "r.csv", PLAIN, "review_id", "a different review in row 2"),
    "too few fields": (b"text,label\nx\n", "r.csv", PLAIN, "line", "has 1 fields where the header has 2"),
    "too many fields": (b"text,label\nx,1,2\n", "r.csv", PLAIN, "line", "has 3 fields where the header has 2"),
    "quote not closed": (b'text,label\n"x,1\n', "r.csv", PLAIN, "line", "double the quotes inside"),
    "quote within": (b'text,label\n"a" b,1\n', "r.csv", PLAIN, "line", "double the quotes inside"),
    "field too large": (b"text\n" + b"x" * 4_200_000 + b"\n", "r.csv", PLAIN, "line", "field larger than"),
    "JSON cut short": (b'{"text": "x"}\n{"text": \n', "r.jsonl", PLAIN, "line", "is not valid JSON"),
    "JSON not an object": (b'[1, {"text": "x"}]', "r.json", PLAIN, "line", "is a JSON number, not an object"),
    "JSON nested too deep": (b"[" * 100_000 + b"\n", "r.jsonl", PLAIN, "line", "is not valid JSON"),
}


@pytest.mark.parametrize("case", BROKEN_ROWS)
def test_a_broken_row_goes_to_quarantine_with_its_reason(case: str) -> None:
    content, name, rules, field, reason = BROKEN_ROWS[case]
    batch = read_batch(content, name, rules)
    assert batch.quarantine["field"].tolist() == [field]
    assert reason in batch.quarantine["reason"][0]
    assert batch.quarantine["raw"][0] == batch.quarantine["raw"][0].encode().decode()
    assert accounted(batch)


BROKEN_FILES = {
    "empty": (b"", "r.csv", "empty (0 bytes)"),
    "blank": (b"\n\n", "r.csv", "blank lines only"),
    "unknown ending": (b"x", "r.xlsx", "does not end in a known format (.csv, .tsv"),
    "no ending": (b"x", "reviews", "does not end in a known format"),
    "no text column": (b"body,label\nx,1\n", "r.csv", "no column 'text' for the text; it has: body, label"),
    "no text key": (b'{"body": "x"}\n', "r.jsonl", "no column 'text'"),
    "a column twice": (b"text,text\na,b\n", "r.csv", "names a column twice: 'text'"),
    "header broken": (b'"text"x,label\na,1\n', "r.csv", "its header cannot be read"),
    "gzip cut short": (gzip.compress(CSV)[:-9], "r.csv.gz", "cannot be decompressed as .gz"),
    "not gzip": (CSV, "r.csv.gz", "cannot be decompressed as .gz"),
    "not zstd": (CSV, "r.csv.zst", "cannot be decompressed as .zst"),
    "nothing in gzip": (gzip.compress(b""), "r.csv.gz", "nothing is left after decompression"),
    "not parquet": (CSV, "r.parquet", "not a readable Parquet file"),
    "parquet cut short": (parquet(ROWS)[:-20], "r.parquet", "not a readable Parquet file"),
    "json an object": (b'{"text": "x"}', "r.json", "holds a JSON object where an array"),
    "json cut short": (b'[{"text": "x"}, {"te', "r.json", "not valid JSON"),
    "utf-16 unmarked": ("text,label\nfine,1\n".encode("utf-16-le"), "r.csv", "looks like UTF-16"),
    "ambiguous zero": (b"text,label\na,1\nb,0\nc,-1\n", "r.csv", "hold both -1 (1 rows) and 0 (1 rows)"),
}


@pytest.mark.parametrize("case", BROKEN_FILES)
def test_a_broken_file_fails_as_a_whole_with_its_reason(case: str) -> None:
    content, name, reason = BROKEN_FILES[case]
    with pytest.raises(UnreadableFile) as refused:
        read_batch(content, name, PLAIN)
    assert reason in str(refused.value)


def test_zstd_cut_short_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="cannot be decompressed"):
        read_batch(zstd(CSV * 1000)[:-9], "r.csv.zst", PLAIN)


def test_reading_goes_on_after_a_broken_row() -> None:
    content = b'text,label\nfirst,1\n"broken" here,1\nthird,0\n"fourth\nin two lines",1\n'
    batch = read_batch(content, "r.csv", PLAIN)
    assert batch.reviews["text"].tolist() == ["first", "third", "fourth\nin two lines"]
    assert batch.quarantine["row"].tolist() == [3]
    assert json.loads(batch.quarantine["raw"][0]) == {"line": '"broken" here,1'}


def test_a_repeated_row_counts_as_a_duplicate_and_reviews_of_other_ids_do_not() -> None:
    repeated = read_batch(b"review_id,text\n1,good\n1,good\n2,good\n", "r.csv", PLAIN)
    assert (len(repeated.reviews), repeated.rows_duplicate) == (2, 1)
    without_ids = read_batch(b"text\ngood\ngood\n", "r.csv", PLAIN)
    assert (len(without_ids.reviews), without_ids.rows_duplicate) == (1, 1)


def test_a_review_without_an_id_gets_the_same_one_in_any_file() -> None:
    first = read_batch(b"text,label\ngood,1\n", "a.csv", PLAIN).reviews["review_id"][0]
    second = read_batch(b'{"label": "1", "text": "good"}\n', "b.jsonl", PLAIN).reviews["review_id"][0]
    assert first == second


def test_a_large_text_and_a_header_alone_are_fine() -> None:
    assert len(read_batch(b"text\n" + b"word " * 200_000 + b"\n", "r.csv", PLAIN).reviews) == 1
    assert read_batch(b"text,label\n", "r.csv", PLAIN).rows_in == 0


def test_the_digest_is_of_the_contents() -> None:
    one, same = (read_batch(CSV, "a.csv", PLAIN).reviews for _ in range(2))
    other = read_batch(CSV.replace(b"really", b"rarely"), "a.csv", PLAIN).reviews
    assert content_digest(one) == content_digest(same) != content_digest(other)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400), st.sampled_from(["csv", "tsv", "jsonl", "json"]))
def test_no_bytes_lose_a_row(content: bytes, ending: str) -> None:
    try:
        batch = read_batch(b"text,label\n" + content, f"r.{ending}", PLAIN)
    except UnreadableFile:
        return
    assert accounted(batch)
    batch.reviews.to_parquet(io.BytesIO())
    batch.quarantine.to_parquet(io.BytesIO())
