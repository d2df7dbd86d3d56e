"""A landed file becomes a batch: reviews that are kept, and rows in quarantine with their reasons."""

import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from hashlib import sha256

import pandas as pd

from sentiment_assets.ingestion.decoding import printable, undecodable_bytes
from sentiment_assets.ingestion.readers import RawRow, UnreadableFile, read_rows
from sentiment_assets.ingestion.settings import (
    IngestionSettings,
    LabelRule,
    ReviewColumns,
    label_key,
)

QUARANTINE_COLUMNS = ("row", "field", "reason", "raw")
_SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
}
_LONGEST_LABEL_SHOWN = 40


@dataclass(frozen=True)
class Batch:
    """The outcome of one landed file. ``rows_in`` is kept + quarantined + duplicate, always."""

    reviews: pd.DataFrame
    """Columns review_id, text, label (Int8), created_at (UTC), split, then the columns to keep."""
    quarantine: pd.DataFrame
    """Columns row, field, reason, raw (the row's values as JSON)."""
    rows_in: int
    rows_duplicate: int
    """Rows that repeat an earlier row of the file in every field, its id included."""


@dataclass(frozen=True, slots=True)
class _Rejected(Exception):
    column: str
    reason: str


@dataclass
class _Kept:
    rows: list[tuple[object, ...]] = field(default_factory=list)
    number_of_id: dict[str, int] = field(default_factory=dict)
    digest_of_id: dict[str, bytes] = field(default_factory=dict)


def read_batch(content: bytes, file_name: str, settings: IngestionSettings) -> Batch:
    """Read, check and map every row of a landed file.

    Raises ``UnreadableFile`` when the file fails as a whole; the message names the reason and the remedy.
    """
    kept, quarantine, seen_labels = _Kept(), [], Counter[str]()
    rows_in = rows_duplicate = 0
    named: RawRow | None = None
    has_text_column = False
    for raw in read_rows(content, file_name, settings.encoding):
        rows_in += 1
        if raw.problem is None and not has_text_column:
            named = named or raw
            has_text_column = settings.columns.text in raw.values
        try:
            review = _to_review(raw, settings, seen_labels)
            if _keep(review, raw.number, kept):
                continue
            rows_duplicate += 1
        except _Rejected as rejected:
            quarantine.append((raw.number, rejected.column, rejected.reason, _as_json(raw.values)))
    if named and not has_text_column:
        raise _no_text_column(named, settings.columns)
    _require_unambiguous_labels(seen_labels, settings.labels)
    return Batch(
        reviews=_reviews_frame(kept.rows, settings.columns),
        quarantine=pd.DataFrame(quarantine, columns=list(QUARANTINE_COLUMNS)).astype(
            {"row": "int64", "field": "str", "reason": "str", "raw": "str"}
        ),
        rows_in=rows_in,
        rows_duplicate=rows_duplicate,
    )


def content_digest(frame: pd.DataFrame) -> str:
    """The same for equal contents: 16 hexadecimal digits of SHA-256 over the values, in order."""
    values = pd.util.hash_pandas_object(frame, index=False).to_numpy()
    return sha256(",".join(frame.columns).encode() + values.tobytes()).hexdigest()[:16]


def _no_text_column(row: RawRow, columns: ReviewColumns) -> UnreadableFile:
    found = ", ".join(printable(str(name)) for name in row.values)
    return UnreadableFile(
        f"it has no column {columns.text!r} for the text; it has: {found}. "
        "Name the right one under `columns: text:` in the branch's YAML"
    )


def _require_unambiguous_labels(seen: Counter[str], rule: LabelRule) -> None:
    """-1, 0 and 1 in one column usually mean a neutral 0; the default rule would call it negative."""
    both = seen["0"] and seen["-1"]
    if both and rule.label_of_value.get("0") == rule.label_of_value.get("-1") == 0:
        raise UnreadableFile(
            f"its labels hold both -1 ({seen['-1']} rows) and 0 ({seen['0']} rows), so 0 may mean neutral; say "
            "which under `labels:` in the branch's YAML, for example neutral: ['0'] and negative: ['-1']"
        )


def _to_review(raw: RawRow, settings: IngestionSettings, seen_labels: Counter[str]) -> tuple[object, ...]:
    if raw.problem:
        raise _Rejected("line", raw.problem)
    columns, values = settings.columns, raw.values
    text = _text(values.get(columns.text), columns.text)
    return (
        _optional_text(values, columns.review_id),
        text,
        _label(values.get(columns.label), columns.label, settings.labels, seen_labels),
        _created_at(values.get(columns.created_at), columns.created_at),
        _split(values.get(columns.split), columns.split),
        *(_optional_text(values, name) for name in columns.keep),
    )


def _text(value: object, column: str) -> str:
    if _is_missing(value):
        raise _Rejected(column, "the text is missing")
    if not isinstance(value, str):
        raise _Rejected(column, f"the text is of type {type(value).__name__}, not a string")
    _require_storable(value, column)
    return value


def _require_storable(value: str, column: str) -> None:
    undecodable = undecodable_bytes(value)
    if undecodable:
        raise _Rejected(
            column,
            f"bytes {undecodable[:_LONGEST_LABEL_SHOWN]} are not valid in the file's encoding; "
            "set the branch's `encoding` to the one it was written in",
        )
    if "\x00" in value:
        raise _Rejected(column, "it holds a NUL character; the export is damaged here")
    if not value.isascii() and any(0xD800 <= ord(character) <= 0xDFFF for character in value):
        raise _Rejected(column, "it holds half of a surrogate pair; the export is damaged here")


def _optional_text(values: Mapping[str, object], column: str) -> str | None:
    value = values.get(column)
    if _is_missing(value):
        return None
    text = value if isinstance(value, str) else _plain(value)
    _require_storable(text, column)
    return text.strip()


def _plain(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)


def _is_missing(value: object) -> bool:
    if isinstance(value, str):
        return not value.strip()
    return value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value))


def _label(value: object, column: str, rule: LabelRule, seen: Counter[str]) -> int | None:
    if _is_missing(value):
        return None
    if rule.rating_bounds:
        return _label_of_rating(value, column, rule, *rule.rating_bounds)
    key = label_key(value)
    seen[key] += 1
    if key not in rule.label_of_value:
        known = ", ".join(rule.label_of_value)
        raise _Rejected(column, f"{_shown(value)} is not a known label ({known}); add it under `labels:`")
    return rule.label_of_value[key]


def _label_of_rating(
    value: object, column: str, rule: LabelRule, negative_to: float, positive_from: float
) -> int | None:
    try:
        rating = float(value) if not isinstance(value, bool) else math.nan  # type: ignore[arg-type]
    except (TypeError, ValueError):
        rating = math.nan
    if not math.isfinite(rating):
        raise _Rejected(column, f"{_shown(value)} is not a rating; a plain number is expected")
    if not rule.lowest <= rating <= rule.highest:
        raise _Rejected(
            column,
            f"the rating {rating:g} lies outside {rule.lowest:g} to {rule.highest:g}",
        )
    return 1 if rating >= positive_from else 0 if rating <= negative_to else None


def _created_at(value: object, column: str) -> datetime | None:
    if _is_missing(value):
        return None
    moment = value
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value.strip())
        except ValueError:
            moment = None
    elif isinstance(value, date) and not isinstance(value, datetime):
        moment = datetime(value.year, value.month, value.day, tzinfo=UTC)
    if not isinstance(moment, datetime):
        raise _Rejected(column, f"{_shown(value)} is not a date; write ISO 8601, 2026-11-23 or 2026-11-23T08:00Z")
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise _Rejected(column, f"{_shown(value)} is out of range for a date in UTC") from None


def _split(value: object, column: str) -> str | None:
    if _is_missing(value):
        return None
    name = _SPLIT_NAMES.get(str(value).strip().casefold())
    if name is None:
        raise _Rejected(column, f"{_shown(value)} is not a split; write train, validation or test")
    return name


def _keep(review: tuple[object, ...], number: int, kept: _Kept) -> bool:
    """Keep a review unless it repeats one; an id that stands for two different reviews is rejected."""
    digest = sha256(repr(review).encode("utf-8", "backslashreplace")).digest()
    review_id = str(review[0]) if review[0] is not None else digest.hex()[:16]
    if review_id not in kept.digest_of_id:
        kept.digest_of_id[review_id] = digest
        kept.number_of_id[review_id] = number
        kept.rows.append((review_id, *review[1:]))
        return True
    if kept.digest_of_id[review_id] != digest:
        raise _Rejected(
            "review_id",
            f"the id {_shown(review_id)} stands for a different review in row {kept.number_of_id[review_id]}; "
            "ids must be unique",
        )
    return False


def _shown(value: object) -> str:
    text = printable(str(value))
    return repr(text if len(text) <= _LONGEST_LABEL_SHOWN else text[:_LONGEST_LABEL_SHOWN] + "…")


def _as_json(values: Mapping[str, object]) -> str:
    return printable(json.dumps(dict(values), ensure_ascii=False, default=str))


def _reviews_frame(rows: list[tuple[object, ...]], columns: ReviewColumns) -> pd.DataFrame:
    names = ["review_id", "text", "label", "created_at", "split", *columns.keep]
    types = dict.fromkeys(names, "str") | {
        "label": "Int8",
        "created_at": "datetime64[us, UTC]",
    }
    return pd.DataFrame(rows, columns=names).astype(types)
