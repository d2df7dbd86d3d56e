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
    assert (fitted.slope, fitted.offset) == pytest.approx((3, -0.5), abs=0.1)
    assert expected_calibration_error(fitted.probabilities(margins), labels) < 0.01


def test_scores_lie_between_minus_one_and_one() -> None:
    scores = Calibration(2.0, 0.0).scores(np.array([-1e9, 0, 1e9]))
    assert scores.tolist() == [-1, 0, 1]


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
