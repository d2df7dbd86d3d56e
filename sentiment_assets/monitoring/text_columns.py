"""Texts as plain numbers: what a review looks like before anybody reads it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import ftfy.badness
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sentiment_assets.learning.ngrams import Texts, as_column
from sentiment_assets.monitoring.language import UNDETERMINED, languages_of

_MARKUP = r"(?i)</?(?:[a-z][a-z0-9]*)(?:\s[^<>]*)?/?>|&(?:[a-z]{2,8}|#\d{2,5});"
_LINE_BREAK = r"(?i)<br\s*/?>"
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_SHORTEST_CUT, _PILE = 20, 3
_AROUND = np.array([1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 1]) / 8
"""Weights of the counts at the lengths from five below to five above; the neighbours of a cut may belong to it."""
_TEMPLATE_GAPS = r"[^\p{L}\p{M}]+"
_TEMPLATE_FROM = 3
_FEWEST_WORDS, _MOST_WORDS, _DISTINCT_WORDS = 12, 120, 0.34


@dataclass(frozen=True)
class TextColumns:
    """One number or word a review; arrays of shape (n_texts,)."""

    length: np.ndarray
    """In characters."""
    capitals: np.ndarray
    """Share of the characters that are capital letters."""
    letters: np.ndarray
    """Share of the characters that are letters."""
    language: np.ndarray
    """ISO 639 codes; an empty string where the text is too short to tell."""

    def other_language(self, expected: Sequence[str]) -> np.ndarray:
        """1.0 where the language is another than those expected, else 0.0."""
        return (~np.isin(self.language, [*expected, UNDETERMINED])).astype(np.float64)


def describe_texts(texts: Texts) -> TextColumns:
    """Lengths, kinds of characters and languages of texts."""
    column = as_column(texts).cast(pa.large_string())
    lengths = pc.utf8_length(column).to_numpy().astype(np.float64)
    at_least_one = np.maximum(lengths, 1)
    return TextColumns(
        length=lengths,
        capitals=_count(column, r"\p{Lu}") / at_least_one,
        letters=_count(column, r"\p{L}") / at_least_one,
        language=np.array(languages_of(column.to_pylist()), dtype="U8"),
    )


def main_languages(language: np.ndarray, at_least: float = 0.05) -> tuple[str, ...]:
    """The languages that at least that share of the determined ones have, most frequent first; at least one if any."""
    counted = Counter(language[language != UNDETERMINED].tolist())
    ranked = [code for code, count in counted.most_common() if count >= at_least * counted.total()]
    return tuple(ranked)


def is_empty(texts: Texts) -> np.ndarray:
    """True where there is no letter or digit."""
    return ~_to_numpy(pc.match_substring_regex(as_column(texts), r"[\p{L}\p{N}]"))


def is_mojibake(texts: Texts) -> np.ndarray:
    """True where characters are the trace of a wrong decoding: by ftfy's rules, or a replacement character."""
    column = as_column(texts)
    flags = np.zeros(len(column), bool)
    for place in np.flatnonzero(~_to_numpy(pc.string_is_ascii(column))):
        text = column[int(place)].as_py()
        flags[place] = _REPLACEMENT in text or ftfy.badness.is_bad(text)
    return flags


def is_html(texts: Texts) -> np.ndarray:
    """True where tags or entities stand. Line breaks alone do not count: half the world's reviews have them."""
    without = pc.replace_substring_regex(as_column(texts), _LINE_BREAK, " ")
    return _count(without, _MARKUP) > 0


def is_truncated(texts: Texts) -> np.ndarray:
    """True for distinct texts that are cut at one and the same length, of 20 characters or more.

    A cut is a length at which texts pile up: three times as many as at the lengths around it. A space at the cut may
    have been stripped, so one character less counts too; copies of a text are counted once.
    """
    column = as_column(texts)
    lengths = pc.utf8_length(column).to_numpy().astype(np.int64)
    distinct = ~column.to_pandas().duplicated().to_numpy()
    counts = np.bincount(lengths[distinct], minlength=_SHORTEST_CUT + 1)
    around = np.convolve(counts, _AROUND, mode="same")[: len(counts)]
    piles = np.where(counts >= _PILE * around, counts, 0)
    piles[:_SHORTEST_CUT] = 0
    cut = int(np.argmax(piles))
    if piles[cut] <= 1:
        return np.zeros(len(column), bool)
    return distinct & ((lengths == cut) | (lengths == cut - 1))


def is_bot_like(texts: Texts) -> np.ndarray:
    """True where a text says the same words over and over, or three texts differ in digits and signs alone."""
    column = as_column(texts)
    spaced = pc.replace_substring_regex(pc.utf8_lower(column), _TEMPLATE_GAPS, " ")
    listed, templates = column.to_pylist(), pc.utf8_trim_whitespace(spaced).to_pylist()
    distinct: dict[str, set[str]] = {}
    for template, text in zip(templates, listed, strict=True):
        distinct.setdefault(template, set()).add(text)
    return np.array(
        [len(distinct[template]) >= _TEMPLATE_FROM or _repeats_itself(template) for template in templates], dtype=bool
    )


def repeats(digests: np.ndarray) -> np.ndarray:
    """True where a text's digest stands earlier in the array."""
    later = np.ones(len(digests), bool)
    later[np.unique(digests, return_index=True)[1]] = False
    return later


def _repeats_itself(text: str) -> bool:
    """Long texts are left alone: the share of distinct words falls with length of itself."""
    words = text.split()
    return _FEWEST_WORDS <= len(words) <= _MOST_WORDS and len(set(words)) < _DISTINCT_WORDS * len(words)


def _count(column: pa.Array, pattern: str) -> np.ndarray:
    return _to_numpy(pc.count_substring_regex(column, pattern)).astype(np.float64)


def _to_numpy(column: pa.Array) -> np.ndarray:
    return column.to_numpy(zero_copy_only=False)
