"""Which of two cursors is the newer one, also where a vendor writes moments or numbers as text."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def newest(values: Sequence[Any]) -> Any:
    """The newest of some values of a cursor; of equal ones the first.

    Text is compared by what it says: ``10`` comes after ``9``, and ``12:00:05.5Z`` after ``12:00:05Z``, though not in
    the alphabet.
    """
    return max(values, key=_order)


def _order(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if _NUMBER.fullmatch(value):
        return 0, Decimal(value), value
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return 2, value, value
    return 1, moment if moment.tzinfo else moment.replace(tzinfo=UTC), ""
