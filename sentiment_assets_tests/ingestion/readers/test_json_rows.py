import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment_assets.ingestion.readers.file_rows import read_rows, read_rows_by
from sentiment_assets.ingestion.readers.source import RawRow
from sentiment_assets.ingestion.readers.unpacking import UnreadableFile
from sentiment_assets.ingestion.settings import DEFAULT_FORMAT, FormatSettings, IngestionSettings, ReviewColumns

TWO = [{"text": "fine", "stars": 5}, {"text": "dull", "stars": 1}]


def rows(content: str, name: str = "r.json", form: FormatSettings = DEFAULT_FORMAT) -> list[RawRow]:
    return list(read_rows(content.encode(), name, "utf-8", format=form))


SHAPES = {
    "array": json.dumps(TWO),
    "array over several lines": json.dumps(TWO, indent=2),
    "array with a line a row": "[\n" + ",\n".join(map(json.dumps, TWO)) + "\n]\n",
    "lines": "\n".join(map(json.dumps, TWO)) + "\n",
    "lines after a byte order mark": "\ufeff" + "\n".join(map(json.dumps, TWO)),
    "objects over several lines": "\n".join(json.dumps(each, indent=2) for each in TWO),
    "objects without anything between": "".join(map(json.dumps, TWO)),
    "objects with commas": ",\n".join(json.dumps(each, indent=1) for each in TWO),
    "list in an object": json.dumps({"app": "x", "reviews": TWO}),
    "list in an object, written large": json.dumps({"reviews": TWO, "n": 2, "tags": ["a"]}, indent=2),
    "columns as lists": json.dumps({"text": ["fine", "dull"], "stars": [5, 1]}),
    "columns and rows apart": json.dumps(
        {"columns": ["text", "stars"], "index": [0, 1], "data": [["fine", 5], ["dull", 1]]}
    ),
    "columns of pandas": json.dumps({"text": {"0": "fine", "1": "dull"}, "stars": {"0": 5, "1": 1}}),
}


@pytest.mark.parametrize("name", ["r.json", "r.jsonl", "r.ndjson"])
@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_is_read_whatever_the_file_is_called(shape: str, name: str) -> None:
    assert [dict(row.values) for row in rows(SHAPES[shape], name)] == TWO
    read = read_rows(SHAPES[shape].encode(), name, "utf-8", wanted={"text"})
    assert [dict(row.values) for row in read] == TWO, "also where the branch names a column"


def test_lists_of_one_value_in_an_object_are_no_columns() -> None:
    one = {"text": "fine", "tags": ["kettle"]}
    assert [dict(row.values) for row in rows(json.dumps({"tags": ["kettle"]}))] == [{"tags": ["kettle"]}]
    assert [dict(row.values) for row in rows(json.dumps(one))] == [one]


def test_rows_may_stand_in_an_object_by_their_keys() -> None:
    by_number = {str(number): each for number, each in enumerate([*TWO, *TWO])}
    assert [row.values["text"] for row in rows(json.dumps(by_number))] == ["fine", "dull"] * 2
    by_id = {"reviews": {f"-Nx{number}": each for number, each in enumerate([*TWO, *TWO])}, "version": {"major": 1}}
    read = rows(json.dumps(by_id), form=FormatSettings(records="reviews"))
    assert [row.values["key"] for row in read] == ["-Nx0", "-Nx1", "-Nx2", "-Nx3"]
    one = {"question": {"label": "a", "text": "b"}, "answer": {"label": "c", "text": "d"}}
    assert [dict(row.values) for row in rows(json.dumps(one))] == [one], "two parts of a row are no rows"
    named = {"id": 1, "name": "Ann"}
    of_three = {"review": {**named, "text": "fine", "stars": 5}, "user": named, "shop": {**named, "city": "Bonn"}}
    assert [dict(row.values) for row in rows(json.dumps(of_three))] == [of_three], "nor are three of other fields"


def test_the_way_to_the_list_can_be_named() -> None:
    nested = json.dumps({"data": {"reviews": TWO, "users": TWO}})
    assert [dict(row.values) for row in rows(nested, form=FormatSettings(records="data.reviews"))] == TWO
    with pytest.raises(UnreadableFile, match="leads nowhere: there is no 'review' in reviews, users"):
        rows(nested, form=FormatSettings(records="data.review"))
    with pytest.raises(
        UnreadableFile, match=r"with 2 lists \(a, b\); say which holds the reviews: `format: {records: a}`"
    ):
        rows(json.dumps({"a": TWO, "b": TWO}))


def test_an_object_with_the_branchs_columns_is_a_row_whatever_lists_it_holds() -> None:
    review = {"text": "bad hotel", "label": 0, "photos": [{"text": "pool at night"}, {"text": "room"}]}
    [row] = read_rows(json.dumps(review).encode(), "r.jsonl", "utf-8", wanted={"text"})
    assert dict(row.values) == review


def test_an_empty_list_beside_another_is_a_list_too() -> None:
    with pytest.raises(UnreadableFile, match=r"2 lists \(reviews, errors\)"):
        rows('{"reviews": [], "errors": [{"text": "rate limit"}]}')


def test_what_a_shop_has_in_common_with_its_reviews_makes_no_review_of_it() -> None:
    reviews = [{"text": "fine", "rating": 5, "time": 1779910506}, {"text": "dull", "rating": 1, "time": 1768238411}]
    shop = json.dumps({"rating": 4.9, "total": 215, "reviews": reviews})
    read = list(
        read_rows_by(
            IngestionSettings(columns=ReviewColumns(label="rating", created_at="time")), shop.encode(), "r.json"
        )
    )
    assert [row.values["text"] for row in read] == ["fine", "dull"]


def test_an_export_of_nothing_has_no_row_whatever_lists_stand_beside_it() -> None:
    assert rows(json.dumps({"data": [], "meta": {"links": [{"url": None, "label": "Previous"}]}})) == []


def test_lines_within_the_list_of_an_object_are_no_file_of_lines() -> None:
    content = '{"reviews": [\n' + ",\n".join(map(json.dumps, TWO)) + "\n]}\n"
    assert [dict(row.values) for row in rows(content)] == TWO


@pytest.mark.parametrize("first", ["{", "[1,2", '{"text": "go'])
def test_a_first_line_that_is_broken_costs_its_own_row_alone(first: str) -> None:
    read = rows("\n".join([first, *map(json.dumps, TWO)]), "r.jsonl")
    assert [row.problem is None for row in read][-2:] == [True, True]


def test_objects_of_other_keys_are_no_columns_of_pandas() -> None:
    item = {"text": {"0": "fine"}, "stars": {"1": 5}}
    assert [dict(row.values) for row in rows(json.dumps(item))] == [item]


def test_one_object_is_one_row() -> None:
    assert [dict(row.values) for row in rows('{"text": "fine", "tags": ["a"]}')] == [{"text": "fine", "tags": ["a"]}]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{'text': 'fine', 'stars': 5.0}", "is a Python literal, not JSON; export with json.dumps"),
        ('{"text": "fine"', "is not valid JSON"),
        ('{"text": "a", "text": "b"}', "names 'text' twice"),
        ('["fine", 5]', "is a JSON array, not an object"),
    ],
)
def test_a_line_that_cannot_be_read_is_told_and_the_others_are_read(line: str, problem: str) -> None:
    content = "\n".join([json.dumps(TWO[0]), line, "", json.dumps(TWO[1])])
    read = rows(content, "r.jsonl")
    assert [row.number for row in read] == [1, 2, 4]
    assert [problem in (row.problem or "") for row in read] == [False, True, False]
    assert problem in str(rows(f"{line}\n{line}\n", "r.jsonl")[0].problem)


def test_a_file_that_is_cut_short_is_refused() -> None:
    for content in (SHAPES["array"][:-5], SHAPES["list in an object"][:-5], SHAPES["objects over several lines"][:-5]):
        with pytest.raises(UnreadableFile, match="is not valid JSON"):
            rows(content)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1), inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.lists(st.dictionaries(st.text(min_size=1), VALUES, min_size=1, max_size=4), min_size=2, max_size=5)


@given(objects=OBJECTS, indent=st.sampled_from([None, 0, 2]), ascii_only=st.booleans())
def test_any_objects_come_back_from_lines_arrays_and_one_after_another(
    objects: Sequence[dict[str, object]], indent: int | None, ascii_only: bool
) -> None:
    def written(item: object, indent: int | None) -> str:
        return json.dumps(item, indent=indent, ensure_ascii=ascii_only)

    whole, lines = written(objects, indent), "\n".join(written(each, None) for each in objects)
    one_after_another = "\n".join(written(each, indent) for each in objects)
    for content in (whole, lines, one_after_another):
        assert [dict(row.values) for row in rows(content)] == list(objects)
