"""Two jobs a branch, because its two halves are partitioned differently."""

from collections.abc import Sequence
from typing import Any

import dagster as dg

from sentiment_assets.assets import best_model, features, raw_reviews, scored_reviews, splits
from sentiment_assets.assets import trained_candidates as candidates


def ingest_job_name(branch: str) -> str:
    """The job that takes one landed file in and scores it."""
    return f"{branch}_ingest"


def train_job_name(branch: str) -> str:
    """The job that trains all candidates in one run and chooses among them."""
    return f"{branch}_train"


def branch_jobs(branch: str) -> Sequence[Any]:
    """The ingest job (one partition a landed file) and the train job (one run over all candidates)."""
    ingest = dg.define_asset_job(
        ingest_job_name(branch),
        selection=_assets(branch, raw_reviews.NAME, scored_reviews.NAME),
        description="Takes one landed file in, checks it row by row, and scores it with the champion.",
    )
    train = dg.define_asset_job(
        train_job_name(branch),
        selection=_assets(branch, splits.NAME, features.NAME, candidates.NAME, best_model.NAME),
        description="Trains every candidate in one run, each in its own process, and chooses the champion.",
    )
    return [ingest, train]


def _assets(branch: str, *names: str) -> dg.AssetSelection:
    return dg.AssetSelection.assets(*([branch, name] for name in names))
