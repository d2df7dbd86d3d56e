"""Reviews that say nearly the same: found by MinHash, confirmed by their exact Jaccard similarity.

MinHash: Broder 1997, "On the resemblance and containment of documents"; banding: Leskovec, Rajaraman & Ullman,
"Mining of Massive Datasets", ch. 3. Both by the library ``rensa``, whose sketches of 50,000 reviews take half a second.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from rensa import RMinHash, RMinHashDigestMatrix, RMinHashLSH
from scipy import sparse

from sentiment_assets.learning.ngrams import Texts, as_column, hash_ngrams
from sentiment_assets.learning.settings import Analyzer, NgramSettings

SHINGLE_TOKENS = 3
_PERMUTATIONS, _BANDS, _SEED = 128, 32, 1
_TEXTS_AT_ONCE, _ROWS_AT_ONCE = 4_000, 500


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
    texts: Texts, others: Texts, similarity: float, analyzer: Analyzer = "word", n_jobs: int = 1
) -> NearDuplicates:
    """Those of ``texts`` that share at least ``similarity`` of their shingles with one of ``others``.

    A shingle is three neighbouring tokens; a text of fewer has none and is like no other. MinHash proposes pairs and
    misses one of similarity 0.7 with probability 0.0002, of 0.5 with 0.13 (banding of 128 permutations into 32);
    what it proposes is confirmed exactly.
    """
    shingles = NgramSettings(analyzer=analyzer, shortest=SHINGLE_TOKENS, longest=SHINGLE_TOKENS, columns_log2=22)
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
