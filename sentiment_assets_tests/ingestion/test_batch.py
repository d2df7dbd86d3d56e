import csv
import gzip
import io
import json

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment_assets.ingestion.batch import Batch, read_batch
from sentiment_assets.ingestion.content import content_digest
from sentiment_assets.ingestion.readers.unpacking import UnreadableFile
from sentiment_assets.ingestion.settings import IngestionSettings, LabelRule, ReviewColumns
from testing.spreadsheets import as_xlsx

PLAIN = IngestionSettings()
WORDED = IngestionSettings(labels=LabelRule(positive=["1"], negative=["0"]))
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
    kept_apart = len(batch.quarantine) + len(batch.without_text) + batch.rows_duplicate
    return batch.rows_in == len(batch.reviews) + kept_apart


def with_a_good_row(content: bytes, name: str) -> bytes:
    if name.endswith(".jsonl"):
        return content + b'{"text": "fine"}\n'
    if name.endswith(".json"):
        return content[:-1] + b', {"text": "fine"}]'
    header = content.split(b"\n")[0].split(b",")
    return content + b",".join(b"fine" if column == b"text" else b"" for column in header) + b"\n"


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
    "text a number": (b'[{"text": 42}]', "r.json", PLAIN, "text", "of type int, not a string"),
    "text a list": (b'[{"text": ["a"]}]', "r.json", PLAIN, "text", "of type list"),
    "bytes not utf-8": (b"text\ncaf\xe9\n", "r.csv", PLAIN, "text", "bytes E9 are not valid"),
    "NUL": (b"text\na\x00b and more text to be read here\n", "r.csv", PLAIN, "text", "NUL character"),
    "half a surrogate pair": (b'{"text": "\\ud83d"}\n', "r.jsonl", PLAIN, "text", "half of a surrogate"),
    "unknown label": (b"text,label\nx,good\n", "r.csv", PLAIN, "label", "'good' is not a known label"),
    "label next to 1": (b"text,label\nx,0.9999999\n", "r.csv", WORDED, "label", "'0.9999999' is not a known label"),
    "long label": (b"text,label\nx," + b"z" * 500 + b"\n", "r.csv", PLAIN, "label", "z…' is not a known"),
    "rating too high": (b"text,label\nx,6\n", "r.csv", STARS, "label", "6 lies outside 1 to 5"),
    "rating a word": (b"text,label\nx,fine\n", "r.csv", STARS, "label", "'fine' is not a rating"),
    "rating infinite": (b"text,label\nx,inf\n", "r.csv", STARS, "label", "'inf' is not a rating"),
    "rating a boolean": (b'[{"text": "x", "label": true}]', "r.json", STARS, "label", "is not a rating"),
    "rating of 401 digits": (b'{"text": "x", "label": %s}\n' % (b"4" * 401), "r.jsonl", STARS, "label", "not a rating"),
    "rating of 309 digits": (b'[{"text": "x", "label": %s}]' % (b"4" * 309), "r.json", STARS, "label", "not a rating"),
    "rating of 9,999 digits": (b'[{"text": "x", "label": %s}]' % (b"4" * 9999), "r.json", STARS, "label", "not a"),
    "rating 1e999": (b'[{"text": "x", "label": 1e999}]', "r.json", STARS, "label", "'inf' is not a rating"),
    "rating 401 digits in CSV": (b"text,label\nx,%s\n" % (b"4" * 401), "r.csv", STARS, "label", "is not a rating"),
    "id used twice": (b"review_id,text\n1,a\n1,b\n", "r.csv", PLAIN, "review_id", "stands for another row, row 2"),
    "too few fields": (b"text,label\nx\n", "r.csv", PLAIN, "line", "has 1 fields where the header has 2"),
    "too many fields": (b"text,label\nx,1,2\n", "r.csv", PLAIN, "line", "has 3 fields where the header has 2"),
    "quote not closed": (b'text,label\n"x,1\n', "r.csv", PLAIN, "line", "double the quotes inside"),
    "quote within": (b'text,label\n"a" b,1\n', "r.csv", PLAIN, "line", "double the quotes inside"),
    "field too large": (b"text\n" + b"x" * 4_200_000 + b"\n", "r.csv", PLAIN, "line", "field larger than"),
    "JSON cut short": (b'{"text": "x"}\n{"text": \n', "r.jsonl", PLAIN, "line", "is not valid JSON"),
    "JSON not an object": (b'[1, {"text": "x"}]', "r.json", PLAIN, "line", "is a JSON number, not an object"),
    "JSON nested too deep": (b"[" * 100_000 + b"\n", "r.jsonl", PLAIN, "line", "is not valid JSON"),
    "JSON key twice": (b'{"text": "a", "text": "b"}\n', "r.jsonl", PLAIN, "line", "an object names 'text' twice"),
}


@pytest.mark.parametrize("case", BROKEN_ROWS)
def test_a_broken_row_goes_to_quarantine_with_its_reason(case: str) -> None:
    content, name, rules, field, reason = BROKEN_ROWS[case]
    batch = read_batch(with_a_good_row(content, name), name, rules)
    assert "fine" in batch.reviews["text"].tolist()
    assert batch.quarantine["field"].tolist() == [field]
    assert reason in batch.quarantine["reason"][0]
    assert batch.quarantine["raw"][0] == batch.quarantine["raw"][0].encode().decode()
    assert accounted(batch)


BROKEN_FILES = {
    "empty": (b"", "r.csv", "empty (0 bytes)"),
    "blank": (b"\n\n", "r.csv", "blank lines only"),
    "unknown ending": (b"x", "r.docx", "does not end in a known format (.csv, .tsv"),
    "no ending": (b"x", "reviews", "does not end in a known format"),
    "no text column": (b"body,label\nx,1\n", "r.csv", "no column 'text' for the text; it has: body, label"),
    "no text key": (b'{"body": "x"}\n', "r.jsonl", "no column 'text'"),
    "header broken": (b'"text"x,label\na,1\n', "r.csv", "its header cannot be read"),
    "gzip cut short": (gzip.compress(CSV)[:-9], "r.csv.gz", "cannot be decompressed as .gz"),
    "not gzip": (CSV, "r.csv.gz", "cannot be decompressed as .gz"),
    "not zstd": (CSV, "r.csv.zst", "cannot be decompressed as .zst"),
    "nothing in gzip": (gzip.compress(b""), "r.csv.gz", "nothing is left after decompression"),
    "not parquet": (CSV, "r.parquet", "not a readable Parquet file"),
    "parquet cut short": (parquet(ROWS)[:-20], "r.parquet", "not a readable Parquet file"),
    "json cut short": (b'[{"text": "x"}, {"te', "r.json", "not valid JSON"),
    "utf-16 unmarked": ("text,label\nfine,1\n".encode("utf-16-le"), "r.csv", "looks like UTF-16"),
    "japanese of seven bits": (
        "text,label\n楽しい,1\n".encode("iso2022_jp"),
        "r.csv",
        "set `encoding` to iso2022_jp_ext",
    ),
    "no text in any row": (b"text,label\n,1\n  ,0\n", "r.csv", "none of its 2 rows has a text in the column 'text'"),
    "no row that can be used": (b'[{"text": 5}]', "r.json", "1 of its 1 rows with a review cannot be used"),
}


@pytest.mark.parametrize("case", BROKEN_FILES)
def test_a_broken_file_fails_as_a_whole_with_its_reason(case: str) -> None:
    content, name, reason = BROKEN_FILES[case]
    with pytest.raises(UnreadableFile) as refused:
        read_batch(content, name, PLAIN)
    assert reason in str(refused.value)


def test_a_review_that_shows_an_escape_sequence_is_a_review_where_others_hold_letters_beyond_ascii() -> None:
    batch = read_batch("text,label\nmail said \x1b$B,0\nschön,1\n".encode(), "r.csv", PLAIN)
    assert batch.reviews["text"].tolist() == ["mail said \x1b$B", "schön"]


def test_bytes_that_are_not_utf_16_go_to_quarantine() -> None:
    batch = read_batch(b"\xff\xfe" + "text\nfine\nab".encode("utf-16-le") + b"\x00\xd8", "r.csv", PLAIN)
    assert batch.reviews["text"].tolist() == ["fine"]
    assert batch.quarantine["reason"][0].startswith("bytes")


def test_zstd_cut_short_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="cannot be decompressed"):
        read_batch(zstd(CSV * 1000)[:-9], "r.csv.zst", PLAIN)


def test_reading_goes_on_after_a_broken_row() -> None:
    content = b'text,label\nfirst,1\n"broken" here,1\nthird,0\n"fourth\nin two lines",1\n'
    batch = read_batch(content, "r.csv", PLAIN)
    assert batch.reviews["text"].tolist() == ["first", "third", "fourth\nin two lines"]
    assert batch.quarantine["row"].tolist() == [3]
    assert json.loads(batch.quarantine["raw"][0]) == {"line": '"broken" here,1'}


REPLACED = b"text,label\n" + b"".join(b"review %d,%s\n" % (n, b"Yes" if n % 2 else b"No") for n in range(100))


def test_a_file_of_which_nearly_nothing_can_be_used_fails_with_the_reasons_it_had() -> None:
    with pytest.raises(UnreadableFile) as refused:
        read_batch(REPLACED + b"left,1\n" * 5, "r.csv", PLAIN)
    said = str(refused.value)
    assert said.startswith("100 of its 105 rows with a review cannot be used (`largest_quarantine` allows 90%")
    assert "50 rows: label: 'No' is not a known label" in said
    assert '(row 2: {"text": "review 0", "label": "No"})' in said


@pytest.mark.parametrize(("share", "fails"), [(0.9, True), (0.95, False), (1.0, False), (0.0, True)])
def test_the_share_that_may_be_rejected_is_a_setting(share: float, fails: bool) -> None:
    content = REPLACED + b"".join(b"left %d,1\n" % n for n in range(8))  # 92.6 % of the rows are rejected
    rules = PLAIN.model_copy(update={"largest_quarantine": share})
    if fails:
        with pytest.raises(UnreadableFile, match="largest_quarantine"):
            read_batch(content, "r.csv", rules)
    else:
        assert len(read_batch(content, "r.csv", rules).reviews) == 8


def test_a_tiny_file_fails_only_when_nothing_is_left_of_it_whatever_the_share() -> None:
    assert len(read_batch(b"text,label\na,good\nb,bad\nc,1\n", "r.csv", PLAIN).reviews) == 1
    with pytest.raises(UnreadableFile, match="2 of its 2 rows with a review cannot be used"):
        read_batch(b"text,label\na,good\nb,bad\n", "r.csv", PLAIN.model_copy(update={"largest_quarantine": 1.0}))


def test_rows_without_text_are_no_fault_and_do_not_count_as_rejected() -> None:
    content = b"text,label\n" + b",5\n" * 5 + b"good,5\nbad,no\n  ,\n"
    ratings = IngestionSettings(labels=LabelRule(positive_from=4, negative_to=2))
    batch = read_batch(content, "r.csv", ratings)
    assert (len(batch.reviews), len(batch.quarantine), len(batch.without_text)) == (1, 1, 6)
    assert batch.without_text["row"].tolist()[:2] == [2, 3]
    assert json.loads(batch.without_text["raw"][0]) == {"text": "", "label": "5"}
    assert accounted(batch)


def test_ratings_without_a_text_do_not_hide_that_nearly_every_review_is_rejected() -> None:
    with pytest.raises(UnreadableFile, match="100 of its 105 rows with a review cannot be used"):
        read_batch(REPLACED + b"left,1\n" * 5 + b",1\n" * 100, "r.csv", PLAIN)


def test_a_file_nearly_without_texts_fails_as_one_that_lost_them() -> None:
    """958 reviews and their scores must not become one by an export that forgot the texts."""
    with pytest.raises(UnreadableFile, match="957 of its 958 rows have no text in the column 'text'"):
        read_batch(b"text,label\nfine,1\n" + b",0\n" * 957, "r.csv", PLAIN)
    allowed = IngestionSettings(largest_quarantine=1)
    assert len(read_batch(b"text,label\nfine,1\n" + b",0\n" * 957, "r.csv", allowed).without_text) == 957


@pytest.mark.parametrize("row", ['{"text": null}', '{"text": "  "}', '{"body": "y"}', '{"text": NaN}'])
def test_a_text_that_says_nothing_is_no_text(row: str) -> None:
    batch = read_batch(f'{{"text": "x"}}\n{row}\n'.encode(), "r.jsonl", PLAIN)
    assert (len(batch.reviews), len(batch.without_text), len(batch.quarantine)) == (1, 1, 0)


def test_a_review_is_kept_without_the_date_and_the_split_that_could_not_be_read_and_they_are_counted() -> None:
    content = b"text,created_at,split\na,2026-11-23,test\nb,yesterday,holdout\nc,1700000000000,\nd,never,spring\n"
    batch = read_batch(content, "r.csv", PLAIN)
    assert batch.reviews["text"].tolist() == ["a", "b", "c", "d"]
    assert batch.reviews["created_at"].notna().tolist() == [True, False, False, False]
    assert batch.reviews["split"].fillna("none").tolist() == ["test", "none", "none", "none"]
    assert batch.unread_by_field == {"created_at": 3, "split": 2}
    told = {each.field: (each.reviews, each.row, each.value) for each in batch.unread}
    assert told == {"created_at": (3, 3, "'yesterday'"), "split": (2, 3, "'holdout'")}
    assert batch.quarantine.empty


def test_dates_of_parquet_stay_and_one_that_python_cannot_hold_costs_no_review() -> None:
    moments = pa.array([0, 2**62, None], pa.timestamp("us"))
    buffer = io.BytesIO()
    pq.write_table(pa.table({"text": ["a", "b", "c"], "created_at": moments}), buffer)
    batch = read_batch(buffer.getvalue(), "r.parquet", PLAIN)
    assert batch.reviews["text"].tolist() == ["a", "b", "c"]
    assert batch.reviews["created_at"][0] == pd.Timestamp("1970-01-01T00:00Z")
    assert batch.unread_by_field == {"created_at": 1}


def test_a_text_of_parquet_that_is_not_utf_8_costs_its_own_row_alone() -> None:
    damaged = pa.Array.from_buffers(
        pa.utf8(), 2, [None, pa.array([0, 4, 6], pa.int32()).buffers()[1], pa.py_buffer(b"fine\xe9\xe9")]
    )
    buffer = io.BytesIO()
    pq.write_table(pa.table({"text": damaged}), buffer)
    batch = read_batch(buffer.getvalue(), "r.parquet", PLAIN)
    assert batch.reviews["text"].tolist() == ["fine"]
    assert batch.quarantine["reason"][0].startswith("bytes E9 E9 are not valid")


def test_a_duplicate_repeats_the_whole_row_mapped_or_not() -> None:
    twenty = b"text,label,day\n" + b"".join(b"Great!,1,%d\n" % day for day in range(20)) + b"Great!,1,7\n"
    batch = read_batch(twenty, "r.csv", PLAIN)
    assert (len(batch.reviews), batch.rows_duplicate) == (20, 1)
    assert batch.reviews["review_id"].is_unique
    with_ids = read_batch(b"review_id,text\n1,good\n1,good\n2,good\n", "r.csv", PLAIN)
    assert (len(with_ids.reviews), with_ids.rows_duplicate) == (2, 1)
    without_ids = read_batch(b"text\ngood\ngood\n", "r.csv", PLAIN)
    assert (len(without_ids.reviews), without_ids.rows_duplicate) == (1, 1)


def test_an_id_that_stands_for_two_rows_is_rejected_even_if_only_an_unmapped_column_differs() -> None:
    batch = read_batch(b"review_id,text,shop\n1,good,a\n1,good,b\n", "r.csv", PLAIN)
    assert (len(batch.reviews), len(batch.quarantine)) == (1, 1)


def ids(content: bytes, name: str = "r.csv") -> list[str]:
    return read_batch(content, name, PLAIN).reviews["review_id"].tolist()


def test_a_review_without_an_id_gets_the_same_one_in_any_file() -> None:
    assert ids(b"text,label\ngood,1\n") == ids(b'{"label": "1", "text": "good"}\n', "b.jsonl")


def test_a_corrected_label_keeps_the_id_and_rows_that_differ_in_it_alone_have_two() -> None:
    first = ids(b"text,label,day\ngood,1,1\nbad,1,2\n")
    assert ids(b"text,label,day\ngood,1,1\nbad,0,2\n") == first
    contradiction = b"text,label\ngood,1\ngood,0\ngood,\ngood,0\n"
    batch = read_batch(contradiction, "r.csv", PLAIN)
    assert (len(batch.reviews), batch.rows_duplicate) == (3, 1)
    assert batch.reviews["review_id"].is_unique
    assert ids(contradiction) == batch.reviews["review_id"].tolist()


def test_an_empty_string_is_no_columns_name() -> None:
    indexed = pd.DataFrame({"text": ["fine", "dull"], "label": [1, 0]}).to_csv().encode()
    assert indexed.startswith(b",text,label")
    none = ReviewColumns(review_id="", label="", created_at="", split="")
    for columns in (ReviewColumns(), none):
        batch = read_batch(indexed, "r.csv", IngestionSettings(columns=columns))
        assert len(batch.reviews) == 2
        assert batch.unread == ()
    assert not {"0", "1"} & set(batch.reviews["review_id"])
    assert batch.reviews["label"].isna().all()
    for content, name in (
        (b'{"": "x", "text": "fine"}\n', "r.jsonl"),
        (parquet([{"": "x", "text": "fine"}]), "r.parquet"),
    ):
        found = read_batch(content, name, IngestionSettings(columns=none))
        assert found.reviews["review_id"][0] != "x"
        assert found.columns_found == ("column 1", "text")


def test_columns_without_a_name_do_not_stand_in_each_others_way() -> None:
    batch = read_batch(b"text,label,,\nfine,1,,\n", "r.csv", PLAIN)
    assert batch.columns_found == ("text", "label", "column 3", "column 4")
    assert len(batch.reviews) == 1


def test_a_column_that_is_named_but_not_there_is_told_with_those_that_are() -> None:
    columns = ReviewColumns(label="stars", created_at="created_at", split="", keep=["brand"])
    batch = read_batch(b"text,rating,shop\nfine,5,a\n", "r.csv", IngestionSettings(columns=columns))
    assert batch.columns_missing == ("brand", "created_at", "stars")
    assert batch.columns_found == ("text", "rating", "shop")
    assert read_batch(b"text\nfine\n", "r.csv", PLAIN).columns_missing == (), "defaults may be absent"
    late = b'{"text": "a"}\n{"text": "b", "stars": 1, "created_at": "2026-01-01", "brand": "c"}\n'
    assert read_batch(late, "r.jsonl", IngestionSettings(columns=columns)).columns_missing == ()


def test_kept_columns_of_any_type_are_text() -> None:
    rows = [{"text": "a", "tags": [pd.Timestamp("2026-01-01")], "size": 3.0}]
    batch = read_batch(parquet(rows), "r.parquet", IngestionSettings(columns=ReviewColumns(keep=["tags", "size"])))
    assert batch.reviews["tags"].tolist() == ['["2026-01-01 00:00:00"]']
    assert batch.reviews["size"].tolist() == ["3"]


def test_a_large_text_and_a_header_alone_are_fine() -> None:
    assert len(read_batch(b"text\n" + b"word " * 200_000 + b"\n", "r.csv", PLAIN).reviews) == 1
    assert read_batch(b"text,label\n", "r.csv", PLAIN).rows_in == 0


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"title,stars\n", "r.csv"),
        (b"\x01\x02broken", "r.csv"),
        (as_xlsx({"Reviews": [["title", "stars"]]}), "r.xlsx"),
    ],
)
def test_a_header_alone_that_names_no_column_of_the_text_is_refused(content: bytes, name: str) -> None:
    with pytest.raises(UnreadableFile, match="it has no column 'text' for the text; it has: (title, stars|.*broken)"):
        read_batch(content, name, PLAIN)


def test_the_columns_of_a_header_alone_are_known() -> None:
    columns = ReviewColumns(label="stars", created_at="date")
    batch = read_batch(b"text,stars\n", "r.csv", IngestionSettings(columns=columns))
    assert (batch.columns_found, batch.columns_missing) == (("text", "stars"), ("date",))


def test_the_digest_is_of_the_contents() -> None:
    one, same = (read_batch(CSV, "a.csv", PLAIN).reviews for _ in range(2))
    other = read_batch(CSV.replace(b"really", b"rarely"), "a.csv", PLAIN).reviews
    assert content_digest(one) == content_digest(same) != content_digest(other)


@settings(max_examples=2 * settings.default.max_examples, deadline=None)
@given(st.binary(max_size=400), st.sampled_from(["csv", "tsv", "jsonl", "json"]))
def test_no_bytes_lose_a_row(content: bytes, ending: str) -> None:
    require_nothing_lost(b"text,label\nfine,\n" + content, f"r.{ending}", EVERY_COLUMN)


@pytest.mark.parametrize("depth", range(900, 1010, 10))
def test_no_depth_of_nesting_loses_a_row(depth: int) -> None:
    deep = "[" * depth + "1" + "]" * depth
    for column in ("text", "label", "created_at", "split", "brand", "other"):
        row = f'{{"text": "x", "{column}": {deep}}}' if column != "text" else f'{{"text": {deep}}}'
        require_nothing_lost(f'{{"text": "fine"}}\n{row}\n'.encode(), "r.jsonl", EVERY_COLUMN)
        require_nothing_lost(f'[{{"text": "fine"}}, {row}]'.encode(), "r.json", EVERY_COLUMN)


EVERY_COLUMN = IngestionSettings(columns=ReviewColumns(keep=["brand"]), largest_quarantine=1)
NAMES = ["text", "review_id", "label", "created_at", "split", "brand", "other", ""]
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.integers(10**300, 10**420) | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
JSON_REVIEWS = st.fixed_dictionaries(
    {"text": st.just("x") | JSON_VALUES}, optional=dict.fromkeys(NAMES[1:], JSON_VALUES)
)
JSON_ROWS = st.lists(JSON_REVIEWS | JSON_VALUES, max_size=8)


@settings(max_examples=3 * settings.default.max_examples, deadline=None)
@given(JSON_ROWS, st.sampled_from([PLAIN, STARS, EVERY_COLUMN]), st.booleans())
def test_no_json_values_lose_a_row(rows: list[object], rules: IngestionSettings, lines: bool) -> None:
    good = {"text": "fine"}
    if lines:
        content = "".join(json.dumps(row) + "\n" for row in [good, *rows]).encode("utf-8", "backslashreplace")
        require_nothing_lost(content, "r.jsonl", rules)
    else:
        require_nothing_lost(json.dumps([good, *rows]).encode(), "r.json", rules)


CELLS = st.text(max_size=12) | st.sampled_from(
    ["1", "-1", "5", "nan", "inf", "1e999", "9" * 401, "20260229", "=x", "'"]
)


@settings(max_examples=3 * settings.default.max_examples, deadline=None)
@given(
    st.lists(st.sampled_from(NAMES) | st.text(max_size=5), min_size=1, max_size=8),
    st.lists(st.lists(CELLS, min_size=1, max_size=8), max_size=8),
    st.sampled_from([PLAIN, STARS, EVERY_COLUMN]),
)
def test_no_cells_lose_a_row(header: list[str], rows: list[list[str]], rules: IngestionSettings) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(["text", *header])
    writer.writerow(["fine", *("" for _ in header)])
    writer.writerows(rows)
    require_nothing_lost(text.getvalue().encode("utf-8", "surrogatepass"), "r.csv", rules)


def require_nothing_lost(content: bytes, name: str, rules: IngestionSettings) -> None:
    """The file fails as a whole, or its rows add up and can be stored."""
    try:
        batch = read_batch(content, name, rules)
    except UnreadableFile:
        return
    assert accounted(batch)
    assert batch.reviews["review_id"].is_unique
    assert sum(batch.unread_by_field.values()) <= 2 * len(batch.reviews)
    for frame in (batch.reviews, batch.quarantine, batch.without_text):
        frame.to_parquet(io.BytesIO())


def test_the_text_of_several_columns_is_joined_and_empty_parts_are_left_out() -> None:
    columns = ReviewColumns(text=["title", "body"], label="stars")
    content = b"title,body,stars\nGood pan,Heats well,5\nBad pan,,1\n,Only a body,4\n,,3\nN/A,No Negative,2\n"
    batch = read_batch(
        content, "r.csv", IngestionSettings(columns=columns, labels=LabelRule(positive_from=4, negative_to=2))
    )
    assert batch.reviews["text"].tolist() == ["Good pan\nHeats well", "Bad pan", "Only a body"]
    assert batch.without_text["row"].tolist() == [5, 6]


def test_one_of_several_text_columns_may_be_missing_and_is_told() -> None:
    columns = ReviewColumns(text=["title", "body"])
    assert read_batch(b"body\nfine\n", "r.csv", IngestionSettings(columns=columns)).columns_missing == ("title",)
    with pytest.raises(UnreadableFile, match="no column 'title, body' for the text; it has: text"):
        read_batch(b"text\nfine\n", "r.csv", IngestionSettings(columns=columns))


def test_placeholders_stand_for_nothing_unless_the_rule_names_them() -> None:
    content = b"text,label,created_at,review_id\nfine,NULL,n/a,nan\ndull,none,None,7\n"
    reviews = read_batch(content, "r.csv", IngestionSettings()).reviews
    assert reviews["label"].isna().all()
    assert not reviews["neutral"].any()
    assert reviews["created_at"].isna().all()
    assert reviews["review_id"].tolist()[1] == "7"
    assert len(reviews["review_id"][0]) == 16, "the digest of the row"
    named = read_batch(content, "r.csv", IngestionSettings(labels=LabelRule(negative=["none"]))).reviews
    assert named["label"].astype(object).where(named["label"].notna(), None).tolist() == [None, 0]
    own = read_batch(b"text\nnone\n-\n", "r.csv", IngestionSettings(placeholders=("-",)))
    assert own.reviews["text"].tolist() == ["none"]


def test_markup_becomes_text_unless_the_branch_keeps_it() -> None:
    content = b"text\n<p>Good&nbsp;pan<br/>heats well</p>\na < b\n<br>\n"
    batch = read_batch(content, "r.csv", IngestionSettings())
    assert batch.reviews["text"].tolist() == ["Good pan\nheats well", "a < b"]
    assert batch.texts_from_markup == 1
    assert batch.quarantine["reason"].tolist() == ["the text holds markup only; if that is meant, set `html: keep`"]
    kept = read_batch(content, "r.csv", IngestionSettings(html="keep"))
    assert kept.reviews["text"].tolist() == ["<p>Good&nbsp;pan<br/>heats well</p>", "a < b", "<br>"]
    assert kept.texts_from_markup == 0


def test_dates_are_read_for_the_column_as_a_whole_and_the_first_row_of_each_reason_is_told() -> None:
    content = b"text,created_at\na,01.02.2024\nb,soon\nc,13.02.2024\nd,later\ne,\n"
    batch = read_batch(content, "r.csv", IngestionSettings())
    assert batch.reviews["created_at"].dt.strftime("%m-%d").fillna("").tolist() == ["02-01", "", "02-13", "", ""]
    [unread] = batch.unread
    assert (unread.field, unread.reviews, unread.row, unread.value) == ("created_at", 2, 3, "'soon'")
    ambiguous = read_batch(b"text,created_at\na,01.02.2024\nb,03.02.2024\n", "r.csv", IngestionSettings())
    assert ambiguous.reviews["created_at"].isna().all()
    assert "`created_at: {column: created_at, order: day_first}`" in ambiguous.unread[0].reason
    told = ReviewColumns.model_validate({"created_at": {"column": "created_at", "order": "day_first"}})
    said = read_batch(b"text,created_at\na,01.02.2024\n", "r.csv", IngestionSettings(columns=told))
    assert said.reviews["created_at"].dt.month.tolist() == [2]


def test_a_date_of_undecodable_bytes_costs_no_review_and_no_file() -> None:
    content = b"text,label,created_at\nfine,1,5. M\xe4rz 2024\nbad,0,6. M\xe4rz 2024\n"
    batch = read_batch(content, "r.csv", IngestionSettings())
    assert batch.reviews["created_at"].isna().tolist() == [True, True]
    assert batch.unread_by_field == {"created_at": 2}
    assert batch.unread[0].value == "'5. M\\\\udce4rz 2024'"


def test_markup_in_a_title_hides_nothing_of_the_body() -> None:
    columns = ReviewColumns(text=["title", "body"])
    content = b"title,body\nthe <title> tag,works\n<p>,fine\n"
    reviews = read_batch(content, "r.csv", IngestionSettings(columns=columns)).reviews
    assert reviews["text"].tolist() == ["the tag\nworks", "fine"]


def test_a_rating_of_another_scale_is_none() -> None:
    stars = LabelRule(positive_from=4, negative_to=2, lowest=1, highest=5)
    batch = read_batch(b"text,label\na,4/5\nb,4/10\nc,80%\n", "r.csv", IngestionSettings(labels=stars))
    assert batch.reviews["label"].tolist() == [1]
    assert batch.quarantine["reason"].str.contains("of the scale up to (?:10|100), and `highest` is 5").all()


def test_quarantine_is_in_the_order_of_the_file_whatever_was_wrong() -> None:
    content = b"text,label\nfine,maybe\nfine,1,2\nso so,perhaps\nodd,1,2\nfine,1\n"
    batch = read_batch(content, "r.csv", IngestionSettings())
    assert batch.quarantine["row"].tolist() == [2, 3, 4, 5]
    assert batch.quarantine["field"].tolist() == ["label", "line", "label", "line"]


def test_beside_rows_that_are_no_reviews_each_review_keeps_its_own_values() -> None:
    content = (
        b"review_id,text,label,split,created_at,shop\n"
        b"1,one,1,train,2026-01-01,a\n"
        b"2,two,maybe,validation,2026-01-02,b\n"
        b"1,one,1,train,2026-01-01,a\n"
        b"3,,1,validation,2026-01-03,c\n"
        b"4,four,0,test,2026-01-04,d\n"
        b"5,five,,odd,2026-01-05,e\n"
    )
    batch = read_batch(content, "r.csv", IngestionSettings(columns=ReviewColumns(keep=["shop"])))
    kept = batch.reviews
    assert kept["review_id"].tolist() == ["1", "4", "5"]
    assert kept["text"].tolist() == ["one", "four", "five"]
    assert kept["label"].fillna(-1).tolist() == [1, 0, -1]
    assert kept["split"].fillna("").tolist() == ["train", "test", ""]
    assert kept["created_at"].dt.day.tolist() == [1, 4, 5]
    assert kept["shop"].tolist() == ["a", "d", "e"]
    assert [(each.field, each.row) for each in batch.unread] == [("split", 7)]


def test_nothing_is_kept_of_a_row_that_is_forgotten_whatever_else_it_would_be() -> None:
    content = b"review_id,text,label\n1,good,1\n2,bad,0\n2,bad,0\n3,,1\n4,odd,maybe\n5,fine,1\n"
    batch = read_batch(content, "a.csv", IngestionSettings(), is_forgotten={"2", "3", "4"}.__contains__)
    assert batch.reviews["review_id"].tolist() == ["1", "5"]
    assert batch.rows_forgotten == 4
    assert len(batch.quarantine) == len(batch.without_text) == batch.rows_duplicate == 0
    assert batch.rows_in == len(batch.reviews) + batch.rows_forgotten


def test_a_row_is_forgotten_by_the_id_that_was_made_of_it() -> None:
    content = b"text,label\ngood,1\nbad,0\n"
    made = read_batch(content, "a.csv", IngestionSettings()).reviews["review_id"].tolist()
    batch = read_batch(content, "a.csv", IngestionSettings(), is_forgotten={made[0]}.__contains__)
    assert batch.reviews["text"].tolist() == ["bad"]
    assert batch.rows_forgotten == 1


def test_of_many_columns_with_long_names_as_many_are_told_as_a_person_reads() -> None:
    header = ",".join(f"{number}{'x' * 1000}" for number in range(100))
    with pytest.raises(UnreadableFile, match=r"it has: 0x{79}…, .* and 60 more\. Name the right one") as refusal:
        read_batch(f"{header}\n{'1,' * 99}1\n".encode(), "r.csv", PLAIN)
    assert len(str(refusal.value)) < 4000


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_a_column_that_was_renamed_is_read_by_either_name(ending: str) -> None:
    columns = ReviewColumns(text=["title", "comment"], review_id="number", renamed={"review_body": "comment"})
    renaming = IngestionSettings(columns=columns)

    def batch_of(body: str) -> Batch:
        rows = pd.DataFrame([{"number": "7", "title": "Good", body: "really good"}])
        content = rows.to_csv(index=False) if ending == "csv" else rows.to_json(orient="records", lines=True)
        return read_batch(content.encode(), f"a.{ending}", renaming)

    before, after = batch_of("comment"), batch_of("review_body")
    assert after.columns_missing == before.columns_missing == ()
    assert after.columns_found == before.columns_found
    assert after.reviews["text"].tolist() == before.reviews["text"].tolist() == ["Good\nreally good"]
    assert batch_of("remark").columns_missing == ("comment",)


def test_a_renamed_column_takes_no_place_that_is_taken() -> None:
    renaming = IngestionSettings(columns=ReviewColumns(text="comment", renamed={"review_body": "comment"}))
    batch = read_batch(b"review_body,comment\nfalse,true\n", "a.csv", renaming)
    assert batch.reviews["text"].tolist() == ["true"]
    assert batch.columns_found == ("review_body", "comment")
    empty = read_batch(b"review_body,label\n", "a.csv", renaming)
    assert (empty.rows_in, empty.columns_missing) == (0, ())
