"""One value of a raw row: whether it says anything, as text, and as people are shown it."""

import json
import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from sentiment_assets.ingestion.decoding import printable, undecodable_bytes

_LONGEST_SHOWN = 40
_LONGEST_PLACEHOLDER = 40
"""Characters, with white space around them: a longer value is what somebody wrote."""
NESTED_TOO_DEEPLY = ("line", "is nested too deeply")
"""What ``RejectedRow`` says of a row that Python cannot follow to its end."""
_TOO_DEEP = "(nested too deeply to be shown)"


@dataclass(frozen=True, slots=True)
class RejectedRow(Exception):
    """A row that cannot be used: the column at fault, and why, with what to do."""

    column: str
    reason: str


class NotRead(ValueError):
    """A value means something else than what it is asked for, or may mean two things; the message says what to do."""


def is_missing(value: object) -> bool:
    """True for null, not-a-number, not-a-time, and a string of white space."""
    if isinstance(value, str):
        return not value or value.isspace()
    return value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value))


def value_at(values: Mapping[str, object], name: str) -> object:
    """A row's value by the name of its column, or by the way to it: ``review.text`` is the text within the review."""
    if name in values or "." not in name:
        return values.get(name)
    first, _, rest = name.partition(".")
    inner = values.get(first)
    return value_at(inner, rest) if isinstance(inner, dict) else None


def ways_to_values(values: Mapping[str, object]) -> Iterator[str]:
    """The names by which a row's values can be called: those of its columns, and the ways into them."""
    for name, value in values.items():
        yield name
        if isinstance(value, dict):
            yield from (f"{name}.{way}" for way in ways_to_values(value))


def the_only_one(value: object) -> object:
    """What stands in a list of one, as tools for annotators write a label; nothing for a list of none."""
    if not isinstance(value, list) or len(value) > 1:
        return value
    [only] = value or [None]
    return value if isinstance(only, list | dict) else only


def stands_for_nothing(value: object, placeholders: Collection[str]) -> bool:
    """Whether a value is missing, or one of the words (in small letters) by which an export says so."""
    if not isinstance(value, str):
        return is_missing(value)
    if len(value) > _LONGEST_PLACEHOLDER:
        return value.isspace()
    return not value or value.isspace() or value.strip().casefold() in placeholders


def text_of(value: object, column: str) -> str:
    """The text of a review, as it is. Raises ``RejectedRow`` when there is none or it cannot be stored."""
    if is_missing(value):
        raise RejectedRow(column, "the text is missing")
    if not isinstance(value, str):
        raise RejectedRow(column, f"the text is of type {type(value).__name__}, not a string")
    _require_storable(value, column)
    return value


def optional_text(value: object, column: str) -> str | None:
    """Any value as text without white space around it; ``None`` where there is none."""
    if is_missing(value):
        return None
    text = value if isinstance(value, str) else plain(value)
    _require_storable(text, column)
    return text.strip()


def plain(value: object) -> str:
    """A value that is no string as text: ``3.0`` as ``3``, a list or an object as JSON."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, dict | list) else str(value)


def shown(value: object) -> str:
    """A value in quotes, cut where a person stops to read."""
    text = printable(str(value))
    return repr(text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…")


def as_json(values: Mapping[str, object]) -> str:
    """A whole row as JSON that can be stored."""
    try:
        return printable(json.dumps(dict(values), ensure_ascii=False, default=str))
    except RecursionError:
        return as_json({name: _unless_too_deep(value) for name, value in values.items()})


def _unless_too_deep(value: object) -> object:
    try:
        json.dumps(value, default=str)
    except RecursionError:
        return _TOO_DEEP
    return value


def _require_storable(value: str, column: str) -> None:
    if "\x00" in value:
        raise RejectedRow(column, "it holds a NUL character; the export is damaged here")
    if value.isascii():
        return
    try:
        value.encode()
    except UnicodeEncodeError:
        undecodable = undecodable_bytes(value)
    else:
        return
    if undecodable:
        raise RejectedRow(
            column,
            f"bytes {undecodable[:_LONGEST_SHOWN]} are not valid in the file's encoding; "
            "set `encoding` to the one it was written in",
        )
    raise RejectedRow(column, "it holds half of a surrogate pair; the export is damaged here")
