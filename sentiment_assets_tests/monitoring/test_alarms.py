from dataclasses import replace

from sentiment_assets.monitoring.alarms import alarm_budget, pages
from sentiment_assets.monitoring.finding import Finding, unknown
from sentiment_assets.monitoring.settings import PagingRule

OK = Finding("text_drift", "ok", "fine", 0.0, 0.01, 0.5, 0.03)
WARN = Finding("text_drift", "warn", "look", 9.0, 0.05, 1e-9, 0.03)
UNKNOWN = unknown("text_drift", "too few")


def test_one_warning_does_not_page_two_of_three_do() -> None:
    rule = PagingRule(warnings=2, of=3)
    assert not pages([OK, OK, WARN], rule)
    assert pages([WARN, OK, WARN], rule)
    assert not pages([WARN, OK, OK, WARN], rule), "the first is too long ago"
    assert not pages([WARN, WARN, OK], rule), "it is over"
    assert not pages([], rule)
    assert pages([WARN], PagingRule(warnings=1, of=1))


def test_the_budget_replays_thresholds_on_the_history() -> None:
    strong = replace(WARN, effect=0.2)
    budget = alarm_budget([OK, WARN, UNKNOWN, strong, OK], alpha=0.01)
    assert [(each.threshold, each.warnings) for each in budget] == [(0.015, 2), (0.03, 2), (0.06, 1), (0.12, 1)]
    assert {each.batches for each in budget} == {4}
    assert [each.in_force for each in budget] == [False, True, False, False]


def test_an_effect_that_chance_explains_would_not_have_warned() -> None:
    by_chance = replace(OK, effect=0.5, p_value=0.3)
    assert {each.warnings for each in alarm_budget([by_chance], alpha=0.01)} == {0}


def test_a_check_of_several_tests_would_warn_if_one_would() -> None:
    whole = replace(OK, parts=(OK, replace(WARN, effect=0.2)))
    assert [each.warnings for each in alarm_budget([whole], alpha=0.01)] == [1, 1, 1, 1]


def test_without_a_judged_batch_or_a_threshold_there_is_no_budget() -> None:
    assert alarm_budget([], 0.01) == []
    assert alarm_budget([UNKNOWN], 0.01) == []
    assert alarm_budget([replace(OK, threshold=0.0)], 0.01) == []
