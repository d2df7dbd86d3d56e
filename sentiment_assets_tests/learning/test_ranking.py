from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from sentiment_assets.learning.ranking import measure_ranking


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=2, max_size=30))
def test_the_area_is_the_share_of_pairs_in_order(reviews: list[tuple[int, bool]]) -> None:
    margins, labels = np.array([each[0] for each in reviews], float), np.array([each[1] for each in reviews], int)
    ranking = measure_ranking(margins, labels)
    pairs = list(product(margins[labels == 1], margins[labels == 0]))
    if ranking is None:
        assert not pairs, "one of the labels is missing"
        return
    assert ranking.area == pytest.approx(np.mean([(ours > theirs) + (ours == theirs) / 2 for ours, theirs in pairs]))
    assert 0 < ranking.p_chance <= 1


@pytest.mark.parametrize(("n_negative", "n_positive"), [(2, 8), (8, 2)])
def test_with_few_reviews_the_p_value_is_that_of_dealing_the_labels_out(n_negative: int, n_positive: int) -> None:
    """All in order: one of the 45 ways to choose two of ten."""
    ranking = measure_ranking(np.arange(10.0), np.repeat([0, 1], [n_negative, n_positive]))
    assert ranking is not None
    assert ranking.area == 1
    assert ranking.p_chance == pytest.approx(1 / 45, abs=0.01)


@pytest.mark.parametrize("n_negative", [3, 25])
def test_margins_that_say_nothing_are_surprising_at_most_at_the_level(n_negative: int) -> None:
    chance, rounds = np.random.default_rng(n_negative), 200
    labels = np.repeat([0, 1], [n_negative, 60])
    surprising = 0
    for _ in range(rounds):
        ranking = measure_ranking(chance.integers(0, 6, len(labels)).astype(float), labels)
        surprising += ranking is not None and ranking.p_chance <= 0.05
    assert surprising <= binom.ppf(0.9999, rounds, 0.05)
