"""The code location that runs by itself in ``test_by_itself``: one small branch, everything automatic."""

import dagster as dg

from sentiment_assets.branch.definitions import branch_definitions
from sentiment_assets.branch.settings import BranchSettings
from sentiment_assets.definitions import joined_report, resources
from sentiment_assets.execution.steps import step_executor

BRANCH = "movies"
ALERTS = "MOVIES_ALERTS"


@dg.definitions
def defs() -> dg.Definitions:
    """A branch that trains again as soon as there is a reason, and reports every other minute.

    The sensors on the way from a file to its scores never pause; what tells of it may wait a little.
    """
    settings = BranchSettings.model_validate(
        {
            "landing": f"landing/{BRANCH}",
            "columns": {"keep": ["product"]},
            "features": {"ngrams": {"longest": 2, "columns_log2": 14}},
            "search": {"grid": {"epochs": [1, 2, 3], "eta0": [1], "l2": [1e-5]}},
            "retraining": {"cool_down_hours": 0},
            "score_again": True,
            "schedules": {"report": {"cron": "*/2 * * * *"}},
            "alerts": [{"env": ALERTS, "severity": "info"}],
        }
    )
    branch = branch_definitions(BRANCH, settings)
    joined = joined_report(branch, settings.alerts, settings.retention)
    for sensor in (*(branch.sensors or ()), *(joined.sensors or ())):
        on_the_way = sensor.name.endswith(("_landing", "_retraining", "_scoring"))
        sensor._min_interval = 1 if on_the_way else 10  # the daemon itself looks every five seconds
    return dg.Definitions.merge(branch, joined, dg.Definitions(executor=step_executor(), resources=resources()))
