"""What is written into Dagster's events is what is read out of them."""

from collections.abc import Mapping
from typing import Any

import dagster as dg
import pytest

from sentiment_assets.assets.event_metadata import (
    check_metadata,
    decision_metadata,
    drift_page_metadata,
    read_check,
    read_decision,
)
from sentiment_assets.learning.decision import Decision, Outcome
from sentiment_assets.monitoring.finding import Finding


def as_recorded(metadata: Mapping[str, Any]) -> Mapping[str, dg.MetadataValue]:
    """The metadata as an event gives them back."""
    return dg.AssetMaterialization("any", metadata=metadata).metadata


@pytest.mark.parametrize("outcome", Outcome)
def test_a_decision_is_read_by_its_outcome_and_not_by_its_words(outcome: Outcome) -> None:
    written = decision_metadata(
        Decision(outcome, "Promoted, says the sentence"),
        challenger_version="7",
        champion_version="6",
        model_link=dg.MetadataValue.url("http://mlflow/7"),
    )
    decision = read_decision(as_recorded(written))
    assert (decision.outcome, decision.reason) == (outcome, "Promoted, says the sentence")
    assert (decision.challenger_version, decision.model_link) == ("7", "http://mlflow/7")


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        ("Promoted: there was no champion.", Outcome.PROMOTED),
        ("Not promoted: the rule is manual.", Outcome.NOT_PROMOTED),
        ("Unchanged: version 1 is this very model.", Outcome.UNCHANGED),
    ],
)
def test_a_run_that_was_under_way_during_an_update_is_read_too(reason: str, outcome: Outcome) -> None:
    former = {"decision": reason, "challenger_version": "7", "mlflow_model": dg.MetadataValue.url("http://mlflow/7")}
    assert read_decision(as_recorded(former)).outcome == outcome
    assert read_check(as_recorded({"pages": True})).wakes_somebody
    assert not read_check(as_recorded({"pages": False})).wakes_somebody


@pytest.mark.parametrize("wakes_somebody", [True, False])
def test_a_check_is_read_with_its_numbers_and_whether_it_wakes_somebody(wakes_somebody: bool) -> None:
    finding = Finding(name="html", verdict="warn", sentence="look", effect=0.25, threshold=0.05)
    link = drift_page_metadata(dg.MetadataValue.url("http://mlflow/drift"), "drift.html")
    check = read_check(as_recorded(check_metadata(finding, wakes_somebody=wakes_somebody) | link))
    assert check.wakes_somebody is wakes_somebody
    assert check.numbers == {"effect": "0.25", "threshold": "0.05"}
    assert check.drift_page == "http://mlflow/drift"


def test_a_check_that_says_nothing_more_is_read_too() -> None:
    check = read_check({})
    assert (check.wakes_somebody, check.numbers, check.drift_page) == (False, {}, None)
