import numpy as np
import pytest
from scipy.special import expit

from sentiment_assets.learning.calibration import Calibration, expected_calibration_error, fit_calibration


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
