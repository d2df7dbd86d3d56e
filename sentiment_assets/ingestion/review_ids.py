"""Ids of reviews: the client's own, or one made from the row. A row that repeats an earlier one has none."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from hashlib import sha256
from operator import itemgetter

from sentiment_assets.ingestion.settings import ReviewColumns
from sentiment_assets.ingestion.values import NESTED_TOO_DEEPLY, RejectedRow, shown

_BITS_OF_HASH = 64
_HASH = 2**_BITS_OF_HASH - 1
_TEXT_OR_NOTHING = frozenset({str, type(None)})


class ReviewIds:
    """The ids that the rows of a file were given so far."""

    def __init__(self, columns: ReviewColumns) -> None:
        self._columns = columns
        self._holders: dict[str, int] = {}
        """The number of each id's row and a hash of the whole row, as one number: millions are held."""

    def unless_duplicate(self, client_id: str | None, values: Mapping[str, object], row: int) -> str | None:
        """The client's id, or one from the whole row but its label, so that a corrected label keeps the id.

        ``None`` when the whole row was there before. Raises ``RejectedRow`` when the client's id was, with another row.
        """
        names, values_of = _by_name(tuple(values), self._columns.label)
        said, label = values_of(values), values.get(self._columns.label)
        try:
            own = "" if client_id else sha256(names + _encoded(said)).hexdigest()[:16]
            whole = (
                hash((names, said, label) if _is_all_text(said, label) else (names, repr(said), repr(label))) & _HASH
            )
        except RecursionError:
            raise RejectedRow(*NESTED_TOO_DEEPLY) from None
        review_id, number = client_id or own, 1
        while holder := self._holders.get(review_id):
            if holder & _HASH == whole:
                return None
            if client_id:
                reason = f"the id {shown(client_id)} stands for another row, row {holder >> _BITS_OF_HASH}"
                raise RejectedRow(self._columns.review_id, f"{reason}; ids must be unique")
            number += 1
            review_id = f"{own}-{number}"
        self._holders[review_id] = row << _BITS_OF_HASH | whole
        return review_id


def _encoded(said: object) -> bytes:
    return repr(said).encode("utf-8", "backslashreplace")


def _is_all_text(said: object, label: object) -> bool:
    """Whether equal hashes mean equal values: of numbers, 1 and 1.0 have the same, as have -1 and -2."""
    return isinstance(said, tuple) and _TEXT_OR_NOTHING.issuperset(map(type, (*said, label)))


@lru_cache(maxsize=64)
def _by_name(names: tuple[str, ...], label: str) -> tuple[bytes, Callable[[Mapping[str, object]], object]]:
    """The names but the label's, in order, and what gets their values: no file's own order of columns counts."""
    ordered = sorted(set(names) - {label})
    return repr(ordered).encode("utf-8", "backslashreplace"), itemgetter(*ordered)
