"""What goes into the tables of the warehouse: pure functions from stored frames and records to Arrow tables."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from sentiment_assets.learning.review_identity import labels_said
from sentiment_assets.monitoring.check_record import CheckRecord
from sentiment_assets.publishing.layout import (
    BATCH_DIGEST,
    BATCHES,
    CHECKS,
    FIRST_TAKEN_IN_AT,
    MODELS,
    REPORTS,
    REVIEWS,
    SCORES,
    TABLES,
    TEXT_DIGEST,
    WORDS,
    Kind,
)
from sentiment_assets.reporting.figures import are_of, figures_of_all, join_scores

ArrowTables = Mapping[str, pa.Table]
_ARROW: Mapping[Kind, pa.DataType] = {
    "text": pa.large_string(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "bool": pa.bool_(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "date": pa.date32(),
    "json": pa.large_string(),
}
_LABELS = {1: "positive", 0: "negative", -1: "neutral"}
_WORST_FIRST = ("warn", "ok", "unknown")
"""A batch is well if some check says so and none warns: others may have nothing to judge, such as dates."""
_OWN = ("review_id", "text", "label", "neutral", "created_at", "split", "rating_position")
"""The columns of stored reviews that are no kept ones."""
_NUL, _NUL_SHOWN = "\x00", "\ufffd"
_SURROGATE = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True)
class BatchToPublish:
    """A batch as it is stored."""

    branch: str
    key: str
    reviews: pd.DataFrame
    scored: pd.DataFrame | None
    """``None`` where there are no scores."""
    records: Mapping[str, Sequence[CheckRecord]]
    """What its checks found, by their group, of what it holds now."""
    taken_in_at: datetime | None
    first_taken_in_at: datetime | None
    scored_at: datetime | None


@dataclass(frozen=True)
class ModelVersion:
    """A registered version of a branch's model."""

    version: str
    registered_at: datetime
    promoted_at: datetime | None
    is_champion: bool
    decision: str
    figures: Mapping[str, float]


def batch_digest(branch: str, key: str) -> str:
    """Sixteen hexadecimal digits that name a batch of a branch."""
    return sha256(f"{branch}/{key}".encode()).hexdigest()[:16]


def batch_tables(batch: BatchToPublish, now: datetime) -> ArrowTables:
    """The rows of a batch: of ``batches`` one, and those of the tables below it.

    Scores of a former content of the batch are left out, as the reports leave them out.
    """
    scored = batch.scored if has_current_scores(batch) else None
    own = {BATCH_DIGEST: batch_digest(batch.branch, batch.key), "branch": batch.branch, "batch": batch.key}
    reviews = batch.reviews.reset_index(drop=True)
    rows = pd.RangeIndex(len(reviews))
    return {
        BATCHES: arrow_of(BATCHES, pd.DataFrame([own | _figures_of(batch, scored, now)])),
        REVIEWS: arrow_of(REVIEWS, _reviews(reviews).assign(row=rows, **own)),
        SCORES: arrow_of(SCORES, _scores(scored, batch.scored_at).assign(**own)),
        WORDS: arrow_of(WORDS, _words(scored).assign(**own)),
        CHECKS: arrow_of(CHECKS, _checks(batch.records).assign(**own)),
    }


def has_current_scores(batch: BatchToPublish) -> bool:
    """Whether a batch has scores, and of these very reviews."""
    return batch.scored is not None and are_of(batch.scored, batch.reviews)


def report_table(branch: str, figures: Mapping[date, pd.DataFrame]) -> ArrowTables:
    """The figures of reports, each by its day, with the columns of ``reporting.figures.COLUMNS``."""
    parts = [each.rename(columns={"by": "column_name"}).assign(branch=branch, day=day) for day, each in figures.items()]
    return {REPORTS: arrow_of(REPORTS, pd.concat(parts, ignore_index=True))} if parts else {}


def model_table(branch: str, versions: Sequence[ModelVersion]) -> ArrowTables:
    """The versions of a branch's model."""
    rows = [
        {
            "branch": branch,
            "version": each.version,
            "registered_at": each.registered_at,
            "promoted_at": each.promoted_at,
            "is_champion": each.is_champion,
            "decision": each.decision,
            "test_accuracy": each.figures.get("test_accuracy"),
            "figures": json.dumps(dict(sorted(each.figures.items()))),
        }
        for each in versions
    ]
    return {MODELS: arrow_of(MODELS, pd.DataFrame(rows))} if rows else {}


def joined(parts: Sequence[ArrowTables]) -> ArrowTables:
    """The rows of several batches, table by table."""
    return {name: pa.concat_tables([part[name] for part in parts]) for name in (parts[0] if parts else ())}


def no_rows(table: str) -> pa.Table:
    """A table without rows, whose columns have their types."""
    return arrow_of(table, pd.DataFrame())


def arrow_of(table: str, frame: pd.DataFrame) -> pa.Table:
    """A frame as the rows of a table: all of its columns, in their order, of their types; what is missing is null."""
    columns = TABLES[table].columns
    arrays = [
        _array(frame[name] if name in frame else pd.Series(None, frame.index, dtype=object), column.kind)
        for name, column in columns.items()
    ]
    return pa.table(arrays, names=list(columns))


def _array(values: "pd.Series[Any]", kind: Kind) -> pa.Array | pa.ChunkedArray:
    if kind in ("text", "json"):
        return _texts(values)
    if kind == "timestamp":
        moments = pd.to_datetime(values, utc=True).dt.as_unit("us").dt.tz_convert(None).to_numpy()
        return pa.array(moments, _ARROW[kind])
    return pa.array(values, _ARROW[kind], from_pandas=True)


def _texts(values: "pd.Series[Any]") -> pa.ChunkedArray:
    """Texts that both kinds of warehouses hold; what is no UTF-8 becomes U+FFFD, as NUL does."""
    if not len(values):
        return pa.chunked_array([], pa.large_string())
    if values.notna().all() and (values == values.iloc[0]).all():  # the name of the batch, in every row
        return pa.chunked_array([pa.repeat(pa.scalar(_clean(str(values.iloc[0])), pa.large_string()), len(values))])
    try:
        texts = pa.chunked_array([pa.array(values, pa.large_string(), from_pandas=True)])
    except UnicodeEncodeError:
        texts = pa.chunked_array(
            [pa.array(values.map(_clean, na_action="ignore"), pa.large_string(), from_pandas=True)]
        )
    import pyarrow.compute as pc

    return pc.replace_substring(texts, _NUL, _NUL_SHOWN) if pc.any(pc.match_substring(texts, _NUL)).as_py() else texts


def _clean(text: object) -> str:
    return _SURROGATE.sub(_NUL_SHOWN, str(text)).replace(_NUL, _NUL_SHOWN)


def _figures_of(batch: BatchToPublish, scored: pd.DataFrame | None, now: datetime) -> dict[str, Any]:
    records = [record for group in batch.records.values() for record in group]
    verdicts = [finding.verdict for record in records for finding in record.findings]
    estimate = next((record.estimate for record in records if record.estimate), None)
    labels = labels_said(batch.reviews)
    return {
        "taken_in_at": batch.taken_in_at,
        FIRST_TAKEN_IN_AT: batch.first_taken_in_at,
        "scored_at": None if scored is None else batch.scored_at,
        "published_at": now,
        "reviews": len(batch.reviews),
        "scored": 0 if scored is None else len(scored),
        "labelled": int(labels.isin([0, 1]).sum()),
        "neutral": int((labels == -1).sum()),
        **_sentiment_of(batch, scored),
        "accuracy": next((record.accuracy for record in records if record.accuracy is not None), None),
        "estimated_accuracy": estimate.accuracy if estimate else None,
        "estimated_low": estimate.low if estimate else None,
        "estimated_high": estimate.high if estimate else None,
        "worst_verdict": next((each for each in _WORST_FIRST if each in verdicts), None),
        "warnings": sum(len(record.warnings) for record in records),
    }


def _sentiment_of(batch: BatchToPublish, scored: pd.DataFrame | None) -> dict[str, Any]:
    """The figures of a report on this batch alone."""
    if scored is None or not len(scored):
        return {}
    reviews = join_scores({batch.key: batch.reviews}, {batch.key: scored}).reviews
    figures = figures_of_all(reviews)
    names = ("unrecognised", "positive", "mean_score", "net_sentiment", "net_low", "net_high")
    return {name: figures[name] for name in names} | {"model_version": str(scored["model_version"].iloc[0])}


def _reviews(reviews: pd.DataFrame) -> pd.DataFrame:
    created = pd.to_datetime(reviews["created_at"], utc=True)
    return pd.DataFrame(
        {
            "review_id": reviews["review_id"],
            "text": reviews["text"],
            TEXT_DIGEST: None,
            "label": labels_said(reviews).map(_LABELS),
            "created_at": created,
            "created_on": created.dt.date.where(created.notna(), None),
            "split": reviews.get("split"),
            "kept": _kept(reviews[[name for name in reviews.columns if name not in _OWN]]),
        },
        index=reviews.index,
    )


def _kept(columns: pd.DataFrame) -> "pd.Series[Any]":
    """The values of kept columns as JSON, those that are missing left out; nothing where there are none at all."""
    if columns.empty:
        return pd.Series(None, columns.index, dtype=object)
    names = [_clean(name) for name in columns.columns]
    values = [columns[name].astype(object).where(columns[name].notna(), None).tolist() for name in columns.columns]
    told = [
        {name: _clean(value) for name, value in zip(names, row, strict=True) if value is not None}
        for row in zip(*values, strict=True)
    ]
    return pd.Series([json.dumps(each, ensure_ascii=False) if each else None for each in told], columns.index, object)


def _scores(scored: pd.DataFrame | None, scored_at: datetime | None) -> pd.DataFrame:
    if scored is None:
        return pd.DataFrame()
    return pd.DataFrame(
        {
            "row": range(len(scored)),
            "review_id": scored["review_id"].to_numpy(),
            "score": scored["score"].to_numpy(float),
            "label": scored["label"].map(_LABELS).to_numpy(),
            "confidence": scored["confidence"].to_numpy(float),
            "recognised": (scored["score"] != 0).to_numpy(),
            "model_version": scored["model_version"].to_numpy(),
            "scored_at": pd.Timestamp(scored_at) if scored_at else pd.NaT,
        }
    )


def _words(scored: pd.DataFrame | None) -> pd.DataFrame:
    if scored is None or not len(scored):
        return pd.DataFrame()
    lengths = scored["words"].map(len).to_numpy()
    starts = np.repeat(np.cumsum(lengths) - lengths, lengths)
    total = int(lengths.sum())
    if not total:
        return pd.DataFrame()
    return pd.DataFrame(
        {
            "row": np.repeat(np.arange(len(scored)), lengths),
            "rank": np.arange(total) - starts + 1,
            "word": np.concatenate(scored["words"].to_numpy()),
            "contribution": np.concatenate(scored["contributions"].to_numpy()),
        }
    )


def _checks(records: Mapping[str, Sequence[CheckRecord]]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "kind": kind,
                "check_name": finding.name,
                "verdict": finding.verdict,
                "sentence": finding.sentence,
                "effect": finding.effect,
                "threshold": finding.threshold,
                "p_value": finding.p_value,
                "champion": record.champion,
                "checked_at": record.checked_at,
            }
            for kind, group in records.items()
            for record in group
            for finding in record.findings
        ]
    )


def moment(seconds: float) -> datetime:
    """A moment of Dagster's or MLflow's, seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)
