"""Scoring a file of reviews with a champion, without Dagster."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from sentiment_assets.ingestion.batch import no_such_column
from sentiment_assets.ingestion.decoding import on_one_line
from sentiment_assets.ingestion.markup import without_markup
from sentiment_assets.ingestion.readers.file_rows import read_rows
from sentiment_assets.ingestion.readers.source import RawRow
from sentiment_assets.ingestion.readers.unpacking import UnreadableFile
from sentiment_assets.ingestion.settings import DEFAULT_PLACEHOLDERS, IngestionSettings
from sentiment_assets.ingestion.values import (
    RejectedRow,
    optional_text,
    stands_for_nothing,
    text_of,
    value_at,
    ways_to_values,
)
from sentiment_assets.presentation.spreadsheet import table_to_csv
from sentiment_assets.resources.mlflow_settings import MlflowAway, require_mlflow, tracking_uri
from sentiment_assets.resources.registry import ChangedModel, champion_of
from sentiment_assets.resources.urls import shown

_ID = "review_id"


class CannotScore(RuntimeError):
    """The file or the champion cannot be had, or nothing in the file can be scored; the message says what to do."""


def score_file(file: Path, branch: str, text_column: str, encoding: str) -> pd.DataFrame:
    """A row for each row of the file, in its order, repeated ones too.

    Columns row, review_id (if the file has such a column), text (as a branch stores it by default, without markup),
    what the champion says (missing where there is no score), and reason (why there is none, otherwise missing).
    """
    try:
        chosen = IngestionSettings(encoding=encoding).encoding
        rows = list(read_rows(file.read_bytes(), file.name, chosen, wanted={text_column}))
    except (UnreadableFile, ValueError) as error:
        raise CannotScore(f"{file}: {error}") from error
    reviews = _reviews(file, rows, text_column)
    uri = tracking_uri()
    try:
        require_mlflow(uri)
        champion = champion_of(branch, uri)
    except (ChangedModel, MlflowAway) as error:
        raise CannotScore(str(error)) from error
    if champion is None:
        raise CannotScore(
            f"branch {branch!r} has no champion in {shown(uri)}: run the job {branch}_train, or name another --branch"
        )
    texts = reviews["text"].dropna()
    scores = champion.model.explain(texts.tolist()).astype({"label": "Int8"}).set_axis(texts.index)
    scored = reviews.join(scores)
    return scored[[*(name for name in scored if name != "reason"), "reason"]]


def write_scores(scores: pd.DataFrame, output: Path | None) -> None:
    """Write Parquet or CSV by the file's ending, or CSV on standard output if there is no file.

    CSV may be opened in a spreadsheet, and what a terminal would obey is shown there instead.
    """
    if output is not None and output.suffix not in (".csv", ".parquet"):
        raise CannotScore(f"{output}: name a file that ends in .csv or .parquet")
    try:
        if output is not None and output.suffix == ".parquet":
            scores.to_parquet(output, index=False)
        elif output is not None:
            output.write_bytes(table_to_csv(scores))
        else:
            on_screen = scores.map(_for_terminal) if sys.stdout.isatty() else scores
            sys.stdout.write(table_to_csv(on_screen).decode())
    except OSError as error:
        raise CannotScore(f"{output} cannot be written: {error}") from error


def _for_terminal(value: object) -> object:
    return on_one_line(value) if isinstance(value, str) else value


def _reviews(file: Path, rows: list[RawRow], text_column: str) -> pd.DataFrame:
    names = list(dict.fromkeys(name for row in rows if not row.problem for name in ways_to_values(row.values)))
    if names and text_column not in names:
        raise CannotScore(f"{file}: {no_such_column(text_column, names)}. Name the right one with --text-column")
    reviews = pd.DataFrame(
        [(row.number, *_text_or_reason(row, text_column)) for row in rows], columns=["row", "text", "reason"]
    ).astype({"text": "str", "reason": "str"})
    if _ID in names:
        reviews.insert(1, _ID, pd.Series(list(_ids(rows)), dtype="str"))
    if reviews["text"].isna().all():
        reasons = reviews["reason"].value_counts()
        most = f"; most often: {reasons.index[0]}" if len(reasons) else ""
        raise CannotScore(f"{file}: none of its {len(rows):,} rows can be scored{most}")
    return reviews


def _text_or_reason(row: RawRow, text_column: str) -> tuple[str | None, str | None]:
    if row.problem:
        return None, row.problem
    value = value_at(row.values, text_column)
    if stands_for_nothing(value, DEFAULT_PLACEHOLDERS):
        return None, "the text is missing"
    try:
        text = without_markup(text_of(value, text_column))
        return (text, None) if text else (None, "the text holds markup only")
    except RejectedRow as rejected:
        return None, rejected.reason


def _ids(rows: list[RawRow]) -> Iterator[str | None]:
    for row in rows:
        try:
            yield None if row.problem else optional_text(row.values.get(_ID), _ID)
        except (RejectedRow, RecursionError):
            yield None
