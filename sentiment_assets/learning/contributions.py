"""Which words of a text moved its margin, and by how much: exact, because the model is linear.

The words of a model of words alone are n-grams, each with its own term of W·x. Where characters count, too, people are
shown the words that they stand in: the term of an n-gram is divided equally among its places in the text, and there
equally among its words, or its characters but for blanks and punctuation, which have a share only of what has nothing
else. So the words of a text add up to all of W·x.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy import sparse

from sentiment_assets.learning.feature_set import FeaturePart, FittedFeatureSet
from sentiment_assets.learning.ngrams import Occurrences, as_people_write, pair_keys, words_around_characters
from sentiment_assets.learning.settings import NgramSettings

_NOTHING = pa.scalar("", pa.large_string())
_LIKELY_LOG2 = 16
"""So many bits of a column tell most of those that are not wanted, by a table that stays in the cache."""
_T = TypeVar("_T")


@dataclass(frozen=True)
class Contributions:
    """The margins of a chunk of texts, and the words behind each."""

    margins: np.ndarray
    words: list[list[str]]
    """The words of each text, the heaviest first."""
    contributions: list[list[float]]
    """What each of these words added to W·x."""


@dataclass(frozen=True)
class _Pieces:
    """Words with what they added in a text; a word of a text may have several pieces."""

    rows: np.ndarray
    """int32: the text's position in the chunk."""
    words: pa.Array
    values: np.ndarray
    """float64, none of them 0."""

    @classmethod
    def of(cls, rows: np.ndarray, words: pa.Array, values: np.ndarray) -> "_Pieces":
        """The pieces that added anything."""
        there = np.flatnonzero(values)
        return cls(rows[there], words.take(there).cast(pa.large_string()), values[there])


def heaviest_words(
    texts: pa.Array,
    found: Sequence[Occurrences],
    *,
    rows: sparse.csr_matrix,
    feature_set: FittedFeatureSet,
    coefficients: np.ndarray,
    top: int | None = None,
) -> tuple[list[list[str]], list[list[float]]]:
    """Each text's words with the largest contributions by absolute value (all, without ``top``), and these.

    ``texts`` are a chunk, ``found`` their n-grams by part of the feature set, and ``rows`` their features.
    """
    terms = rows.data * coefficients[rows.indices]
    if {part.ngrams.analyzer for part in feature_set.parts} == {"word"} and _one_kind(feature_set):
        own = sparse.csr_matrix((terms, rows.indices, rows.indptr), shape=rows.shape)
        hashed, together = _by_hashed_column(feature_set, own)
        return _heaviest_ngrams(hashed, found[0], together, feature_set.main_ngrams, top=top)
    pieces: list[_Pieces] = []
    for part, occurrences, columns in zip(feature_set.parts, found, feature_set.column_ranges, strict=True):
        own = (rows.indices >= columns.start) & (rows.indices < columns.stop)
        shares = _share_of_each_place(part, occurrences, terms[own].astype(np.float64))
        if part.ngrams.analyzer == "word":
            pieces.append(_pieces_of_words(occurrences, shares))
        else:
            pieces += _pieces_of_characters(texts, occurrences, shares)
    return _heaviest(pieces, rows.shape[0], top)


def _one_kind(feature_set: FittedFeatureSet) -> bool:
    return len({part.ngrams for part in feature_set.parts}) == 1


def _by_hashed_column(feature_set: FittedFeatureSet, terms: sparse.csr_matrix) -> tuple[np.ndarray, sparse.csr_matrix]:
    """The hashed columns of all parts, and the terms in these: what an n-gram added to each part together."""
    hashed = [part.column_weights.columns for part in feature_set.parts]
    if len(hashed) == 1:
        return hashed[0], terms
    columns, place = np.unique(np.concatenate(hashed), return_inverse=True)
    where = place[terms.indices].astype(np.int32), terms.indptr
    together = sparse.csr_matrix((terms.data, *where), (terms.shape[0], len(columns)), copy=True)
    together.sum_duplicates()  # in place
    return columns, together


def _share_of_each_place(part: FeaturePart, occurrences: Occurrences, terms: np.ndarray) -> np.ndarray:
    """What each n-gram of a chunk added where it stands: its term divided by how often the text has it, or 0.

    ``terms`` are those of the part's entries in the order of rows and columns.
    """
    numbers = part.lookup.position[occurrences.columns]
    known = np.flatnonzero(numbers >= 0)
    keys = pair_keys(occurrences.rows[known], numbers[known], part.ngrams)
    _, entry, counts = np.unique(keys, return_inverse=True, return_counts=True)
    shares = np.zeros(len(occurrences.rows))
    shares[known] = (terms / counts)[entry]
    return shares


def _by_length(
    occurrences: Occurrences, shares: np.ndarray
) -> Iterator[tuple[int, np.ndarray, np.ndarray, np.ndarray]]:
    """Yield each length of n-grams with where these begin, in which text they are, and what they added."""
    first = 0
    for length, starts in occurrences.starts.items():
        here = slice(first, first + len(starts))
        there = np.flatnonzero(shares[here])
        yield length, starts[there], occurrences.rows[here][there], shares[here][there]
        first += len(starts)


def _pieces_of_words(occurrences: Occurrences, shares: np.ndarray) -> _Pieces:
    values = np.zeros(len(occurrences.tokens))
    row_of = np.zeros(len(occurrences.tokens), np.int32)
    for length, starts, rows, added in _by_length(occurrences, shares):
        for place in range(length):
            values[starts + place] += added / length
            row_of[starts + place] = rows
    return _Pieces.of(row_of, occurrences.tokens, values)


def _pieces_of_characters(texts: pa.Array, occurrences: Occurrences, shares: np.ndarray) -> Iterator[_Pieces]:
    """The words that the characters stand in; in a language without spaces, where no word is known, the n-grams.

    What an n-gram there shares with another word is given to its single characters.
    """
    around = words_around_characters(texts)
    characters = occurrences.tokens
    is_blank = pc.equal(characters, " ").to_numpy(zero_copy_only=False)
    visible = _visible(is_blank)
    values = np.zeros(len(around.of_character))
    for length, starts, rows, added in _by_length(occurrences, shares):
        last = starts + length - 1
        word = around.of_character[visible[starts]]
        whole = around.unspaced[word] & (word == around.of_character[visible[last]])
        whole &= ~is_blank[starts] & ~is_blank[last]
        ends = [characters.take(starts[whole] + place) for place in range(length)]
        yield _Pieces.of(rows[whole], pc.binary_join_element_wise(*ends, _NOTHING), added[whole])
        places = [starts[~whole] + place for place in range(length)]
        tells = [~is_blank[each] & around.tells[around.of_character[visible[each]]] for each in places]
        telling = np.sum(tells, axis=0)
        for each, tell in zip(places, tells, strict=True):
            share = np.where(telling > 0, tell / np.maximum(telling, 1), 1 / length)
            values += np.bincount(visible[each], added[~whole] * share, len(values))
    row_of = around.rows[around.of_character]
    alone = around.unspaced[around.of_character]
    yield _Pieces.of(row_of[alone], characters.filter(~is_blank).filter(alone), values[alone])
    in_words = np.bincount(around.of_character[~alone], values[~alone], len(around.words))
    yield _Pieces.of(around.rows, around.words, in_words)


def _visible(is_blank: np.ndarray) -> np.ndarray:
    """Number each character among those that are no blank; a blank has the number of the character before it.

    The blank before a text, which stands first or behind the one after another text, has that of the text's first.
    """
    opens_a_text = is_blank & np.concatenate([[True], is_blank[:-1]])[: len(is_blank)]
    return np.cumsum(~is_blank) - 1 + opens_a_text


def _heaviest(pieces: Sequence[_Pieces], n_texts: int, top: int | None) -> tuple[list[list[str]], list[list[float]]]:
    """The pieces of each word of a text added up, heaviest first."""
    distinct = pa.concat_arrays([each.words for each in pieces]).dictionary_encode()
    n_words = max(len(distinct.dictionary), 1)
    keys = np.concatenate([each.rows for each in pieces]) * np.int64(n_words) + distinct.indices.to_numpy()
    together, word_of = np.unique(keys, return_inverse=True)
    sums = np.bincount(word_of, np.concatenate([each.values for each in pieces]), len(together))
    rows = together // n_words
    order = np.lexsort((together, -np.abs(sums), rows))
    sizes = np.bincount(rows, minlength=n_texts)
    rank = np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    chosen = order if top is None else order[rank < top]
    named = as_people_write(distinct.dictionary.take(together[chosen] % n_words).to_pylist())
    per_text = np.bincount(rows[chosen], minlength=n_texts)
    return _parted(named, per_text), _parted(sums[chosen].tolist(), per_text)


def _heaviest_ngrams(
    columns: np.ndarray,
    occurrences: Occurrences,
    terms: sparse.csr_matrix,
    settings: NgramSettings,
    *,
    top: int | None,
) -> tuple[list[list[str]], list[list[float]]]:
    """Each row's largest terms of W·x by absolute value (all, without ``top``), with the n-gram in its own text.

    ``terms`` has a column for each of the hashed ``columns``.
    """
    sizes = np.diff(terms.indptr)
    row_of = np.repeat(np.arange(len(sizes)), sizes)
    chosen = _largest(np.abs(terms.data), row_of, terms.indptr, top=top)
    wanted = pair_keys(row_of[chosen], columns[terms.indices[chosen]], settings)
    named = occurrences.ngrams(_first_places(occurrences, wanted, settings))
    per_text = np.bincount(row_of[chosen], minlength=len(sizes))
    return _parted(named, per_text), _parted(terms.data[chosen].tolist(), per_text)


def _largest(values: np.ndarray, row_of: np.ndarray, indptr: np.ndarray, *, top: int | None) -> np.ndarray:
    """Where the largest of each row's ``values`` are, largest first, of equals the first one; values are 0 or more."""
    kept = np.arange(len(values))
    if top is not None:
        # Non-negative floats are ordered as their bits are, so one sort of integers finds the last of each row's top.
        keys = (row_of.astype(np.int64) << 32) - values.astype(np.float32).view(np.int32)
        ends = np.sort(keys)[np.minimum(indptr[:-1] + top, indptr[1:]) - 1] if len(keys) else keys
        kept = np.flatnonzero(keys <= ends[row_of])
    order = kept[np.lexsort((-values[kept], row_of[kept]))]
    sizes = np.bincount(row_of[order], minlength=len(indptr) - 1)
    rank = np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return order if top is None else order[rank < top]


def _first_places(occurrences: Occurrences, wanted: np.ndarray, settings: NgramSettings) -> np.ndarray:
    """Where each of the ``wanted`` pairs (``pair_keys``), none of them twice, stands first in its text."""
    low_bits = (1 << min(_LIKELY_LOG2, settings.columns_log2)) - 1
    is_likely = np.zeros(low_bits + 1, bool)
    is_likely[wanted & low_bits] = True
    likely = np.flatnonzero(is_likely[occurrences.columns & low_bits])
    keys = pair_keys(occurrences.rows[likely], occurrences.columns[likely], settings)
    in_order = np.sort(wanted)
    number = np.minimum(np.searchsorted(in_order, keys), len(wanted) - 1)
    found = np.flatnonzero(in_order[number] == keys) if len(wanted) else number
    places = np.empty(len(wanted), np.int64)
    places[number[found][::-1]] = likely[found][::-1]
    return places[np.searchsorted(in_order, wanted)]


def _parted(values: list[_T], sizes: np.ndarray) -> list[list[_T]]:
    """Values that stand one text after the other, a list a text."""
    return [values[start:end] for start, end in pairwise([0, *np.cumsum(sizes).tolist()])]
