"""What runs of the past tell."""

import dagster as dg

from sentiment_assets.automation.run_history import ended_runs_of


def ended(history: dg.DagsterInstance) -> str:
    """A run of the job has ended; returns its id."""
    return history.add_run(dg.DagsterRun("acme_ingest", status=dg.DagsterRunStatus.FAILURE)).run_id


def test_another_run_that_has_ended_is_told_also_where_an_old_one_was_removed(history: dg.DagsterInstance) -> None:
    first, _ = ended(history), ended(history)
    before = ended_runs_of(history, "acme_ingest")
    assert ended_runs_of(history, "acme_ingest") == before
    history.delete_run(first)
    ended(history)
    assert ended_runs_of(history, "acme_ingest") != before
