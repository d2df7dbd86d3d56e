"""Watching a platform do the demo's work."""

import threading
import time
from datetime import UTC, datetime
from uuid import uuid4

import dagster as dg
import pytest
from dagster import DagsterRun

from sentiment_assets.commands.demo.demo_run import DemoRun, wait_for_platform
from sentiment_assets.commands.launching import RunFailed

WORK = DemoRun("movies", "movies_ingest", "raw_reviews", "2026-10.csv")


def ended(instance: dg.DagsterInstance, **tags: str) -> str:
    """A run that failed just now."""
    run = DagsterRun(job_name=WORK.job, run_id=str(uuid4()), status=dg.DagsterRunStatus.FAILURE, tags=tags)
    instance.add_run(run)
    return run.run_id


def test_it_waits_until_a_sensor_has_had_the_file_taken_in() -> None:
    with dg.DagsterInstance.ephemeral() as instance:

        def take_in() -> None:
            time.sleep(1)
            done = dg.AssetMaterialization(["movies", "raw_reviews"], partition="2026-10.csv")
            instance.report_runless_asset_event(done)

        worker = threading.Thread(target=take_in)
        began = time.monotonic()
        worker.start()
        wait_for_platform(instance, WORK, "http://d", datetime.now(UTC))
        assert time.monotonic() - began >= 1
        worker.join()


def test_it_says_which_run_failed_unless_it_is_run_again() -> None:
    began = datetime.now(UTC)
    with dg.DagsterInstance.ephemeral() as instance:
        ended(instance, **{"dagster/will_retry": "true"})
        run = ended(instance)
        with pytest.raises(RunFailed, match=f"movies_ingest failed. Its log: http://d/runs/{run}"):
            wait_for_platform(instance, WORK, "http://d", began)
