from pathlib import Path

import dagster as dg

from sentiment_assets.assets.sentiment_report import joined_report_asset
from sentiment_assets.definitions import resources
from sentiment_assets.resources.ui_addresses import reports_ui
from testing.in_process import BranchInProcess

BRANCHES = [dg.AssetSpec([name, "sentiment_report"]) for name in ("acme", "other")]
JOINED = dg.AssetSelection.assets("sentiment_report")
DEFINITIONS = dg.Definitions(assets=[joined_report_asset(["acme", "other"]), *BRANCHES], resources=resources())


def test_the_joined_report_follows_the_first_report_of_any_branch_and_each_later_one() -> None:
    instance = dg.DagsterInstance.ephemeral()
    found = dg.evaluate_automation_conditions(DEFINITIONS, instance, JOINED)
    assert found.total_requested == 0, "no branch has one yet"
    requested = []
    for name in ("acme", "acme", "other"):
        instance.report_runless_asset_event(dg.AssetMaterialization([name, "sentiment_report"]))
        found = dg.evaluate_automation_conditions(DEFINITIONS, instance, JOINED, cursor=found.cursor)
        requested.append(found.total_requested)
        instance.report_runless_asset_event(dg.AssetMaterialization("sentiment_report"))
        found = dg.evaluate_automation_conditions(DEFINITIONS, instance, JOINED, cursor=found.cursor)
    assert requested == [1, 1, 1]
    assert found.total_requested == 0


def test_reports_from_before_the_daemon_started_are_joined_too() -> None:
    instance = dg.DagsterInstance.ephemeral()
    instance.report_runless_asset_event(dg.AssetMaterialization(["acme", "sentiment_report"]))
    assert dg.evaluate_automation_conditions(DEFINITIONS, instance, JOINED).total_requested == 1


def test_the_joined_report_is_made_of_what_the_reports_of_branches_left(trained: BranchInProcess) -> None:
    assert trained.score("a.csv").success
    assert trained.report().success
    asset = joined_report_asset(["acme", "other"])
    made = dg.materialize([asset], instance=trained.instance, resources=resources(), selection="sentiment_report")
    [event] = made.asset_materializations_for_node("sentiment_report")
    page = Path(str(event.metadata["report_file"].value)).read_text(encoding="utf-8")
    assert f'<a href="{reports_ui()}/reports/acme/latest/">acme</a><svg' in page
    assert "Without a scored review so far: other." in page
