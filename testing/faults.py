"""The code location whose daemon is killed again and again (``benchmarks.ingest_faults``).

Steps run in the run's own process: what is measured is that runs are asked for once, and thousands of them are enough.
"""

import dagster as dg

from sentiment_assets.branch.definitions import branch_definitions
from sentiment_assets.branch.settings import BranchSettings
from sentiment_assets.definitions import resources

BRANCH = "faulty"


@dg.definitions
def defs() -> dg.Definitions:
    """One small branch with all its sensors, and a report every few minutes."""
    settings = BranchSettings.model_validate(
        {
            "landing": f"landing/{BRANCH}",
            "features": {"ngrams": {"longest": 1, "columns_log2": 14}},
            "search": {"grid": {"epochs": [1, 3], "eta0": [1], "l2": [1e-5]}},
            "schedules": {"report": {"cron": "*/4 * * * *"}},
        }
    )
    branch = branch_definitions(BRANCH, settings)
    return dg.Definitions.merge(branch, dg.Definitions(executor=dg.in_process_executor, resources=resources()))
