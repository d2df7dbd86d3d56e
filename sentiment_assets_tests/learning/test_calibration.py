import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from sentiment_assets.learning.calibration import (
    Calibration,
    best_scale,
    expected_calibration_error,
    fit_calibration,
)
from sentiment_assets.learning.metrics import hinge_loss


def test_it_finds_the_slope_and_offset_behind_the_labels() -> None:
    chance = np.random.default_rng(0)
    margins = chance.normal(size=50_000)
    labels = (chance.random(50_000) < expit(3 * margins - 0.5)).astype(int)
    fitted = fit_calibration(margins, labels)
    assert fitted.calibration.slope == pytest.approx(3, abs=0.1)
    assert fitted.shift == pytest.approx(-0.5 / 3, abs=0.05)
    assert expected_calibration_error(fitted.calibration.probabilities(margins + fitted.shift), labels) < 0.01


@pytest.mark.parametrize("margins", [np.zeros(100), np.where(np.arange(100) < 90, -1.0, 1.0)])
def test_margins_that_say_nothing_or_the_contrary_give_scores_next_to_nothing(margins: np.ndarray) -> None:
    labels = (np.arange(100) < 90).astype(int)
    fitted = fit_calibration(margins, labels)
    assert fitted.shift == 0
    assert np.abs(fitted.calibration.scores(margins)).max() < 1e-5


@given(st.floats(-1e6, 1e6, allow_subnormal=False), st.floats(1e-6, 100))
def test_the_signs_of_margin_score_and_probability_are_one(margin: float, slope: float) -> None:
    calibration, margins = Calibration(slope), np.array([margin])
    [score], [probability] = calibration.scores(margins), calibration.probabilities(margins)
    assert np.sign(score) == np.sign(margin)
    assert -1 <= score <= 1
    assert score == pytest.approx(2 * probability - 1, abs=1e-9)
    assert (probability >= 0.5) == (margin >= 0) or abs(slope * margin) < 1e-12


def test_the_calibration_error_of_a_constant_is_its_distance_from_the_truth() -> None:
    assert expected_calibration_error(np.full(1000, 0.9), np.tile([0, 1], 500)) == pytest.approx(0.4, abs=0.01)


@given(st.lists(st.tuples(st.floats(-50, 50), st.integers(0, 1)), min_size=1, max_size=40))
def test_no_factor_beats_the_best_scale(reviews: list[tuple[float, int]]) -> None:
    margins, labels = (np.array(column) for column in zip(*reviews, strict=True))
    scale = best_scale(margins, labels)
    best = hinge_loss(scale * margins, labels)
    assert scale > 0
    if ((2 * labels - 1) * margins).sum() > 1e-6:
        assert all(best <= hinge_loss(scale * factor * margins, labels) + 1e-9 for factor in (0.1, 0.7, 0.99, 1.01, 3))


def test_margins_that_point_the_wrong_way_are_left_as_they_are() -> None:
    assert best_scale(np.array([1.0, -1.0]), np.array([0, 1])) == 1.0
