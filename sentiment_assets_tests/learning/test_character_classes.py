"""Few texts are read by narrowed expressions, and many by whole ones: both read alike."""

import numpy as np
import pyarrow as pa
from hypothesis import example, given
from hypothesis import strategies as st

from sentiment_assets.learning.character_classes import narrowed
from sentiment_assets.learning.ngrams import find_ngrams, hash_ngrams, words_around_characters
from sentiment_assets.learning.settings import NgramSettings

_MANY = "plain words " * 15_000
"""Beside it no text is one of few."""
_TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"])) | st.text("aé语Ω٣ก!?-:) \U0001f600\ufe0f\u0301_A"))


@given(_TEXTS)
@example(["\U0010ffff ☕️ ok"])
@example(["", "!", "naïve… ½ ⅷ ² ʰ"])
def test_a_text_has_the_same_ngrams_alone_and_beside_many(texts: list[str]) -> None:
    settings = NgramSettings(longest=2, columns_log2=20)
    beside_many = hash_ngrams([*texts, _MANY], settings)[: len(texts)]
    alone = hash_ngrams(texts, settings)
    assert (alone.indptr == beside_many.indptr).all()
    assert (alone.indices == beside_many.indices[: alone.nnz]).all()


@given(_TEXTS)
def test_a_text_has_the_same_words_around_its_characters_alone_and_beside_many(texts: list[str]) -> None:
    alone = words_around_characters(pa.array(texts, pa.large_string()))
    beside_many = words_around_characters(pa.array([*texts, _MANY], pa.large_string()))
    n_words = len(alone.words)
    assert alone.words.to_pylist() == beside_many.words.slice(0, n_words).to_pylist()
    for name in ("rows", "tells", "unspaced"):
        np.testing.assert_array_equal(getattr(alone, name), getattr(beside_many, name)[:n_words])


def test_a_class_is_narrowed_to_the_characters_that_are_there() -> None:
    assert narrowed(r"[\p{L}_]", pa.array(["é!"], pa.large_string())) == r"[\x{E9}_]"
    assert narrowed(r"[\p{L}]", pa.array([_MANY], pa.large_string())) == r"[\p{L}]"


def test_a_class_without_a_character_that_is_there_finds_nothing() -> None:
    found = [each.tokens.to_pylist() for each in find_ngrams(["ok a"], NgramSettings(longest=1, columns_log2=16))]
    assert found == [["ok", "a"]]
