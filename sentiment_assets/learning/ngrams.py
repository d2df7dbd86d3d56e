"""From texts to a sparse matrix of hashed n-grams, vectorised over a chunk of texts at a time.

The same text gives the same row on any machine, in any process: tokens are hashed by their UTF-8
bytes with constants written down here, never with Python's own ``hash``.

Hashing n-grams into columns: Weinberger et al. 2009, "Feature hashing for large scale multitask learning".
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy import sparse

from sentiment_assets.learning.settings import NgramSettings

_PUNCTUATION_THAT_SPEAKS = r'([!?.,()*"])'
_BETWEEN_TOKENS = r"[^\p{L}\p{M}\p{N}_'!?.,()*\"]+"
_ODD = np.uint64(0x9E3779B97F4A7C15)
_TEXTS_PER_CHUNK = 2_000


@dataclass(frozen=True)
class Occurrences:
    """Every n-gram of a chunk of texts, in no particular order; all arrays are of one length."""

    rows: np.ndarray
    """int32: the text's position in the chunk."""
    columns: np.ndarray
    """int32: the hashed column, 0 to 2^columns_log2 - 1."""
    starts: np.ndarray
    """int64: position of the first token in ``tokens``."""
    lengths: np.ndarray
    """int8: number of tokens."""
    tokens: pa.Array
    """The chunk's tokens, one text after the other."""
    joiner: str
    """What stands between two tokens when an n-gram is shown to a person."""

    def ngram(self, position: int) -> str:
        """The n-gram at a position of these arrays, as a person reads it."""
        start, length = int(self.starts[position]), int(self.lengths[position])
        return self.joiner.join(self.tokens[start : start + length].to_pylist())


def hash_ngrams(texts: Sequence[str] | pa.Array, settings: NgramSettings) -> sparse.csr_matrix:
    """Presence of each n-gram in each text.

    Returns a float32 CSR matrix of shape (len(texts), 2^columns_log2) with ones where the n-gram occurs;
    column indices are sorted and unique in each row. Works through the texts in chunks, so memory beyond
    the matrix itself does not grow with the corpus.
    """
    chunks = [presence(found, n_texts, settings) for found, n_texts in occurrences_by_chunk(texts, settings)]
    flat = np.concatenate([chunk.indices for chunk in chunks]) if chunks else np.empty(0, np.int32)
    sizes = np.concatenate([np.diff(chunk.indptr) for chunk in chunks]) if chunks else np.empty(0, np.int64)
    return _matrix_of_ones(flat, sizes, settings)


def presence(occurrences: Occurrences, n_texts: int, settings: NgramSettings) -> sparse.csr_matrix:
    """The rows of ``hash_ngrams`` for the texts of one chunk, from n-grams that were found already."""
    return _matrix_of_ones(*_unique_columns(occurrences, n_texts, settings), settings)


def _matrix_of_ones(columns: np.ndarray, sizes: np.ndarray, settings: NgramSettings) -> sparse.csr_matrix:
    indptr = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    shape = (len(sizes), 1 << settings.columns_log2)
    matrix = sparse.csr_matrix((np.ones(len(columns), np.float32), columns, indptr), shape=shape)
    matrix.has_canonical_format = True
    return matrix


def occurrences_by_chunk(texts: Sequence[str] | pa.Array, settings: NgramSettings) -> Iterator[tuple[Occurrences, int]]:
    """The n-grams of ``texts``, a chunk at a time, with the number of texts in the chunk."""
    column = texts if isinstance(texts, pa.Array) else pa.array(texts, pa.large_string())
    for start in range(0, len(column), _TEXTS_PER_CHUNK):
        chunk = column.slice(start, _TEXTS_PER_CHUNK).cast(pa.large_string())
        yield _occurrences(chunk, settings), len(chunk)


def _occurrences(texts: pa.Array, settings: NgramSettings) -> Occurrences:
    if settings.analyzer == "word":
        tokens, rows, joiner = *_words(texts), " "
    else:
        tokens, rows, joiner = *_characters(texts), ""
    dictionary = tokens.dictionary_encode()
    token_hashes = _hash_strings(dictionary.dictionary)[dictionary.indices.to_numpy()]
    columns, all_rows, starts, lengths = [], [], [], []
    rolling = np.zeros(len(token_hashes), np.uint64)
    shift = np.uint64(64 - settings.columns_log2)
    with np.errstate(over="ignore"):
        for length in range(1, settings.longest + 1):
            count = max(len(token_hashes) - length + 1, 0)
            rolling = _mix(rolling[:count] * _ODD + token_hashes[length - 1 : length - 1 + count])
            if length < settings.shortest:
                continue
            within = np.flatnonzero(rows[:count] == rows[length - 1 : length - 1 + count])
            columns.append((rolling[within] >> shift).astype(np.int32))
            all_rows.append(rows[within])
            starts.append(within)
            lengths.append(np.full(len(within), length, np.int8))
    return Occurrences(
        rows=np.concatenate(all_rows),
        columns=np.concatenate(columns),
        starts=np.concatenate(starts),
        lengths=np.concatenate(lengths),
        tokens=tokens,
        joiner=joiner,
    )


def _words(texts: pa.Array) -> tuple[pa.Array, np.ndarray]:
    """Lower-cased words, and the punctuation marks that carry sentiment as tokens of their own."""
    lowered = pc.utf8_lower(texts)
    spaced = pc.replace_substring_regex(lowered, _PUNCTUATION_THAT_SPEAKS, r" \1 ")
    parts = pc.split_pattern_regex(spaced, _BETWEEN_TOKENS)
    return _flatten(parts)


def _characters(texts: pa.Array) -> tuple[pa.Array, np.ndarray]:
    """Lower-cased characters without white space."""
    bare = pc.replace_substring_regex(pc.utf8_lower(texts), r"\s+", "")
    sizes = pc.utf8_length(bare).to_numpy()
    characters = np.frombuffer("".join(bare.to_pylist()).encode("utf-32-le"), dtype="<U1")
    rows = np.repeat(np.arange(len(texts), dtype=np.int32), sizes)
    return pa.array(characters, pa.large_string()), rows


def _flatten(parts: pa.Array) -> tuple[pa.Array, np.ndarray]:
    rows = pc.list_parent_indices(parts).to_numpy().astype(np.int32)
    tokens = parts.flatten()
    kept = pc.not_equal(pc.binary_length(tokens), 0)
    return tokens.filter(kept), rows[kept.to_numpy(zero_copy_only=False)]


def _mix(values: np.ndarray) -> np.ndarray:
    """The finaliser of SplitMix64 (Steele et al. 2014): every input bit reaches every output bit."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _hash_strings(strings: pa.Array) -> np.ndarray:
    """A 64-bit hash of each string's UTF-8 bytes: a polynomial over mixed bytes, all strings at once."""
    if len(strings) == 0:
        return np.empty(0, np.uint64)
    strings = strings.cast(pa.large_string())
    offsets = np.frombuffer(strings.buffers()[1], np.int64)[strings.offset :][: len(strings) + 1]
    content = np.frombuffer(strings.buffers()[2], np.uint8)[offsets[0] : offsets[-1]]
    starts, sizes = offsets[:-1] - offsets[0], np.diff(offsets)
    with np.errstate(over="ignore"):
        byte_values = _mix((np.arange(256, dtype=np.uint64) + np.uint64(1)) * _ODD)
        powers = np.cumprod(np.full(int(sizes.max(initial=1)), _ODD, np.uint64))
        position = np.arange(len(content)) - np.repeat(starts, sizes)
        terms = byte_values[content] * powers[position]
        sums = np.concatenate([[np.uint64(0)], np.cumsum(terms, dtype=np.uint64)])
        return _mix(sums[starts + sizes] - sums[starts])


def _unique_columns(occurrences: Occurrences, n_texts: int, settings: NgramSettings) -> tuple[np.ndarray, np.ndarray]:
    """Each row's distinct columns in ascending order, row after row, and how many each row has."""
    keys = pair_keys(occurrences.rows, occurrences.columns, settings)
    keys.sort()
    keys = keys[np.concatenate([[True], keys[1:] != keys[:-1]])] if len(keys) else keys
    rows = keys >> settings.columns_log2
    columns = (keys & ((1 << settings.columns_log2) - 1)).astype(np.int32)
    return columns, np.bincount(rows, minlength=n_texts)


def pair_keys(rows: np.ndarray, columns: np.ndarray, settings: NgramSettings) -> np.ndarray:
    """One int64 for each (row, column), ordered by row, then column."""
    return (rows.astype(np.int64) << settings.columns_log2) | columns
