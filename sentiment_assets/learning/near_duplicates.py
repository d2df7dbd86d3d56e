"""Reviews that say nearly the same: found by MinHash, confirmed by their exact Jaccard similarity.

MinHash: Broder 1997, "On the resemblance and containment of documents"; banding: Leskovec, Rajaraman & Ullman,
"Mining of Massive Datasets", ch. 3. Both by the library ``rensa``, whose sketches of 50,000 reviews take half a second.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from rensa import RMinHash, RMinHashDigestMatrix, RMinHashLSH
from scipy import sparse

from sentiment_assets.learning.ngrams import Texts, as_column, hash_ngrams
from sentiment_assets.learning.settings import Analyzer, NgramSettings

SHINGLE_TOKENS = 3
_PERMUTATIONS, _BANDS, _SEED = 128, 32, 1
_TEXTS_AT_ONCE, _ROWS_AT_ONCE, _PAIRS_AT_ONCE = 4_000, 500, 50_000
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
    texts: Texts, others: Texts, *, similarity: float, analyzer: Analyzer = "word", n_jobs: int = 1
) -> NearDuplicates:
    """Find the ``texts`` that share at least ``similarity`` of their shingles with one of ``others``.

    A shingle is three neighbouring tokens; a text of fewer has none and is like no other. MinHash proposes pairs and
    misses one of similarity 0.7 with probability 0.0002, of 0.5 with 0.13 (banding of 128 permutations into 32);
    what it proposes is confirmed exactly.
    """
    shingles = _shingles(analyzer)
    texts, others = as_column(texts), as_column(others)
    our_digests, their_digests = _digests(texts, shingles, n_jobs), _digests(others, shingles, n_jobs)
    proposed, twins = _share_a_band(our_digests, their_digests), _share_a_band(their_digests, our_digests)
    if not len(proposed) or not len(twins):
        return NearDuplicates(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    best, at = _most_similar(
        hash_ngrams(texts.take(proposed), shingles),
        hash_ngrams(others.take(twins), shingles),
    )
    near = best >= similarity
    return NearDuplicates(proposed[near], twins[at[near]], best[near])


def text_signatures(texts: Texts, analyzer: Analyzer = "word", n_jobs: int = 1) -> np.ndarray:
    """What is kept of texts to recognise their near-duplicates by, uint8 of shape (n_texts, SIGNATURE_SIZE).

    The lowest byte of each MinHash (Li & König 2010, "b-bit minwise hashing"): the share of bytes that two signatures
    have in common says how similar the texts are, and nothing says what they were.
    """
    digests = _digests(as_column(texts), _shingles(analyzer), n_jobs)
    return np.concatenate([NO_SIGNATURES, *(_lowest_bytes(each) for each in digests)])


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


def _lowest_bytes(digests: RMinHashDigestMatrix) -> np.ndarray:
    return (np.array(digests.to_rows(), np.uint32).reshape(-1, SIGNATURE_SIZE) & _NO_SHINGLE).astype(np.uint8)


def _shingles(analyzer: Analyzer) -> NgramSettings:
    return NgramSettings(analyzer=analyzer, shortest=SHINGLE_TOKENS, longest=SHINGLE_TOKENS, columns_log2=22)


def _digests(texts: pa.Array, shingles: NgramSettings, n_jobs: int) -> list[RMinHashDigestMatrix]:
    """Sketches of the texts, some at a time, so that their shingles are never in memory all at once."""
    return [
        _digest(hash_ngrams(texts.slice(start, _TEXTS_AT_ONCE), shingles, n_jobs=n_jobs))
        for start in range(0, len(texts), _TEXTS_AT_ONCE)
    ]


def _digest(rows: sparse.csr_matrix) -> RMinHashDigestMatrix:
    return RMinHash.digest_matrix_from_flat_token_hashes(
        rows.indices.astype(np.uint64), rows.indptr.astype(np.uint64), _PERMUTATIONS, _SEED
    )


def _share_a_band(digests: Sequence[RMinHashDigestMatrix], others: Sequence[RMinHashDigestMatrix]) -> np.ndarray:
    """Positions of the rows whose sketch agrees in a whole band with one of ``others``, or with a row beside them."""
    index = RMinHashLSH(threshold=0.0, num_perm=_PERMUTATIONS, num_bands=_BANDS)
    start = 0
    for each in others:
        index.insert_matrix(each, start)
        start += each.len()
    flags = [index.query_duplicate_flags_matrix_one_shot(each) for each in digests]
    return np.flatnonzero(np.concatenate(flags)) if flags else np.empty(0, np.int64)


def _most_similar(rows: sparse.csr_matrix, others: sparse.csr_matrix) -> tuple[np.ndarray, np.ndarray]:
    """The largest Jaccard similarity of each row with one of ``others``, and which one that is."""
    sizes = np.diff(others.indptr)
    transposed = others.T.tocsr()
    best, at = [], []
    for start in range(0, rows.shape[0], _ROWS_AT_ONCE):
        part = rows[start : start + _ROWS_AT_ONCE]
        shared = (part @ transposed).toarray()
        jaccard = shared / np.maximum(np.diff(part.indptr)[:, None] + sizes - shared, 1)
        at.append(jaccard.argmax(axis=1))
        best.append(jaccard.max(axis=1))
    return np.concatenate(best), np.concatenate(at)
