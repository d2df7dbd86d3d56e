"""A code location of four small branches with sixteen candidates each, for what many do at once."""

import dagster as dg

from sentiment_assets.branch.definitions import branch_definitions
from sentiment_assets.branch.settings import BranchSettings
from sentiment_assets.definitions import resources
from sentiment_assets.execution.steps import step_executor

_SIXTEEN = {"epochs": [1, 2], "eta0": [0.1, 1], "l2": [0, 1e-6, 1e-5, 1e-4]}
BRANCHES = {
    name: BranchSettings.model_validate(
        {
            "landing": f"landing/{name}",
            "features": {"ngrams": {"longest": 2, "columns_log2": 14}},
            "search": {"grid": _SIXTEEN},
        }
    )
    for name in ("north", "east", "south", "west")
}


@dg.definitions
def defs() -> dg.Definitions:
    """The code location, with the executor of production."""
    return dg.Definitions.merge(
        *(branch_definitions(name, settings) for name, settings in BRANCHES.items()),
        dg.Definitions(resources=resources(), executor=step_executor()),
    )
