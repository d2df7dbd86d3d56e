from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from sentiment_assets.learning.mapped_texts import joined_with_mapped_texts, mapped_texts, reviews_at


def test_texts_of_several_parts_come_back_in_one_column(tmp_path: Path) -> None:
    parts = [["one", "zwei 😀"], pa.array(["三"]), pd.Series([""], dtype="str"), []]
    column = mapped_texts(parts, tmp_path)
    assert column.tolist() == ["one", "zwei 😀", "三", ""]
    assert column.dtype == pd.Series(["one"], dtype="str").dtype
    assert list(tmp_path.iterdir()) == [], "the file has no name"


def test_they_take_no_memory(tmp_path: Path) -> None:
    before = pa.total_allocated_bytes()
    column = mapped_texts((["text " * 1_000] * 100 for _ in range(20)), tmp_path)
    frame = pd.DataFrame({"text": column})
    assert len(frame) == 2_000
    assert pa.total_allocated_bytes() - before < 100_000
    with pytest.raises(FileNotFoundError):
        mapped_texts([["text"]], tmp_path / "nowhere")


def test_no_texts_are_a_column_without_rows() -> None:
    assert mapped_texts([]).tolist() == []


def test_frames_are_joined_as_pandas_does_and_held_one_at_a_time(tmp_path: Path) -> None:
    first = pd.DataFrame({"review_id": ["a", "b"], "text": ["A", "B"], "label": pd.array([1, None], "Int8")})
    second = pd.DataFrame({"review_id": ["c"], "text": ["C"], "label": pd.array([0], "Int8"), "neutral": [True]})

    def frames() -> Iterator[pd.DataFrame]:
        before = pa.total_allocated_bytes()
        for each in (first, second):
            yield each.assign(text=pd.array(["long " * 10_000] * len(each), dtype="str"))
            assert pa.total_allocated_bytes() - before < 120_000

    joined = joined_with_mapped_texts(frames(), tmp_path)
    expected = pd.concat([first, second], ignore_index=True).assign(text="long " * 10_000)
    pd.testing.assert_frame_equal(joined[expected.columns], expected)


@pytest.mark.parametrize("places", [[3, 0, 3, 2], [1], []])
def test_reviews_at_some_places_are_those_that_pandas_gives(places: list[int]) -> None:
    reviews = pd.DataFrame({"n": range(4), "text": mapped_texts([["one", "zwei"], ["三", ""]]), "label": [0, 1, 1, 0]})
    pd.testing.assert_frame_equal(reviews_at(reviews, np.array(places, int)), reviews.iloc[places])


def test_they_are_taken_without_a_copy_of_all() -> None:
    reviews = pd.DataFrame({"text": mapped_texts(["text " * 1_000] * 100 for _ in range(20))})
    counting, usual = pa.proxy_memory_pool(pa.default_memory_pool()), pa.default_memory_pool()
    pa.set_memory_pool(counting)
    try:
        taken = reviews_at(reviews, np.arange(0, 2_000, 100))["text"].tolist()
    finally:
        pa.set_memory_pool(usual)
    assert taken == ["text " * 1_000] * 20
    assert 100_000 < counting.max_memory() < 1_000_000, "all of them are ten megabytes"
