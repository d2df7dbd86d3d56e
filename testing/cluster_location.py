"""A code location for a cluster of hosts, and the process of its runs.

``python -m testing.cluster_location JOB TAGS CONFIG`` runs a job to its end, as the process of a launched run does.
"""

import json
import os
import signal
import sys
from functools import cache
from pathlib import Path

import dagster as dg

from sentiment_assets.branch.definitions import branch_definitions
from sentiment_assets.branch.settings import BranchSettings
from sentiment_assets.definitions import resources
from sentiment_assets.execution.steps import step_executor

_GRIDS = {
    "few": {"epochs": [1, 2], "eta0": [0.1, 1], "l2": [1e-6, 1e-5]},
    "many": {"epochs": [1, 2, 3], "eta0": [0.1, 0.3, 1, 3], "l2": [0, 1e-6, 1e-5, 1e-4]},
}
BRANCHES = {
    name: BranchSettings.model_validate(
        {
            "landing": f"landing/{name}",
            "features": {"ngrams": {"longest": 2, "columns_log2": 14}},
            "search": {"grid": grid},
        }
    )
    for name, grid in _GRIDS.items()
}


@dg.op
def fails() -> None:
    """Fail by itself."""
    raise ValueError("by itself")


@dg.op
def vanishes() -> None:
    """End as when its host dies, whichever it is."""
    os.kill(os.getpid(), signal.SIGKILL)


@dg.job(executor_def=step_executor())
def faulty() -> None:
    """Two steps that never end well."""
    fails()
    vanishes()


@dg.definitions
@cache
def defs() -> dg.Definitions:
    """The code location, with the executor of production."""
    return dg.Definitions.merge(
        *(branch_definitions(name, settings) for name, settings in BRANCHES.items()),
        dg.Definitions(jobs=[faulty], resources=resources(), executor=step_executor()),
    )


def job_named(name: str) -> dg.JobDefinition:
    """A job, for the processes that run its steps."""
    return defs().resolve_job_def(name)


def main(job: str, tags: str, config: str) -> int:
    """Run a job to its end; 0 if it ended well."""
    reconstructable = dg.build_reconstructable_job(
        "testing.cluster_location",
        job_named.__name__,
        (job,),
        reconstructor_working_directory=str(Path(__file__).parents[1]),
    )
    with dg.DagsterInstance.get() as instance:
        run_config = json.loads(config)
        done = dg.execute_job(
            reconstructable, instance, tags=json.loads(tags), run_config=run_config, raise_on_error=False
        )
        return 0 if done.success else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
