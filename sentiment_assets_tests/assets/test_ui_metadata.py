import json

import pandas as pd

from sentiment_assets.assets.ui_metadata import counts_by, picture, rounded, rows_of, sample, table


def test_missing_values_are_dashes_because_the_ui_cannot_parse_nan() -> None:
    frame = pd.DataFrame(
        {
            "text": ["a", None],
            "label": pd.array([1, None], "Int8"),
            "created_at": pd.Series([None, None], dtype="datetime64[us, UTC]"),
            "score": [0.5, float("nan")],
        }
    )
    first, second = (record.data for record in sample(frame).records)
    assert first == {"text": "a", "label": 1, "created_at": "–", "score": 0.5}
    assert set(second.values()) == {"–"}
    assert json.loads(json.dumps(second, allow_nan=False)) == second
    assert [record.data for record in counts_by(frame, ["label"]).records][1] == {"label": "–", "reviews": 1}


def test_long_texts_are_cut_and_lists_shown() -> None:
    [record] = table([{"text": "x" * 1000, "words": ["a", "b"], "loss": 0.123456789}]).records
    assert record.data == {"text": "x" * 160 + "…", "words": "['a', 'b']", "loss": 0.123457}


def test_no_rows_is_a_table_too() -> None:
    assert table([]).records == []


def test_a_table_stops_where_nobody_reads_on() -> None:
    assert len(rows_of(pd.DataFrame({"n": range(1000)})).records) == 100


def test_figures_are_rounded_and_sorted_and_stay_numbers() -> None:
    assert list(rounded({"b": 0.123456, "a": 3.0}).items()) == [("a", 3.0), ("b", 0.1235)]


def test_a_picture_stands_in_the_text() -> None:
    assert picture("search.png", b"png").value == "![search.png](data:image/png;base64,cG5n)"
    assert picture("top.svg", b"svg").value == "![top.svg](data:image/svg+xml;base64,c3Zn)"
