"""Which of the first rows names the columns, in delimited text and in sheets, and what stands above it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sentiment_assets.ingestion.readers.file_rows import FileRows, read_rows
from sentiment_assets.ingestion.readers.header import place_of_header
from sentiment_assets.ingestion.readers.source import ABOVE_HEADER, COUNTED, FILES
from sentiment_assets.ingestion.readers.unpacking import UnreadableFile
from sentiment_assets.ingestion.settings import DEFAULT_FORMAT, FormatSettings
from sentiment_assets.monitoring.quality import row_identity
from testing.spreadsheets import Rows, as_xlsx

TITLE = ["Customer feedback Q3 2026", "", "", ""]
HEADER = ["Date", "Product", "Score", "Comment"]
ROW = ["2026-07-01", "Tent", "5", "It stayed dry"]
BLANK = [""] * 4


@pytest.mark.parametrize(
    ("rows", "wanted", "place"),
    [
        ([HEADER, ROW, ROW], (), 0),
        ([TITLE, BLANK, HEADER, ROW, ROW], (), 2),
        ([TITLE, TITLE, HEADER, ROW], (), 2),
        ([BLANK, HEADER, ROW], (), 1),
        ([["Shop:", "All", "", ""], HEADER, ROW, ROW], (), 0),
        ([["Shop:", "All", "", ""], HEADER, ROW, ROW], {"Comment"}, 1),
        ([["Comment", "", "", ""], HEADER, ROW], {"Comment"}, 1),
        ([["Date", "", "", ""], HEADER, ROW], {"Comment", "Date"}, 1),
        ([["text"], ["fine"]], {"text"}, 0),
        ([], (), 0),
    ],
)
def test_the_header_is_below_titles_or_has_the_columns_that_are_named(
    rows: list[list[str]], wanted: set[str], place: int
) -> None:
    assert place_of_header(rows, wanted) == place


@pytest.mark.parametrize(
    "rows",
    [
        [["", "comment"], ["0", "fine"], ["1", "bad"]],
        [["comment"], ["fine", " really"], ["bad", " too"]],
        [["comment"], ["fine", "really"], ["bad"], ["so so"], ["dull"]],
        [["note", "note"], ["fine", "really", "so"], ["a", "b", "c"]],
        [["comment", ""], ["fine", "x"], ["bad", ""], ["dull", ""]],
        [["id", "comment"], ["1", "text"], ["2", "label"]],
    ],
)
def test_a_header_of_fewer_columns_than_a_row_has_is_no_title(rows: list[list[str]]) -> None:
    assert place_of_header(rows, {"text", "label"}) == 0


@given(st.lists(st.lists(st.sampled_from(["", "text", "label", "a", "b"]), min_size=3, max_size=3), max_size=30))
def test_no_row_above_the_header_has_as_many_filled_cells(rows: list[list[str]]) -> None:
    place = place_of_header(rows, {"text", "label"})
    widths = [sum(map(bool, row)) for row in rows]
    assert all(width < widths[place] for width in widths[:place])


def read(rows: Rows | str, form: FormatSettings = DEFAULT_FORMAT, wanted: set[str] | None = None) -> FileRows:
    name = "r.csv" if isinstance(rows, str) else "r.xlsx"
    content = rows.encode() if isinstance(rows, str) else as_xlsx({"Sheet1": rows})
    return read_rows(content, name, "utf-8", format=form, wanted=wanted or set())


TABLES: list[Rows | str] = [
    [TITLE, BLANK, HEADER, ROW, BLANK, ROW],
    'Customer feedback Q3 2026\n\nDate;Product;Score;Comment\n2026-07-01;Tent;5;"It stayed\ndry"\n1;2;3;4\n',
    '"Customer feedback\nQ3 2026";;;\n;;;\nDate;Product;Score;Comment\n2026-07-01;Tent;5;dry\n1;2;3;4\n',
]


@pytest.mark.parametrize("table", TABLES)
def test_what_is_passed_over_is_told_and_every_line_is_accounted_for(table: Rows | str) -> None:
    found = read(table)
    rows = list(found)
    assert [list(row.values) for row in rows] == [HEADER, HEADER]
    assert not any(row.problem for row in rows)
    assert "Customer feedback" in str(found.found[ABOVE_HEADER])
    assert "Q3 2026', the header is row " in str(found.found[ABOVE_HEADER])
    lines = {name: int(str(found.found[name])) for name in COUNTED if name != FILES}
    assert row_identity(
        rows_in=2, rows_kept=2, rows_quarantined=0, rows_without_text=0, rows_duplicate=0, lines=lines
    ).holds


def test_the_number_of_a_row_below_titles_is_that_which_people_see() -> None:
    assert [row.number for row in read(TABLES[0])] == [4, 6]
    assert [row.number for row in read(TABLES[1])] == [4, 6]
    assert ABOVE_HEADER not in read([HEADER, ROW]).found


def test_the_branch_may_say_which_row_is_the_header() -> None:
    third = FormatSettings(header=3)
    rows = read("Shop;All\nBy;Ada\ntext;stars\nfine;5\n", third)
    assert [(row.number, dict(row.values)) for row in rows] == [(4, {"text": "fine", "stars": "5"})]
    assert rows.found[ABOVE_HEADER] == "'Shop All / By Ada', the header is row 3"
    [row] = read([["Shop", "All"], ["By", "Ada"], ["text", "stars"], ["fine", 5]], third)
    assert dict(row.values) == {"text": "fine", "stars": 5}
    for table in ("text\nfine\n", [["text"], ["fine"]], "text\n\n\nfine\n", [["text"], ["x"], [""], ["fine"]]):
        with pytest.raises(UnreadableFile, match="it has no row 3 that could name the columns"):
            list(read(table, third))


def test_a_header_and_names_by_position_exclude_each_other() -> None:
    with pytest.raises(ValidationError, match="give one of them"):
        FormatSettings(header=3, names=["text"])


def test_rows_of_a_sheet_that_are_to_be_ignored_are_passed_over() -> None:
    found = read([["# from", "the shop"], ["text", "stars"], ["#", 1], ["fine", 5]], FormatSettings(ignore_from="#"))
    assert [dict(row.values) for row in found] == [{"text": "fine", "stars": 5}]
    assert found.found["lines_passed_over"] == 2


def test_a_sheet_below_many_blank_rows_is_read() -> None:
    assert [row.number for row in read([[None, None]] * 150 + [["text", "stars"], ["fine", 5]])] == [152]


def test_of_several_sheets_the_one_whose_table_stands_below_a_title_is_found() -> None:
    content = as_xlsx({"Notes": [["to do"], ["ask"]], "Reviews": [TITLE, HEADER, ROW]})
    found = read_rows(content, "r.xlsx", "utf-8", wanted={"Comment"})
    assert [row.values["Comment"] for row in found] == ["It stayed dry"]
