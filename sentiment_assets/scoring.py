"""Scoring a file of reviews with a champion, without Dagster."""

import sys
from pathlib import Path

import pandas as pd

from sentiment_assets.ingestion.batch import read_batch
from sentiment_assets.ingestion.readers import UnreadableFile
from sentiment_assets.ingestion.settings import IngestionSettings, ReviewColumns
from sentiment_assets.resources.home import tracking_uri
from sentiment_assets.resources.registry import champion_of


class CannotScore(RuntimeError):
    """The file or the champion cannot be had; the message says what to do."""


def score_file(file: Path, branch: str, text_column: str, encoding: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Scores of the file's reviews, and the rows that could not be scored with their reasons."""
    columns = ReviewColumns(text=text_column, label="", created_at="", split="")
    try:
        settings = IngestionSettings(columns=columns, encoding=encoding)
        batch = read_batch(file.read_bytes(), file.name, settings)
    except (UnreadableFile, ValueError) as error:
        raise CannotScore(f"{file}: {error}") from error
    uri = tracking_uri()
    champion = champion_of(branch, uri)
    if champion is None:
        raise CannotScore(
            f"branch {branch!r} has no champion in {uri}: run the job {branch}_train, or name another --branch"
        )
    scores = champion.model.explain(batch.reviews["text"].tolist())
    return pd.concat([batch.reviews[["review_id", "text"]], scores], axis=1), batch.quarantine


def write_scores(scores: pd.DataFrame, output: Path | None) -> None:
    """As Parquet or CSV by the file's ending; as CSV on standard output without a file."""
    if output is None:
        scores.to_csv(sys.stdout, index=False)
    elif output.suffix == ".parquet":
        scores.to_parquet(output, index=False)
    elif output.suffix == ".csv":
        scores.to_csv(output, index=False)
    else:
        raise CannotScore(f"{output}: name a file that ends in .csv or .parquet")
