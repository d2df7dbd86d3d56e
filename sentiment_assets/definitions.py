"""The front door: the branches, the resources and the executor as one ``Definitions``."""

import os
from pathlib import Path

import dagster as dg

from sentiment_assets.assets.sentiment_report import NAME as SENTIMENT_REPORT
from sentiment_assets.assets.sentiment_report import joined_report_asset
from sentiment_assets.engines.steps import step_executor
from sentiment_assets.resources.notifications import Notifications
from sentiment_assets.resources.storage import Arrays, Frames, Storage
from sentiment_assets.resources.tracking import Tracking

# Arrow's own allocators keep what they once had; this one gives it back, and the peak of a step is a quarter lower.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")


@dg.definitions
def defs() -> dg.Definitions:
    """Everything that Dagster loads."""
    branches = dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
    return dg.Definitions.merge(
        branches, joined_report(branches), dg.Definitions(executor=step_executor(), resources=resources())
    )


def joined_report(branches: dg.Definitions) -> dg.Definitions:
    """The report over all branches, and the sensor that brings it up to date when one of theirs is."""
    keys = [key for each in branches.assets or () if isinstance(each, dg.AssetsDefinition) for key in each.keys]
    report = joined_report_asset(sorted(key.path[0] for key in keys if key.path[1:] == [SENTIMENT_REPORT]))
    sensor = dg.AutomationConditionSensorDefinition(
        "joined_report", target=[report], default_status=dg.DefaultSensorStatus.RUNNING
    )
    return dg.Definitions(assets=[report], sensors=[sensor])


def resources() -> dict[str, object]:
    """Storage and tracking, from the environment; without any setting, all in the home folder."""
    dagster_ui = os.environ.get("DAGSTER_UI_URL", "http://127.0.0.1:3000")
    return {
        "storage": Storage(root="data"),
        "frames": Frames(root="data"),
        "arrays": Arrays(root="data"),
        "notifications": Notifications(dagster_ui=dagster_ui),
        "tracking": Tracking(
            tracking_uri=os.environ.get("MLFLOW_TRACKING_URI", ""),
            mlflow_ui=os.environ.get("MLFLOW_UI_URL", "http://127.0.0.1:5000"),
            dagster_ui=dagster_ui,
        ),
    }
