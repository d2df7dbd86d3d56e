"""Scoring a file of reviews with a champion, without Dagster."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from sentiment_assets.branch.files import UnknownBranch, branch_files, settings_of
from sentiment_assets.commands.review_file import content_of
from sentiment_assets.ingestion.batch import no_such_column
from sentiment_assets.ingestion.decoding import on_one_line
from sentiment_assets.ingestion.readers.file_rows import read_rows_by
from sentiment_assets.ingestion.readers.source import ENCODING_PROPOSED, RawRow, encoding_in
from sentiment_assets.ingestion.readers.unpacking import UnreadableFile
from sentiment_assets.ingestion.row_values import ValueReader
from sentiment_assets.ingestion.settings import IngestionSettings
from sentiment_assets.ingestion.values import RejectedRow, optional_text, value_at, ways_to_values
from sentiment_assets.presentation.spreadsheet import table_to_csv
from sentiment_assets.resources.landing_place import NotAReviewFile
from sentiment_assets.resources.mlflow_settings import MlflowAway, require_mlflow, tracking_uri
from sentiment_assets.resources.registry import ChangedModel, LoadedChampion, champion_of
from sentiment_assets.resources.urls import shown

_ID = "review_id"
_LISTS = ("words", "contributions")
NOTE = "note"
"""The attribute of scores that says what to look at in the file; empty if nothing."""


class CannotScore(RuntimeError):
    """The file or the champion cannot be had, or nothing in the file can be scored; the message says what to do."""


def score_file(
    file: Path, branch: str, *, text_columns: Sequence[str] = (), encoding: str | None = None
) -> pd.DataFrame:
    """A row for each row of the file, or folder of texts, in its order, repeated ones too.

    The file is read as the branch reads its own, but for the columns of the text and the encoding if they are given.
    Columns row, review_id (if the file has the branch's column of ids), text (as the branch stores it), what the
    champion says (missing where there is no score), and reason (why there is none, otherwise missing). Its attribute
    ``NOTE`` says if the file may be written in another encoding.
    """
    champion = _champion(branch)
    try:
        settings = _settings(branch, text_columns, encoding)
        read = read_rows_by(settings, content_of(file), file.name)
        rows = list(read)
    except UnknownBranch as error:
        raise CannotScore(str(error)) from error
    except (UnreadableFile, NotAReviewFile, ValueError, OSError) as error:
        raise CannotScore(f"{file}: {error}") from error
    note = _of_encoding(str(read.found.get(ENCODING_PROPOSED, "")))
    try:
        reviews = _reviews(file, rows, settings)
    except CannotScore as error:
        raise CannotScore(f"{error}{note and f'. Its encoding: {note}'}") from error
    texts = reviews["text"].dropna()
    scores = champion.model.explain(texts.tolist()).astype({"label": "Int8"}).set_axis(texts.index)
    scored = reviews.join(scores)
    scored.attrs[NOTE] = note
    return scored[[*(name for name in scored if name != "reason"), "reason"]]


def _of_encoding(proposal: str) -> str:
    return f"{proposal}; here with --encoding {encoding_in(proposal)}" if proposal else ""


def _champion(branch: str) -> LoadedChampion:
    """The champion of a branch, asked for first: a file is not read by the rules of a branch that nobody knows."""
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
    return champion


def write_scores(scores: pd.DataFrame, output: Path | None) -> None:
    """Write Parquet, JSON Lines or CSV by the file's ending, or CSV on standard output if there is no file.

    CSV may be opened in a spreadsheet, and what a terminal would obey is shown there instead.
    """
    if output is not None and output.suffix not in (".csv", ".jsonl", ".parquet"):
        raise CannotScore(f"{output}: name a file that ends in .csv, .jsonl or .parquet")
    try:
        if output is not None and output.suffix == ".parquet":
            scores.to_parquet(output, index=False)
            return
        if output is not None and output.suffix == ".jsonl":
            output.write_text(as_json_lines(scores), encoding="utf-8")
            return
        flat = scores.assign(**{name: scores[name].map(_as_json_list) for name in _LISTS if name in scores})
        if output is not None:
            output.write_bytes(table_to_csv(flat))
        else:
            on_screen = flat.map(_for_terminal) if sys.stdout.isatty() else flat
            sys.stdout.write(table_to_csv(on_screen).decode())
    except OSError as error:
        raise CannotScore(f"{output} cannot be written: {error}") from error


def as_json_lines(scores: pd.DataFrame) -> str:
    """One JSON object for each row, for programs."""
    return scores.to_json(orient="records", lines=True, force_ascii=False)


def _as_json_list(values: object) -> str | None:
    """Words or contributions in one cell that any program reads; nothing where there is no score."""
    return json.dumps(list(values), ensure_ascii=False) if isinstance(values, Iterable) else None


def _for_terminal(value: object) -> object:
    return on_one_line(value) if isinstance(value, str) else value


def _settings(branch: str, text_columns: Sequence[str], encoding: str | None) -> IngestionSettings:
    """What turns a file into a batch in the branch; the defaults if it is not one of those that are defined here."""
    own = settings_of(branch) if branch in branch_files() else IngestionSettings()
    columns = own.columns.model_dump(exclude_unset=True) | ({"text": list(text_columns)} if text_columns else {})
    changes = {"columns": columns} | ({"encoding": encoding} if encoding else {})
    return IngestionSettings.model_validate(own.model_dump(exclude_unset=True) | changes)


def _reviews(file: Path, rows: Sequence[RawRow], settings: IngestionSettings) -> pd.DataFrame:
    names = list(dict.fromkeys(name for row in rows if not row.problem for name in ways_to_values(row.values)))
    wanted, id_column = settings.columns.texts, settings.columns.review_id
    if names and not set(wanted).intersection(names):
        missing = no_such_column(", ".join(wanted), names)
        what_to_do = "Name the right one with --text-column, or whose file it is with --branch"
        raise CannotScore(f"{file}: {missing}. {what_to_do}")
    readable = [{} if row.problem else row.values for row in rows]
    texts, why_not, _ = ValueReader(settings).read_texts(readable)
    reasons = [
        row.problem or (why_not[place].reason if place in why_not else None if texts[place] else "the text is missing")
        for place, row in enumerate(rows)
    ]
    numbers = [row.number for row in rows]
    reviews = pd.DataFrame({"row": numbers, "text": [text or None for text in texts], "reason": reasons})
    reviews = reviews.astype({"row": "int64", "text": "str", "reason": "str"})
    if id_column in names:
        reviews.insert(1, _ID, pd.Series([_id(values, id_column) for values in readable], dtype="str"))
    if reviews["text"].isna().all():
        reasons_told = reviews["reason"].value_counts()
        most = f"; most often: {reasons_told.index[0]}" if len(reasons_told) else ""
        raise CannotScore(f"{file}: none of its {len(rows):,} rows can be scored{most}")
    return reviews


def _id(values: Mapping[str, object], column: str) -> str | None:
    try:
        return optional_text(value_at(values, column), column)
    except (RejectedRow, RecursionError):
        return None
