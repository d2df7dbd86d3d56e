"""A code location of two small branches, for people's ways through the UIs: one that works, one that fails at first."""

import dagster as dg

from sentiment_assets.branch.definitions import branch_definitions
from sentiment_assets.definitions import resources
from sentiment_assets.execution.steps import step_executor
from testing.code_location import BRANCHES

WORKS, FAILS = "acme", "flaky"


@dg.definitions
def defs() -> dg.Definitions:
    """Both branches with the executor of production; the sensors that somebody waits for never pause."""
    branches = [branch_definitions(name, BRANCHES[name]) for name in (WORKS, FAILS)]
    for sensor in (each for branch in branches for each in branch.sensors or ()):
        if sensor.name.endswith(("_landing", "_retraining")):
            sensor._min_interval = 1  # the daemon itself looks every five seconds
    return dg.Definitions.merge(*branches, dg.Definitions(executor=step_executor(), resources=resources()))
