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
    net_sentiment,
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


def test_the_corrected_band_misses_the_truth_on_neither_side_too_often() -> None:
    """Without Lang and Reiczigel's shift of the middle the lower end is above the truth in 5.7 % of these cases."""
    rng = np.random.default_rng(0)
    share, sensitivity, specificity, n, n_test, rounds = 0.05, 0.95, 0.7, 2_000, 30, 5_000
    above = below = 0
    for _ in range(rounds):
        rates = ErrorRates(rng.binomial(n_test, sensitivity), n_test, rng.binomial(n_test, specificity), n_test)
        positive = rng.binomial(n, share * sensitivity + (1 - share) * (1 - specificity))
        band = adjusted_sentiment(positive, n, rates)
        assert band is not None
        above += band.low > 2 * share - 1
        below += band.high < 2 * share - 1
    assert above / rounds < 0.05
    assert below / rounds < 0.05


@pytest.mark.parametrize("rates", [ErrorRates(5, 10, 5, 10), ErrorRates(0, 0, 5, 10), ErrorRates(5, 10, 0, 0)])
def test_a_model_no_better_than_chance_corrects_nothing(rates: ErrorRates) -> None:
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
