"""The jobs of a branch: its two halves are partitioned differently, and batches are scored again by themselves."""

import os
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import dagster as dg

from sentiment_assets.assets import (
    best_model,
    features,
    published_scores,
    raw_reviews,
    scored_reviews,
    sentiment_report,
    splits,
    suspicious_labels,
)
from sentiment_assets.assets import trained_candidates as candidates
from sentiment_assets.assets.pulled import pulled_key
from sentiment_assets.checks import open_warnings
from sentiment_assets.execution.steps import PLACE, PROCESSES, place_of_training, step_executor

VERSION = "sentiment_assets/version"
"""The tag of a job and its runs that says which version of the code they are of."""

TRAINS = "sentiment_assets/trains"
"""The tag of train runs, with their branch; an instance limits by it how many of them go on at once."""
_PRIORITY = "dagster/priority"
"""The tag by which runs that wait are put in order: those of the highest number begin first, and 0 is the default."""

UNTIL_IT_IS_THERE = dg.RetryPolicy(max_retries=3, delay=30, backoff=dg.Backoff.EXPONENTIAL)
"""A warehouse that is down, or a file that somebody has open, is waited for: 30, 60 and 120 seconds."""
_ONCE_MORE = dg.RetryPolicy(max_retries=1)
"""What failed for a reason that may pass is tried again; batches that are done are passed over then."""


def ingest_job_name(branch: str) -> str:
    """The job that takes landed files in and scores them."""
    return f"{branch}_ingest"


def train_job_name(branch: str) -> str:
    """The job that trains all candidates in one run and chooses among them."""
    return f"{branch}_train"


def score_job_name(branch: str) -> str:
    """The job that scores batches that were taken in before."""
    return f"{branch}_score"


def report_job_name(branch: str) -> str:
    """The job that writes a branch's report."""
    return f"{branch}_report"


def pull_job_name(branch: str) -> str:
    """The job that pulls what is new at a branch's sources."""
    return f"{branch}_pull"


def publish_job_name(branch: str) -> str:
    """The job that publishes batches to the branch's warehouses."""
    return f"{branch}_publish"


def trial_job_name(branch: str) -> str:
    """The job that tries one hyperparameter set."""
    return f"{branch}_trial"


def period_report_job_name(branch: str) -> str:
    """The job that writes the report of some days."""
    return f"{branch}_period_report"


def tidy_job_name(branch: str) -> str:
    """The job that removes what is older than the branch wants it kept."""
    return f"{branch}_tidy"


def job_names(branch: str) -> list[str]:
    """All jobs of a branch; those that pull and publish are there if it has sources and warehouses."""
    named = (ingest_job_name, train_job_name, score_job_name, report_job_name, pull_job_name, publish_job_name)
    return [each(branch) for each in (*named, trial_job_name, period_report_job_name, tidy_job_name)]


def branch_jobs(branch: str, sources: Sequence[str] = ()) -> Sequence[Any]:
    """Ingest and score (a run over some batches), train (one run over all candidates), report, and pull ``sources``.

    What takes batches in, or scores them, has one step, which stays in the process of its run: to start another one
    costs more than the work on a small file.
    """
    place = place_of_training()
    tags = version_tags()
    ingest = dg.define_asset_job(
        ingest_job_name(branch),
        selection=_assets(branch, raw_reviews.NAME, scored_reviews.NAME) - _open_warnings(branch),
        tags=tags | {_PRIORITY: "2"},
        op_retry_policy=_ONCE_MORE,
        executor_def=dg.in_process_executor,
        description="Takes landed files in, checks them row by row, and scores them with the champion, one by one.",
    )
    train = dg.define_asset_job(
        train_job_name(branch),
        selection=_assets(branch, splits.NAME, features.NAME, candidates.NAME, best_model.NAME, suspicious_labels.NAME),
        executor_def=None if place == PROCESSES else step_executor(place),  # None: the code location's
        tags=tags | {PLACE: place, TRAINS: branch},
        description="Trains every candidate in one run, each in its own process, chooses the champion, and looks for "
        "labels that are probably wrong.",
    )
    score = dg.define_asset_job(
        score_job_name(branch),
        selection=_assets(branch, scored_reviews.NAME),
        tags=tags | {_PRIORITY: "1"},
        op_retry_policy=_ONCE_MORE,
        executor_def=dg.in_process_executor,
        description="Scores batches with today's champion, or the version that its config names; what blocked that "
        "at first does so here too.",
    )
    report = dg.define_asset_job(
        report_job_name(branch),
        selection=_assets(branch, sentiment_report.NAME),
        tags=tags,
        description="Writes the report over every scored batch.",
    )
    pull = dg.define_asset_job(
        pull_job_name(branch),
        selection=dg.AssetSelection.assets(*(pulled_key(branch, each) for each in sources)),
        tags=tags,
        executor_def=dg.in_process_executor,
        description="Lands what is new at the branch's sources; the landing sensor takes it in.",
    )
    return [ingest, train, score, report, *([pull] if sources else [])]


def publish_job(branch: str) -> Any:
    """The job ``<branch>_publish`` of a branch that has warehouses; its one step stays in the process of its run."""
    return dg.define_asset_job(
        publish_job_name(branch),
        selection=_assets(branch, published_scores.NAME),
        tags=version_tags(),
        op_retry_policy=UNTIL_IT_IS_THERE,
        executor_def=dg.in_process_executor,
        description="Sends batches, their scores and checks, the reports and the models to the warehouses.",
    )


def version_tags() -> dict[str, str]:
    """The tags of every job: which version of the code it is of."""
    return {VERSION: os.environ.get("SENTIMENT_ASSETS_VERSION") or version("sentiment-assets")}


def _open_warnings(branch: str) -> dg.AssetSelection:
    """The check without partitions: the others tell it once they have run; a step of its own might come too soon."""
    return dg.AssetSelection.checks(dg.AssetCheckKey(dg.AssetKey([branch, raw_reviews.NAME]), open_warnings.NAME))


def _assets(branch: str, *names: str) -> dg.AssetSelection:
    return dg.AssetSelection.assets(*([branch, name] for name in names))
