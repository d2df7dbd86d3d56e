from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from sentiment_assets.learning.label_swaps import swap_test
from sentiment_assets.learning.metrics import label_loss_of
from sentiment_assets.learning.settings import LabelMetric

METRICS: list[LabelMetric] = ["error_rate", "balanced_error_rate", "macro_f1"]
ANSWERS = st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(0, 1)), min_size=1, max_size=9)


def loss(metric: LabelMetric, wrong: np.ndarray, labels: np.ndarray) -> float:
    """The loss of labels that are wrong just there."""
    return label_loss_of(metric, np.where(wrong, 1 - labels, labels) - 0.5, labels)


@given(ANSWERS, st.sampled_from(METRICS))
def test_it_counts_every_way_to_swap_the_answers(reviews: list[tuple[bool, bool, int]], metric: LabelMetric) -> None:
    wrong, other_wrong, labels = (np.array(column) for column in zip(*reviews, strict=True))

    def difference(one: np.ndarray, other: np.ndarray) -> float:
        return loss(metric, one, labels) - loss(metric, other, labels)

    ways = [
        difference(np.where(swap, other_wrong, wrong), np.where(swap, wrong, other_wrong))
        for swap in product([False, True], repeat=len(labels))
    ]
    observed = difference(wrong, other_wrong)
    p_worse, p_better = swap_test(wrong, other_wrong, labels, metric=metric)
    assert p_worse == pytest.approx(np.mean(np.array(ways) >= observed - 1e-9))
    assert p_better == pytest.approx(np.mean(np.array(ways) <= observed + 1e-9))


@pytest.mark.parametrize(("ours", "theirs"), [(60, 0), (700, 600), (5_000, 5_300), (0, 0)])
def test_of_the_error_rate_it_is_mcnemars_test_however_many_reviews(ours: int, theirs: int) -> None:
    n = ours + theirs + 100
    place, labels = np.arange(n), np.arange(n) % 3 == 0
    p_worse, p_better = swap_test(
        place < ours, (place >= ours) & (place < ours + theirs), labels.astype(int), metric="error_rate"
    )
    expected = [binomtest(k, ours + theirs, alternative="greater").pvalue if n > 100 else 1 for k in (ours, theirs)]
    assert [p_worse, p_better] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(("n", "share"), [(30, 0.5), (300, 0.95)])
def test_models_that_are_alike_differ_at_most_at_the_level(metric: LabelMetric, n: int, share: float) -> None:
    chance, rounds, alpha = np.random.default_rng(n), 400, 0.05
    found = []
    for _ in range(rounds):
        labels = (chance.random(n) < share).astype(int)
        hard = chance.random(n) < np.where(labels == 1, 0.1, 0.5)
        found.append(swap_test(hard & (chance.random(n) < 0.7), hard & (chance.random(n) < 0.7), labels, metric=metric))
    most = binom.ppf(0.9999, rounds, alpha)
    assert sum(worse <= alpha for worse, _ in found) <= most
    assert sum(better <= alpha for _, better in found) <= most
