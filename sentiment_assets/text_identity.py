"""Which texts count as equal, and the digest by which every part of the project knows a text."""

import unicodedata
from collections.abc import Iterable
from hashlib import blake2b

import numpy as np


def normalise(text: str) -> str:
    """The form in which two texts count as equal: Unicode NFKC, case folded, white space collapsed."""
    if text.isascii():  # the same, sooner
        return " ".join(text.lower().split())
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def text_digests(texts: Iterable[str]) -> np.ndarray:
    """A 64-bit digest of each normalised text, uint64; equal texts have equal digests on any machine."""
    digests = (blake2b(normalise(text).encode(), digest_size=8).digest() for text in texts)
    return np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64)


def are_among(digests: np.ndarray, known: np.ndarray) -> np.ndarray:
    """True for each of ``digests`` that stands in ``known``, both uint64, ``known`` ascending.

    A few are found among millions by bisection; ``np.isin`` sorts all of them each time.
    """
    return np.searchsorted(known, digests, "left") < np.searchsorted(known, digests, "right")
