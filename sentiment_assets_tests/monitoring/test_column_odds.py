import numpy as np
import pytest
from scipy.stats import chi2_contingency

from sentiment_assets.monitoring.column_odds import log_likelihood_ratio, shrunk_log_odds


@pytest.mark.parametrize(("ours", "theirs"), [(30, 10), (1, 0), (200, 399), (50, 100)])
def test_the_evidence_of_a_word_is_the_g_test_of_its_table(ours: int, theirs: int) -> None:
    n, m = 200, 400
    table = [[ours, n - ours], [theirs, m - theirs]]
    expected = chi2_contingency(table, correction=False, lambda_="log-likelihood").statistic
    [found] = log_likelihood_ratio(np.array([ours / n]), n, np.array([theirs / m]), m)
    assert found == pytest.approx(expected, abs=1e-9)


def test_equal_shares_are_no_evidence() -> None:
    assert log_likelihood_ratio(np.array([1.0, 0.25]), 40, np.array([1.0, 0.25]), 80) == pytest.approx([0, 0], abs=1e-9)


def test_log_odds_are_nothing_within_noise_little_just_beyond_it_and_whole_far_beyond() -> None:
    n, theirs, ours = 1_000, 100.0, np.array([110.0, 130.0, 600.0])
    weights = shrunk_log_odds(np.full(3, theirs), n, ours, n)
    whole = np.log((ours + 0.5) / (n - ours + 0.5)) - np.log((theirs + 0.5) / (n - theirs + 0.5))
    assert weights[0] == 0
    assert 0 < weights[1] < 0.2 * whole[1]
    assert 0.95 * whole[2] < weights[2] <= whole[2]
