from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom, binomtest

from sentiment_assets.learning.paired_comparison import PairedComparison, compare_paired, fewest_reviews, judge
from sentiment_assets.learning.settings import PromotionRule

LABELS = np.tile([0, 1], 500)
SIGNS = 2 * LABELS - 1
GOOD = SIGNS * 2.0
WORSE = np.where(np.arange(1000) < 60, -GOOD, GOOD)


def comparison(hinge_worse: float, hinge_better: float, errors_worse: float, errors_better: float) -> PairedComparison:
    """A comparison that found these p-values on a thousand reviews."""
    return PairedComparison(
        n=1000,
        metric="hinge_loss",
        challenger_accuracy=0.9,
        champion_accuracy=0.9,
        challenger_hinge_loss=0.3,
        champion_hinge_loss=0.3,
        p_hinge_worse=hinge_worse,
        p_hinge_better=hinge_better,
        only_challenger_wrong=0,
        only_champion_wrong=0,
        p_errors_worse=errors_worse,
        p_errors_better=errors_better,
        challenger_label_loss=0.1,
        champion_label_loss=0.1,
    )


def test_either_test_may_speak_and_each_has_half_of_the_level() -> None:
    assert judge(comparison(0.02, 0.9, 0.9, 0.9), 0.05) == "worse", "hinge loss alone"
    assert judge(comparison(0.9, 0.9, 0.02, 0.9), 0.05) == "worse", "errors alone"
    assert judge(comparison(0.9, 0.02, 0.9, 0.9), 0.05) == "better"
    assert judge(comparison(0.9, 0.9, 0.9, 0.02), 0.05) == "better"
    assert judge(comparison(0.04, 0.04, 0.04, 0.04), 0.05) == "neither better nor worse", "0.04 twice is 0.08"
    assert judge(comparison(0.02, 0.9, 0.9, 0.02), 0.05) == "worse", "what speaks against it counts first"


def test_where_the_branch_is_judged_by_labels_they_alone_speak_at_the_whole_level() -> None:
    by_labels = replace(comparison(0.001, 0.9, 0.04, 0.9), metric="macro_f1")
    assert judge(by_labels, 0.05) == "worse"
    assert judge(replace(by_labels, p_errors_worse=0.06), 0.05) == "neither better nor worse", (
        "whatever hinge loss says"
    )
    assert fewest_reviews(0.05, by_labels.n_tests) == 5


def test_a_model_that_finds_the_rare_label_is_better_by_macro_f1_and_worse_by_errors() -> None:
    """Of 50 negative reviews among 1,000 it finds 40, at the price of 60 positive ones."""
    labels = (np.arange(1000) >= 50).astype(int)
    says_positive = np.full(1000, 1.0)
    finds = np.where((np.arange(1000) < 40) | (np.arange(1000) >= 940), -1.0, 1.0)
    by_errors = compare_paired(finds, says_positive, labels, metric="error_rate")
    by_macro_f1 = compare_paired(finds, says_positive, labels, metric="macro_f1")
    assert judge(by_errors, 0.05) == "worse"
    assert judge(by_macro_f1, 0.05) == "better"
    assert by_macro_f1.challenger_label_loss < by_macro_f1.champion_label_loss


def test_mcnemar_is_the_exact_binomial_test() -> None:
    found = compare_paired(WORSE, GOOD, LABELS)
    assert (found.only_challenger_wrong, found.only_champion_wrong) == (60, 0)
    assert found.p_errors_worse == pytest.approx(binomtest(60, 60, alternative="greater").pvalue)
    assert found.p_errors_better == 1
    assert found.hinge_difference == pytest.approx(0.06 * 3)
    assert found.figures["compared_test_accuracy"] == pytest.approx(0.94)
    assert found.figures["champion_compared_test_accuracy"] == 1


@pytest.mark.parametrize(("n", "p_value"), [(1, 1 / 2), (3, 1 / 8), (10, 1 / 1024)])
def test_the_hinge_test_counts_all_signs_of_few_reviews(n: int, p_value: float) -> None:
    """If every review speaks for the champion, one way of 2^n to sign the differences is as extreme."""
    champion, challenger = np.full(n, 1.0), 1.0 - np.arange(1, n + 1) / (n + 1)
    found = compare_paired(challenger, champion, np.ones(n, int))
    assert found.p_hinge_worse == pytest.approx(p_value)
    assert found.p_hinge_better == 1


def test_the_hinge_test_of_many_reviews_agrees_with_that_of_few() -> None:
    """Eleven differences have 2,048 ways, more than are looked at: some are drawn, with nearly the same answer."""
    differences = np.array([0.9, 0.8, 0.7, -0.6, 0.5, 0.4, -0.3, -0.2, 0.1, 0.05])
    exact = compare_paired(-1 - differences, -np.ones(10), np.ones(10, int))
    drawn = compare_paired(np.append(-1 - differences, -1 - 1e-7), -np.ones(11), np.ones(11, int))
    assert exact.p_hinge_worse == pytest.approx(drawn.p_hinge_worse, abs=0.03)
    assert 0.05 < exact.p_hinge_worse < 0.2


def test_of_signs_that_are_drawn_the_observed_ones_are_one_way() -> None:
    """So no p-value is 0, and the same comparison gives the same answer."""
    found = compare_paired(WORSE, GOOD, LABELS)
    assert found.p_hinge_worse == pytest.approx(1 / 2001)
    assert found.p_hinge_better == 1
    chance = np.random.default_rng(0)
    noisy = GOOD - 1 + chance.normal(size=1000), GOOD - 1 + chance.normal(size=1000), LABELS
    assert compare_paired(*noisy) == compare_paired(*noisy)


def test_as_many_errors_on_either_side_speak_for_neither() -> None:
    one, other = GOOD.copy(), GOOD.copy()
    one[:10] *= -1
    other[10:20] *= -1
    found = compare_paired(one, other, LABELS)
    half = pytest.approx(binomtest(10, 20, alternative="greater").pvalue)
    assert (found.p_errors_worse, found.p_errors_better) == (half, half)


@pytest.mark.slow
@pytest.mark.parametrize(("n", "rounds"), [(1, 400), (2, 400), (6, 2000), (20, 2000), (200, 1000), (2000, 300)])
def test_models_that_are_alike_are_called_worse_or_better_at_most_at_the_level(n: int, rounds: int) -> None:
    """The whole gate: the number of false verdicts is one that a rate of ``alpha`` exceeds once in 10,000 times."""
    chance, rule, verdicts = np.random.default_rng(n), PromotionRule(), []
    for _ in range(rounds):
        labels = chance.integers(0, 2, n)
        shared = (2 * labels - 1) + chance.normal(size=n)
        found = compare_paired(shared + chance.normal(size=n), shared + chance.normal(size=n), labels)
        verdicts.append(judge(found, rule.alpha))
    most = binom.ppf(0.9999, rounds, rule.alpha)
    assert verdicts.count("worse") <= most
    assert verdicts.count("better") <= most


@pytest.mark.parametrize("n", [200, 2000])
def test_a_model_that_is_worse_is_found_out(n: int) -> None:
    chance = np.random.default_rng(n)
    labels = chance.integers(0, 2, n)
    signs = 2 * labels - 1
    worse, better = 0.5 * signs + chance.normal(size=n), 1.5 * signs + chance.normal(size=n)
    assert judge(compare_paired(worse, better, labels), 0.05) == "worse"
    assert judge(compare_paired(better, worse, labels), 0.05) == "better"


@pytest.mark.parametrize(("alpha", "fewest"), [(0.05, 6), (0.4, 3), (0.001, 11)])
def test_the_fewest_reviews_are_those_whose_smallest_p_value_is_small_enough(alpha: float, fewest: int) -> None:
    assert fewest_reviews(alpha, 2) == fewest
    assert 2 * 0.5**fewest <= alpha < 2 * 0.5 ** (fewest - 1)
