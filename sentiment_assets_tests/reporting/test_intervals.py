import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment_assets.reporting.intervals import (
    Band,
    ErrorRates,
    adjusted_sentiment,
    error_rates,
    join_bands,
    mean_score,
    net_sentiment,
    weights_as_left,
)

GOOD_MODEL = ErrorRates(true_positives=230, positives=250, true_negatives=220, negatives=250)


def test_wilsons_interval_is_the_textbook_one() -> None:
    """Newcombe 1998, table I: 81 of 263 gives 0.2553 to 0.3662."""
    band = net_sentiment(81, 263)
    assert (band.low + 1) / 2 == pytest.approx(0.2553, abs=1e-4)
    assert (band.high + 1) / 2 == pytest.approx(0.3662, abs=1e-4)


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_bands_hold_their_value_and_stay_in_range(counted: tuple[int, int]) -> None:
    positive, n = counted
    for band in (net_sentiment(positive, n), adjusted_sentiment(positive, n, GOOD_MODEL)):
        assert band is not None
        assert -1 <= band.low <= band.value <= band.high <= 1


def test_correcting_undoes_known_errors() -> None:
    """Of 1,000 positive and 1,000 negative reviews this model calls 920 + 120 positive."""
    band = adjusted_sentiment(1_040, 2_000, GOOD_MODEL)
    assert band is not None
    assert band.value == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.8])
@pytest.mark.parametrize("n_test", [60, 500])
def test_the_corrected_band_covers_the_truth(share: float, n_test: int) -> None:
    rng = np.random.default_rng(0)
    sensitivity, specificity, n = 0.9, 0.85, 400
    covered = 0
    for _ in range(2_000):
        rates = ErrorRates(
            rng.binomial(n_test // 2, sensitivity), n_test // 2, rng.binomial(n_test // 2, specificity), n_test // 2
        )
        positive = rng.binomial(n, share * sensitivity + (1 - share) * (1 - specificity))
        band = adjusted_sentiment(positive, n, rates)
        covered += band is not None and band.low <= 2 * share - 1 <= band.high
    assert covered / 2_000 >= 0.93


@given(
    st.integers(1, 5_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    *(st.tuples(st.integers(1, 300), st.floats(0.6, 1)) for _ in range(2)),
)
def test_praise_and_complaint_are_corrected_alike(
    counted: tuple[int, int], of_positive: tuple[int, float], of_negative: tuple[int, float]
) -> None:
    """What is called positive and negative is a matter of words: the other way round, the band is turned round."""
    (positive, n), (positives, sensitivity), (negatives, specificity) = counted, of_positive, of_negative
    right = positives * sensitivity, positives, negatives * specificity, negatives
    band = adjusted_sentiment(positive, n, ErrorRates(*right))
    turned = adjusted_sentiment(n - positive, n, ErrorRates(*right[2:], *right[:2]))
    assert (band is None) == (turned is None)
    if band and turned:
        assert (band.low, band.value, band.high) == pytest.approx((-turned.high, -turned.value, -turned.low), abs=1e-9)


def test_the_corrected_band_misses_the_truth_on_neither_side_too_often() -> None:
    """Without Lang and Reiczigel's shift of the middle the upper end is below the truth in 5 % of these cases."""
    rng = np.random.default_rng(0)
    share, sensitivity, specificity, n, n_test, rounds = 0.95, 0.75, 0.95, 2_000, 15, 3_000
    above = below = 0
    for _ in range(rounds):
        rates = ErrorRates(rng.binomial(n_test, sensitivity), n_test, rng.binomial(n_test, specificity), n_test)
        positive = rng.binomial(n, share * sensitivity + (1 - share) * (1 - specificity))
        band = adjusted_sentiment(positive, n, rates)
        assert band is not None
        above += band.low > 2 * share - 1
        below += band.high < 2 * share - 1
    assert above / rounds < 0.035
    assert below / rounds < 0.035


@pytest.mark.parametrize("rates", [ErrorRates(5, 10, 5, 10), ErrorRates(0, 0, 5, 10), ErrorRates(5, 10, 0, 0)])
def test_a_model_no_better_than_chance_corrects_nothing(rates: ErrorRates) -> None:
    assert adjusted_sentiment(5, 10, rates) is None


@pytest.mark.parametrize("rates", [ErrorRates(1, 1, 1, 4), ErrorRates(1, 1, 1, 5)])
def test_test_reviews_too_few_to_say_that_a_model_beats_chance_correct_nothing(rates: ErrorRates) -> None:
    assert adjusted_sentiment(5, 10, rates) is None


def test_error_rates_are_counted_on_known_labels() -> None:
    assert error_rates(np.array([1.0, -1, 2, -2]), np.array([1, 1, 0, 0])) == ErrorRates(1, 2, 1, 2)


def test_error_rates_leave_out_what_the_model_knows_nothing_of() -> None:
    assert error_rates(np.array([1.0, 0, 0, -2]), np.array([1, 1, 0, 0])) == ErrorRates(1, 1, 1, 1)


def test_one_group_alone_keeps_its_band() -> None:
    band = net_sentiment(30, 100)
    assert join_bands([(100, band)]) == Band(*(pytest.approx(end) for end in (band.value, band.low, band.high)))


def test_the_joined_band_of_two_groups_covers_the_truth() -> None:
    """A counted one and a corrected one, as in a report of labelled and unlabelled reviews."""
    rng = np.random.default_rng(0)
    sensitivity, specificity, n_test, covered, rounds = 0.9, 0.85, 250, 0, 2_000
    truth = (100 * 0.8 + 300 * 0.4) / 400
    for _ in range(rounds):
        rates = ErrorRates(rng.binomial(n_test, sensitivity), n_test, rng.binomial(n_test, specificity), n_test)
        said = rng.binomial(300, 0.4 * sensitivity + 0.6 * (1 - specificity))
        corrected = adjusted_sentiment(said, 300, rates)
        assert corrected is not None
        band = join_bands([(100, net_sentiment(rng.binomial(100, 0.8), 100)), (300, corrected)])
        covered += band.low <= 2 * truth - 1 <= band.high
    assert 0.93 <= covered / rounds <= 0.975


def test_reviews_that_are_left_are_compared_with_test_reviews_as_doubtful_as_they() -> None:
    scores = np.linspace(-1, 1, 2_001)
    everything = weights_as_left(scores, np.ones(len(scores), bool), scores)
    assert everything == pytest.approx(1)
    sure = np.abs(scores) > 0.5
    weights = weights_as_left(scores, sure, scores)
    assert weights[np.abs(scores) > 0.55] == pytest.approx(1)
    assert weights[np.abs(scores) < 0.45] == pytest.approx(0)
    at_random = np.random.default_rng(0).random(len(scores)) < 0.5
    assert weights_as_left(scores, at_random, scores).std() < 0.15


@pytest.mark.parametrize("labelled", [200, 2_000])
def test_the_corrected_figure_stays_right_when_the_most_doubtful_reviews_have_got_labels(labelled: int) -> None:
    """As a label budget chooses them. By the error rates of all test reviews it is off by points."""
    rng, n, covered, misses = np.random.default_rng(0), 10_000, 0, []
    for _ in range(150):
        labels, scores = _answers(rng, n)
        test_labels, test_scores = _answers(rng, 5_000)
        left = np.argsort(np.abs(scores))[labelled:]
        is_left = np.isin(np.arange(n), left)
        rates = error_rates(test_scores, test_labels, weights_as_left(scores, is_left, test_scores))
        corrected = adjusted_sentiment(int((scores[left] > 0).sum()), len(left), rates)
        assert corrected is not None
        known = net_sentiment(int(labels[~is_left].sum()), labelled)
        band = join_bands([(labelled, known), (len(left), corrected)])
        covered += band.low <= 2 * _SHARE - 1 <= band.high
        misses.append(band.value - (2 * _SHARE - 1))
    assert covered / 150 > 0.9
    assert abs(np.mean(misses)) < 0.005


_SHARE = 0.75


def _answers(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels, three quarters positive, and the scores that a model gives them."""
    labels = (rng.random(n) < _SHARE).astype(int)
    return labels, np.tanh(((2 * labels - 1) + rng.normal(size=n)) / 2)


def test_a_mean_score_has_students_band_and_one_score_has_none() -> None:
    band = mean_score(np.array([-0.2, 0.0, 0.1, 0.5]))
    assert band is not None
    assert (band.value, band.low, band.high) == pytest.approx((0.1, -0.3683, 0.5683), abs=1e-3)
    assert mean_score(np.array([0.5])) is None
    widest = mean_score(np.array([-1.0, 1.0]))
    assert (widest.low, widest.high) == (-1.0, 1.0)


def test_the_band_of_a_mean_score_covers_the_truth() -> None:
    rng = np.random.default_rng(1)
    bands = [mean_score(rng.beta(2, 3, 30) * 2 - 1) for _ in range(400)]
    assert np.mean([each.low <= 2 * 0.4 - 1 <= each.high for each in bands]) > 0.92
