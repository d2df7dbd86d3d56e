from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment_assets.monitoring.alarms import alarm_budget, history_of, wakes_somebody
from sentiment_assets.monitoring.batch_checks import (
    check_degradation,
    check_drift,
)
from sentiment_assets.monitoring.batch_to_check import BatchToCheck, ComparedChampion
from sentiment_assets.monitoring.check_record import CheckRecord
from sentiment_assets.monitoring.finding import Finding, judged, unknown
from sentiment_assets.monitoring.other_batches import digests_and_labels, look_at_others
from sentiment_assets.monitoring.quality import batch_quality
from sentiment_assets.monitoring.quality_batch import QualityBatch
from sentiment_assets.monitoring.quality_checks import QUALITY_CHECKS
from sentiment_assets.monitoring.settings import DEGRADATION_CHECKS, DRIFT_CHECKS, MonitoringSettings, PagingRule
from testing.batches import batch, kitchen

OK = Finding(
    name="text_drift",
    verdict="ok",
    sentence="fine",
    statistic=0.0,
    effect=0.01,
    p_value=0.5,
    threshold=0.03,
    surely=0.0,
)
WARN = Finding(
    name="text_drift",
    verdict="warn",
    sentence="look",
    statistic=9.0,
    effect=0.06,
    p_value=1e-9,
    threshold=0.03,
    surely=0.05,
)
UNKNOWN = unknown("text_drift", "too few")
NOW = datetime(2026, 11, 23, tzinfo=UTC)


def test_one_warning_does_not_page_two_of_three_do() -> None:
    rule = PagingRule(warnings=2, of=3)
    assert not wakes_somebody([OK, OK, WARN], rule)
    assert wakes_somebody([WARN, OK, WARN], rule)
    assert not wakes_somebody([WARN, OK, OK, WARN], rule), "the first is too long ago"
    assert not wakes_somebody([WARN, WARN, OK], rule), "it is over"
    assert not wakes_somebody([], rule)
    assert wakes_somebody([WARN], PagingRule(warnings=1, of=1))


def test_the_history_of_a_check_is_its_own() -> None:
    other = replace(WARN, name="label_drift")
    records = [CheckRecord("a.csv", "t", None, (OK, other)), CheckRecord("b.csv", "t", None, (WARN, other))]
    assert history_of("text_drift", records) == [OK, WARN]


def test_the_budget_replays_thresholds_on_the_history() -> None:
    strong = replace(WARN, surely=0.2)
    budget = alarm_budget([OK, WARN, UNKNOWN, strong, OK])
    assert [(each.threshold, each.warnings) for each in budget] == [(0.015, 2), (0.03, 2), (0.06, 1), (0.12, 1)]
    assert {(each.check, each.batches) for each in budget} == {("text_drift", 4)}
    assert [each.in_force for each in budget] == [False, True, False, False]


def test_an_effect_that_chance_explains_would_not_have_warned() -> None:
    by_chance = replace(OK, effect=0.5, p_value=0.3, surely=0.0)
    assert {each.warnings for each in alarm_budget([by_chance])} == {0}


def test_a_check_of_several_tests_would_warn_if_one_would() -> None:
    whole = replace(OK, parts=(OK, replace(WARN, surely=0.2)))
    assert [each.warnings for each in alarm_budget([whole])] == [1, 1, 1, 1]


def test_without_a_judged_batch_there_is_no_budget_and_of_nothing_there_are_no_multiples() -> None:
    assert alarm_budget([]) == []
    assert alarm_budget([UNKNOWN]) == []
    of_a_former_release = replace(WARN, surely=None)
    assert alarm_budget([of_a_former_release]) == []
    assert [(each.threshold, each.in_force) for each in alarm_budget([replace(OK, threshold=0.0)])] == [(0.0, True)]


def test_the_budget_of_a_check_that_warns_of_too_little_is_replayed_the_other_way_round() -> None:
    balance = replace(OK, name="label_balance", threshold=0.02, surely=0.03, too_little=True)
    budget = alarm_budget([balance])
    assert [(each.threshold, each.warnings) for each in budget] == [(0.01, 0), (0.02, 0), (0.04, 1), (0.08, 1)]


def test_ten_balanced_batches_are_ten_without_a_warning() -> None:
    history = [by_name(quality_of(batch(200, seed)))["label_balance"] for seed in range(10)]
    assert {each.warnings for each in alarm_budget(history)} == {0}


@given(st.floats(0, 1), st.floats(0, 1), st.booleans())
def test_a_verdict_is_the_replay_of_its_own_threshold(surely: float, threshold: float, too_little: bool) -> None:
    found = judged(
        Finding(name="any", verdict="ok", sentence="", threshold=threshold, surely=surely, too_little=too_little)
    )
    assert found.warns == found.would_warn(threshold)
    looser = threshold / 2 if too_little else threshold * 2
    assert found.warns or not found.would_warn(looser), "a looser threshold never warns more often"


@pytest.mark.slow
def test_the_row_in_force_counts_the_batches_that_warned_whatever_the_check(champion: ComparedChampion) -> None:
    rng = np.random.default_rng(0)
    history = defaultdict(list)
    for number in range(24):
        reviews = generated(rng, number)
        for finding in every_finding(reviews, champion):
            history[finding.name].append(finding)
    assert set(history) == {*QUALITY_CHECKS, *DRIFT_CHECKS, *DEGRADATION_CHECKS}
    warned = {name: sum(each.warns for each in found) for name, found in history.items()}
    told = {
        name: [each.warnings for each in alarm_budget(found) if each.in_force] or [0] for name, found in history.items()
    }
    assert told == {name: [count] for name, count in warned.items()}
    assert {name for name, count in warned.items() if 0 < count < 24} >= {
        "text_drift",
        "label_drift",
        "prediction_drift",
        "accuracy",
        "label_balance",
        "html",
        "future_dates",
    }, "batches of both kinds"


def generated(rng: np.random.Generator, seed: int) -> pd.DataFrame:
    """A batch of any size with some of every fault; a third of the batches has none."""
    n, fault = int(rng.integers(60, 900)), 0 if seed % 3 == 0 else float(rng.choice([0.02, 0.06, 0.2, 0.9]))
    reviews = batch(
        n, 300 + seed, positive_share=float(rng.choice([0.5, 0.7, 1.0])) if fault and seed % 2 == 0 else 0.5
    )
    odd = rng.random((5, n)) < fault
    texts = reviews["text"].mask(odd[0], kitchen(n, 300 + seed)["text"])
    texts = texts.mask(odd[1] & (seed % 2 == 0), "<b>" + texts + "</b>").mask(odd[2] & (seed % 5 == 0), texts.iloc[0])
    labels = reviews["label"].mask(odd[3] & (seed % 2 == 1), 1 - reviews["label"])
    dates = pd.Series(pd.Timestamp("2027-01-01", tz="UTC"), reviews.index).where(odd[4] & (seed % 7 == 1))
    return reviews.assign(text=texts, label=labels, created_at=dates.astype("datetime64[us, UTC]"))


def every_finding(reviews: pd.DataFrame, champion: ComparedChampion) -> list[Finding]:
    alone, settings = look_at_others([], []), MonitoringSettings()
    batch_to_check = BatchToCheck(key="b.csv", reviews=reviews, champion=champion, others=alone, checked_at="t")
    texts = check_drift(batch_to_check, settings)
    scores = check_degradation(batch_to_check, settings, drift_record=texts, past=[]).record
    return [*quality_of(reviews), *texts.findings, *scores.findings]


def quality_of(reviews: pd.DataFrame) -> tuple[Finding, ...]:
    others = look_at_others([digests_and_labels(reviews.iloc[:0])], [])
    batch_to_check = QualityBatch(
        reviews=reviews, rows_in=len(reviews), rows_quarantined=0, rows_duplicate=0, others=others, checked_at=NOW
    )
    return batch_quality(batch_to_check, MonitoringSettings()).findings


def by_name(findings: tuple[Finding, ...]) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}
