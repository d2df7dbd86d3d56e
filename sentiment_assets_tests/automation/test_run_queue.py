"""Which runs wait for which, under a real daemon."""

import dagster as dg
import pytest

from testing import runs
from testing.one_branch import BRANCH
from testing.platform import Platform, wait_for

pytestmark = pytest.mark.slow


def test_two_train_runs_of_a_branch_never_go_on_at_once(with_champion: Platform) -> None:
    tags = runs.all_candidates_tags(runs.candidate_keys(BRANCH))
    for _ in range(2):
        with_champion.launch(f"{BRANCH}_train", tags)
    with with_champion.instance() as instance:
        wait_for(lambda: all(run.is_finished for run in instance.get_runs()), 300, "the end of both runs")
        records = instance.get_run_records(dg.RunsFilter(job_name=f"{BRANCH}_train"))
    first, second = sorted((record.start_time or 0.0, record.end_time or 0.0) for record in records)
    assert first[1] <= second[0]
