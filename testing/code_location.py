"""A code location of small branches, for real runs on made-up reviews."""

from collections.abc import Mapping
from functools import cache

import dagster as dg

from sentiment_assets.branch.definitions import branch_definitions
from sentiment_assets.branch.settings import BranchSettings
from sentiment_assets.definitions import resources
from sentiment_assets.execution.steps import step_executor

_THREE = {"epochs": [1, 2, 3], "eta0": [1], "l2": [1e-5]}
_TWELVE = {"epochs": [1, 2], "eta0": [0.1, 1], "l2": [0, 1e-6, 1e-5]}


def _small_branch(name: str, grid: Mapping[str, object]) -> BranchSettings:
    return BranchSettings.model_validate(
        {
            "landing": f"landing/{name}",
            "features": {"ngrams": {"longest": 2, "columns_log2": 14}},
            "search": {"grid": grid},
        }
    )


# A test that runs for real takes a branch of its own: processes forked for its steps keep the environment that the
# first of them had, so all share one home folder.
BRANCHES = {name: _small_branch(name, _THREE) for name in ("acme", "flaky", "killed", "bad_file", "single")} | {
    "twelve": _small_branch("twelve", _TWELVE)
}


def branches() -> dg.Definitions:
    """All branches, without an executor."""
    return dg.Definitions.merge(
        *(branch_definitions(name, settings) for name, settings in BRANCHES.items()),
        dg.Definitions(resources=resources()),
    )


@dg.definitions
@cache
def defs() -> dg.Definitions:
    """The code location, with the executor of production."""
    return dg.Definitions.merge(branches(), dg.Definitions(executor=step_executor()))


def job_named(name: str) -> dg.JobDefinition:
    """A job, for the processes that run its steps."""
    return defs().resolve_job_def(name)


def spawned_job_named(name: str) -> dg.JobDefinition:
    """The same job with Dagster's own default, one spawned process per step."""
    spawn = dg.multiprocess_executor.configured({"start_method": {"spawn": {}}})
    together = dg.Definitions.merge(branches(), dg.Definitions(executor=spawn))
    return together.resolve_job_def(name)
