import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment_assets.reporting.neutral_band import fit_neutral_band


def scores_of(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores of positive and negative reviews, near the ends, and of neutral ones, near the middle."""
    chance = np.random.default_rng(seed)
    ends = chance.choice([-1, 1], n) * chance.beta(5, 2, n)
    return ends, chance.normal(0, 0.3, n // 4).clip(-1, 1)


@pytest.mark.parametrize("share", [0.02, 0.15, 0.4])
def test_on_new_reviews_as_many_are_mixed_as_are_neutral(share: float) -> None:
    """The neutral ones here are a fifth of what it is fitted to, whatever their share of what came."""
    band = fit_neutral_band(*scores_of(20_000, 1), share)
    assert band is not None
    ends, middle = scores_of(20_000, 2)
    mixed = (1 - share) * band.is_mixed(ends).mean() + share * band.is_mixed(middle).mean()
    assert mixed == pytest.approx(share, abs=0.01)
    assert band.recall == pytest.approx(band.is_mixed(middle).mean(), abs=0.02)
    assert band.precision == pytest.approx(share * band.is_mixed(middle).mean() / mixed, abs=0.06)


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=30), st.floats(0.01, 0.9), st.integers(0, 3))
def test_the_band_is_the_narrowest_that_holds_the_share(labelled: list[float], share: float, seed: int) -> None:
    neutral = np.random.default_rng(seed).uniform(-1, 1, 60)
    scores = np.array(labelled)
    band = fit_neutral_band(scores, neutral, share)
    if not (scores != 0).any():
        assert band is None
        return
    assert band is not None

    def held(half_width: float) -> float:
        known = scores[scores != 0]
        inside = (np.abs(each) <= half_width for each in (known, neutral))
        return float(sum(part * each.mean() for part, each in zip((1 - share, share), inside, strict=True)))

    assert held(band.half_width) >= share - 1e-9
    assert held(np.nextafter(band.half_width, 0)) <= share + 1e-9


def test_a_text_of_which_nothing_is_known_is_not_mixed_and_fits_no_band() -> None:
    ends, middle = scores_of(1_000, 1)
    band = fit_neutral_band(ends, middle, 0.1)
    assert band == fit_neutral_band(np.append(ends, np.zeros(500)), np.append(middle, np.zeros(500)), 0.1)
    assert band is not None
    assert band.is_mixed(np.array([0.0, band.half_width, -band.half_width, 1.0])).tolist() == [False, True, True, False]


def test_few_neutral_reviews_fit_no_band() -> None:
    ends, middle = scores_of(1_000, 1)
    assert fit_neutral_band(ends, middle[:49], 0.1) is None
    assert fit_neutral_band(ends, middle[:50], 0.1) is not None
    assert fit_neutral_band(np.empty(0), middle, 0.1) is None
