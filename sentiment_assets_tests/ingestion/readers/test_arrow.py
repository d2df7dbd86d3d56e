import io
import json

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from sentiment_assets.ingestion.batch import read_batch
from sentiment_assets.ingestion.readers.file_rows import read_rows
from sentiment_assets.ingestion.readers.unpacking import UnreadableFile
from sentiment_assets.ingestion.settings import IngestionSettings, LabelRule

TABLE = pa.table(
    {
        "text": ["fine", "dull"],
        "rating": pa.array([{"value": 5}, {"value": 1}]),
        "tags": pa.array([["a"], None]),
        "shop": pa.array(["x", "x"]).dictionary_encode(),
    }
)


def parquet(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()


def arrow(table: pa.Table, *, stream: bool) -> bytes:
    buffer = io.BytesIO()
    with (pa.ipc.new_stream if stream else pa.ipc.new_file)(buffer, table.schema) as writer:
        writer.write_table(table)
    return buffer.getvalue()


def as_feather(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    feather.write_feather(table, buffer)
    return buffer.getvalue()


FILES = {
    "r.parquet": parquet(TABLE),
    "file.arrow": arrow(TABLE, stream=False),
    "stream.arrow": arrow(TABLE, stream=True),
    "r.feather": as_feather(TABLE),
}


@pytest.mark.parametrize("name", FILES)
def test_every_row_is_read_with_what_is_nested_in_it(name: str) -> None:
    assert [(row.number, dict(row.values)) for row in read_rows(FILES[name], name, "utf-8")] == [
        (1, {"text": "fine", "rating": {"value": 5}, "tags": ["a"], "shop": "x"}),
        (2, {"text": "dull", "rating": {"value": 1}, "tags": None, "shop": "x"}),
    ]


def test_texts_that_were_written_as_bytes_are_read_as_utf_8() -> None:
    table = pa.table({"text": pa.array(["café".encode(), None, b"caf\xe9"], pa.binary())})
    assert [row.values["text"] for row in read_rows(parquet(table), "r.parquet", "utf-8")] == [
        "café",
        None,
        "caf\udce9",
    ]
    whole = pa.table({"text": pa.array(["café".encode()], pa.large_binary())})
    assert [row.values["text"] for row in read_rows(parquet(whole), "r.parquet", "utf-8")] == ["café"]


def test_a_repeated_name_is_that_of_its_first_column() -> None:
    table = pa.table([["a"], ["b"]], names=["text", "text"])
    assert [dict(row.values) for row in read_rows(parquet(table), "r.parquet", "utf-8")] == [
        {"text": "a", "column 2": "b"}
    ]


def test_how_many_rows_a_file_says_it_has_is_found() -> None:
    assert read_found(parquet(TABLE))["lines"] == 2


def read_found(content: bytes) -> dict[str, object]:
    rows = read_rows(content, "r.parquet", "utf-8")
    list(rows)
    return rows.found


@pytest.mark.parametrize("name", ["r.parquet", "r.arrow", "r.feather"])
def test_what_is_none_is_refused(name: str) -> None:
    with pytest.raises(UnreadableFile, match="is not a readable"):
        list(read_rows(b"text,label\n", name, "utf-8"))


def with_places(*places: int) -> bytes:
    """An Arrow file of two texts that say where they begin and end in their nine bytes."""
    buffers = [None, pa.array(places, pa.int32()).buffers()[1], pa.py_buffer(b"fine\xffdull")]
    return arrow(pa.table({"text": pa.Array.from_buffers(pa.string(), 2, buffers)}), stream=False)


@pytest.mark.parametrize("places", [(0, 2_000_000_000, 9), (9, 0, 9)])
def test_a_place_that_lies_ends_no_process(places: tuple[int, int, int]) -> None:
    with pytest.raises(UnreadableFile, match=r"is not a readable Arrow file \(.*\); land it again"):
        list(read_rows(with_places(*places), "r.arrow", "utf-8"))


def test_a_text_of_arrow_that_is_not_utf_8_costs_its_own_row_alone() -> None:
    rows = read_rows(with_places(0, 4, 9), "r.arrow", "utf-8")
    assert [row.values["text"] for row in rows] == ["fine", "\udcffdull"]


@pytest.mark.parametrize("name", FILES)
def test_a_column_whose_name_is_not_utf_8_is_refused(name: str) -> None:
    with pytest.raises(UnreadableFile, match=r"is not a readable .* file \(.*\); land it again"):
        list(read_rows(FILES[name].replace(b"rating", b"rat\xffng"), name, "utf-8"))


def with_classes(said: object, *labels: int) -> bytes:
    """A file with what Hugging Face's data sets note about their columns."""
    table = pa.table({"text": [f"It is a kettle, number {place}" for place in range(len(labels))], "label": labels})
    return parquet(table.replace_schema_metadata({"huggingface": json.dumps(said)}))


def classes(*names: str) -> dict[str, object]:
    features = {"text": {"dtype": "string", "_type": "Value"}, "label": {"names": names, "_type": "ClassLabel"}}
    return {"info": {"features": features}}


def test_numbers_of_classes_that_the_file_names_otherwise_than_the_default_are_refused_with_their_rule() -> None:
    with pytest.raises(UnreadableFile, match=r"names its classes: 0 positive, 1 negative.*positive: \[\"0\"\]"):
        read_batch(with_classes(classes("positive", "negative"), 0, 1), "r.parquet", IngestionSettings())
    as_by_default = read_batch(with_classes(classes("neg", "pos"), 0, 1), "r.parquet", IngestionSettings())
    assert as_by_default.reviews["label"].tolist() == [0, 1]
    with pytest.raises(UnreadableFile, match=r"neutral: \[\"-1\"\]"):  # of a test set whose labels are kept back
        read_batch(with_classes(classes("neg", "pos"), -1, -1), "r.parquet", IngestionSettings())
    said = IngestionSettings(labels=LabelRule(positive=["0"], negative=["1"]))
    batch = read_batch(with_classes(classes("positive", "negative"), 0, 1), "r.parquet", said)
    assert batch.reviews["label"].tolist() == [1, 0]


@pytest.mark.parametrize("said", [None, [], {"info": {"features": {"label": 1}}}, {"info": {"features": ["label"]}}])
def test_other_metadata_say_nothing(said: object) -> None:
    assert "class_names" not in read_rows(with_classes(said, 0, 1), "r.parquet", "utf-8").found
