"""The columns of a sample: what their values are like, whatever they are called."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from itertools import pairwise
from statistics import fmean, median
from typing import get_args

from sentiment_assets.ingestion.label_rules import is_number
from sentiment_assets.ingestion.moments import Written, read_moments, words_of_months
from sentiment_assets.ingestion.readers.source import RawRow
from sentiment_assets.ingestion.settings import DateColumn, DateOrder, label_key
from sentiment_assets.ingestion.values import plain, stands_for_nothing, the_only_one, value_at, ways_to_values

_WITHOUT_BLANKS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")
_CHARACTERS_OF_A_WORD = 2
_DIGITS_ONLY = re.compile(r"[+-]?\d+(?:\.\d+)?")
_ADDRESS = re.compile(
    r"(?:https?://|www\.)\S+|\S+@\S+\.\w+|\S+\.(?:png|jpe?g|gif|webp|svg|mp3|mp4|wav|pdf)", re.IGNORECASE
)
"""Where something is: a page, a mailbox, or a file of pictures or sounds."""
_LONGEST_DATE = 80
_MOST_WAYS = 200
_WORDS_OF_A_DATE = re.compile(r"[^\W\d_][^\W_]*(?:[\u0900-\u0dff][^\W_]*)*")
_LANGUAGES = "de es fr pt it nl pl ru sv tr cs uk hu ro el da fi no he ar hi vi bg hr sk sl lt lv et id ms th ca"
"""Languages in which months are named, the most frequent ones first: some names are of several."""
_MOSTLY = 0.5
_NEARLY_ALL, _NOT_NEARLY_ALL = 0.95, 0.8
"""The share of dates that one order reads where a few slips are in another, and what the other orders read at most."""


@dataclass(frozen=True)
class Dates:
    """What a column is worth as that of the date."""

    read: float
    """The share of its values that are dates, or would be once their order is said."""
    reason: str
    """Why those that are not read are not; it holds the lines to write if the order must be said."""
    language: str
    """The language of its months, if it is not English."""
    digits_only: bool
    order: DateOrder | None = None
    """The order of day and month that must be said, since a few values have another one; ``None`` where none must."""

    @property
    def is_ambiguous(self) -> bool:
        """Whether the order of day and month must be said."""
        return "order: day_first" in self.reason


NO_DATES = Dates(0.0, "", "", digits_only=False)


@dataclass(frozen=True)
class Column:
    """A column of the sample, with the values that say something."""

    name: str
    values: tuple[object, ...]
    rows: int
    """How many rows the sample has."""
    classes: tuple[str, ...] = ()
    """The names that the file itself has for its numbers, from 0 on."""

    @property
    def filled(self) -> float:
        """The share of rows that have a value."""
        return len(self.values) / self.rows if self.rows else 0.0

    @cached_property
    def singles(self) -> tuple[object, ...]:
        """The values, out of lists of one."""
        return tuple(map(the_only_one, self.values))

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """The values as text."""
        return tuple(each.strip() if isinstance(each, str) else plain(each) for each in self.singles)

    @cached_property
    def seen(self) -> Counter[str]:
        """How often each value occurs, as it is written."""
        return Counter(self.texts)

    @cached_property
    def keys(self) -> Counter[str]:
        """How often each value occurs, in the form in which labels are compared."""
        keys = Counter[str]()
        for text, count in self.seen.items():
            keys[label_key(text)] += count
        return keys

    @property
    def distinct(self) -> float:
        """The share of values that are different ones."""
        return len(self.seen) / len(self.texts) if self.texts else 0.0

    @cached_property
    def words(self) -> float:
        """How many words a value has on average; two characters are one where words are not parted by blanks."""
        return fmean(map(_words_in, self.texts)) if self.texts else 0.0

    @cached_property
    def usual_words(self) -> float:
        """The median of the words of a value."""
        return float(median(map(_words_in, self.texts))) if self.texts else 0.0

    @cached_property
    def is_text(self) -> bool:
        """Whether its values are mostly strings that are neither numbers, addresses nor dates."""
        strings = [each for each in self.values if isinstance(each, str)]
        others = sum(bool(is_number(label_key(each)) or _ADDRESS.fullmatch(each.strip())) for each in strings)
        return bool(strings) and len(strings) - others > _MOSTLY * len(self.values) and not self._are_dates

    @property
    def _are_dates(self) -> bool:
        return self.dates.read > _MOSTLY and self.usual_words < 12

    @cached_property
    def numbers(self) -> float:
        """The share of its values that are numbers or ratings."""
        if not self.texts or any(isinstance(each, date | dict | list) for each in self.singles):
            return 0.0
        return sum(count for key, count in self.keys.items() if is_number(key)) / len(self.texts)

    @cached_property
    def is_row_number(self) -> bool:
        """Whether it counts the rows: 0, 1, 2, …, or from 1 on."""
        if len(self.texts) < self.rows or not self.rows:
            return False
        return any(self.texts == tuple(map(str, range(first, first + self.rows))) for first in (0, 1))

    @cached_property
    def counts_up(self) -> bool:
        """Whether its numbers are distinct and ascend, as those of an index or an id do."""
        if not all(_DIGITS_ONLY.fullmatch(each) for each in self.texts) or len(self.texts) < 3:
            return False
        numbers = list(map(float, self.texts))
        return all(one < other for one, other in pairwise(numbers))

    @cached_property
    def dates(self) -> Dates:
        """What its values are as dates."""
        if not self.values or any(isinstance(each, bool | dict | list) for each in self.values):
            return NO_DATES
        return _dates_of(self)

    def example(self, most: int = 3) -> tuple[str, ...]:
        """A few values: the most frequent ones of few, the first ones of many."""
        few = len(self.seen) <= 12
        return tuple(text for text, _ in self.seen.most_common(most)) if few else tuple(self.seen)[:most]


def _words_in(text: str) -> float:
    without_blanks = len(_WITHOUT_BLANKS.findall(text))
    return max(len(text.split()), without_blanks / _CHARACTERS_OF_A_WORD)


def _dates_of(column: Column) -> Dates:
    written: Counter[Written] = Counter(
        each if isinstance(each, date) else each.strip() if isinstance(each, str) else plain(each)
        for each in column.values
    )
    texts = [each for each in written if isinstance(each, str)]
    digits_only = len(texts) == len(written) and all(_DIGITS_ONLY.fullmatch(each) for each in texts)
    fitting = [
        each for each in written if not isinstance(each, str) or (len(each) <= _LONGEST_DATE and _has_digit(each))
    ]
    if len(fitting) <= _MOSTLY * len(written):
        return Dates(0.0, "", "", digits_only)
    best = Dates(0.0, "", "", digits_only)
    words = {word for each in texts for word in _WORDS_OF_A_DATE.findall(each.upper())}
    spoken = [each for each in _LANGUAGES.split() if words & words_of_months(each)]
    for language in ("", *spoken):
        found = _read_as(column.name, written, fitting, language=language)
        if found.read > best.read or not language:
            best = found
        if best.read == 1 or digits_only or not words:
            break
    return best


def _read_as(name: str, written: Mapping[Written, int], fitting: Sequence[Written], *, language: str) -> Dates:
    found = _read_by(DateColumn(column=name), written, fitting, language=language)
    if not found.is_ambiguous:
        return found
    said = {each: DateColumn(column=name, order=each) for each in get_args(DateOrder)}
    ordered = {each: _read_by(said[each], written, fitting, language=language) for each in said}
    best, *others = sorted(ordered, key=lambda each: -ordered[each].read)
    clear = all(ordered[each].read < _NOT_NEARLY_ALL for each in others)
    return replace(ordered[best], order=best) if clear and ordered[best].read >= _NEARLY_ALL else found


def _read_by(column: DateColumn, written: Mapping[Written, int], fitting: Sequence[Written], *, language: str) -> Dates:
    moments = read_moments(fitting, column, (language,) if language else ())
    ambiguous = {value for value, reason in moments.why_not.items() if "order: day_first" in reason}
    read = sum(written[value] for value in (*moments.of, *ambiguous)) / sum(written.values())
    reasons = Counter[str]()
    for value, reason in moments.why_not.items():
        reasons[reason] += written[value]
    most = next((reason for reason, _ in reasons.most_common(1)), "")
    digits_only = all(isinstance(each, str) and _DIGITS_ONLY.fullmatch(each) for each in fitting)
    return Dates(read, most, language, digits_only)


def _has_digit(text: str) -> bool:
    return any(map(str.isdigit, text))


def columns_of(rows: Iterable[RawRow], placeholders: Collection[str]) -> tuple[Column, ...]:
    """The columns of the rows that could be read; what lies within objects is called by the way to it."""
    readable = [row.values for row in rows if not row.problem]
    nothing = frozenset(each.strip().casefold() for each in placeholders)
    ways: dict[str, None] = {}
    for values in readable:
        if len(ways) < _MOST_WAYS:
            ways |= dict.fromkeys(ways_to_values(values))
    columns = []
    for way in ways:
        there = [value_at(row, way) for row in readable]
        said = tuple(value for value in there if not stands_for_nothing(the_only_one(value), nothing))
        if not said or not all(isinstance(value, dict) for value in said):
            columns.append(Column(way, said, len(readable)))
    return tuple(columns)
