"""The front door: the branches, the resources and the executor as one ``Definitions``."""

import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TypedDict

import dagster as dg

from sentiment_assets.assets.sentiment_report import NAME as SENTIMENT_REPORT
from sentiment_assets.assets.sentiment_report import joined_report_asset
from sentiment_assets.automation.alert_sensor import alert_sensor
from sentiment_assets.automation.settings import Freshness, Retention, longest
from sentiment_assets.automation.tidying import Tidied, tidying
from sentiment_assets.branch.component import SentimentBranch
from sentiment_assets.execution.steps import step_executor
from sentiment_assets.resources.alert_targets import AlertTarget, each_once
from sentiment_assets.resources.notifications import Notifications
from sentiment_assets.resources.storage import Arrays, Frames, Storage
from sentiment_assets.resources.tracking import Tracking
from sentiment_assets.resources.ui_addresses import dagster_ui, mlflow_ui

# Arrow's own allocators keep what they once had; this one gives it back, and the peak of a step is a quarter lower.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")


@dg.definitions
@cache
def defs() -> dg.Definitions:
    """Everything that Dagster loads, once a process: a step asks for it twice, a command more often."""
    branches = dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
    if branches.component_tree is None:  # Dagster says it may be; of a folder that was loaded it is not
        raise ValueError("the folder of branches was loaded without its components")
    components = branches.component_tree.get_all_components(SentimentBranch)
    targets = [target for each in components for target in each.settings.alerts]
    retention = longest([each.settings.retention for each in components])
    return dg.Definitions.merge(
        branches,
        joined_report(branches, targets, retention),
        dg.Definitions(executor=step_executor(), resources=resources()),
    )


def joined_report(branches: dg.Definitions, targets: Sequence[AlertTarget], retention: Retention) -> dg.Definitions:
    """The report over all branches, what brings it up to date and keeps it tidy, and what tells of its failures."""
    keys = [key for each in branches.assets or () if isinstance(each, dg.AssetsDefinition) for key in each.keys]
    report = joined_report_asset(sorted(key.path[0] for key in keys if key.path[1:] == [SENTIMENT_REPORT]))
    sensor = dg.AutomationConditionSensorDefinition(
        "joined_report", target=[report], default_status=dg.DefaultSensorStatus.RUNNING
    )
    never_stale = Freshness(scored_reviews=None, best_model=None)
    alerts = alert_sensor(SENTIMENT_REPORT, each_once(targets), never_stale)
    tidy = tidying(Tidied(SENTIMENT_REPORT, retention))
    return dg.Definitions.merge(dg.Definitions(assets=[report], sensors=[sensor, alerts]), tidy)


class Resources(TypedDict):
    """What assets, checks and sensors reach the outside through, under the names by which they ask for it."""

    storage: Storage
    frames: Frames
    arrays: Arrays
    notifications: Notifications
    tracking: Tracking


def resources() -> Resources:
    """Storage and tracking, from the environment; without any setting, all in the home folder."""
    return {
        "storage": Storage(root="data"),
        "frames": Frames(root="data"),
        "arrays": Arrays(root="data"),
        "notifications": Notifications(dagster_ui=dagster_ui()),
        "tracking": Tracking(
            mlflow_ui=mlflow_ui(),
            dagster_ui=dagster_ui(),
        ),
    }
