"""Ids of reviews: the client's own, or one made from the row. A row that repeats an earlier one has none."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from hashlib import sha256
from operator import itemgetter

from sentiment_assets.ingestion.settings import ReviewColumns
from sentiment_assets.ingestion.values import NESTED_TOO_DEEPLY, RejectedRow, shown

_BYTES_OF_ROW_NUMBER = 8


class ReviewIds:
    """The ids that the rows of a file were given so far."""

    def __init__(self, columns: ReviewColumns) -> None:
        self._columns = columns
        self._holders: dict[str, bytes] = {}
        """The number of each id's row, and the digest of this row, in one piece: millions of them are held."""

    def unless_duplicate(self, client_id: str | None, values: Mapping[str, object], row: int) -> str | None:
        """The client's id, or one from the whole row but its label, so that a corrected label keeps the id.

        ``None`` when the whole row was there before. Raises ``RejectedRow`` when the client's id was, with another row.
        """
        digest, label = _digests(values, self._columns.label)
        whole = digest + label
        own = digest[:8].hex()
        review_id, number = client_id or own, 1
        while holder := self._holders.get(review_id):
            if holder[_BYTES_OF_ROW_NUMBER:] == whole:
                return None
            if client_id:
                first = int.from_bytes(holder[:_BYTES_OF_ROW_NUMBER])
                reason = f"the id {shown(client_id)} stands for another row, row {first}; ids must be unique"
                raise RejectedRow(self._columns.review_id, reason)
            number += 1
            review_id = f"{own}-{number}"
        self._holders[review_id] = row.to_bytes(_BYTES_OF_ROW_NUMBER) + whole
        return review_id


def _digests(values: Mapping[str, object], label: str) -> tuple[bytes, bytes]:
    """A digest of all that a row says but its label, and a short one of its label."""
    names, values_of = _by_name(tuple(values), label)
    try:
        said, said_by_label = repr(values_of(values)), repr(values.get(label))
    except RecursionError:
        raise RejectedRow(*NESTED_TOO_DEEPLY) from None
    digest = sha256(names + said.encode("utf-8", "backslashreplace")).digest()
    return digest[:16], _digest_of_label(said_by_label)


@lru_cache(maxsize=1024)
def _digest_of_label(label: str) -> bytes:
    return sha256(label.encode("utf-8", "backslashreplace")).digest()[:8]


@lru_cache(maxsize=64)
def _by_name(names: tuple[str, ...], label: str) -> tuple[bytes, Callable[[Mapping[str, object]], object]]:
    """The names but the label's, in order, and what gets their values: no file's own order of columns counts."""
    ordered = sorted(set(names) - {label})
    return repr(ordered).encode("utf-8", "backslashreplace"), itemgetter(*ordered)
