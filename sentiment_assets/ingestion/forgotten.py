"""Reviews that are to be forgotten: the list of them holds digests, and no id and no text."""

from collections.abc import Callable, Collection
from hashlib import sha256


def forgotten_digest(branch: str, review_id: str, batch: str = "") -> str:
    """What the list holds of a review: of all batches of a branch or, where one is named, of that alone."""
    return sha256("\0".join((branch, batch, review_id)).encode()).hexdigest()[:32]


def forgets(branch: str, batch: str, digests: Collection[str]) -> Callable[[str], bool]:
    """What says of a review's id whether it is to be forgotten in a batch."""

    def is_forgotten(review_id: str) -> bool:
        return bool(digests) and not {
            forgotten_digest(branch, review_id),
            forgotten_digest(branch, review_id, batch),
        }.isdisjoint(digests)

    return is_forgotten
