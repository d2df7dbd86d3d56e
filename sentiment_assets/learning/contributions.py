"""Which words of a text moved its margin, and by how much: exact, because the model is linear.

The words of a model of words alone are n-grams, each with its own term of W·x. Where characters count, too, people are
shown the words that they stand in: the term of an n-gram is divided equally among its places in the text, and there
equally among its words, or its characters but for blanks and punctuation, which have a share only of what has nothing
else. So the words of a text add up to all of W·x.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy import sparse

from sentiment_assets.learning.feature_set import FeaturePart, FittedFeatureSet
from sentiment_assets.learning.ngrams import Occurrences, pair_keys, words_around_characters

_NOTHING = pa.scalar("", pa.large_string())


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
    if [part.ngrams.analyzer for part in feature_set.parts] == ["word"]:
        return _heaviest_ngrams(feature_set.parts[0], found[0], rows, terms, top=top)
    pieces: list[_Pieces] = []
    for part, occurrences, columns in zip(feature_set.parts, found, feature_set.column_ranges, strict=True):
        own = (rows.indices >= columns.start) & (rows.indices < columns.stop)
        shares = _share_of_each_place(part, occurrences, terms[own].astype(np.float64))
        if part.ngrams.analyzer == "word":
            pieces.append(_pieces_of_words(occurrences, shares))
        else:
            pieces += _pieces_of_characters(texts, occurrences, shares)
    return _heaviest(pieces, rows.shape[0], top)


def _share_of_each_place(part: FeaturePart, occurrences: Occurrences, terms: np.ndarray) -> np.ndarray:
    """What each n-gram of a chunk added where it stands: its term divided by how often the text has it, or 0.

    ``terms`` are those of the part's entries in the order of rows and columns.
    """
    known = np.flatnonzero(part.lookup.position[occurrences.columns] >= 0)
    keys = pair_keys(occurrences.rows[known], occurrences.columns[known], part.ngrams)
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
    named = distinct.dictionary.take(together[chosen] % n_words).to_pylist()
    words: list[list[str]] = [[] for _ in range(n_texts)]
    contributions: list[list[float]] = [[] for _ in range(n_texts)]
    for row, word, value in zip(rows[chosen], named, sums[chosen].tolist(), strict=True):
        words[row].append(word)
        contributions[row].append(value)
    return words, contributions


def _heaviest_ngrams(
    part: FeaturePart, occurrences: Occurrences, rows: sparse.csr_matrix, terms: np.ndarray, *, top: int | None
) -> tuple[list[list[str]], list[list[float]]]:
    """Each row's largest terms of W·x by absolute value (all, without ``top``), with the n-gram in its own text."""
    sizes = np.diff(rows.indptr)
    row_of = np.repeat(np.arange(len(sizes)), sizes)
    order = np.lexsort((rows.indices, -np.abs(terms), row_of))
    rank = np.arange(len(order)) - np.repeat(rows.indptr[:-1], sizes)
    chosen = order if top is None else order[rank < top]
    columns = part.column_weights.columns[rows.indices[chosen]]
    wanted = pair_keys(row_of[chosen], columns, part.ngrams)
    keys = pair_keys(occurrences.rows, occurrences.columns, part.ngrams)
    by_key = np.argsort(keys, kind="stable")
    places = by_key[np.searchsorted(keys, wanted, sorter=by_key)]
    words: list[list[str]] = [[] for _ in sizes]
    contributions: list[list[float]] = [[] for _ in sizes]
    for row, position, term in zip(row_of[chosen], places, terms[chosen], strict=True):
        words[row].append(occurrences.ngram(position))
        contributions[row].append(float(term))
    return words, contributions
