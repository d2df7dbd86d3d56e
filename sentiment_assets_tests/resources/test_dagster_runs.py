"""What Dagster knows of runs."""

from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.events import JobFailureData, RunFailureReason

from sentiment_assets.resources.dagster_runs import is_launched_again, remove_run, runs_under_way


def failed(
    instance: dg.DagsterInstance, reason: RunFailureReason, again_of: dg.DagsterRun | None = None
) -> dg.DagsterRun:
    """A run that has failed this moment: Dagster has not written on it yet whether it is launched again."""
    first = again_of.run_id if again_of else None
    tags = {"dagster/root_run_id": first, "dagster/parent_run_id": first} if first else {}
    status = dg.DagsterRunStatus.STARTED
    run = instance.add_run(
        dg.DagsterRun("acme_ingest", status=status, tags=tags, root_run_id=first, parent_run_id=first)
    )
    event = dg.DagsterEvent(
        dg.DagsterEventType.RUN_FAILURE.value, run.job_name, event_specific_data=JobFailureData(None, reason)
    )
    instance.run_storage.handle_run_event(run.run_id, event, datetime.now(UTC))
    [ended] = instance.get_runs(dg.RunsFilter(run_ids=[run.run_id]))
    return ended


def test_whether_a_run_is_launched_again_is_known_before_dagster_writes_it_down(tmp_path: Path) -> None:
    """Else a sensor would ask for another run in that moment, and people would be woken."""
    retries = {"run_retries": {"enabled": True, "max_retries": 2, "retry_on_asset_or_op_failure": False}}
    with dg.instance_for_test(overrides=retries, temp_dir=str(tmp_path)) as instance:
        first = failed(instance, RunFailureReason.UNKNOWN)
        by_itself = failed(instance, RunFailureReason.STEP_FAILURE)
        assert [is_launched_again(instance, run) for run in (first, by_itself)] == [True, False]
        assert [run.run_id for run in runs_under_way(instance)] == [first.run_id]
        again = [failed(instance, RunFailureReason.UNKNOWN, again_of=first) for _ in range(2)]
        assert not is_launched_again(instance, again[-1])


def test_a_run_is_under_way_until_dagster_has_launched_it_again(tmp_path: Path) -> None:
    with dg.instance_for_test(
        overrides={"run_retries": {"enabled": True, "max_retries": 2}}, temp_dir=str(tmp_path)
    ) as instance:
        run = failed(instance, RunFailureReason.UNKNOWN)
        assert runs_under_way(instance)
        instance.add_run_tags(run.run_id, {"dagster/will_retry": "true", "dagster/auto_retry_run_id": "another"})
        assert not runs_under_way(instance)


def test_nothing_is_launched_again_where_dagster_may_not(history: dg.DagsterInstance) -> None:
    assert not is_launched_again(history, failed(history, RunFailureReason.UNKNOWN))


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
