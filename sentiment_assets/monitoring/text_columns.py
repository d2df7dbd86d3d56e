"""Texts as plain numbers: what a review looks like before anybody reads it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sentiment_assets.learning.ngrams import Texts, as_column
from sentiment_assets.monitoring.language import UNDETERMINED, languages_of


@dataclass(frozen=True)
class TextColumns:
    """One number or word a review; arrays of shape (n_texts,)."""

    length: np.ndarray
    """The length in characters."""
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
        capitals=count_matches(column, r"\p{Lu}") / at_least_one,
        letters=count_matches(column, r"\p{L}") / at_least_one,
        language=np.array(languages_of(column.to_pylist()), dtype="U8"),
    )


def main_languages(language: np.ndarray, at_least: float = 0.05) -> tuple[str, ...]:
    """The languages that at least that share of the determined ones have, most frequent first; at least one if any."""
    counted = Counter(language[language != UNDETERMINED].tolist())
    ranked = [code for code, count in counted.most_common() if count >= at_least * counted.total()]
    return tuple(ranked)


def repeats(digests: np.ndarray) -> np.ndarray:
    """True where a text's digest stands earlier in the array."""
    later = np.ones(len(digests), bool)
    later[np.unique(digests, return_index=True)[1]] = False
    return later


def count_matches(column: pa.Array, pattern: str) -> np.ndarray:
    """Count how often a regular expression matches in each text, float64 of shape (n_texts,)."""
    return flags_of(pc.count_substring_regex(column, pattern)).astype(np.float64)


def flags_of(column: pa.Array) -> np.ndarray:
    """Return an Arrow column of numbers or flags as a NumPy array of shape (n_texts,)."""
    return column.to_numpy(zero_copy_only=False)
