import io

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment_assets.presentation.spreadsheet import is_live, table_of_csv, table_to_csv, without_formulas

SIGNS = "=+-@＝＋－＠﹦﹢﹣﹫"
UNSEEN = st.text(st.sampled_from(" \t\r\n\x00\x1b\x7f\x85\xa0\u200b\u2060\u3000\ufeff"), max_size=4)


@given(UNSEEN, st.sampled_from(SIGNS), st.text())
def test_a_sign_behind_what_cannot_be_seen_makes_a_formula(unseen: str, sign: str, rest: str) -> None:
    assert is_live(unseen + sign + rest)


@pytest.mark.parametrize("cell", ["\tx", "\rx", "\nx"])
def test_a_cell_that_begins_with_tab_or_line_end_is_live(cell: str) -> None:
    assert is_live(cell)


@pytest.mark.parametrize("cell", ["", " ", "fine", "1-1", "a=b", "'=1", "“-", "−1", "[-0.5]"])
def test_other_cells_are_not(cell: str) -> None:
    assert not is_live(cell)


def test_numbers_stay_numbers_and_missing_values_missing() -> None:
    frame = pd.DataFrame(
        {
            "text": ["=1+1", "fine", None],
            "-score": [-0.5, 0.25, None],
            "label": pd.array([-1, None, 1], "Int8"),
            "seen": [True, False, True],
            "at": pd.to_datetime(["2026-10-01", None, "2026-10-02"]),
            "contributions": [[-1.0], [], None],
            "by": pd.Categorical(["-brand", "brand", None]),
        }
    )
    before = frame.copy()
    table = without_formulas(frame)
    pd.testing.assert_frame_equal(frame, before)
    assert table.to_csv(index=False).splitlines() == [
        "text,'-score,label,seen,at,contributions,by",
        "'=1+1,-0.5,-1,True,2026-10-01,[-1.0],'-brand",
        "fine,0.25,,False,,[],brand",
        ",,1,True,2026-10-02,,",
    ]


@given(st.lists(st.text(), max_size=5))
def test_no_text_of_a_table_begins_like_a_formula(texts: list[str]) -> None:
    table = without_formulas(pd.DataFrame({"text": texts}, dtype="str"))
    assert not any(map(is_live, table["text"]))
    assert len(pd.read_csv(io.BytesIO(table_to_csv(table.assign(row=1))))) == len(texts)


@given(st.lists(st.tuples(st.text() | st.from_regex("'*[=a]"), st.none() | st.integers(0, 99))))
def test_a_table_that_was_written_is_read_again(rows: list[tuple[str, int | None]]) -> None:
    names = ["value", "reviews"]
    frame = pd.DataFrame({name: [row[place] for row in rows] for place, name in enumerate(names)}).astype(
        {"value": object, "reviews": float}
    )
    read = table_of_csv(table_to_csv(frame), ["value"])
    assert read["value"].tolist() == frame["value"].tolist()
    assert read["reviews"].fillna(-1).tolist() == frame["reviews"].fillna(-1).tolist()
