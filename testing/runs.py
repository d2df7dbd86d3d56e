"""Launching real runs of ``code_location`` on an instance."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import dagster as dg

from sentiment_assets.assets.trained_candidates import all_candidates_tags
from sentiment_assets.branch.definitions import batch_partitions_name
from sentiment_assets.ingestion.batch_key import batch_key
from sentiment_assets.resources.dagster_runs import partitions_of, stretch_tags
from sentiment_assets.resources.home import below_home
from sentiment_assets.resources.written_files import write_atomically
from testing import code_location


def candidate_keys(branch: str) -> list[str]:
    """The partition keys of a branch's candidates."""
    settings = code_location.BRANCHES[branch]
    return [each.key for each in settings.candidates]


def land(branch: str, file_name: str, content: bytes) -> str:
    """Put a file into the branch's landing place; returns its batch key."""
    write_atomically(below_home(f"landing/{branch}") / file_name, content)
    return batch_key(file_name)


def ingest(instance: dg.DagsterInstance, branch: str, key: str) -> dg.JobExecutionResult:
    """Run the ingest job for one batch."""
    instance.add_dynamic_partitions(batch_partitions_name(branch), [key])
    return execute(instance, f"{branch}_ingest", {"dagster/partition": key})


def batches_of(requests: Iterable[dg.RunRequest], keys: Sequence[str]) -> list[list[str]]:
    """The batches of each run that a sensor asks for; ``keys`` are all there are, in Dagster's order."""
    found = []
    for request in requests:
        of_one = stretch_tags(request.partition_key, request.partition_key) if request.partition_key else {}
        found.append(list(partitions_of(dg.DagsterRun(job_name="any", tags={**request.tags, **of_one}), keys)))
    return found


def train(instance: dg.DagsterInstance, branch: str) -> dg.JobExecutionResult:
    """Run the train job over every candidate."""
    return execute(instance, f"{branch}_train", all_candidates_tags(candidate_keys(branch)))


def said_of_try(event: dg.DagsterEvent) -> str:
    """What people read of a try that failed, after which a step is tried again."""
    error = event.step_retry_data.error
    return (error.cause or error).message.strip() if error else ""


def execute(
    instance: dg.DagsterInstance,
    job: str,
    tags: dict[str, str] | None = None,
    selection: Sequence[dg.AssetKey] | None = None,
    *,
    reexecution_options: dg.ReexecutionOptions | None = None,
    job_named: Callable[[str], dg.JobDefinition] = code_location.job_named,
) -> dg.JobExecutionResult:
    """Run a job through its real executor."""
    return dg.execute_job(
        dg.build_reconstructable_job(
            job_named.__module__,
            job_named.__name__,
            (job,),
            reconstructor_working_directory=str(Path(__file__).parents[1]),
        ),
        instance,
        tags=tags,
        asset_selection=selection,
        raise_on_error=False,
        reexecution_options=reexecution_options,
    )
