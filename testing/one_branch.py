"""A code location of one small branch, as a deployment with one client has it."""

import dagster as dg

from sentiment_assets.branch.definitions import branch_definitions
from sentiment_assets.definitions import resources
from sentiment_assets.execution.steps import step_executor
from testing.code_location import BRANCHES
from testing.dying import DyingStorage

BRANCH = "acme"


@dg.definitions
def defs() -> dg.Definitions:
    """The code location, with the executor of production."""
    branch = branch_definitions(BRANCH, BRANCHES[BRANCH])
    with_kills = {**resources(), "storage": DyingStorage(root="data")}
    return dg.Definitions.merge(branch, dg.Definitions(executor=step_executor(), resources=with_kills))
