from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from sentiment_assets.learning import labelled_rows
from sentiment_assets.learning.labelled_rows import LabelledRows, filed_rows, joined_rows

SIZES = [3, 0, 2, 4, 1, 0, 5]
LABELS = np.array([1, 0, 1, 1, 0, 0, 1], np.int8)
W = np.arange(9, dtype=np.float32)


def some_rows() -> sparse.csr_matrix:
    """Seven rows of 3, 0, 2, 4, 1, 0 and 5 entries in nine columns."""
    chance = np.random.default_rng(0)
    dense = np.zeros((len(SIZES), 9), np.float32)
    for row, size in zip(dense, SIZES, strict=True):
        row[chance.choice(9, size, replace=False)] = chance.random(size) + 0.5
    return sparse.csr_matrix(dense)


ROWS = some_rows()


def test_columns_are_summed_a_chunk_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labelled_rows, "_ROWS_AT_ONCE", 2)
    expected = ROWS.toarray().sum(axis=0, dtype=np.float64)
    np.testing.assert_allclose(LabelledRows.of(ROWS, LABELS, 9).column_sums(), expected, rtol=1e-6)


@pytest.mark.parametrize(("most", "reviews"), [(15, [7]), (14, [6, 1]), (5, [3, 3, 1]), (9, [4, 3])])
def test_parts_have_as_many_rows_as_their_entries_allow(most: int, reviews: list[int]) -> None:
    cut = LabelledRows.of(ROWS, LABELS, most)
    assert [part.shape for part in cut.parts] == [(each, 9) for each in reviews]
    assert max(part.nnz for part in cut.parts) <= most
    assert (cut.rows != ROWS).nnz == 0
    assert cut.margins(W, 0.5).tolist() == LabelledRows.of(ROWS, LABELS).margins(W, 0.5).tolist()


def test_parts_are_views_that_scikit_learn_can_index() -> None:
    for part in LabelledRows.of(ROWS, LABELS, 9).parts:
        assert part.indices.dtype == part.indptr.dtype == np.int32
        assert np.shares_memory(part.data, ROWS.data)
        assert np.shares_memory(part.indices, ROWS.indices)


def test_a_row_that_is_larger_than_a_part_is_refused() -> None:
    with pytest.raises(ValueError, match="row 3 has more than 3 entries"):
        _ = LabelledRows.of(ROWS, LABELS, 3).parts


def test_no_rows_are_one_part_without_rows() -> None:
    none = LabelledRows.of(sparse.csr_matrix((0, 9), dtype=np.float32), LABELS[:0])
    assert [part.shape for part in none.parts] == [(0, 9)]
    assert none.margins(W, 0.5).tolist() == []


def test_chunks_are_all_rows_in_turn_with_their_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labelled_rows, "_ROWS_AT_ONCE", 3)
    rows, labels = zip(*LabelledRows.of(ROWS, LABELS).chunks(), strict=True)
    assert [each.shape[0] for each in rows] == [3, 3, 1]
    assert (sparse.vstack(rows) != ROWS).nnz == 0
    assert np.concatenate(labels).tolist() == LABELS.tolist()


@pytest.mark.parametrize("most", [15, 5])
def test_rows_are_taken_in_any_order(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labelled_rows, "_ENTRIES_AT_ONCE", 6)
    order = np.array([6, 1, 3, 0, 5, 2, 4])
    rows, labels = zip(*LabelledRows.of(ROWS, LABELS, most).taken(order), strict=True)
    assert len(rows) > 1
    assert (sparse.vstack(rows, format="csr") != ROWS[order]).nnz == 0
    assert np.concatenate(labels).tolist() == LABELS[order].tolist()


def one_by_one(rows: sparse.csr_matrix) -> Iterator[sparse.csr_matrix]:
    return (rows[number] for number in range(rows.shape[0]))


def test_filed_rows_are_mapped_and_leave_no_file(tmp_path: Path) -> None:
    filed = filed_rows(one_by_one(ROWS), LABELS, 9, tmp_path)
    assert (filed.rows != ROWS).nnz == 0
    assert isinstance(filed.data, np.memmap)
    assert isinstance(filed.indices, np.memmap)
    assert (filed.data.dtype, filed.indices.dtype, filed.indptr.dtype) == (np.float32, np.int32, np.int64)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(FileNotFoundError):
        filed_rows(one_by_one(ROWS), LABELS, 9, tmp_path / "nowhere")


def test_rows_without_an_entry_can_be_filed(tmp_path: Path) -> None:
    filed = filed_rows(one_by_one(ROWS[[1, 5]]), LABELS[:2], 9, tmp_path)
    assert filed.rows.shape == (2, 9)
    assert filed_rows(iter(()), LABELS[:0], 9, tmp_path).rows.shape == (0, 9)


def test_joined_rows_follow_one_another() -> None:
    both = joined_rows(LabelledRows.of(ROWS, LABELS), LabelledRows.of(ROWS[:2], LABELS[:2]))
    assert (both.rows != sparse.vstack([ROWS, ROWS[:2]], format="csr")).nnz == 0
    assert both.labels.tolist() == [*LABELS, *LABELS[:2]]
