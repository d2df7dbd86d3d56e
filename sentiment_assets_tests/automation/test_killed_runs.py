"""A run of many files whose process is killed, under a real daemon that launches it again."""

from collections import Counter

import dagster as dg
import pytest

from sentiment_assets.assets.stored_batch import read_stored_batch
from sentiment_assets.automation.batch_history import materializations
from sentiment_assets.resources.dagster_runs import is_launched_again
from sentiment_assets.resources.storage import Storage, read_frame
from testing.corpus import as_csv, made_up_reviews
from testing.dying import kill_once
from testing.one_branch import BRANCH
from testing.platform import Platform, wait_for

pytestmark = pytest.mark.slow

RAW, SCORED = dg.AssetKey([BRANCH, "raw_reviews"]), dg.AssetKey([BRANCH, "scored_reviews"])
NAMES = [f"{number}.csv" for number in range(6)]


def test_what_was_done_stays_done_and_the_rest_is_done_once(with_champion: Platform) -> None:
    storage = Storage(root="data")
    kill_once("raw_reviews", "before", "1.csv")
    kill_once("scored_reviews", "after", "3.csv")
    for number, name in enumerate(NAMES):
        content = as_csv(made_up_reviews(60 + number, seed=50 + number))
        (with_champion.home / "landing" / BRANCH / name).write_bytes(content + b"odd,,1\n" * number)
    with with_champion.instance() as instance:
        wait_for(lambda: instance.get_materialized_partitions(SCORED) == set(NAMES), 600, "scores of all files")
        wait_for(lambda: all(run.is_finished for run in instance.get_runs()), 200, "the end of the runs")
        runs = list(reversed(instance.get_runs(dg.RunsFilter(job_name=f"{BRANCH}_ingest"))))
        killed = [run for run in runs if run.status != dg.DagsterRunStatus.SUCCESS]
        assert [run.status for run in killed] == [dg.DagsterRunStatus.FAILURE] * 2
        assert any(is_launched_again(instance, run) for run in killed)
        taken_in, scored = (
            Counter(
                str(each.partition)
                for each in materializations(instance, key)
                if "told_again" not in each.metadata  # a resumed run says what the one before has stored
            )
            for key in (RAW, SCORED)
        )
    assert taken_in == dict.fromkeys(NAMES, 1)
    once = {
        name: number for name, number in scored.items() if name != "3.csv"
    }  # between two runs, a sensor may ask too
    assert once == {name: 1 for name in NAMES if name != "3.csv"}
    for number, name in enumerate(NAMES):
        batch = read_stored_batch(storage, BRANCH, name)
        scores = read_frame(storage.frame_path(BRANCH, "scored_reviews", name))
        assert batch.without_text is not None
        assert batch.reviews["review_id"].tolist() == scores["review_id"].tolist()
        assert [len(batch.reviews), len(batch.without_text)] == [60 + number, number]


def test_what_was_under_way_when_everything_was_killed_is_done_after_the_next_start(with_champion: Platform) -> None:
    for number, name in enumerate(NAMES):
        content = as_csv(made_up_reviews(60 + number, seed=50 + number))
        (with_champion.home / "landing" / BRANCH / name).write_bytes(content)
    started = dg.RunsFilter(job_name=f"{BRANCH}_ingest", statuses=[dg.DagsterRunStatus.STARTED])
    with with_champion.instance() as instance:
        wait_for(lambda: instance.get_runs(started), 200, "a run that takes files in")
        [run] = instance.get_runs(started)
        with_champion.kill_everything()
        ended = dg.RunsFilter(run_ids=[run.run_id], statuses=[dg.DagsterRunStatus.FAILURE])
        [killed] = wait_for(lambda: instance.get_runs(ended), 200, "the end of a run whose process is gone")
        assert is_launched_again(instance, killed)
        wait_for(lambda: instance.get_materialized_partitions(SCORED) == set(NAMES), 400, "scores of all files")
