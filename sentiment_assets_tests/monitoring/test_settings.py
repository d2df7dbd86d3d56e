import pytest

from sentiment_assets.monitoring.settings import (
    CHECKS_THAT_SHARE_ALPHA,
    DEGRADATION_CHECKS,
    DRIFT_CHECKS,
    MonitoringSettings,
    PagingRule,
    QualityLimits,
)


def test_what_tests_something_shares_alpha_and_an_estimate_has_none_of_it() -> None:
    assert set(CHECKS_THAT_SHARE_ALPHA) == {*DRIFT_CHECKS, *DEGRADATION_CHECKS} - {"estimated_accuracy"}
    settings = MonitoringSettings(alpha=0.04)
    assert settings.test_alpha == pytest.approx(0.01)
    assert settings.quality_alpha == pytest.approx(0.04 / len(QualityLimits.model_fields))


def test_no_more_batches_can_have_warned_than_are_looked_at() -> None:
    with pytest.raises(ValueError, match="must not exceed of"):
        PagingRule(warnings=4, of=3)
