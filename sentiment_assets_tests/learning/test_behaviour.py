from dataclasses import replace

import pytest
from pydantic import ValidationError

from sentiment_assets.learning.behaviour import check_behaviour
from sentiment_assets.learning.behaviour_cases import NO_CASES, BehaviourCases
from sentiment_assets.learning.calibration import Calibration
from sentiment_assets.learning.model import SentimentModel

CASES = BehaviourCases.model_validate(
    {
        "minimum_functionality": {
            "plain": {"positive": ["a superb film"], "negative": ["a dull film"]},
            "irony": {"positive": ["a dull dreadful awful film"]},
        },
        "invariance": {
            "casing": [["a superb film", "A SUPERB FILM"]],
            "another word": [["a superb film", "a dull film"]],
        },
    }
)


def test_each_group_is_counted(model: SentimentModel) -> None:
    result = check_behaviour(model, CASES)
    assert (result.n_passed, len(result.cases)) == (3, 5)
    assert result.by_group == [
        {"test": "minimum functionality", "group": "plain", "passed": 2, "cases": 2},
        {"test": "minimum functionality", "group": "irony", "passed": 0, "cases": 1},
        {"test": "invariance", "group": "casing", "passed": 1, "cases": 1},
        {"test": "invariance", "group": "another word", "passed": 0, "cases": 1},
    ]


def test_a_case_is_judged_by_the_label_and_not_by_the_sign_of_the_score(model: SentimentModel) -> None:
    never_positive = replace(model, intercept=model.intercept - 100, calibration=Calibration(0.001, log_odds=0.11))
    assert never_positive.score(["a superb film"])["score"].item() > 0
    plain, *_ = check_behaviour(never_positive, CASES).cases
    assert not plain.passed


def test_a_failure_shows_what_was_asked_and_answered(model: SentimentModel) -> None:
    irony, variants = check_behaviour(model, CASES).failures
    assert (irony["expected"], irony["text"]) == ("positive", "a dull dreadful awful film")
    assert str(irony["score"]).startswith("-")
    assert (variants["expected"], variants["text"]) == ("one label", "a superb film | a dull film")


def test_without_cases_there_is_nothing_to_fail(model: SentimentModel) -> None:
    assert check_behaviour(model, NO_CASES).cases == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"invariance": {"names": [["only one"]]}}, "at least 2 items"),
        ({"minimum_functionality": {"plain": {"good": ["x"]}}}, "unknown: good; allowed: positive, negative"),
        ({"negation": {}}, "unknown: negation; allowed: minimum_functionality, invariance"),
        ({"minimum_functionality": {"plain": {"positive": [""]}}}, "at least 1 character"),
    ],
)
def test_a_wrong_file_is_refused_with_the_reason(wrong: object, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        BehaviourCases.model_validate(wrong)
