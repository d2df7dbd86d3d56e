"""Dates and split names, which a review can do without: read only where it is sure what is meant."""

import re
from datetime import UTC, date, datetime

from sentiment_assets.ingestion.values import plain

_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{8}(?=T|$))"
    r"(?:[T ] *([0-9]{2}(?::?[0-9]{2}(?::?[0-9]{2}(?:[.,][0-9]+)?)?)?)(?: *(Z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?))?)?"
)
_FIRST_YEAR, _LAST_YEAR = 1900, 2100
_SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
}


class NotRead(ValueError):
    """The value means something else; the message says what would be read."""


def read_moment(value: object) -> datetime:
    """A moment in UTC: ISO 8601, with a blank for the T and UTC or GMT for the Z if you like, or YYYYMMDD.

    Raises ``NotRead`` for anything else, and for years before 1900 and after 2100. Digits alone may be a number of
    seconds, or an id.
    """
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, date):
        moment = datetime(value.year, value.month, value.day, tzinfo=UTC)
    else:
        moment = _written_moment(value if isinstance(value, str) else plain(value))
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise NotRead(f"not in the years {_FIRST_YEAR} to {_LAST_YEAR}")
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def read_split(value: object) -> str:
    """``train``, ``validation`` or ``test``. Raises ``NotRead``."""
    name = _SPLIT_NAMES.get(str(value).strip().casefold())
    if name is None:
        raise NotRead("not a split: train, validation and test are")
    return name


def _written_moment(text: str) -> datetime:
    match = _MOMENT.fullmatch(text.strip().upper())
    if match is None:
        raise NotRead("not ISO 8601, such as 2026-11-23 or 2026-11-23T08:00Z")
    day, time, offset = match.groups()
    zone = "Z" if offset in ("UTC", "GMT") else offset or ""
    try:
        moment = datetime.fromisoformat(f"{day}T{time}{zone}" if time else day)
    except ValueError:
        raise NotRead("there is no such day or time") from None
    return moment
