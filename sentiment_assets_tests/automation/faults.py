"""The code location whose daemon is killed again and again (``benchmarks.ingest_faults``).

Steps run in the run's own process: what is measured is that runs are asked for once, and 600 of them are enough.
"""

import dagster as dg

from sentiment_assets.branch import BranchSettings, branch_definitions
from sentiment_assets.definitions import resources

BRANCH = "faulty"


@dg.definitions
def defs() -> dg.Definitions:
    """One branch with all its sensors."""
    branch = branch_definitions(BRANCH, BranchSettings(landing=f"landing/{BRANCH}"))
    return dg.Definitions.merge(branch, dg.Definitions(executor=dg.in_process_executor, resources=resources()))
