"""A landed file becomes a batch: reviews that are kept, and rows in quarantine with their reasons."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from hashlib import sha256
from itertools import islice
from operator import itemgetter
from typing import NamedTuple

import pandas as pd

from sentiment_assets.ingestion.decoding import printable
from sentiment_assets.ingestion.labels import count_label, read_label, require_meant
from sentiment_assets.ingestion.markup import has_markup, without_markup
from sentiment_assets.ingestion.moments import Moments, Written, read_moments
from sentiment_assets.ingestion.readers.file_rows import read_rows
from sentiment_assets.ingestion.readers.source import COUNTED, ENCODING_PROPOSED, LINES, SHAPE_PROPOSED, RawRow
from sentiment_assets.ingestion.readers.unpacking import UnreadableFile
from sentiment_assets.ingestion.settings import IngestionSettings, ReviewColumns, label_key
from sentiment_assets.ingestion.split_names import read_split
from sentiment_assets.ingestion.text_folders import Folder
from sentiment_assets.ingestion.values import (
    NotRead,
    RejectedRow,
    as_json,
    is_missing,
    optional_text,
    plain,
    shown,
    stands_for_nothing,
    text_of,
    value_at,
    ways_to_values,
)

_NAME_ANOTHER = "Name the right one under `columns: text:` in the branch's YAML"
_MOST_REASONS = 3
_LONGEST_EXAMPLE = 200


@dataclass(frozen=True)
class Unread:
    """Values that could not be read, for one reason; their reviews were kept without them."""

    field: str
    """``created_at`` or ``split``."""
    reason: str
    reviews: int
    row: int
    """The first row that has such a value."""
    value: str
    """The value that this row has."""


@dataclass(frozen=True)
class Batch:
    """The outcome of one landed file. ``rows_in`` is kept + quarantined + without text + duplicate, always."""

    reviews: pd.DataFrame
    """Columns review_id, text, label (Int8), neutral (bool), created_at (UTC), split, then the columns to keep."""
    quarantine: pd.DataFrame
    """Columns row, field, reason, raw (the row's values as JSON)."""
    without_text: pd.DataFrame
    """Rows that hold no review, such as a rating alone: columns row, raw."""
    rows_in: int
    rows_duplicate: int
    """Rows that repeat an earlier row of the file in every column, mapped or not."""
    unread: tuple[Unread, ...]
    texts_from_markup: int
    """Reviews whose text held tags or entities, and is stored as a browser would show it."""
    found: Mapping[str, object]
    """What was found about the file: format, compression, encoding, delimiter and the like."""
    columns_found: tuple[str, ...]
    """The columns of the file; empty if it has no row."""
    columns_missing: tuple[str, ...]
    """Columns that the branch names and the file lacks."""

    @property
    def lines(self) -> dict[str, int]:
        """What the reader counted apart from its rows (``COUNTED``); nothing where there is nothing to count."""
        return {name: int(str(self.found.get(name, 0))) for name in COUNTED} if LINES in self.found else {}

    @property
    def unread_by_field(self) -> dict[str, int]:
        """How many reviews were kept without their created_at, or their split, because it could not be read."""
        counts = Counter[str]()
        for each in self.unread:
            counts[each.field] += each.reviews
        return dict(counts)


def read_batch(
    content: bytes | Folder, file_name: str, settings: IngestionSettings, most_rows: int | None = None
) -> Batch:
    """Read, check and map every row of a landed file or folder, or the first ``most_rows`` for a look at it.

    Raises ``UnreadableFile`` when the file fails as a whole; the message names the reason and the remedy.
    """
    reading = _Reading(settings)
    columns = settings.columns
    rows = read_rows(
        content,
        file_name,
        settings.encoding,
        settings.unpacking,
        format=settings.format,
        wanted={*columns.texts, *columns.named},
    )
    for raw in islice(rows, most_rows):
        reading.take(raw)
    shape = str(rows.found.get(SHAPE_PROPOSED, ""))
    reading.require_text_column(shape)
    require_meant(reading.labels, settings.columns.label, settings.labels)
    encoding = str(rows.found.get(ENCODING_PROPOSED, ""))
    reading.require_reviews(f"As for its encoding, {encoding}. " * bool(encoding) + _sentence(shape))
    moments = reading.read_dates()
    return Batch(
        reviews=_reviews_frame(reading.reviews, moments, settings.columns),
        quarantine=_frame(reading.quarantine, ["row", "field", "reason", "raw"]),
        without_text=_frame(reading.without_text, ["row", "raw"]),
        rows_in=reading.rows_in,
        rows_duplicate=reading.rows_duplicate,
        unread=tuple(Unread(*key, count, *reading.unread_first[key]) for key, count in reading.unread.most_common()),
        texts_from_markup=reading.texts_from_markup,
        found=rows.found,
        columns_found=tuple(map(printable, reading.found)),
        columns_missing=tuple(sorted(reading.not_found)) if reading.found else (),
    )


def _sentence(said: str) -> str:
    return f"{said[:1].upper()}{said[1:]}. " if said else ""


def no_such_column(column: str, names: Sequence[str]) -> str:
    """What is wrong with a file that has no column for the text."""
    return f"it has no column {column!r} for the text; it has: {', '.join(map(printable, names))}"


class _Given(NamedTuple):
    """What a row says, ``None`` where a value stands for nothing."""

    texts: list[str]
    """The columns of the text that hold something."""
    review_id: object
    label: object
    created_at: object
    split: object


class _Reading:
    """What has come of the rows that were read so far."""

    def __init__(self, settings: IngestionSettings) -> None:
        columns = settings.columns
        self.settings = settings
        self.columns = columns
        self.rows_in = self.rows_duplicate = 0
        self.reviews: list[tuple[object, ...]] = []
        self.quarantine: list[tuple[int, str, str, str]] = []
        self.without_text: list[tuple[int, str]] = []
        self.labels = Counter[str]()
        self.unread = Counter[tuple[str, str]]()
        self.unread_first: dict[tuple[str, str], tuple[int, str]] = {}
        self.found: dict[str, None] = {}
        self.not_found = {*columns.texts, *columns.named}
        self.texts_from_markup = 0
        self._placeholders = frozenset(each.strip().casefold() for each in settings.placeholders)
        self._text_column = columns.texts[0] if len(columns.texts) == 1 else ", ".join(columns.texts)
        self._texts = columns.texts
        self._roles = (columns.review_id, columns.label, columns.date.column, columns.split)
        self._same_text: dict[str, str] = {}
        self._dates = Counter[Written]()
        self._first_of_date: dict[Written, int] = {}
        self._holder_of_id: dict[str, tuple[int, bytes]] = {}

    def take(self, raw: RawRow) -> None:
        """Keep a row as a review, or say what else it is."""
        self.rows_in += 1
        if raw.problem:
            self.quarantine.append((raw.number, "line", raw.problem, as_json(raw.values)))
            return
        if self.not_found or not self.found:
            names = dict.fromkeys(ways_to_values(raw.values))
            self.found |= names
            self.not_found -= names.keys()
        given = self._given(raw.values)
        with suppress(RecursionError):  # those of all rows say what they mean, also of those that are no review
            count_label(given.label, self.settings.labels, self.labels)
        if not given.texts:
            self.without_text.append((raw.number, as_json(raw.values)))
            return
        try:
            self._take_review(raw, given)
        except RejectedRow as rejected:
            self.quarantine.append((raw.number, rejected.column, rejected.reason, as_json(raw.values)))
        except RecursionError:
            self.quarantine.append((raw.number, "line", "is nested too deeply", as_json(raw.values)))

    def _given(self, values: Mapping[str, object]) -> "_Given":
        """What a row says in the columns of the roles. A placeholder that the label rule names is a label."""
        review_id, label, created_at, split = (
            None if stands_for_nothing(value, self._placeholders) else value
            for value in (value_at(values, name) for name in self._roles)
        )
        if label is None and not is_missing(placeholder := value_at(values, self.columns.label)):
            label = placeholder if label_key(placeholder) in self.settings.labels.label_of_value else None
        texts = [name for name in self._texts if not stands_for_nothing(value_at(values, name), self._placeholders)]
        return _Given(texts, review_id=review_id, label=label, created_at=created_at, split=split)

    def read_dates(self) -> Moments:
        """The moments of the reviews, decided over all of them; those that cannot be read are counted."""
        moments = read_moments(self._dates, self.columns.date, self.settings.languages)
        for value, reason in moments.why_not.items():
            first, reviews = self._first_of_date[value], self._dates[value]
            self._count_unread("created_at", reason, shown(value), first=first, reviews=reviews)
        return moments

    def require_text_column(self, hint: str) -> None:
        """Raise ``UnreadableFile`` if no row has it, or none has any of them; ``hint`` is what it may be instead."""
        if self.found and self.not_found.issuperset(self.columns.texts):
            named = no_such_column(self._text_column, list(self.found))
            raise UnreadableFile(f"{named}. {_NAME_ANOTHER}{f'; {hint}' if hint else ''}")

    def require_reviews(self, hint: str) -> None:
        """Raise ``UnreadableFile`` if the file has rows, but none or hardly any of them can be kept.

        ``hint`` is what was found about its encoding and its shape, in sentences.
        """
        with_text = self.rows_in - len(self.without_text)
        if self.rows_in and not with_text:
            names = ", ".join(map(printable, self.found))
            raise UnreadableFile(
                f"none of its {self.rows_in:,} rows has a text in the column {self._text_column!r}; it has: {names}. "
                f"{_NAME_ANOTHER}"
            )
        allowed = self.settings.largest_quarantine
        if len(self.without_text) > allowed * self.rows_in:
            raise UnreadableFile(
                f"{len(self.without_text):,} of its {self.rows_in:,} rows have no text in the column "
                f"{self._text_column!r} (`largest_quarantine` allows {allowed:.0%}): ask whether the export is "
                "complete, or raise that share in the branch's YAML; nothing was replaced"
            )
        rejected = len(self.quarantine)
        if rejected and (not self.reviews or rejected > allowed * with_text):
            raise UnreadableFile(
                f"{rejected:,} of its {with_text:,} rows with a review cannot be used (`largest_quarantine` allows "
                f"{allowed:.0%}, and one review must be left). Most often: {self._most_frequent_reasons()}. "
                f"{hint}"
                "Mend the file or the rule in the branch's YAML, then take it in again; nothing was replaced"
            )

    def _most_frequent_reasons(self) -> str:
        counts = Counter((column, reason) for _, column, reason, _ in self.quarantine)
        first = {(column, reason): (row, raw) for row, column, reason, raw in reversed(self.quarantine)}
        reasons = []
        for (column, reason), count in counts.most_common(_MOST_REASONS):
            row, raw = first[column, reason]
            example = raw if len(raw) <= _LONGEST_EXAMPLE else raw[:_LONGEST_EXAMPLE] + "…"
            reasons.append(f"{count:,} rows: {column}: {reason} (row {row}: {example})")
        return "; ".join(reasons)

    def _take_review(self, raw: RawRow, given: "_Given") -> None:
        values, columns = raw.values, self.columns
        client_id = None if given.review_id is None else optional_text(values, columns.review_id)
        text = self._text(values, given.texts)
        label = read_label(given.label, columns.label, self.settings.labels)
        kept = [optional_text(values, name) for name in columns.keep]
        review_id = self._id_unless_duplicate(client_id, raw)
        if review_id is None:
            self.rows_duplicate += 1
            return
        neutral, written = label is None and given.label is not None, self._written(given.created_at)
        self.reviews.append((review_id, text, label, neutral, written, self._split(given.split, raw.number), *kept))
        if written is not None:
            self._dates[written] += 1
            self._first_of_date.setdefault(written, raw.number)

    def _text(self, values: Mapping[str, object], names: Sequence[str]) -> str:
        """The text of a review: what these columns hold, joined, and without markup unless the branch keeps it."""
        written = [text_of(values, name) for name in names]
        if self.settings.html == "keep" or not any(map(has_markup, written)):
            return "\n".join(written)
        plain_text = "\n".join(filter(None, map(without_markup, written)))
        if not plain_text:
            raise RejectedRow(names[0], "the text holds markup only; if that is meant, set `html: keep`")
        self.texts_from_markup += 1
        return plain_text

    def _written(self, value: object) -> Written | None:
        """A date as it is written; one text stands for all that are equal."""
        if value is None or isinstance(value, date):
            return value
        text = value.strip() if isinstance(value, str) else plain(value)
        text = text if text.isascii() else printable(text)  # undecodable bytes could not be stored
        return self._same_text.setdefault(text, text)

    def _split(self, value: object, row: int) -> str | None:
        if value is None:
            return None
        try:
            return read_split(value)
        except NotRead as reason:
            self._count_unread("split", str(reason), shown(value), first=row)
            return None

    def _count_unread(self, field: str, reason: str, value: str, *, first: int, reviews: int = 1) -> None:
        self.unread[field, reason] += reviews
        row, _ = self.unread_first.get((field, reason), (first, value))
        if row >= first:
            self.unread_first[field, reason] = first, value

    def _id_unless_duplicate(self, client_id: str | None, raw: RawRow) -> str | None:
        """The client's id, or one from the whole row but its label, so that a corrected label keeps the id.

        ``None`` when the whole row was there before. Raises ``RejectedRow`` when the client's id was, with another row.
        """
        own, whole = _digests(raw.values, self.columns.label)
        review_id, number = client_id or own, 1
        while review_id in self._holder_of_id:
            row, digest = self._holder_of_id[review_id]
            if digest == whole:
                return None
            if client_id:
                reason = f"the id {shown(client_id)} stands for another row, row {row}; ids must be unique"
                raise RejectedRow(self.columns.review_id, reason)
            number += 1
            review_id = f"{own}-{number}"
        self._holder_of_id[review_id] = raw.number, whole
        return review_id


def _digests(values: Mapping[str, object], label: str) -> tuple[str, bytes]:
    """Return a digest of all that the row says but its label, as 16 hexadecimal digits, and one of the whole row."""
    names, values_of = _by_name(tuple(values), label)
    digest = sha256(names)
    digest.update(repr(values_of(values)).encode("utf-8", "backslashreplace"))
    own = digest.hexdigest()[:16]
    digest.update(repr(values.get(label)).encode("utf-8", "backslashreplace"))
    return own, digest.digest()


@lru_cache(maxsize=64)
def _by_name(names: tuple[str, ...], label: str) -> tuple[bytes, Callable[[Mapping[str, object]], object]]:
    """The names but the label's, in order, and what gets their values: no file's own order of columns counts."""
    ordered = sorted(set(names) - {label})
    return repr(ordered).encode("utf-8", "backslashreplace"), itemgetter(*ordered)


def _frame(rows: Sequence[tuple[object, ...]], columns: list[str]) -> pd.DataFrame:
    types = {name: "int64" if name == "row" else "str" for name in columns}
    return pd.DataFrame(rows, columns=columns).astype(types)


def _reviews_frame(rows: list[tuple[object, ...]], moments: Moments, columns: ReviewColumns) -> pd.DataFrame:
    names = ["review_id", "text", "label", "neutral", "created_at", "split", *columns.keep]
    types = dict.fromkeys(names, "str") | {
        "label": "Int8",
        "neutral": "bool",
        "created_at": "datetime64[us, UTC]",
    }
    frame = pd.DataFrame(rows, columns=names)
    frame["created_at"] = [moments.of.get(written) for written in frame["created_at"].tolist()]
    return frame.astype(types)
