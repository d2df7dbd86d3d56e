"""A batch that is older than its branch wants reviews kept goes as a whole, as if it had never landed."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from sqlalchemy import text

from sentiment_assets.branch.definitions import batch_partitions_name
from sentiment_assets.resources.storage import Storage
from testing.corpus import as_csv, made_up_reviews
from testing.in_process import BranchInProcess, failure_of

DAYS, LONG_AGO = 30, 40 * 86_400.0
STORAGE = Storage(root="data")
OLD, YOUNG = as_csv(made_up_reviews(400, seed=7)), as_csv(made_up_reviews(400, seed=8))


@pytest.fixture
def branch(acme: BranchInProcess) -> BranchInProcess:
    """A branch that keeps reviews for 30 days, with a batch that is older, and one that is not."""
    acme = keeping(acme)
    assert acme.take_in("old.csv", OLD).success
    happened_long_ago(acme.instance)
    assert acme.take_in("young.csv", YOUNG).success
    return acme


def keeping(branch: BranchInProcess, **more: object) -> BranchInProcess:
    return branch.with_settings(retention={"reviews": DAYS}, **more)


def happened_long_ago(instance: dg.DagsterInstance) -> None:
    """Set the clock of all that was told so far back, which no public face of Dagster does."""
    storage: Any = instance.event_log_storage
    with storage.index_connection() as connection:
        rows = connection.execute(text("SELECT id, event FROM event_logs")).all()
        for number, event in rows:
            read = json.loads(event)
            read["timestamp"] -= LONG_AGO
            changed = {"event": json.dumps(read), "number": number}
            connection.execute(
                text(
                    "UPDATE event_logs SET event = :event, timestamp = datetime(timestamp, '-40 days') "
                    "WHERE id = :number"
                ),
                changed,
            )
        connection.execute(
            text(
                "UPDATE asset_check_executions SET evaluation_event_timestamp = "
                "datetime(evaluation_event_timestamp, '-40 days')"
            )
        )


def tidy(branch: BranchInProcess) -> Mapping[str, Any]:
    """Run the job as the schedule does; returns what it says that it has removed."""
    result = branch.run("tidy")
    assert result.success, failure_of(result)
    [told] = [event.step_output_data.metadata for event in result.all_events if event.is_successful_output]
    return {name: each.value for name, each in told.items()}


def batches_of(branch: BranchInProcess) -> set[str]:
    return set(branch.instance.get_dynamic_partitions(batch_partitions_name(branch.name)))


def landed(home: Path) -> set[str]:
    return {each.name for each in (home / "landing/acme").iterdir()}


def test_what_is_old_goes_and_what_is_young_stays(branch: BranchInProcess, tmp_path: Path) -> None:
    told = tidy(branch)
    assert (told["batches"], told["reviews"], told["runs_of_batches"]) == (1, 400, 1)
    assert batches_of(branch) == landed(tmp_path / "home") == {"young.csv"}
    assert branch.instance.get_materialized_partitions(*branch.keys("raw_reviews")) == {"young.csv"}
    assert tidy(branch)["batches"] == 0
