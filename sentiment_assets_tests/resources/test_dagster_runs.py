"""What Dagster knows of runs."""

import dagster as dg
import pytest

from sentiment_assets.resources.dagster_runs import remove_run


def test_a_run_whose_removal_is_stopped_is_found_again(
    history: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = history.add_run(dg.DagsterRun("acme_ingest", status=dg.DagsterRunStatus.SUCCESS))

    def stopped(run_id: str) -> None:
        raise KeyboardInterrupt(run_id)

    with monkeypatch.context() as patch:
        patch.setattr(history.event_log_storage, "delete_events", stopped)
        with pytest.raises(KeyboardInterrupt):
            remove_run(history, run.run_id)
    assert history.get_run_by_id(run.run_id) is not None
    remove_run(history, run.run_id)
    assert history.get_run_by_id(run.run_id) is None
