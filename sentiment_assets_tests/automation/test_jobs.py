"""What a branch's jobs say of themselves to the queue of runs."""

from sentiment_assets.automation.jobs import TRAINS, ingest_job_name, report_job_name, score_job_name, train_job_name
from testing.in_process import BranchInProcess


def test_files_are_taken_in_before_anything_else_and_training_comes_last(acme: BranchInProcess) -> None:
    names = [ingest_job_name("acme"), score_job_name("acme"), train_job_name("acme"), report_job_name("acme")]
    tags = {name: acme.definitions.resolve_job_def(name).tags for name in names}
    priority = {name: int(each.get("dagster/priority", 0)) for name, each in tags.items()}
    assert priority[names[0]] > priority[names[1]] > priority[names[2]] == priority[names[3]]
    assert {name: each.get(TRAINS) for name, each in tags.items() if TRAINS in each} == {"acme_train": "acme"}
