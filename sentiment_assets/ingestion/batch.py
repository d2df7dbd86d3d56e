"""A landed file becomes a batch: reviews that are kept, and rows in quarantine with their reasons."""

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import islice
from operator import itemgetter
from typing import TypeVar

import pandas as pd
import pyarrow as pa

from sentiment_assets.ingestion.decoding import on_one_line, printable
from sentiment_assets.ingestion.growing_texts import GrowingDates, GrowingTexts, as_arrow
from sentiment_assets.ingestion.labels import require_meant
from sentiment_assets.ingestion.moments import Written, moment_reader
from sentiment_assets.ingestion.open_file import Content
from sentiment_assets.ingestion.readers.file_rows import read_rows_by
from sentiment_assets.ingestion.readers.source import (
    COUNTED,
    ENCODING_PROPOSED,
    LINES,
    SHAPE_PROPOSED,
    RawRow,
    classes_of,
)
from sentiment_assets.ingestion.readers.unpacking import UnreadableFile
from sentiment_assets.ingestion.redaction import Redactor
from sentiment_assets.ingestion.review_ids import ReviewIds
from sentiment_assets.ingestion.row_values import LabelValue, RowValues, UnreadValue, ValueReader
from sentiment_assets.ingestion.settings import IngestionSettings, ReviewColumns
from sentiment_assets.ingestion.text_folders import Folder
from sentiment_assets.ingestion.values import RejectedRow, as_json, shown, ways_to_values
from sentiment_assets.presentation.wording import counted

_NAME_ANOTHER = "Name the right one under `columns: text:` in the branch's YAML"
_MOST_REASONS = 3
_LONGEST_EXAMPLE = 200
_MOST_NAMES, _LONGEST_NAME = 40, 80
_ROWS_AT_ONCE = 1000
_MOMENT = pa.timestamp("us", "UTC")
_Value = TypeVar("_Value")


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
    """The outcome of one landed file. ``rows_in`` is kept + quarantined + without text + duplicate + forgotten."""

    reviews: pd.DataFrame
    """Columns review_id, text, label (Int8), neutral (bool), created_at (UTC), split, then the columns to keep.

    Where scores are calibrated to ratings, ``rating_position`` (float64, missing without one) follows ``split``."""
    quarantine: pd.DataFrame
    """Columns row, field, reason, raw (the row's values as JSON)."""
    without_text: pd.DataFrame
    """Rows that hold no review, such as a rating alone: columns row, raw."""
    rows_in: int
    rows_duplicate: int
    """Rows that repeat an earlier row of the file in every column, mapped or not."""
    rows_forgotten: int
    """Rows whose review somebody has had forgotten."""
    unread: tuple[Unread, ...]
    texts_from_markup: int
    """Reviews whose text held tags or entities, and is stored as a browser would show it."""
    redacted: Mapping[str, int]
    """How many values of each kind were redacted in texts."""
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


def _nothing_is_forgotten(_: str) -> bool:
    return False


def read_batch(
    content: Content | Folder,
    file_name: str,
    settings: IngestionSettings,
    most_rows: int | None = None,
    *,
    is_forgotten: Callable[[str], bool] = _nothing_is_forgotten,
) -> Batch:
    """Read, check and map every row of a landed file or folder, or the first ``most_rows`` for a look at it.

    Nothing is kept of a row whose id ``is_forgotten``.

    Raises ``UnreadableFile`` when the file fails as a whole; the message names the reason and the remedy.
    """
    reading = _Reading(settings, is_forgotten)
    rows = read_rows_by(settings, content, file_name)
    reading.take_all(islice(rows, most_rows))
    reading.note_header(rows.named)
    shape = str(rows.found.get(SHAPE_PROPOSED, ""))
    reading.require_text_column(shape)
    require_meant(
        reading.values.labels_seen,
        settings.columns.label,
        settings.labels,
        classes_of(rows.found, settings.columns.label),
    )
    encoding = str(rows.found.get(ENCODING_PROPOSED, ""))
    reading.require_reviews(f"As for its encoding, {encoding}. " * bool(encoding) + _sentence(shape))
    created_at = reading.reviews.read_dates(settings.languages)
    return Batch(
        reviews=reading.reviews.frame(created_at),
        quarantine=_frame(sorted(reading.quarantine, key=itemgetter(0)), ["row", "field", "reason", "raw"]),
        without_text=_frame(reading.without_text, ["row", "raw"]),
        rows_in=reading.rows_in,
        rows_duplicate=reading.rows_duplicate,
        rows_forgotten=reading.rows_forgotten,
        unread=tuple(map(reading.redacted, reading.reviews.unread)),
        texts_from_markup=reading.texts_from_markup,
        redacted={kind: count for kind, count in reading.values.redactor.counts.items() if count},
        found=rows.found,
        columns_found=tuple(map(on_one_line, reading.columns_found)),
        columns_missing=tuple(sorted(reading.not_found)) if reading.found else (),
    )


def _sentence(said: str) -> str:
    return f"{said[:1].upper()}{said[1:]}. " if said else ""


def no_such_column(column: str, names: Sequence[str]) -> str:
    """What is wrong with a file that has no column for the text."""
    return f"it has no column {column!r} for the text; it has: {_listed(names)}"


def _listed(names: Sequence[str]) -> str:
    """Name the columns of a file, as many of them as a person looks through."""
    shown_ones = [printable(each if len(each) <= _LONGEST_NAME else f"{each[:_LONGEST_NAME]}…") for each in names]
    more = f" and {len(names) - _MOST_NAMES:,} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(shown_ones[:_MOST_NAMES]) + more


class _Reading:
    """What has come of the rows that were read so far."""

    def __init__(self, settings: IngestionSettings, is_forgotten: Callable[[str], bool]) -> None:
        columns = settings.columns
        self.settings = settings
        self.rows_in = self.rows_duplicate = self.rows_forgotten = self.texts_from_markup = 0
        self._is_forgotten = is_forgotten
        self.quarantine: list[tuple[int, str, str, str]] = []
        self.without_text: list[tuple[int, str]] = []
        self.found: dict[str, None] = {}
        self.not_found = set(columns.wanted)
        self.values = ValueReader(settings)
        self._beside = Redactor(settings)
        """Redacts what is kept or said of rows that are no reviews."""
        self.reviews = _Reviews(columns, with_ratings=settings.labels.scores_by_rating)
        self._text_column = ", ".join(columns.texts)

    def take_all(self, rows: Iterator[RawRow]) -> None:
        """Keep each row as a review, or say what else it is."""
        ids = ReviewIds(self.settings.columns)  # of which there are many, and which go with the last row
        while some := list(islice(rows, _ROWS_AT_ONCE)):
            self._take(some, ids)

    def _take(self, rows: Sequence[RawRow], ids: ReviewIds) -> None:
        self.rows_in += len(rows)
        self.quarantine += [
            (row.number, "line", self._beside.redact(row.problem), self._as_json(row.values))
            for row in rows
            if row.problem
        ]
        readable = [row for row in rows if not row.problem]
        self._note_columns(readable)
        values = self.values.read([row.values for row in readable])
        review_ids = [self._review_id(row, place, values, ids) for place, row in enumerate(readable)]
        kept = [place for place, review_id in enumerate(review_ids) if review_id is not None]
        self.texts_from_markup += len(values.from_markup.intersection(kept))
        self.reviews.extend(kept, [row.number for row in readable], review_ids, values)

    def note_header(self, names: Sequence[str]) -> None:
        """Note the columns of a header, where no row below it has shown them."""
        if not self.rows_in:
            self._note(self.settings.columns.known_as(names).values())

    def _note_columns(self, rows: Iterable[RawRow]) -> None:
        """Note which columns there are, until all that the branch names were found."""
        for row in rows:
            if not self.not_found and self.found:
                return
            self._note(ways_to_values(row.values))

    def _note(self, names: Iterable[str]) -> None:
        named = dict.fromkeys(names)
        self.found |= named
        self.not_found -= named.keys()

    def _review_id(self, row: RawRow, place: int, values: RowValues, ids: ReviewIds) -> str | None:
        """The id of the row's review; ``None`` where it is none, and what it is is noted."""
        client_id = values.client_ids[place]
        if client_id and self._is_forgotten(client_id):
            self.rows_forgotten += 1
            return None
        if values.texts[place] == "":
            self.without_text.append((row.number, self._as_json(row.values)))
            return None
        rejected, review_id = values.rejected.get(place), None
        if not rejected:
            try:
                review_id = ids.unless_duplicate(client_id, row.values, row.number)
                self.rows_duplicate += review_id is None
                if review_id and not client_id and self._is_forgotten(review_id):
                    self.rows_forgotten += 1
                    return None
            except RejectedRow as reason:
                rejected = reason
        if rejected:
            why_not = self._beside.redact(rejected.reason)
            self.quarantine.append((row.number, rejected.column, why_not, self._as_json(row.values)))
        return review_id

    def _as_json(self, values: Mapping[str, object]) -> str:
        """A whole row as it is kept: redacted in every column, since columns may have been mixed up."""
        try:
            return as_json(self._beside.redact_value(values))
        except RecursionError:
            return self._beside.redact(as_json(values))

    def redacted(self, unread: Unread) -> Unread:
        """The same of values that could not be read, redacted."""
        return replace(unread, reason=self._beside.redact(unread.reason), value=self._beside.redact(unread.value))

    @property
    def columns_found(self) -> list[str]:
        """The columns of the file; of one without a header, they are its first row."""
        return [self._beside.redact(name) for name in self.found]

    def require_text_column(self, hint: str) -> None:
        """Raise ``UnreadableFile`` if there is no such column, or none of them; ``hint`` is what it may be instead."""
        if self.found and self.not_found.issuperset(self.settings.columns.texts):
            named = no_such_column(self._text_column, self.columns_found)
            raise UnreadableFile(f"{named}. {_NAME_ANOTHER}{f'; {hint}' if hint else ''}")

    def require_reviews(self, hint: str) -> None:
        """Raise ``UnreadableFile`` if the file has rows, but none or hardly any of them can be kept.

        ``hint`` is what was found about its encoding and its shape, in sentences.
        """
        with_text = self.rows_in - len(self.without_text)
        if self.rows_in and not with_text:
            raise UnreadableFile(
                f"none of its {self.rows_in:,} rows has a text in the column {self._text_column!r}; it has: "
                f"{_listed(self.columns_found)}. {_NAME_ANOTHER}"
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
            reasons.append(f"{counted(count, 'row')}: {column}: {reason} (row {row}: {example})")
        return "; ".join(reasons)


class _Reviews:
    """The reviews that are kept so far, in columns."""

    def __init__(self, columns: ReviewColumns, *, with_ratings: bool) -> None:
        self._columns, self._with_ratings = columns, with_ratings
        self._rows = array("q")
        self._review_ids, self._texts = GrowingTexts(), GrowingTexts()
        self._kept = {name: GrowingTexts() for name in columns.keep}
        self._labels: list[LabelValue | None] = []
        self._dates = GrowingDates()
        self._splits: list[str | None] = []
        self._unread = Counter[tuple[str, str]]()
        self._first_unread: dict[tuple[str, str], tuple[int, str]] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def extend(
        self, places: Sequence[int], numbers: Sequence[int], review_ids: Sequence[str | None], values: RowValues
    ) -> None:
        """Add the reviews of the rows at these places."""
        chosen = partial(_at, places)
        self._rows.extend(chosen(numbers))
        self._review_ids.extend(chosen(review_ids))
        self._texts.extend(chosen(values.texts))
        self._labels.extend(chosen(values.labels))
        self._dates.extend(chosen(values.dates))
        for texts, column in zip(self._kept.values(), values.kept, strict=True):
            texts.extend(chosen(column))
        for number, split in zip(chosen(numbers), chosen(values.splits), strict=True):
            if isinstance(split, UnreadValue):
                self._note_unread("split", split.reason, row=number, value=split.shown)
            self._splits.append(None if isinstance(split, UnreadValue) else split)

    def read_dates(self, languages: Sequence[str]) -> "pd.Series[pd.Timestamp]":
        """The moments of the reviews, decided over all of them; those that cannot be read are noted."""
        read = moment_reader(self._dates, self._columns.date, languages)
        moments = (
            None if written is None else self._moment(read(written), row, written)
            for row, written in zip(self._rows, self._dates, strict=True)
        )
        return pa.chunked_array(_pieces(moments, _MOMENT), _MOMENT).to_pandas()

    def _moment(self, moment: datetime | str, row: int, written: Written) -> datetime | None:
        if isinstance(moment, str):
            self._note_unread("created_at", moment, row=row, value=shown(written))
            return None
        return moment

    def _note_unread(self, field: str, reason: str, *, row: int, value: str) -> None:
        self._unread[field, reason] += 1
        self._first_unread.setdefault((field, reason), (row, value))

    def frame(self, created_at: "pd.Series[pd.Timestamp]") -> pd.DataFrame:
        """The reviews in the columns of ``Batch.reviews``."""
        columns = {
            "review_id": self._review_ids.series(),
            "text": self._texts.series(),
            "label": pd.Series([each and each.label for each in self._labels], dtype="Int8"),
            "neutral": pd.Series([each is not None and each.neutral for each in self._labels], dtype="bool"),
            "created_at": created_at,
            "split": pd.Series(self._splits, dtype="str"),
        }
        if self._with_ratings:
            positions = [each and each.rating_position for each in self._labels]
            columns["rating_position"] = pd.Series(positions, dtype="float64")
        return pd.DataFrame(columns | {name: texts.series() for name, texts in self._kept.items()}, copy=False)

    @property
    def unread(self) -> tuple[Unread, ...]:
        """The values that could not be read, the most frequent reason first."""
        return tuple(Unread(*key, count, *self._first_unread[key]) for key, count in self._unread.most_common())


def _pieces(values: Iterable[object], kind: pa.DataType) -> Iterator[pa.Array]:
    """The values in arrays, so that few of them are Python's objects at a time."""
    remaining = iter(values)
    while some := list(islice(remaining, _ROWS_AT_ONCE)):
        yield as_arrow(some, kind)


def _at(places: Sequence[int], values: Sequence[_Value]) -> Sequence[_Value]:
    return values if len(places) == len(values) else [values[place] for place in places]


def _frame(rows: Sequence[tuple[object, ...]], columns: list[str]) -> pd.DataFrame:
    types = {name: "int64" if name == "row" else "str" for name in columns}
    return pd.DataFrame(rows, columns=columns).astype(types)
