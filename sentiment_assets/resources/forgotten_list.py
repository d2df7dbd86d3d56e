"""The list of a branch's forgotten reviews, as it is stored."""

import json

from sentiment_assets.resources.storage import Storage
from sentiment_assets.resources.written_files import write_atomically

_FILE = "forgotten.json"


def forgotten_of(storage: Storage, branch: str) -> frozenset[str]:
    """The digests of a branch's forgotten reviews (``forgotten_digest``)."""
    file = storage.path(branch, _FILE)
    return frozenset(json.loads(file.read_bytes())) if file.exists() else frozenset()


def add_forgotten(storage: Storage, branch: str, digest: str) -> None:
    """Put a review on the list."""
    every = sorted({*forgotten_of(storage, branch), digest})
    write_atomically(storage.path(branch, _FILE), json.dumps(every).encode())
