import numpy as np
import pytest
from scipy.stats import binomtest

from sentiment_assets.learning.promotion import compare_paired, decide_first_promotion, decide_promotion
from sentiment_assets.learning.settings import PromotionRule

LABELS = np.tile([0, 1], 500)
SIGNS = 2 * LABELS - 1
GOOD = SIGNS * 2.0
WORSE = np.where(np.arange(1000) < 60, -GOOD, GOOD)


@pytest.mark.parametrize(
    ("challenger", "champion", "rule", "promoted"),
    [
        (GOOD, GOOD, "if_not_worse", True),
        (GOOD, GOOD, "if_better", False),
        (GOOD, WORSE, "if_not_worse", True),
        (GOOD, WORSE, "if_better", True),
        (WORSE, GOOD, "if_not_worse", False),
        (WORSE, GOOD, "if_better", False),
        (GOOD, WORSE, "manual", False),
    ],
)
def test_the_gate(challenger: np.ndarray, champion: np.ndarray, rule: str, promoted: bool) -> None:
    decision = decide_promotion(
        compare_paired(challenger, champion, LABELS), PromotionRule.model_validate({"rule": rule})
    )
    assert decision.promote is promoted
    assert decision.reason.startswith("Promoted" if promoted else "Not promoted")
    assert "1,000 test reviews" in decision.reason


def test_mcnemar_is_the_exact_binomial_test() -> None:
    comparison = compare_paired(WORSE, GOOD, LABELS)
    assert (comparison.only_challenger_wrong, comparison.only_champion_wrong) == (60, 0)
    assert comparison.p_errors_worse == pytest.approx(binomtest(60, 60, alternative="greater").pvalue)
    assert comparison.hinge_difference == pytest.approx(0.06 * 3)


def test_the_bootstrap_rejects_at_its_level_when_nothing_differs() -> None:
    chance = np.random.default_rng(1)
    rejected = [
        compare_paired(GOOD - 1 + chance.normal(size=1000), GOOD - 1 + chance.normal(size=1000), LABELS).p_hinge_worse
        < 0.05
        for _ in range(60)
    ]
    assert sum(rejected) <= 9  # 3 are expected; more than 9 come once in a thousand


def test_the_first_model_must_beat_the_majority_class() -> None:
    rule = PromotionRule()
    assert decide_first_promotion(GOOD, LABELS, rule).promote
    always = decide_first_promotion(np.ones(1000), LABELS, rule)
    assert not always.promote
    assert "does not beat the majority class" in always.reason
    assert not decide_first_promotion(GOOD, LABELS, PromotionRule(rule="manual")).promote
