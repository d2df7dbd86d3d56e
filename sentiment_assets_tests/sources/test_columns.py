"""Whatever a page holds, names and values arrive as they are."""

import io
import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment_assets.sources.columns import KeptRows, page_of


def landed(folder: Path, *pages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    kept = KeptRows(folder)
    for each in pages:
        kept.add(page_of(each))
    stream = io.BytesIO()
    kept.write(stream)
    rows: list[dict[str, Any]] = pq.read_table(stream).to_pylist()
    return rows


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pages")


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
PAGE = st.lists(st.dictionaries(NAMES, JSON, min_size=1, max_size=3), min_size=1, max_size=4)


@settings(max_examples=40)
@given(st.lists(PAGE, min_size=1, max_size=3))
def test_whatever_json_a_vendor_sends_no_row_and_no_value_is_lost(
    folder: Path, pages: list[list[dict[str, Any]]]
) -> None:
    sent = [row for page in pages for row in page]
    rows = landed(folder, *pages)
    assert len(rows) == len(sent)
    for was, row in zip(sent, rows, strict=True):
        for name, value in was.items():
            assert _is(row[name], value), (name, value, row[name])


def _is(landed: object, sent: object) -> bool:
    """The same value or, where a column holds values of several kinds, the same as text."""
    if sent is None or landed is None or isinstance(sent, str):
        expected = sent.encode("utf-8", "replace").decode() if isinstance(sent, str) else sent
        return landed == expected
    return landed == sent or (isinstance(landed, str) and json.loads(landed) == sent)


@pytest.mark.parametrize(
    ("first", "second", "landed_as"),
    [
        (1, 2.5, [1.0, 2.5]),
        (2**60 + 1, 2.5, [str(2**60 + 1), "2.5"]),
        (2**70, 1, [str(2**70), "1"]),
        (None, 3, [None, 3]),
        (None, None, [None, None]),
        (True, "no", ["true", "no"]),
        (Decimal("1.10"), Decimal("12.345"), [Decimal("1.100"), Decimal("12.345")]),
        (datetime(2026, 1, 1), "soon", ["2026-01-01 00:00:00.000000", "soon"]),  # noqa: DTZ001  such a column has no zone
        (
            datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=2))),
            datetime(2026, 6, 1, tzinfo=timezone(timedelta(hours=3))),
            [datetime(2025, 12, 31, 22, tzinfo=UTC), datetime(2026, 5, 31, 21, tzinfo=UTC)],
        ),
    ],
)
@pytest.mark.parametrize("apart", [True, False])
def test_values_of_several_kinds_share_a_column(
    folder: Path, first: object, second: object, landed_as: list[object], apart: bool
) -> None:
    rows = [{"it": first}, {"it": second}]
    pages = [[row] for row in rows] if apart else [rows]
    assert [str(row["it"]) for row in landed(folder, *pages)] == [str(each) for each in landed_as]


def test_a_column_that_comes_later_is_empty_before(folder: Path) -> None:
    assert landed(folder, [{"a": 1}], [{"b": "x"}]) == [{"a": 1, "b": None}, {"a": None, "b": "x"}]


def test_half_a_pair_of_surrogates_is_a_question_mark(folder: Path) -> None:
    assert landed(folder, [{"text": json.loads('"fine \\ud83d"')}]) == [{"text": "fine ?"}]


@pytest.mark.parametrize(
    ("values", "written"),
    [
        ([date(2026, 1, 2), datetime(2026, 1, 2, 3, 4)], ["2026-01-02", "2026-01-02 03:04:00.000000"]),  # noqa: DTZ001
        (
            [datetime(2026, 1, 2, 3, tzinfo=timezone(timedelta(hours=5))), datetime(2026, 1, 2, 3)],  # noqa: DTZ001
            ["2026-01-02 03:00:00.000000+05:00", "2026-01-02 03:00:00.000000"],
        ),
        ([b"fine", "fine"], ["fine", "fine"]),
    ],
)
def test_values_that_arrow_would_change_beside_others_become_text(values: list[object], written: list[str]) -> None:
    assert page_of([{"at": each} for each in values])["at"].to_pylist() == written
