import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, fisher_exact

from sentiment_assets.monitoring.two_sample import (
    Difference,
    compare_counts,
    compare_many_counts,
    compare_values,
    sharpest_excess,
)

ALPHA, SMALLEST = 0.0025, 0.03


def compare(reference: np.ndarray, batch: np.ndarray, *, upper_tail_only: bool = False) -> Difference:
    return compare_values(reference, batch, upper_tail_only=upper_tail_only).most_telling(ALPHA)


@pytest.mark.parametrize("upper_tail_only", [False, True])
@pytest.mark.parametrize("draw", [np.random.Generator.standard_normal, lambda rng, n: rng.poisson(2, n)])
def test_samples_of_one_source_are_told_apart_no_more_often_than_promised(upper_tail_only: bool, draw) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(0)
    p_values = [compare(draw(rng, 500), draw(rng, 100), upper_tail_only=upper_tail_only).p_value for _ in range(1000)]
    assert np.mean(np.array(p_values) < 0.05) <= 0.05


@pytest.mark.parametrize(("upper_tail_only", "chances"), [(False, 2 * 15), (True, 8)])
def test_a_p_value_is_multiplied_by_the_quantiles_and_sides_that_were_looked_at(
    upper_tail_only: bool, chances: int
) -> None:
    reference, batch = np.arange(10_000.0), np.arange(1_000.0) * 10
    batch[:40] = 20_000  # 4 % of the batch and none of the reference lie above all others
    found = compare_values(reference, batch, upper_tail_only=upper_tail_only)
    above = int((batch > np.sort(np.concatenate([reference, batch]))[int(0.995 * 11_000)]).sum())
    table = [[above, 1_000 - above], [11_000 - int(0.995 * 11_000) - 1 - above, 0]]
    table[1][1] = 10_000 - table[1][0]
    one = fisher_exact(table, alternative="greater").pvalue
    assert one * chances < 1
    assert found.p_values[-2] == pytest.approx(one * chances)


def odd_batch(rng: np.random.Generator, n: int, share: float) -> np.ndarray:
    """Values of the reference's kind, and about that share of odd ones."""
    batch = rng.standard_normal(n)
    odd = rng.binomial(n, share)
    batch[:odd] = 6 + rng.random(odd)
    return batch


def warns(found: Difference) -> bool:
    return found.p_value < ALPHA and found.surely > SMALLEST


@pytest.mark.parametrize("n", [100, 300, 500, 2_000])
def test_odd_reviews_too_few_to_matter_warn_no_more_often_than_promised_in_batches_of_any_size(n: int) -> None:
    rng = np.random.default_rng(n)
    reference = rng.standard_normal(10_000)
    share = np.mean([warns(compare(reference, odd_batch(rng, n, 0.015))) for _ in range(400)])
    assert share <= 0.01


@pytest.mark.parametrize(("n", "odd"), [(300, 0.1), (1_000, 0.1), (2_000, 0.05)])
def test_odd_reviews_that_matter_warn_nearly_always(n: int, odd: float) -> None:
    rng = np.random.default_rng(n)
    reference = rng.standard_normal(10_000)
    assert np.mean([warns(compare(reference, odd_batch(rng, n, odd))) for _ in range(100)]) >= 0.95


@pytest.mark.parametrize(("of_reference", "of_batch"), [(0.5, 0.6), (0.5, 0.4), (0.9, 0.85), (0.01, 0.06)])
@pytest.mark.parametrize(("m", "n"), [(10_000, 500), (400, 400)])
def test_a_difference_is_surely_so_large_in_nineteen_of_twenty_batches(
    of_reference: float, of_batch: float, m: int, n: int
) -> None:
    rng = np.random.default_rng(0)
    theirs, ours = rng.binomial(m, of_reference, 2_000), rng.binomial(n, of_batch, 2_000)
    surely = compare_many_counts(theirs, m, ours, n).surely
    assert surely[:20].tolist() == [
        compare_counts(int(one), m, int(other), n).surely for one, other in zip(theirs[:20], ours[:20], strict=True)
    ]
    held = int(np.sum(surely <= abs(of_batch - of_reference)))
    assert binomtest(held, 2_000, 0.95).pvalue > 1e-4, held / 2_000


def test_significance_and_effect_are_of_the_same_quantile() -> None:
    rng = np.random.default_rng(5)
    reference, batch = rng.standard_normal(10_000), rng.standard_normal(300)
    batch[:6] = 9  # two of a hundred, far out: significant there, and nowhere near 3 %
    found = compare(reference, batch)
    assert found.p_value < ALPHA
    assert found.effect == pytest.approx(0.02, abs=0.005)


def test_where_chance_explains_everything_the_largest_difference_is_told() -> None:
    reference, batch = np.arange(30.0), np.delete(np.arange(30.0), [12, 13, 14, 15])
    differences = compare_values(reference, batch)
    assert differences.p_values.min() == 1
    assert differences.most_telling(0.05).effect == differences.effects.max() > 0


def test_a_few_odd_reviews_are_seen_in_the_far_tail() -> None:
    rng = np.random.default_rng(1)
    reference, batch = rng.standard_normal(5000), rng.standard_normal(1000)
    batch[:40] = 6
    assert compare_values(reference, batch, upper_tail_only=True).p_values.min() < 1e-10
    found = compare(reference, batch, upper_tail_only=True)
    assert warns(found)
    assert found.upward
    assert found.effect == pytest.approx(0.04, abs=0.02)


def test_the_direction_is_the_batchs() -> None:
    values = np.arange(1000.0)
    assert compare(values, values + 500).upward
    assert not compare(values, values - 500).upward
    assert compare(values, values - 500, upper_tail_only=True).effect == 0


def test_a_larger_batch_is_surer_of_the_same_effect() -> None:
    rng = np.random.default_rng(2)
    reference = rng.standard_normal(20_000)
    small, large = (compare(reference, rng.standard_normal(n) + 0.1) for n in (200, 20_000))
    assert large.p_value < 1e-10 < small.p_value
    assert large.effect == pytest.approx(0.04, abs=0.01)
    assert large.statistic > small.statistic


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=40), st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=40))
def test_any_two_samples_have_a_p_value_and_an_effect(reference: list[float], batch: list[float]) -> None:
    for upper_tail_only in (False, True):
        found = compare(np.array(reference), np.array(batch), upper_tail_only=upper_tail_only)
        assert 0 <= found.p_value <= 1
        assert 0 <= found.surely <= found.effect <= 1


def test_equal_values_tell_nothing() -> None:
    found = compare(np.ones(100), np.ones(50))
    assert (found.p_value, found.effect, found.statistic) == (1, 0, 0)


def test_counts_are_compared_by_fishers_exact_test() -> None:
    found = compare_counts(500, 1000, 140, 200)
    one_sided = fisher_exact([[140, 60], [500, 500]], alternative="greater").pvalue
    assert found.p_value == pytest.approx(2 * one_sided)
    assert found.effect == pytest.approx(0.2)
    assert found.upward


@given(st.lists(st.integers(0, 4), min_size=6, max_size=60), st.integers(0, 9))
def test_the_sharpest_excess_of_many_divisions_is_that_of_comparing_each(values: list[int], seed: int) -> None:
    chance = np.random.default_rng(seed)
    own = np.array(values, np.float64)
    divided = np.array([chance.permutation(len(own)) < len(own) // 2 for _ in range(3)]).T
    many = np.repeat(own[:, None], 3, axis=1)
    expected = [compare_values(own[~each], own[each], upper_tail_only=True).statistics.max() for each in divided.T]
    assert sharpest_excess(many, divided.astype(np.float32)) == pytest.approx(expected, rel=1e-5, abs=1e-6)
