"""Reviews that say nearly the same: by their exact Jaccard similarity, or by signatures where the texts are not kept.

MinHash: Broder 1997, "On the resemblance and containment of documents", by the library ``rensa``, whose sketches of
50,000 reviews take half a second; banding: Leskovec, Rajaraman & Ullman, "Mining of Massive Datasets", ch. 3.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa
from rensa import RMinHash, RMinHashDigestMatrix
from scipy import sparse

from sentiment_assets.learning.ngrams import Texts, chunks_of, hash_ngrams, map_chunks, mostly_unspaced
from sentiment_assets.learning.settings import Analyzer, NgramSettings
from sentiment_assets.learning.similar_sets import ELEMENT_BITS, SetIndex

SHINGLE_TOKENS = 3
_SHINGLES = NgramSettings(shortest=SHINGLE_TOKENS, longest=SHINGLE_TOKENS, columns_log2=22)
"""What signatures are made of, also those that models have stored."""
_PERMUTATIONS, _BANDS, _SEED = 128, 32, 1
TEXTS_AT_ONCE = 4_000
"""Texts of a part, as sketches and sets are made of fewest processor seconds."""
_PAIRS_AT_ONCE = 50_000
_NOTHING_FOUND = np.empty(0), np.empty(0, np.int64)
SIGNATURE_SIZE = _PERMUTATIONS
NO_SIGNATURES = np.empty((0, SIGNATURE_SIZE), np.uint8)
_NO_SHINGLE = np.iinfo(np.uint8).max
"""What every byte of a text's signature is if it has no shingle."""
_STANDARD_ERRORS = 2.0
_BAND_WIDTH = SIGNATURE_SIZE // _BANDS
_BY_CHANCE = 1 / 256
"""Share of their bytes that two unrelated signatures have in common."""


@dataclass(frozen=True)
class NearDuplicates:
    """The pairs found, one for each text that has a near-duplicate; arrays of one length."""

    texts: np.ndarray
    """int64: positions among the texts, ascending."""
    twins: np.ndarray
    """int64: position of the most similar of the other texts."""
    similarities: np.ndarray
    """float64: Jaccard similarity of the two."""


def find_near_duplicates(
    texts: Iterable[Texts], others: Iterable[Texts], *, similarity: float, analyzer: Analyzer = "word", n_jobs: int = 1
) -> NearDuplicates:
    """Find the ``texts`` that share at least ``similarity`` of their shingles with one of ``others``.

    Both come some at a time, so that not all need be in memory; positions count through all parts. A shingle is three
    neighbouring tokens; a text of fewer has none and is like no other. Every pair is found, by its exact Jaccard
    similarity, which is above 0 and at most 1; of equally similar others the first is the twin.
    """
    shingles = _SHINGLES.model_copy(update={"analyzer": analyzer, "columns_log2": ELEMENT_BITS})
    index = SetIndex.of((hash_ngrams(part, shingles, n_jobs=n_jobs) for part in others), similarity)
    found = [index.most_similar(hash_ngrams(part, shingles, n_jobs=n_jobs)) for part in texts]
    best, at = (np.concatenate(each) for each in zip(_NOTHING_FOUND, *found, strict=True))
    near = np.flatnonzero(at >= 0)
    return NearDuplicates(near, at[near], best[near])


def shingle_analyzer(texts: Texts, analyzer: Analyzer | None) -> Analyzer:
    """What shingles are made of unless somebody said: characters where most texts are written without spaces."""
    return analyzer or ("char" if mostly_unspaced(texts) else "word")


def text_signatures(
    texts: Texts, analyzer: Analyzer = "word", n_jobs: int = 1, *, wanted: np.ndarray | None = None
) -> np.ndarray:
    """What is kept of texts to recognise their near-duplicates by, uint8 of shape (n_texts, SIGNATURE_SIZE).

    The lowest byte of each MinHash (Li & König 2010, "b-bit minwise hashing"): the share of bytes that two signatures
    have in common says how similar the texts are, and nothing says what they were. With ``wanted``, true or false of
    each text, only of those where it is true.
    """
    shingles = _SHINGLES.model_copy(update={"analyzer": analyzer})
    parts = chunks_of(texts, wanted, size=TEXTS_AT_ONCE)
    return np.concatenate([NO_SIGNATURES, *map_chunks(partial(_signatures, settings=shingles), parts, n_jobs)])


def resembles_any(signatures: np.ndarray, others: np.ndarray, similarity: float) -> np.ndarray:
    """True for each of ``signatures``, shape (n, SIGNATURE_SIZE), that may be a near-duplicate of one of ``others``.

    A signature tells the similarity of two texts only to some hundredths, so pairs up to two standard errors below
    ``similarity`` are counted too: a few texts too many are called similar, and hardly one too few.
    """
    least = similarity - _STANDARD_ERRORS * np.sqrt(similarity * (1 - similarity) / SIGNATURE_SIZE)
    resembles = (signatures == _NO_SHINGLE).all(axis=1)  # the answer to these is known: like no other
    others = others[(others != _NO_SHINGLE).any(axis=1)]
    without_shingle = resembles.copy()
    for first in range(0, SIGNATURE_SIZE, _BAND_WIDTH):
        asked = np.flatnonzero(~resembles)
        for places, twins in _pairs(_band(signatures[asked], first), _band(others, first)):
            agreeing = (signatures[asked[places]] == others[twins]).mean(axis=1)
            resembles[asked[places[(agreeing - _BY_CHANCE) / (1 - _BY_CHANCE) >= least]]] = True
    return resembles & ~without_shingle


def _band(signatures: np.ndarray, first: int) -> np.ndarray:
    """The bytes of a band as one number for each signature."""
    return np.ascontiguousarray(signatures[:, first : first + _BAND_WIDTH]).view(f"u{_BAND_WIDTH}").ravel()


def _pairs(wanted: np.ndarray, there: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The positions of all pairs of equal numbers, about ``_PAIRS_AT_ONCE`` at a time."""
    order = np.argsort(there, kind="stable")
    begin, end = (np.searchsorted(there, wanted, side, sorter=order) for side in ("left", "right"))
    counts = end - begin
    parts = np.flatnonzero(np.diff(np.cumsum(counts) // _PAIRS_AT_ONCE)) + 1
    for places in np.split(np.arange(len(wanted)), parts):
        sizes = counts[places]
        within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        yield np.repeat(places, sizes), order[np.repeat(begin[places], sizes) + within]


def _signatures(texts: pa.Array, settings: NgramSettings) -> np.ndarray:
    return _lowest_bytes(_digest(hash_ngrams(texts, settings)))


def _lowest_bytes(digests: RMinHashDigestMatrix) -> np.ndarray:
    return (np.array(digests.to_rows(), np.uint32).reshape(-1, SIGNATURE_SIZE) & _NO_SHINGLE).astype(np.uint8)


def _digest(rows: sparse.csr_matrix) -> RMinHashDigestMatrix:
    return RMinHash.digest_matrix_from_flat_token_hashes(
        rows.indices.astype(np.uint64), rows.indptr.astype(np.uint64), _PERMUTATIONS, _SEED
    )
