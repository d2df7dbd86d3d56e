import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment_assets.reporting.intervals import (
    ErrorRates,
    adjusted_sentiment,
    error_rates,
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


@pytest.mark.parametrize("rates", [ErrorRates(5, 10, 5, 10), ErrorRates(0, 0, 5, 10), ErrorRates(5, 10, 0, 0)])
def test_a_model_no_better_than_chance_corrects_nothing(rates: ErrorRates) -> None:
    assert adjusted_sentiment(5, 10, rates) is None


def test_error_rates_are_counted_on_known_labels() -> None:
    assert error_rates(np.array([1.0, -1, 2, -2]), np.array([1, 1, 0, 0])) == ErrorRates(1, 2, 1, 2)
