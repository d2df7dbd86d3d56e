"""What rows say by the columns of a branch. It is asked of many rows together, one column after the other."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache, partial
from typing import NamedTuple, TypeVar

from sentiment_assets.ingestion.decoding import printable
from sentiment_assets.ingestion.labels import counted_key, read_label, read_rating_position
from sentiment_assets.ingestion.markup import has_markup, without_markup
from sentiment_assets.ingestion.moments import Written
from sentiment_assets.ingestion.redaction import Redactor
from sentiment_assets.ingestion.settings import IngestionSettings, label_key
from sentiment_assets.ingestion.split_names import read_split
from sentiment_assets.ingestion.values import (
    NESTED_TOO_DEEPLY,
    NotRead,
    RejectedRow,
    is_missing,
    optional_text,
    plain,
    shown,
    stands_for_nothing,
    text_of,
    the_only_one,
    value_at,
)

_Given = TypeVar("_Given")
_Value = TypeVar("_Value")
_Rejected = dict[int, RejectedRow]


class LabelValue(NamedTuple):
    """What a value in the label's column means."""

    label: int | None
    """1, 0, or ``None`` for neutral and for no label."""
    neutral: bool = False
    rating_position: float | None = None
    """Where the rating lies on its scale, from -1 to 1, if the branch calibrates scores to ratings."""


class UnreadValue(NamedTuple):
    """A value that a review can do without, and why it could not be read."""

    reason: str
    shown: str


@dataclass(frozen=True)
class RowValues:
    """What rows say, each sequence with one value for each row, in order. The rows have places from 0."""

    client_ids: Sequence[str | None]
    texts: Sequence[str | None]
    """Empty where the row holds no review."""
    labels: Sequence[LabelValue | None]
    kept: Sequence[Sequence[str | None]]
    """The columns to keep, each with its values."""
    dates: Sequence[Written | None]
    """The dates, as they are written."""
    splits: Sequence[str | UnreadValue | None]
    rejected: Mapping[int, RejectedRow]
    """Why a row cannot be used, by its place: the reason of the first column in the order above that has one."""
    from_markup: frozenset[int]
    """The places of texts that held tags or entities, and are now as a browser would show them."""


class ValueReader:
    """Reads rows by the columns, the label rule and the placeholders of a branch."""

    def __init__(self, settings: IngestionSettings) -> None:
        self.labels_seen = Counter[str]()
        """How often each label was seen so far, also in rows that hold no review."""
        self.redactor = Redactor(settings)
        """What is redacted in texts, with how often it was found so far."""
        self._settings, self._columns = settings, settings.columns
        self._labels_redactor = Redactor(settings)
        self._placeholders = frozenset(each.strip().casefold() for each in settings.placeholders)
        self._label_of_equals = lru_cache(maxsize=1024, typed=True)(self._label)

    def read(self, rows: Sequence[Mapping[str, object]]) -> RowValues:
        """What the rows say; each is given as its values by column name."""
        columns, rejected = self._columns, _Rejected()
        read_id = partial(optional_text, column=columns.review_id)
        client_ids = _each(self._given(rows, columns.review_id), read_id, rejected)
        texts, why_no_text, from_markup = self.read_texts(rows)
        rejected = why_no_text | rejected  # the id's reason comes first
        return RowValues(
            client_ids=client_ids,
            texts=texts,
            labels=self._labels(rows, rejected),
            kept=[_each(_column(rows, name), partial(optional_text, column=name), rejected) for name in columns.keep],
            dates=_each(self._given(rows, columns.date.column), _as_written, rejected),
            splits=_each(self._given(rows, columns.split), _split, rejected),
            rejected=rejected,
            from_markup=from_markup,
        )

    def _given(self, rows: Sequence[Mapping[str, object]], name: str) -> list[object]:
        """The values of a column, ``None`` where they stand for nothing."""
        nothing = self._placeholders
        values = _column(rows, name)
        return [None if value is None or stands_for_nothing(value, nothing) else value for value in values]

    def read_texts(
        self, rows: Sequence[Mapping[str, object]]
    ) -> tuple[list[str | None], dict[int, RejectedRow], frozenset[int]]:
        """The texts: what their columns hold, joined, without markup unless the branch keeps it, and redacted.

        A text is empty where there is none, and missing where it cannot be used; with why not, by the place of the row,
        and the places of texts that held markup.
        """
        names, why_not = self._columns.texts, _Rejected()
        columns = [_each(self._given(rows, name), partial(_text_or_nothing, column=name), why_not) for name in names]
        texts = columns[0].copy() if len(names) == 1 else _joined(columns)
        to_text = self._settings.html == "text"
        of_columns = (place for column in columns for place, text in enumerate(column) if text and has_markup(text))
        from_markup = frozenset(of_columns if to_text else ())
        for place in from_markup:
            texts[place] = "\n".join(filter(None, (without_markup(column[place] or "") for column in columns)))
            if not texts[place]:
                markup_only = "the text holds markup only; if that is meant, set `html: keep`"
                filled = next(name for name, column in zip(names, columns, strict=True) if column[place])
                why_not.setdefault(place, RejectedRow(filled, markup_only))
        for place in why_not:
            texts[place] = None
        return [text and self.redactor.redact(text) for text in texts], why_not, from_markup

    def _labels(self, rows: Sequence[Mapping[str, object]], rejected: _Rejected) -> list[LabelValue | None]:
        """The labels, which are counted also in rows that hold no review."""
        read = [
            self._label_of_equals(value) if isinstance(value, str | int | float) else self._label(value)
            for value in _column(rows, self._columns.label)
        ]
        self.labels_seen.update(each.key for each in read if each.key is not None)
        for place, each in enumerate(read):
            if each.why_not:
                rejected.setdefault(place, each.why_not)
        return [each.meaning for each in read]

    def _label(self, value: object) -> "_LabelRead":
        """What one value means. A placeholder that the label rule names is a label."""
        rule = self._settings.labels
        try:
            value = the_only_one(self._labels_redactor.redact_value(value))
            if stands_for_nothing(value, self._placeholders) and (
                is_missing(value) or rule.rating_bounds or label_key(value) not in rule.label_of_value
            ):
                return _NO_LABEL
            key = counted_key(value, rule)
            label = read_label(value, self._columns.label, rule)
        except RejectedRow as reason:
            return _LabelRead(key, None, reason.with_traceback(None))
        except RecursionError:
            return _LabelRead(None, None, RejectedRow(*NESTED_TOO_DEEPLY))
        return _LabelRead(key, LabelValue(label, label is None, read_rating_position(value, rule)))


class _LabelRead(NamedTuple):
    key: str | None
    """The key by which it is counted."""
    meaning: LabelValue | None
    why_not: RejectedRow | None = None


_NO_LABEL = _LabelRead(None, LabelValue(None))


def _column(rows: Sequence[Mapping[str, object]], name: str) -> list[object]:
    if "." in name:  # perhaps a way into a nested value
        return [value_at(row, name) for row in rows]
    return [row.get(name) for row in rows]


def _each(values: Iterable[_Given], read: Callable[[_Given], _Value], rejected: _Rejected) -> list[_Value | None]:
    """Each value as it is read; ``None`` where its row is rejected for it."""
    result: list[_Value | None] = []
    for place, value in enumerate(values):
        try:
            result.append(read(value))
        except RejectedRow as reason:
            rejected.setdefault(place, reason.with_traceback(None))  # which would keep all rows
            result.append(None)
        except RecursionError:
            rejected.setdefault(place, RejectedRow(*NESTED_TOO_DEEPLY))
            result.append(None)
    return result


def _joined(columns: Sequence[Sequence[str | None]]) -> list[str | None]:
    return ["\n".join(filter(None, parts)) for parts in zip(*columns, strict=True)]


def _text_or_nothing(value: object, column: str) -> str:
    return "" if value is None else text_of(value, column)


def _as_written(value: object) -> Written | None:
    """A date as it is written."""
    if value is None or isinstance(value, date):
        return value
    text = value.strip() if isinstance(value, str) else plain(value)
    return text if text.isascii() else printable(text)  # undecodable bytes could not be stored


def _split(value: object) -> str | UnreadValue | None:
    try:
        return None if value is None else read_split(value)
    except NotRead as reason:
        return UnreadValue(str(reason), shown(value))
