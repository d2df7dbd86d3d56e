from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sentiment_assets.automation.retraining_policy import RetrainingPolicy, TrainingState, is_due

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
CALM = TrainingState(
    champion_since=NOW - timedelta(days=3),
    labelled_since_champion=10,
    labelled_since_training=10,
    last_training=NOW - timedelta(days=3),
    failed_checks=(),
)
POLICY = RetrainingPolicy(new_labelled=1_000, champion_days=30, cool_down_hours=12)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"champion_since": None, "last_training": None}, "no champion yet, and 10 labelled reviews"),
        (
            {"labelled_since_champion": 1_200},
            "1,200 labelled reviews since the champion's data, 1,000 wanted",
        ),
        ({"failed_checks": ("text_drift of b.csv",)}, "failed: text_drift of b.csv"),
        (
            {"champion_since": NOW - timedelta(days=31), "labelled_since_champion": 100},
            "the champion is 31 days old, 30 allowed",
        ),
        (
            {"labelled_since_champion": 1_000, "failed_checks": ("accuracy of b.csv",)},
            "1,000 labelled reviews since the champion's data, 1,000 wanted; failed: accuracy of b.csv",
        ),
    ],
)
def test_what_makes_training_due(changes: dict[str, object], reason: str) -> None:
    due = is_due(replace(CALM, **changes), POLICY, NOW)
    assert (due.train, due.reason) == (True, reason)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, "10 labelled reviews since the champion's data, no check failed"),
        (
            {"champion_since": NOW - timedelta(days=31), "labelled_since_champion": 99},
            "99 labelled reviews since the champion's data, no check failed",
        ),
        (
            {"champion_since": None, "labelled_since_training": 0},
            "no labelled review has landed since the last train run",
        ),
        (
            {"failed_checks": ("text_drift of b.csv",), "last_training": NOW - timedelta(hours=11)},
            "cooling down until 2026-11-23 13:00 UTC",
        ),
    ],
)
def test_what_keeps_it_from_being_due(changes: dict[str, object], reason: str) -> None:
    due = is_due(replace(CALM, **changes), POLICY, NOW)
    assert (due.train, due.reason) == (False, reason)


def test_without_a_champion_nothing_cools_down() -> None:
    assert is_due(replace(CALM, champion_since=None, last_training=NOW), POLICY, NOW).train


def test_an_old_champion_is_replaced_also_where_the_number_of_reviews_is_no_reason() -> None:
    by_age = RetrainingPolicy(new_labelled=None, failed_checks=False, champion_days=30)
    old = replace(CALM, champion_since=NOW - timedelta(days=31))
    assert is_due(replace(old, labelled_since_champion=100), by_age, NOW).train
    assert not is_due(replace(old, labelled_since_champion=99), by_age, NOW).train


def test_each_reason_can_be_switched_off() -> None:
    silent = RetrainingPolicy(new_labelled=None, failed_checks=False, champion_days=None)
    state = replace(
        CALM,
        labelled_since_champion=10**6,
        failed_checks=("text_drift of b.csv",),
        champion_since=NOW - timedelta(days=999),
    )
    assert not is_due(state, silent, NOW).train
