"""N-grams: how texts become hashed n-grams, vectorised over a chunk of texts at a time.

The same text gives the same columns on any machine, in any process: tokens are hashed by their UTF-8
bytes with constants written down here, never with Python's own ``hash``.

Hashing n-grams into columns: Weinberger et al. 2009, "Feature hashing for large scale multitask learning".
"""

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import islice
from typing import TypeAlias, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy import sparse

from sentiment_assets.learning.character_classes import narrowed
from sentiment_assets.learning.settings import NgramSettings

_T = TypeVar("_T")
_PUNCTUATION_THAT_SPEAKS = r'!?.,()*"'
_OTHERS = rf"[^\p{{L}}\p{{M}}\p{{N}}_'\s{_PUNCTUATION_THAT_SPEAKS}]+"
_MARK_OR_GAP = rf"([{_PUNCTUATION_THAT_SPEAKS}])|{_OTHERS}"
_EMOTICON = r"[:;=]['’]?[-o^~]?(?:[)(\[\]|/\\*]+|[dpsx]\b)|</?3+|\^_*\^"
_EMOJI = r"[\p{So}]"
_INVISIBLE = r"[\x{FE0E}\x{FE0F}\x{1F3FB}-\x{1F3FF}\x{20E3}]"
"""How an emoji is drawn, and its skin tone: what it says stays the same."""
_FEELING = rf"{_EMOTICON}|{_EMOJI}|{_INVISIBLE}"
_FEELING_MARK_OR_GAP = rf"://|({_EMOTICON}|[{_PUNCTUATION_THAT_SPEAKS}]|{_EMOJI})|{_INVISIBLE}|{_OTHERS.rstrip('+')}"
"""The beginning of an address is no emoticon."""
_FEELING_MARK_OR_OTHER = rf"(://|{_EMOTICON}|[{_PUNCTUATION_THAT_SPEAKS}]|{_EMOJI}|{_INVISIBLE}|{_OTHERS.rstrip('+')})"
_UNSPACED_SCRIPTS = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
_TELLING = r"[\p{L}\p{N}\p{So}]"
_BLANK, _NOTHING = pa.scalar(" ", pa.large_string()), pa.scalar("", pa.large_string())
_ODD = np.uint64(0x9E3779B97F4A7C15)
_TEXTS_PER_CHUNK = 1_000
_TEXTS_IN_CACHES = 200
"""Characters are many: those of more texts at once do not fit into a processor's caches, and take a fifth longer."""
_TEXTS_GATHERED = 20_000

Texts: TypeAlias = "Sequence[str] | pa.Array"


@dataclass(frozen=True)
class _NumberedTokens:
    """Tokens as numbers of distinct strings."""

    vocabulary: pa.Array
    """The distinct tokens."""
    numbers: np.ndarray
    """int32, one a token: its place in the vocabulary."""


@dataclass(frozen=True)
class Occurrences:
    """Every n-gram of a chunk of texts, the shortest first."""

    n_texts: int
    """Texts in the chunk."""
    rows: np.ndarray
    """int32, one an n-gram: the text's position in the chunk."""
    columns: np.ndarray
    """int32, one an n-gram: the hashed column, 0 to 2^columns_log2 - 1."""
    starts: Mapping[int, np.ndarray]
    """The place in ``tokens`` where each n-gram begins, int64, by the length of the n-grams in tokens."""
    numbered: _NumberedTokens
    """The chunk's tokens, one text after the other."""
    joiner: str
    """What stands between two tokens when an n-gram is shown to a person."""

    @cached_property
    def tokens(self) -> pa.Array:
        """The chunk's tokens as strings, of which only those who show them have need."""
        return self.numbered.vocabulary.take(pa.array(self.numbered.numbers))

    def ngrams(self, positions: np.ndarray) -> list[str]:
        """The n-grams at some positions of these arrays, int64 from 0 on, as a person reads them."""
        names = np.empty(len(positions), object)
        first = 0
        for length, starts in self.starts.items():
            own = np.flatnonzero((positions >= first) & (positions < first + len(starts)))
            begins = starts[positions[own] - first]
            tokens = [self.tokens.take(begins + place) for place in range(length)]
            names[own] = pc.binary_join_element_wise(*tokens, pa.scalar(self.joiner, pa.large_string())).to_pylist()
            first += len(starts)
        return as_people_write(names.tolist())


@dataclass(frozen=True)
class ColumnLookup:
    """Some of the hashed columns, numbered from 0; all others carry no weight."""

    position: np.ndarray
    """int32, shape (2^columns_log2,): the column's number, or -1."""
    n_columns: int

    @classmethod
    def of(cls, columns: np.ndarray, n_hashed_columns: int) -> "ColumnLookup":
        """A lookup of hashed columns, numbered in the order in which they are given."""
        position = np.full(n_hashed_columns, -1, np.int32)
        position[columns] = np.arange(len(columns), dtype=np.int32)
        return cls(position, len(columns))


def hash_ngrams(
    texts: Texts, settings: NgramSettings, lookup: ColumnLookup | None = None, n_jobs: int = 1
) -> sparse.csr_matrix:
    """The n-grams of each text, hashed to columns.

    Returns a float32 CSR matrix of shape (len(texts), 2^columns_log2), or (len(texts), lookup.n_columns) with the
    lookup's columns alone. Its values are ones or counts; column indices are sorted and unique in each row. Works
    through the texts in chunks, ``n_jobs`` threads side by side, so memory beyond the matrix itself does not grow with
    the corpus.
    """
    chunks = hash_chunks(chunks_of(texts), settings, lookup, n_jobs)
    return _stack(chunks, lookup.n_columns if lookup else 1 << settings.columns_log2)


def hash_chunks(
    chunks: Iterator[pa.Array], settings: NgramSettings, lookup: ColumnLookup | None = None, n_jobs: int = 1
) -> Iterator[sparse.csr_matrix]:
    """The rows of ``hash_ngrams`` of each of some chunks of texts (``chunks_of``), one chunk after the other."""
    return map_chunks(partial(_rows_of_chunk, settings=settings, lookup=lookup), chunks, n_jobs)


def find_ngrams(texts: Texts, settings: NgramSettings) -> Iterator[Occurrences]:
    """Every n-gram of ``texts`` with its place, a chunk of texts at a time."""
    return (_occurrences(chunk, settings) for chunk in chunks_of(texts))


def occurrences_to_rows(
    occurrences: Occurrences, settings: NgramSettings, lookup: ColumnLookup | None = None
) -> sparse.csr_matrix:
    """The rows of ``hash_ngrams`` for one chunk, from n-grams that were found already."""
    rows, columns, n_columns = occurrences.rows, occurrences.columns, 1 << settings.columns_log2
    if lookup is not None:
        columns, n_columns = lookup.position.take(columns), lookup.n_columns
        kept = np.flatnonzero(columns >= 0)
        rows, columns = rows.take(kept), columns.take(kept)
    keys = pair_keys(rows, columns, settings)
    keys.sort()
    is_first = np.ones(len(keys), bool)
    np.not_equal(keys[1:], keys[:-1], out=is_first[1:])
    if settings.values == "counts":
        values = np.diff(np.flatnonzero(is_first), append=len(keys)).astype(np.float32)
        keys = np.compress(is_first, keys)
    else:
        keys = np.compress(is_first, keys)
        values = np.ones(len(keys), np.float32)
    return _csr_of_keys(keys, values, settings.columns_log2, (occurrences.n_texts, n_columns))


def select_columns(rows: sparse.csr_matrix, lookup: ColumnLookup) -> sparse.csr_matrix:
    """The lookup's columns of a matrix that has all of them, shape (n_rows, lookup.n_columns)."""
    parts = (rows[start : start + _TEXTS_PER_CHUNK] for start in range(0, rows.shape[0], _TEXTS_PER_CHUNK))
    return _stack((_select(part, lookup) for part in parts), lookup.n_columns)


def _select(rows: sparse.csr_matrix, lookup: ColumnLookup) -> sparse.csr_matrix:
    columns = lookup.position.take(rows.indices)
    kept = np.flatnonzero(columns >= 0)
    values = rows.data.take(kept)
    row_of = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr)).take(kept)
    bits = lookup.n_columns.bit_length()
    keys = _pair_keys(row_of, columns.take(kept), bits)
    if np.all(values == 1):
        keys.sort()
    else:
        order = np.argsort(keys)
        keys, values = keys[order], values[order]
    return _csr_of_keys(keys, values, bits, (rows.shape[0], lookup.n_columns))


def _stack(chunks: Iterable[sparse.csr_matrix], n_columns: int) -> sparse.csr_matrix:
    """Chunks of rows as one matrix; each chunk is let go as soon as it is copied."""
    waiting = list(chunks)
    n_entries = sum(chunk.nnz for chunk in waiting)
    values, columns = np.empty(n_entries, np.float32), np.empty(n_entries, np.int32)
    sizes = np.concatenate([np.empty(0, np.int64), *(np.diff(chunk.indptr) for chunk in waiting)])
    end = n_entries
    while waiting:
        chunk = waiting.pop()
        values[end - chunk.nnz : end], columns[end - chunk.nnz : end] = chunk.data, chunk.indices
        end -= chunk.nnz
    return _csr(values, columns, sizes, n_columns)


def pair_keys(rows: np.ndarray, columns: np.ndarray, settings: NgramSettings) -> np.ndarray:
    """One int64 for each (row, column), ordered by row, then column."""
    return _pair_keys(rows, columns, settings.columns_log2)


def _pair_keys(rows: np.ndarray, columns: np.ndarray, bits: int) -> np.ndarray:
    keys: np.ndarray = np.left_shift(rows, bits, dtype=np.int64)
    keys |= columns
    return keys


def _csr_of_keys(keys: np.ndarray, values: np.ndarray, bits: int, shape: tuple[int, int]) -> sparse.csr_matrix:
    """The matrix of the entries of sorted ``_pair_keys``, each of which stands there once."""
    sizes = np.diff(np.searchsorted(keys, np.arange(shape[0] + 1, dtype=np.int64) << bits))
    keys &= (1 << bits) - 1
    return _csr(values, keys.astype(np.int32), sizes, shape[1])


def _rows_of_chunk(texts: pa.Array, settings: NgramSettings, lookup: ColumnLookup | None) -> sparse.csr_matrix:
    size = _TEXTS_PER_CHUNK if settings.analyzer == "word" else _TEXTS_IN_CACHES
    parts = [texts.slice(start, size) for start in range(0, len(texts), size)] or [texts]
    rows = [occurrences_to_rows(_occurrences(part, settings), settings, lookup) for part in parts]
    return _stack(rows, rows[0].shape[1]) if len(rows) > 1 else rows[0]


def _csr(values: np.ndarray, columns: np.ndarray, sizes: np.ndarray, n_columns: int) -> sparse.csr_matrix:
    indptr = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    matrix = sparse.csr_matrix((values, columns, indptr), shape=(len(sizes), n_columns))
    matrix.has_canonical_format = True
    return matrix


def as_column(texts: Texts) -> pa.Array:
    """Texts as one Arrow array: without a copy if they are an Arrow array already."""
    column = as_chunked_column(texts)
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def as_chunked_column(texts: Texts) -> pa.Array | pa.ChunkedArray:
    """Texts as Arrow holds them, without a copy if they are Arrow's or a pandas column already."""
    if isinstance(texts, pa.Array | pa.ChunkedArray):
        return texts
    return pa.array(texts, pa.large_string())


def chunks_of(texts: Texts, wanted: np.ndarray | None = None, size: int = _TEXTS_PER_CHUNK) -> Iterator[pa.Array]:
    """The texts some at a time, as they are worked through, without a copy of all: those where ``wanted`` is true."""
    column = as_chunked_column(texts)
    places = np.arange(len(column)) if wanted is None else np.flatnonzero(wanted)
    for start in range(0, len(places), size):
        own = places[start : start + size]
        part = as_column(column.slice(own[0], own[-1] + 1 - own[0])).cast(pa.large_string())
        yield part if len(part) == len(own) else part.take(pa.array(own - own[0]))


def texts_at(texts: Texts, places: np.ndarray, size: int = _TEXTS_GATHERED) -> Iterator[pa.Array]:
    """The texts at some places, in their order, some at a time: gathered from where they lie, without a copy of all."""
    column = as_chunked_column(texts)
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    ends = np.cumsum([len(each) for each in chunks])
    for start in range(0, len(places), size):
        own = places[start : start + size]
        ascending = np.argsort(own)
        chunk_of = np.searchsorted(ends, own[ascending], side="right")
        parts = [
            chunks[number].take(pa.array(own[ascending][chunk_of == number] - (ends[number - 1] if number else 0)))
            for number in np.unique(chunk_of)
        ]
        gathered = pa.concat_arrays([part.cast(pa.large_string()) for part in parts])
        yield gathered.take(pa.array(np.argsort(ascending)))


def map_chunks(function: Callable[[pa.Array], _T], chunks: Iterator[pa.Array], n_jobs: int) -> Iterator[_T]:
    """Apply a function as ``map`` does, ``n_jobs`` chunks at a time: Arrow and numpy let go of Python's lock."""
    if n_jobs == 1:
        yield from map(function, chunks)
        return
    with ThreadPoolExecutor(n_jobs) as threads:
        while under_way := list(islice(chunks, n_jobs)):
            yield from threads.map(function, under_way)


def _occurrences(texts: pa.Array, settings: NgramSettings) -> Occurrences:
    if settings.analyzer == "word":
        tokens, rows, joiner = *_numbered_words(texts), " "
    else:
        tokens, rows, joiner = *_characters(texts, keep_blanks=settings.analyzer == "char_blank"), ""
    token_hashes = _hash_strings(tokens.vocabulary).take(tokens.numbers)
    columns, all_rows, starts = [], [], {}
    rolling = np.zeros(len(token_hashes), np.uint64)
    shift = np.uint64(64 - settings.columns_log2)
    with np.errstate(over="ignore"):
        for length in range(1, settings.longest + 1):
            count = max(len(token_hashes) - length + 1, 0)
            rolling = rolling[:count]
            rolling *= _ODD
            rolling += token_hashes[length - 1 : length - 1 + count]
            rolling = _mix(rolling)
            if length < settings.shortest:
                continue
            within = np.flatnonzero(rows[:count] == rows[length - 1 : length - 1 + count])
            if length == 1 and settings.analyzer == "char_blank":  # every text has blanks: they tell nothing known
                within = within[tokens.numbers != pc.index(tokens.vocabulary, _BLANK).as_py()]
            columns.append((rolling.take(within) >> shift).astype(np.int32))
            all_rows.append(rows.take(within))
            starts[length] = within
    return Occurrences(
        n_texts=len(texts),
        rows=np.concatenate(all_rows),
        columns=np.concatenate(columns),
        starts=starts,
        numbered=tokens,
        joiner=joiner,
    )


def as_people_write(ngrams: Sequence[str]) -> list[str]:
    """N-grams in the form in which texts mostly are (NFC): in that of ``_one_form`` no ä is found in a text."""
    return [unicodedata.normalize("NFC", each) for each in ngrams]


def _one_form(texts: pa.Array) -> pa.Array:
    """Lower case, and one form of what Unicode can write in several: full-width letters and ligatures as plain ones.

    Letters and their marks are apart in it (NFKD), and so are syllables of Korean: registered models have learnt that.
    Arrow 25 does so whatever form it is asked for.
    """
    return pc.utf8_lower(pc.utf8_normalize(texts, "NFKD"))


def _words(texts: pa.Array) -> tuple[pa.Array, np.ndarray]:
    """Lower-cased words; the punctuation marks that carry sentiment, emoji and emoticons as tokens of their own."""
    parts = pc.ascii_split_whitespace(_spaced(_one_form(texts), _MARK_OR_GAP, _FEELING_MARK_OR_GAP))
    return _flat(parts)


def _numbered_words(texts: pa.Array) -> tuple[_NumberedTokens, np.ndarray]:
    tokens, rows = _words(texts)
    dictionary = tokens.dictionary_encode()
    return _NumberedTokens(dictionary.dictionary, dictionary.indices.to_numpy()), rows


def _spaced(texts: pa.Array, pattern: str, pattern_with_feeling: str) -> pa.Array:
    """Texts in one form, with blanks around each first group of the pattern, and no white space that is not ASCII's."""
    spaced = pc.replace_substring_regex(texts, narrowed(pattern, texts), r" \1 ")
    feeling = pc.match_substring_regex(texts, narrowed(_FEELING, texts))
    if pc.any(feeling).as_py():  # few have any, and the longer expression takes three times as long
        theirs = texts.filter(feeling)
        theirs = pc.replace_substring_regex(theirs, narrowed(pattern_with_feeling, theirs), r" \1 ")
        spaced = pc.replace_with_mask(spaced, feeling, theirs)
    return spaced


def _flat(parts: pa.Array) -> tuple[pa.Array, np.ndarray]:
    """The strings of all lists that are not empty, and the list that each comes from."""
    rows = pc.list_parent_indices(parts).to_numpy().astype(np.int32)
    tokens = parts.flatten()
    kept = pc.not_equal(pc.binary_length(tokens), 0)
    return tokens.filter(kept), rows[kept.to_numpy(zero_copy_only=False)]


def _characters(texts: pa.Array, *, keep_blanks: bool) -> tuple[_NumberedTokens, np.ndarray]:
    """Lower-cased characters without white space; with ``keep_blanks`` a blank around each run of others."""
    texts = _one_form(texts)
    if keep_blanks:
        single = pc.replace_substring_regex(texts, r"\s+", " ")
        trimmed = pc.utf8_trim(single, " ")
        padded = pc.binary_join_element_wise(_BLANK, trimmed, _BLANK, _NOTHING)
        bare = pc.if_else(pc.equal(pc.binary_length(trimmed), 0), trimmed, padded)
    else:
        bare = pc.replace_substring_regex(texts, r"\s+", "")
    rows = np.repeat(np.arange(len(texts), dtype=np.int32), pc.utf8_length(bare).to_numpy())
    code_points = np.frombuffer("".join(bare.to_pylist()).encode("utf-32-le"), dtype="<u4")
    beyond = int(code_points.max(initial=0)) + 1  # of a single text these tables are small, too
    is_there = np.zeros(beyond, bool)
    is_there[code_points] = True
    distinct = np.flatnonzero(is_there)
    number_of = np.zeros(beyond, np.int32)
    number_of[distinct] = np.arange(len(distinct), dtype=np.int32)
    vocabulary = pa.array(map(chr, distinct.tolist()), pa.large_string())
    return _NumberedTokens(vocabulary, number_of[code_points]), rows


@dataclass(frozen=True)
class WordsAround:
    """The words that the characters of a chunk of texts stand in."""

    words: pa.Array
    """Every word of the chunk, one text after the other; what ``_words`` leaves out is a word here."""
    rows: np.ndarray
    """int32, one a word: the text's position in the chunk."""
    of_character: np.ndarray
    """int64, one a character that is no white space: its word."""
    tells: np.ndarray
    """bool, one a word: it has a letter, a number or an emoji, and is no punctuation."""
    unspaced: np.ndarray
    """bool, one a word: it is of a language that is written without spaces, so that it is hardly one word."""


def words_around_characters(texts: pa.Array) -> WordsAround:
    """The words of a chunk of texts, for each character of its ``char`` n-grams the one that it stands in."""
    spaced = _spaced(_one_form(texts), rf"([{_PUNCTUATION_THAT_SPEAKS}]|{_OTHERS})", _FEELING_MARK_OR_OTHER)
    words, rows = _flat(pc.split_pattern_regex(spaced, r"\s+"))
    return WordsAround(
        words=words,
        rows=rows,
        of_character=np.repeat(np.arange(len(words)), pc.utf8_length(words).to_numpy()),
        tells=pc.match_substring_regex(words, narrowed(_TELLING, words)).to_numpy(zero_copy_only=False),
        unspaced=pc.match_substring_regex(words, narrowed(_UNSPACED_SCRIPTS, words)).to_numpy(zero_copy_only=False),
    )


def mostly_unspaced(texts: Texts) -> bool:
    """Whether more than half of the texts are in a language that is written without spaces."""
    unspaced = pc.match_substring_regex(as_chunked_column(texts), _UNSPACED_SCRIPTS)
    return 2 * (pc.sum(unspaced).as_py() or 0) > len(unspaced)


def _mix(values: np.ndarray) -> np.ndarray:
    """The finaliser of SplitMix64 (Steele et al. 2014): every input bit reaches every output bit."""
    mixed = values >> np.uint64(30)
    mixed ^= values  # in place: a chunk's arrays are far larger than the processor's caches
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed


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
