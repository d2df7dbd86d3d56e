"""Moments in a column of dates. How they are written is decided once for the whole column, never row by row.

A form that can mean one thing only is read wherever it stands: ISO 8601, a date with the name of its month, a year that
comes first. Dates of three numbers and numbers since 1970 are read by what fits the column as a whole; where two
readings fit, neither is taken, and the reason holds the line that says which is meant.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache, lru_cache
from itertools import product
from typing import get_args

from sentiment_assets.ingestion.settings import DateColumn, DateOrder
from sentiment_assets.ingestion.values import NotRead

Written = str | int | float | date
"""A value of the column: a text, a number, or what a typed format (Parquet, Excel) says is a date."""
_FIRST_YEAR, _LAST_YEAR = 1900, 2100
_DIGITS_OF_SECONDS = 10
"""Digits of a number of seconds since 1970, from September 2001 on; what is counted has mostly fewer."""

_HALF_AND_ZONE = (
    r"(?: UHR)? ?(?P<half>[AP]\.? ?M\.?)?"
    r"(?: ?\(?(?P<zone>Z|(?:UTC|GMT)?[+-]\d{1,2}(?::?\d{2})?|UTC|GMT|[A-Z]{3,4}(?!\w))\)?)?"
)
_AT = r"(?:(?:AT|À|A LAS|ÀS|UM|OM|ALLE|ALLE ORE|ORE|KL\.?|KLO|O|SAAT|V|В|О|LÚC) )?"
"""What stands between a day and its clock: "4 janv. 2024 à 11:52", "4 de enero de 2024 a las 11:52"."""
_SECONDS = r"(?P<seconds>\d{2})(?:[.,](?P<fraction>\d+))?"
_CLOCK = rf"(?P<hours>\d{{1,2}}):(?P<minutes>\d{{2}})(?::{_SECONDS})?{_HALF_AND_ZONE}"
_CLOCK_OR_DOTS = (
    rf"(?P<hours>\d{{1,2}})(?P<between>[:.H])(?P<minutes>\d{{2}})(?:(?P=between){_SECONDS})?{_HALF_AND_ZONE}"
)
_ISO = re.compile(
    r"(\d{4}-\d{2}-\d{2}|\d{8}(?=T|$))"
    r"(?:[T ] *(\d{2}(?::?\d{2}(?::?\d{2}(?:[.,]\d+)?)?)?)(?: *(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)(?:\[[\w/+\-:]+\])?)?)?"
)
_THREE_NUMBERS = re.compile(
    rf"(?P<first>\d{{4}}|\d{{1,2}})(?:\. ?|[/\- ])(?P<second>\d{{1,2}})(?:\. ?|[/\-]|, ?| )(?P<third>\d{{4}}|\d{{1,2}})"
    rf"\.?(?:,? +{_AT}{_CLOCK_OR_DOTS})?"
)
_HALF_BEFORE_CLOCK = re.compile(r"(오전|上午|午前|오후|下午|午後) ?(\d{1,2}:\d{2}(?::\d{2})?)")
_CLOCK_IN_CHINESE = re.compile(r"(\d{1,2}) ?[時时点點시] ?(\d{1,2}) ?[分분](?: ?(\d{1,2}) ?[秒초])?")
_CLOCK_FIRST = re.compile(r"(\d{1,2}:\d{2}(?::\d{2})?(?: UHR)?(?: ?[AP]M)?)(?:,| -| ·)? (.*\d.*)")
"""A clock before its day: "09:12 03/01/2024"."""
_IN_HEBREW = "ב"
"""It stands before the name of a month without a blank: 5 בינואר."""
_SECOND_HALVES = frozenset({"오후", "下午", "午後"})
"""Forms and spreadsheets in East Asia write the half of the day before the clock."""
_IN_BRACKETS = re.compile(r"\((.+)\)|\[(.+)\]")
_EAST_ASIAN = re.compile(
    rf"(?P<year>\d{{4}}) ?[年년] ?(?P<month>\d{{1,2}}) ?[月월] ?(?P<day>\d{{1,2}}) ?[日일](?: *{_CLOCK})?"
)
_WITHOUT_SIGNS = re.compile(r"^(\d{8})(\d{6})$")
_OF_DOTNET = re.compile(r"/DATE\((-?\d+)(?:[+-]\d{4})?\)/")
_DIGITS = re.compile(r"-?\d+(?:\.\d+)?")
_ZONES_WEST = {"EST": 5, "EDT": 4, "CST": 6, "CDT": 5, "MST": 7, "MDT": 6, "PST": 8, "PDT": 7}
_ZONES_EAST = {"WET": 0, "WEST": 1, "CET": 1, "CEST": 2, "MEZ": 1, "MESZ": 2, "EET": 2, "EEST": 3, "JST": 9, "KST": 9}
_ZONES = {name: -hours for name, hours in _ZONES_WEST.items()} | _ZONES_EAST
"""Hours ahead of UTC in zones whose names mean one thing; CST is that of America."""
_EPOCHS = {"epoch_seconds": 0, "epoch_milliseconds": 3, "epoch_microseconds": 6, "epoch_nanoseconds": 9}
_BEFORE_FIRST_DAY_OF_EXCEL = datetime(1899, 12, 30, tzinfo=UTC)
_FIRST_DAY_OF_2000 = 36526
"""The count of a spreadsheet; days since 1970 or 1960, which other programs count, will have come so far in 2060."""
_ORDERS: Mapping[str, Mapping[str, str]] = {
    "day_first": {"day": "first", "month": "second", "year": "third"},
    "month_first": {"month": "first", "day": "second", "year": "third"},
    "year_first": {"year": "first", "month": "second", "day": "third"},
}
_OFFSET = re.compile(r"(?:UTC|GMT)?(?P<sign>[+-])(?P<hours>\d{1,2}):?(?P<minutes>\d{2})?")
_HOURS_OF_HALF_A_DAY = 12
_GOES_ON = re.compile(r" ?(?:[,@]|AT|UM|À)? ?[\d:+\-]")
_GOES_ON_AFTER_A_CLOCK = re.compile(r" ?[\w+\-.:]")
"""What follows a date and seems to belong to it: not understanding a part of it must not make another moment of it."""
_CLOCK_PARTS = ("hours", "minutes", "seconds", "fraction", "half", "zone")
_DIGITS_OF_A_YEAR, _DIGITS_OF_A_YEAR_IN_SHORT, _MOST_DIGITS_OF_A_DAY = 4, 2, 2
_A_YEAR = timedelta(days=366)
"""A review may be dated ahead by some slip, but in which order its date is written is told by days that have been."""
_NOT_WHOLE = "something stands beside the date that may belong to it and is not understood; say how it is written"
_NO_SUCH_DAY = "there is no such day or time"


@dataclass(frozen=True)
class Moments:
    """What a column's values mean."""

    of: Mapping[Written, datetime]
    """The moment of each value that is read, in UTC."""
    why_not: Mapping[Written, str]
    """What keeps each other value from being read, and what to do."""


def read_moments(values: Iterable[Written], column: DateColumn, languages: Sequence[str] = ()) -> Moments:
    """Read the distinct ``values`` of a column; months may be named in English and in ``languages`` (ISO 639-1)."""
    distinct = list(set(values))
    read = moment_reader(distinct, column, languages)
    read_as = {value: read(value) for value in distinct}
    return Moments(
        {value: moment for value, moment in read_as.items() if not isinstance(moment, str)},
        {value: reason for value, reason in read_as.items() if isinstance(reason, str)},
    )


def moment_reader(
    values: Iterable[Written | None], column: DateColumn, languages: Sequence[str] = ()
) -> Callable[[Written], datetime | str]:
    """Decide how a column with these values, which are gone through more than once, is written.

    What is returned reads one of them: it gives the moment in UTC, or what keeps the value from being read with what to
    do about it.
    """
    read = _reading_of(values, column, languages)

    @lru_cache(maxsize=4096, typed=True)
    def moment_or_reason(value: Written) -> datetime | str:
        try:
            return _within_bounds(read(value))
        except NotRead as reason:
            return str(reason)

    return moment_or_reason


def _reading_of(
    values: Iterable[Written | None], column: DateColumn, languages: Sequence[str]
) -> Callable[[Written], datetime]:
    """The one way in which a column is read."""
    if column.format in _EPOCHS:
        return lambda value: _since_1970(value, _EPOCHS[str(column.format)])
    if column.format:
        return lambda value: _by_format(value, str(column.format))

    def texts() -> Iterator[str]:
        return (str(value).strip() for value in values if value is not None and not isinstance(value, date))

    digits = _epoch_digits(texts)
    if digits is not None:
        return lambda value: _since_1970(value, digits)
    if _are_days_of_excel(texts):
        return _by_days_of_excel
    order = cache(lambda: _order_of(set(texts()), column))  # most columns do not need it
    named = _forms_with_month_names(tuple(languages))
    return lambda value: _by_its_form(value, order=order, named=named, column=column.column)


def _within_bounds(moment: datetime) -> datetime:
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise NotRead(f"not in the years {_FIRST_YEAR} to {_LAST_YEAR}")
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _since_1970(value: Written, digits: int) -> datetime:
    """The moment of a number of seconds (``digits`` 0), milliseconds (3), microseconds (6) or nanoseconds (9)."""
    if isinstance(value, date):
        return _typed(value)
    if not _DIGITS.fullmatch(str(value).strip()):
        raise NotRead("not a number since 1970")
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=float(value) / 10**digits)
    except OverflowError:
        raise NotRead(f"not in the years {_FIRST_YEAR} to {_LAST_YEAR}") from None


def _epoch_digits(texts: Callable[[], Iterator[str]]) -> int | None:
    """Whether a whole column is numbers since 1970, and of which unit: each has as many digits as since 2001."""
    if next(texts(), None) is None or not all(_DIGITS.fullmatch(text) for text in texts()):
        return None
    lengths = {len(text.partition(".")[0]) for text in texts()}
    units = [digits for digits in _EPOCHS.values() if lengths == {_DIGITS_OF_SECONDS + digits}]
    last = (datetime.now(UTC) + _A_YEAR).timestamp()
    return units[0] if units and max(map(float, texts())) / 10 ** units[0] <= last else None


def _are_days_of_excel(texts: Callable[[], Iterator[str]]) -> bool:
    """Whether a whole column is the numbers that a spreadsheet has for its days, from the year 2000 on."""
    last = (datetime.now(UTC) + _A_YEAR - _BEFORE_FIRST_DAY_OF_EXCEL) / timedelta(days=1)
    is_there = next(texts(), None) is not None
    return is_there and all(_DIGITS.fullmatch(text) and _FIRST_DAY_OF_2000 <= float(text) <= last for text in texts())


def _by_days_of_excel(value: Written) -> datetime:
    return _typed(value) if isinstance(value, date) else _BEFORE_FIRST_DAY_OF_EXCEL + timedelta(days=float(value))


def _by_format(value: Written, form: str) -> datetime:
    if isinstance(value, date):
        return _typed(value)
    try:
        return datetime.strptime(str(value).strip(), form)  # noqa: DTZ007  without a zone it is UTC
    except ValueError:
        raise NotRead(f"not of the form {form}") from None


def _by_its_form(
    value: Written, *, order: Callable[[], "_Order"], named: Sequence["_NamedMonth"], column: str
) -> datetime:
    if isinstance(value, date):
        return _typed(value)
    text = str(value)
    if match := _ISO.fullmatch(text):
        return _iso(*match.groups())
    upper = _WITHOUT_SIGNS.sub(r"\1T\2", _upper(text))
    if match := _ISO.fullmatch(upper):
        return _iso(*match.groups())
    if match := _OF_DOTNET.fullmatch(upper):
        return _since_1970(match[1], _EPOCHS["epoch_milliseconds"])
    if match := _THREE_NUMBERS.fullmatch(upper):
        return order().moment(match)
    if match := _EAST_ASIAN.search(upper):
        if any(map(str.isdigit, upper[: match.start()] + upper[match.end() :])):
            raise NotRead(_NOT_WHOLE)
        return _moment(match.groupdict())
    return _with_month_name(upper, named, column)


def _upper(text: str) -> str:
    """A text in capitals and out of its brackets, with one blank where there is white space, day before clock.

    The half of the day stands behind the clock.
    """
    upper = " ".join(text.upper().split())
    if bare := _IN_BRACKETS.fullmatch(upper):
        upper = bare[1] or bare[2]
    upper = _CLOCK_IN_CHINESE.sub(_with_colons, upper)
    if parted := _CLOCK_FIRST.fullmatch(upper):
        upper = f"{parted[2]} {parted[1]}"
    return _HALF_BEFORE_CLOCK.sub(lambda found: f"{found[2]} {'PM' if found[1] in _SECOND_HALVES else 'AM'}", upper)


def _with_colons(clock: re.Match[str]) -> str:
    return ":".join(part.zfill(2) for part in clock.groups() if part)


def _typed(value: date) -> datetime:
    return value if isinstance(value, datetime) else datetime(value.year, value.month, value.day, tzinfo=UTC)


def _iso(day: str, time: str | None, zone: str | None) -> datetime:
    offset = "Z" if zone in ("UTC", "GMT") else zone or ""
    try:
        return datetime.fromisoformat(f"{day}T{time}{offset}" if time else day)
    except ValueError:
        raise NotRead(_NO_SUCH_DAY) from None


def _moment(parts: Mapping[str, str | None]) -> datetime:
    """A moment from its parts as they are written; those of the clock may be missing."""
    hour = int(parts["hours"] or 0)
    if parts["half"]:
        hour = hour % 12 + 12 * parts["half"].startswith("P")
    clock = (
        hour,
        int(parts["minutes"] or 0),
        int(parts["seconds"] or 0),
        int((parts["fraction"] or "")[:6].ljust(6, "0")),
    )
    day = (_full_year(str(parts["year"])), int(str(parts["month"])), int(str(parts["day"])))
    if parts["half"] and int(parts["hours"] or 0) > _HOURS_OF_HALF_A_DAY:
        raise NotRead(_NO_SUCH_DAY)
    try:
        return datetime(*day, *clock, tzinfo=_zone(parts["zone"]))
    except NotRead:
        raise
    except ValueError:
        raise NotRead(_NO_SUCH_DAY) from None


def _zone(name: str | None) -> timezone:
    if name in (None, "Z", "UTC", "GMT"):
        return UTC
    if offset := _OFFSET.fullmatch(name):
        ahead = timedelta(hours=int(offset["hours"]), minutes=int(offset["minutes"] or 0))
        return timezone(-ahead if offset["sign"] == "-" else ahead)
    if name not in _ZONES:
        raise NotRead(f"the time zone {name} is not known; an offset such as +02:00 is")
    return timezone(timedelta(hours=_ZONES[name]))


@dataclass(frozen=True)
class _Order:
    """The order of the parts in a column's dates of three numbers."""

    parts: Mapping[str, str] | None
    """The number, ``first``, ``second`` or ``third``, that is the year, the month and the day."""
    why_not: str = ""

    def moment(self, match: re.Match[str]) -> datetime:
        """The moment of a date of three numbers; a year of four digits that comes first is no riddle."""
        numbers = match.groupdict()
        parts = _ORDERS["year_first"] if len(match["first"]) == _DIGITS_OF_A_YEAR else self.parts
        if parts is None:
            raise NotRead(self.why_not)
        return _moment(numbers | {part: numbers[place] for part, place in parts.items()})


def _order_of(texts: Iterable[str], column: DateColumn) -> _Order:
    """What the branch says, or else the one order that makes a day of each date of which any order does."""
    if column.order:
        return _Order(_ORDERS[column.order])
    matches = filter(None, map(_THREE_NUMBERS.fullmatch, map(_upper, texts)))
    days = [_orders_that_fit(match) for match in matches if len(match["first"]) < _DIGITS_OF_A_YEAR]
    if not any(days):
        return _Order(None, _NO_SUCH_DAY)
    possible = set.intersection(*filter(None, days))
    return _Order(_ORDERS[possible.pop()]) if len(possible) == 1 else _Order(None, _which(possible, column.column))


def _orders_that_fit(match: re.Match[str]) -> set[str]:
    return {
        name for name, parts in _ORDERS.items() if _is_a_day(*(match[parts[part]] for part in ("year", "month", "day")))
    }


def _is_a_day(year: str, month: str, day: str) -> bool:
    if max(len(month), len(day)) > _MOST_DIGITS_OF_A_DAY:
        return False
    try:
        return date(_full_year(year), int(month), int(day)) < datetime.now(UTC).date() + _A_YEAR
    except ValueError:
        return False


def _full_year(written: str) -> int:
    """A year of two digits as the C library has it: 00 to 68 are of this century, 69 to 99 of the last.

    One digit is no year: 4.1.1 is rather a version.
    """
    if len(written) < _DIGITS_OF_A_YEAR_IN_SHORT:
        raise NotRead(_NO_SUCH_DAY)
    year = int(written.lstrip("'"))
    return year if len(written) == _DIGITS_OF_A_YEAR else year + (2000 if year < 69 else 1900)


def _which(possible: set[str], column: str) -> str:
    """Why a column of three numbers is not read, with the line that would say how."""
    orders = [order for order in get_args(DateOrder) if order != "year_first" or order in possible]
    lines = [f"`created_at: {{column: {column}, order: {order}}}`" for order in orders]
    if possible:
        return f"it may mean two days; write {' or '.join(lines)}"
    return (
        f"some dates of the column have the day first and others the month; write {' or '.join(lines)} if one is meant"
    )


@dataclass(frozen=True)
class _NamedMonth:
    """A form of date in which the month is a name."""

    pattern: re.Pattern[str]
    months: Mapping[str, int]
    alone: bool
    """Whether it is a date only where nothing else stands, as with a year of two digits."""

    def matches(self, upper: str) -> Iterator[re.Match[str]]:
        """Where such a date stands in a text."""
        whole = self.pattern.fullmatch(upper)
        return iter([whole] if whole else []) if self.alone else self.pattern.finditer(upper)

    def moment(self, match: re.Match[str]) -> datetime:
        """The moment of a match."""
        parts = dict.fromkeys(_CLOCK_PARTS) | match.groupdict()
        return _moment(parts | {"month": str(self.months[str(parts["month"])])})


def _with_month_name(upper: str, named: Sequence[_NamedMonth], column: str) -> datetime:
    """A date with the name of its month, alone or in a sentence that holds no other date."""
    matches = [(form, match) for form in named for match in form.matches(upper)]
    if matches:
        form, match = matches[0]
        if any(other.start() >= match.end() or other.end() <= match.start() for _, other in matches):
            raise NotRead("it holds more than one date")
        goes_on = _GOES_ON_AFTER_A_CLOCK if match["hours"] else _GOES_ON
        if goes_on.match(upper, match.end()):
            raise NotRead(_NOT_WHOLE)
        return form.moment(match)
    raise NotRead(
        "not ISO 8601, such as 2026-11-23 or 2026-11-23T08:00Z, nor another date that is understood; if it is one, say "
        f"how it is written: `created_at: {{column: {column}, format: …}}`"
    )


@lru_cache(maxsize=64)
def words_of_months(language: str) -> frozenset[str]:
    """The words, in capitals, in the names of months of a language (ISO 639-1) that English has not."""
    names = _month_names((language,)).keys() - _month_names(()).keys()
    return frozenset(word for name in names for word in name.split())


@lru_cache(maxsize=64)
def _forms_with_month_names(languages: tuple[str, ...]) -> tuple[_NamedMonth, ...]:
    months = _month_names(languages)
    month = f"(?P<month>{'|'.join(sorted(map(re.escape, months), key=len, reverse=True))})\\.?"
    day = r"(?<!\d)(?P<day>\d{1,2})(?:ST|ND|RD|TH|ER|º|\.)?(?!\d)"
    year = r"(?P<year>\d{4})(?!\d)"
    between, after = r"(?: +DEL? +| +OF +|[ .\-/]*)", rf"(?:(?:,? +{_AT}|:){_CLOCK})?"
    in_short = r"'?(?P<year>\d{2})"
    ends = r"(?:,? +DEL? +|,? +|[.\-/]?)"
    forms = (
        (rf"(?<!\w){month} +{day},? +{_CLOCK} +{year}", False),  # Apr 06 22:19:45 PDT 2009
        (rf"(?<!\w){month} +{day},? +{year}{after}", False),  # May 1, 2021
        (rf"{day}{between}{month}{ends}{year}{after}", False),  # 1 May 2021, 5 de marzo de 2024, 01MAY2021
        (rf"{day}{between}{month}{ends}{in_short}(?:,? +{_CLOCK_OR_DOTS})?", True),  # 01-Mar-24 10.11.12
        (rf"(?<!\d){year}(?:\. |[ .\-/]){month}[ .\-/]{day}{after}", False),  # 2024-Mar-05, 2024. március 5.
    )
    return tuple(_NamedMonth(re.compile(form), months, alone) for form, alone in forms)


def _month_names(languages: Sequence[str]) -> dict[str, int]:
    """The numbers of months by their names in capitals, whole and short, as CLDR has them; English comes first."""
    from babel import Locale, UnknownLocaleError

    numbers: dict[str, set[int]] = {"SEPT": {9}}
    for language in ("en", *languages):
        with suppress(UnknownLocaleError):
            months = Locale.parse(language).months
            for use, width in product(("format", "stand-alone"), ("wide", "abbreviated")):
                for number, name in months[use][width].items():
                    for written in (name, _IN_HEBREW + name) if language == "he" else (name,):
                        numbers.setdefault(written.upper().rstrip("."), set()).add(number)
    # A name that is that of another month in another of the languages says nothing.
    return {name: min(which) for name, which in numbers.items() if len(which) == 1 and not name[0].isdigit()}
