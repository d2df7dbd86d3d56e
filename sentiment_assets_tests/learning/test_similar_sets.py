import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from sentiment_assets.learning import similar_sets
from sentiment_assets.learning.similar_sets import ELEMENT_BITS, SetIndex


def rows_of(sets: list[set[int]]) -> sparse.csr_matrix:
    """Sets as the rows of a matrix."""
    elements = np.array([each for one in sets for each in sorted(one)], np.int32)
    indptr = np.cumsum([0, *map(len, sets)])
    return sparse.csr_matrix(
        (np.ones(len(elements), np.float32), elements, indptr), shape=(len(sets), 1 << ELEMENT_BITS)
    )


def compared_with_all(sets: list[set[int]], others: list[set[int]], similarity: float) -> tuple[list[float], list[int]]:
    """What the index must say: each set is compared with every other, the first of the most similar ones counts."""
    best, at = [], []
    for one in sets:
        each = [len(one & other) / max(len(one | other), 1) for other in others]
        found = bool(each) and max(each) >= similarity
        best.append(max(each) if found else 0.0)
        at.append(each.index(max(each)) if found else -1)
    return best, at


SETS = st.lists(st.sets(st.integers(0, 14)), max_size=12)


@given(SETS, SETS, st.sampled_from([0.5, 0.6, 0.7, 0.75, 0.9, 1.0]))
def test_it_finds_what_comparing_all_with_all_finds(
    sets: list[set[int]], others: list[set[int]], similarity: float
) -> None:
    best, at = SetIndex.of([rows_of(others)], similarity).most_similar(rows_of(sets))
    assert (best.tolist(), at.tolist()) == compared_with_all(sets, others, similarity)


def some_sets(n: int, seed: int) -> list[set[int]]:
    """Sets of up to 40 elements, most of them like one of a few, in a large universe."""
    chance = np.random.default_rng(seed)
    kernels = np.random.default_rng(0).integers(0, 5_000, (30, 30))
    return [
        {
            *chance.choice(kernels[chance.integers(30)], chance.integers(20, 31), replace=False).tolist(),
            *chance.integers(0, 5_000, chance.integers(0, 10)).tolist(),
        }
        for _ in range(n)
    ]


@pytest.mark.parametrize("similarity", [0.5, 0.7, 0.9])
def test_neither_parts_nor_what_is_worked_through_at_a_time_show(
    similarity: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    sets, others = some_sets(300, 1), some_sets(200, 2)
    expected = compared_with_all(sets, others, similarity)
    assert sum(each >= 0 for each in expected[1]) > 0
    for at_once in (1, 7, 100_000):
        monkeypatch.setattr(similar_sets, "_MET_AT_ONCE", at_once)
        monkeypatch.setattr(similar_sets, "_SETS_AT_ONCE", at_once)
        index = SetIndex.of([rows_of(others[:90]), rows_of(others[90:])], similarity)
        best, at = index.most_similar(rows_of(sets))
        assert (best.tolist(), at.tolist()) == expected


def test_an_element_of_very_many_sets_is_counted_without_overflow() -> None:
    others = [{1, 2, number} for number in range(1_000, 1_512)]
    best, at = SetIndex.of([rows_of(others)], 0.5).most_similar(rows_of([{1, 2, 1_300}, {1, 2}, {7}]))
    assert best == pytest.approx([1.0, 2 / 3, 0.0])
    assert at.tolist() == [300, 0, -1]


def test_only_candidates_that_share_many_rare_elements_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows of a square share an element with every column; only the two that are alike are compared."""
    compared = []
    jaccard = SetIndex._jaccard

    def counting(self: SetIndex, sets: sparse.csr_matrix, rows: np.ndarray, twins: np.ndarray) -> np.ndarray:
        compared.append(len(rows))
        return jaccard(self, sets, rows, twins)

    monkeypatch.setattr(SetIndex, "_jaccard", counting)
    square = np.arange(1_600).reshape(40, 40)
    others, across = ([set(row) for row in each.tolist()] for each in (square, square.T))
    _, at = SetIndex.of([rows_of(others)], 0.7).most_similar(rows_of([*across, others[7]]))
    assert at.tolist() == [-1] * 40 + [7]
    assert sum(compared) == 1
