"""What people fill in with a spreadsheet comes back as it was."""

import csv
import io

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment_assets.ingestion.batch import read_batch
from sentiment_assets.ingestion.csv_escaping import to_spreadsheet_csv
from sentiment_assets.ingestion.readers.file_rows import read_rows
from sentiment_assets.ingestion.settings import IngestionSettings
from sentiment_assets.presentation.spreadsheet import is_live

LIVE = ["=1+1", "+1", "-1 star", "@SUM(A1)", "\tx", "\rx", "\nx", "  =1+1", "＝1+1", "\u200b=1+1", "\x1b-1"]
REVIEWS = st.lists(
    st.tuples(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1)
        | st.sampled_from(["'", "''=1", "a\rb", "a\r\nb\n", "\ufeffx", "a\u2028b", '"', 'a","b', *LIVE]),
        st.text(st.sampled_from("=+-@'\t\r ab1,\"\n"), min_size=1),
    ).filter(lambda each: all(part.strip() for part in each)),
    min_size=1,
    max_size=8,
    unique_by=lambda each: each[1].strip(),
)


def frame(reviews: list[tuple[str, str]]) -> pd.DataFrame:
    rows = [{"review_id": review_id.strip(), "text": text, "label": ""} for text, review_id in reviews]
    return pd.DataFrame(rows, dtype="str")


@settings(max_examples=4 * settings.default.max_examples, deadline=None)
@given(REVIEWS)
def test_any_review_comes_back_with_its_id_and_its_text(reviews: list[tuple[str, str]]) -> None:
    written = frame(reviews)
    as_it_is = IngestionSettings(html="keep", placeholders=())
    read = read_batch(to_spreadsheet_csv(written), "labels.csv", as_it_is).reviews
    assert read["review_id"].tolist() == written["review_id"].tolist()
    assert read["text"].tolist() == written["text"].tolist()


@settings(deadline=None)
@given(REVIEWS)
def test_no_cell_begins_like_a_formula(reviews: list[tuple[str, str]]) -> None:
    content = to_spreadsheet_csv(frame(reviews)).decode("utf-8-sig")
    for row in csv.reader(io.StringIO(content, newline="")):
        for cell in row:
            assert not is_live(cell)


def test_it_has_a_byte_order_mark_and_only_columns_with_formulas_are_protected() -> None:
    content = to_spreadsheet_csv(frame([("=1+1", "a"), ("'tis fine", "b")]))
    assert content.startswith(b"\xef\xbb\xbf")
    assert content[3:].decode().splitlines() == [
        '"review_id","\'text","label"',
        '"a","\'=1+1",""',
        '"b","\'\'tis fine",""',
    ]
    plain = to_spreadsheet_csv(frame([("'tis fine", "b")]))
    assert plain[3:].decode().splitlines() == ['"review_id","text","label"', '"b","\'tis fine",""']


@pytest.mark.parametrize("name", ["=cmd", "-", "'tis"])
def test_a_name_that_begins_like_a_formula_or_like_a_protected_one_comes_back(name: str) -> None:
    content = to_spreadsheet_csv(frame([("fine", "a")]).rename(columns={"label": name}).assign(**{name: "'x"}))
    assert not is_live(content.decode("utf-8-sig").splitlines()[0].split(",")[2].strip('"'))
    [row] = read_rows(content, "r.csv", "utf-8")
    assert row.values == {"review_id": "a", "text": "fine", name: "'x"}


@pytest.mark.parametrize("header", ["text", "'text'"])
def test_apostrophes_of_a_column_that_is_not_protected_stay(header: str) -> None:
    [row] = read_rows(f"{header}\n'tis fine\n".encode(), "r.csv", "utf-8")
    assert row.values == {header: "'tis fine"}
