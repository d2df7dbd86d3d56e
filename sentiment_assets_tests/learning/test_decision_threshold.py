import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from sentiment_assets.learning.decision_threshold import best_threshold, fit_decision
from sentiment_assets.learning.metrics import label_loss, label_loss_of
from sentiment_assets.learning.settings import LabelMetric

METRICS: list[LabelMetric] = ["error_rate", "balanced_error_rate", "macro_f1"]


def unbalanced(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Margins of reviews of which 92 % are positive, with log odds of 2·margin + 3, and their labels."""
    chance = np.random.default_rng(seed)
    margins = chance.normal(0, 1, n)
    return margins, (chance.random(n) < expit(2 * margins + 3)).astype(int)


@given(st.lists(st.floats(0.01, 0.99), min_size=1, max_size=30), st.sampled_from(METRICS))
def test_no_other_threshold_leads_one_to_expect_a_smaller_loss(probabilities: list[float], metric: LabelMetric) -> None:
    p = np.array(probabilities)

    def expected_loss(threshold: float) -> float:
        wrong = np.array([(1 - p)[p > threshold].sum(), p[p <= threshold].sum()])
        return float(label_loss(metric, wrong, np.array([(1 - p).sum(), p.sum()])))

    chosen = best_threshold(p, metric)
    assert 0 < chosen < 1
    assert expected_loss(chosen) <= min(expected_loss(each) for each in np.linspace(0, 1, 301)) + 1e-9


def test_of_many_reviews_the_thresholds_of_error_rates_are_those_of_the_textbook() -> None:
    p = expit(2 * unbalanced(100_000, 0)[0] + 3)
    assert best_threshold(p, "error_rate") == pytest.approx(0.5, abs=0.01)
    assert best_threshold(p, "balanced_error_rate") == pytest.approx(p.mean(), abs=0.01)


@pytest.mark.parametrize("metric", ["balanced_error_rate", "macro_f1"])
def test_on_new_reviews_the_loss_is_smaller_than_with_one_half(metric: LabelMetric) -> None:
    decision, plain = (fit_decision(*unbalanced(2_000, 1), each) for each in (metric, "hinge_loss"))
    margins, labels = unbalanced(20_000, 2)
    ours, theirs = (label_loss_of(metric, margins + each.shift, labels) for each in (decision, plain))
    assert ours < theirs - 0.01
    assert 0.6 < decision.calibration.threshold < 0.95


@pytest.mark.parametrize("metric", ["hinge_loss", "error_rate", "balanced_error_rate", "macro_f1"])
def test_the_threshold_changes_no_probability(metric: LabelMetric) -> None:
    margins, labels = unbalanced(2_000, 1)
    decision, plain = (fit_decision(margins, labels, each) for each in (metric, "hinge_loss"))
    ours, theirs = (each.calibration.probabilities(margins + each.shift) for each in (decision, plain))
    assert ours == pytest.approx(theirs)
    assert ((margins + decision.shift > 0) == (ours > decision.calibration.threshold)).all()


def test_margins_that_say_nothing_get_no_threshold() -> None:
    labels = (np.arange(100) < 90).astype(int)
    assert fit_decision(np.zeros(100), labels, "macro_f1") == fit_decision(np.zeros(100), labels, "hinge_loss")
