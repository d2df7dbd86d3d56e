import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import fisher_exact

from sentiment_assets.monitoring.two_sample import compare_counts, compare_values, holm


@pytest.mark.parametrize("upper_tail_only", [False, True])
@pytest.mark.parametrize("draw", [np.random.Generator.standard_normal, lambda rng, n: rng.poisson(2, n)])
def test_samples_of_one_source_are_told_apart_no_more_often_than_promised(upper_tail_only: bool, draw) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(0)
    p_values = [
        compare_values(draw(rng, 500), draw(rng, 100), upper_tail_only=upper_tail_only).p_value for _ in range(1000)
    ]
    assert np.mean(np.array(p_values) < 0.05) <= 0.05


def test_a_few_odd_reviews_are_seen_in_the_far_tail() -> None:
    rng = np.random.default_rng(1)
    reference, batch = rng.standard_normal(5000), rng.standard_normal(1000)
    batch[:40] = 6
    found = compare_values(reference, batch, upper_tail_only=True)
    assert found.p_value < 1e-10
    assert found.upward
    assert found.effect == pytest.approx(0.04, abs=0.02)


def test_the_direction_is_the_batchs() -> None:
    values = np.arange(1000.0)
    assert compare_values(values, values + 500).upward
    assert not compare_values(values, values - 500).upward
    assert compare_values(values, values - 500, upper_tail_only=True).effect == 0


def test_a_larger_batch_is_surer_of_the_same_effect() -> None:
    rng = np.random.default_rng(2)
    reference = rng.standard_normal(20_000)
    small, large = (compare_values(reference, rng.standard_normal(n) + 0.1) for n in (200, 20_000))
    assert large.p_value < 1e-10 < small.p_value
    assert large.effect == pytest.approx(0.04, abs=0.01)
    assert large.statistic > small.statistic


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=40), st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=40))
def test_any_two_samples_have_a_p_value_and_an_effect(reference: list[float], batch: list[float]) -> None:
    for upper_tail_only in (False, True):
        found = compare_values(np.array(reference), np.array(batch), upper_tail_only=upper_tail_only)
        assert 0 <= found.p_value <= 1
        assert 0 <= found.effect <= 1


def test_equal_values_tell_nothing() -> None:
    found = compare_values(np.ones(100), np.ones(50))
    assert (found.p_value, found.effect, found.statistic) == (1, 0, 0)


def test_counts_are_compared_by_fishers_exact_test() -> None:
    found = compare_counts(500, 1000, 140, 200)
    one_sided = fisher_exact([[140, 60], [500, 500]], alternative="greater").pvalue
    assert found.p_value == pytest.approx(2 * one_sided)
    assert found.effect == pytest.approx(0.2)
    assert found.upward


def test_holm_corrects_for_the_number_of_tests() -> None:
    assert holm([0.01, 0.04, 0.03]).tolist() == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.8]).tolist() == [1, 1]
    assert holm([]).tolist() == []
