import subprocess
import sys
import unicodedata
from itertools import pairwise
from random import Random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment_assets.learning import ngrams
from sentiment_assets.learning.ngrams import ColumnLookup, find_ngrams, hash_ngrams, select_columns, texts_at
from sentiment_assets.learning.settings import NgramSettings

WORDS = NgramSettings(longest=2, columns_log2=20)
WITH_BLANKS = NgramSettings(analyzer="char_blank", longest=2, columns_log2=20)
CHARACTERS = NgramSettings(analyzer="char", longest=2, columns_log2=20)


def ngrams_of(text: str, settings: NgramSettings) -> set[str]:
    [found] = find_ngrams([text], settings)
    return set(found.ngrams(np.arange(len(found.rows))))


def test_words_and_the_punctuation_that_speaks() -> None:
    assert ngrams_of("Don't — go, EVER!", WORDS) == {
        *("don't", "go", ",", "ever", "!"),
        *("don't go", "go ,", ", ever", "ever !"),
    }


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("great 😍", ["great", "😍"]),
        ("great😡😡!", ["great", "😡", "😡", "!"]),
        ("👍🏽 ❤️ ❤", ["👍", "❤", "❤"]),
        ("nice :) :-( :D ;p =) <3 </3 ^_^ :'(", ["nice", ":)", ":-(", ":d", ";p", "=)", "<3", "</3", "^_^", ":'("]),
        ("see http://x and 12:30, note: done", ["see", "http", "x", "and", "12", "30", ",", "note", "done"]),
        ("ratio 4:3", ["ratio", "4", "3"]),
    ],
)
def test_emoji_and_emoticons_are_words(text: str, tokens: list[str]) -> None:
    [found] = find_ngrams([text], NgramSettings(longest=1, columns_log2=20))
    assert found.tokens.to_pylist() == tokens
    [_, beside] = find_ngrams_of_each(["plain", text])
    assert beside == tokens, "whatever stands beside it"


def find_ngrams_of_each(texts: list[str]) -> list[list[str]]:
    """The single tokens of each text of a chunk."""
    [found] = find_ngrams(texts, NgramSettings(longest=1, columns_log2=20))
    return [[found.tokens[place].as_py() for place in np.flatnonzero(found.rows == row)] for row in range(len(texts))]


def test_any_white_space_and_any_other_sign_parts_words() -> None:
    one_word = NgramSettings(longest=1, columns_log2=20)
    parted = "a\u3000b\u00a0c\u2003d\x0be\x0cf\x85g\u2028h\x1ci\u200bj/k•l—m\nn\to"
    assert ngrams_of(parted, one_word) == set("abcdefghijklmno")


@pytest.mark.parametrize("rules", [WORDS, CHARACTERS, WITH_BLANKS])
def test_what_unicode_writes_in_several_ways_is_one(rules: NgramSettings) -> None:
    assert ngrams_of("CAFE\u0301 ﬁlm ｇｏｏｄ！", rules) == ngrams_of("café film good!", rules)


def test_characters_for_languages_without_spaces() -> None:
    assert ngrams_of("很 好A", CHARACTERS) == {"很", "好", "a", "很好", "好a"}


def test_characters_with_blanks_know_where_words_begin_and_end() -> None:
    assert ngrams_of(" No \n\t way", NgramSettings(analyzer="char_blank", shortest=2, longest=2)) == {
        *(" n", "no", "o ", " w", "wa", "ay", "y "),
    }
    assert ngrams_of("ab", WITH_BLANKS) == {"a", "b", " a", "ab", "b "}, "a blank alone says nothing"
    assert ngrams_of(" \u3000\n", WITH_BLANKS) == set()


@pytest.mark.parametrize(
    "text", ["", "   ", "—…", "🙂🙂", "the the the", "שלום עולם", "很好的电影", "x " * 500_000, "\x00", "é" * 10]
)
@pytest.mark.parametrize("rules", [WORDS, CHARACTERS, WITH_BLANKS])
def test_any_text_gives_one_row(text: str, rules: NgramSettings) -> None:
    matrix = hash_ngrams(["before it", text, "after it"], rules)
    alone = hash_ngrams([text], rules)
    assert matrix.shape == (3, 2**20)
    assert (matrix[1] != alone[0]).nnz == 0


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=60), max_size=8))
@pytest.mark.parametrize("rules", [WORDS, CHARACTERS, WITH_BLANKS])
def test_a_text_has_the_same_row_whatever_stands_beside_it(rules: NgramSettings, texts: list[str]) -> None:
    together = hash_ngrams(texts, rules)
    for row, text in enumerate(texts):
        assert (together[row] != hash_ngrams([text], rules)).nnz == 0


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_neither_chunks_nor_threads_show(monkeypatch: pytest.MonkeyPatch, n_jobs: int) -> None:
    texts = [f"text number {number} of many" for number in range(50)]
    whole = hash_ngrams(texts, WORDS)
    characters = hash_ngrams(texts, CHARACTERS)
    monkeypatch.setattr(ngrams, "_TEXTS_PER_CHUNK", 7)
    monkeypatch.setattr(ngrams, "_TEXTS_IN_CACHES", 3)
    assert (whole != hash_ngrams(texts, WORDS, n_jobs=n_jobs)).nnz == 0
    assert (characters != hash_ngrams(texts, CHARACTERS, n_jobs=n_jobs)).nnz == 0


@pytest.mark.parametrize("settings", [WORDS, WORDS.model_copy(update={"values": "counts"})])
def test_a_lookup_leaves_its_columns_alone_in_their_order(settings: NgramSettings) -> None:
    texts = ["good good good film", "", "bad bad film", "no such words"]
    everything = hash_ngrams(texts, settings)
    columns = np.unique(hash_ngrams(["good bad film"], settings).indices)[[2, 0, 3, 1]]
    lookup = ColumnLookup.of(columns, everything.shape[1])
    few, selected = hash_ngrams(texts, settings, lookup), select_columns(everything, lookup)
    for rows in (few, selected):
        assert (rows != everything[:, columns]).nnz == 0
        assert all(np.diff(row.indices).min(initial=1) > 0 for row in rows)


@pytest.mark.parametrize("settings", [WORDS, NgramSettings(analyzer="char_blank", longest=4)])
def test_ngrams_are_shown_as_people_write_them_and_both_forms_of_a_letter_are_one(settings: NgramSettings) -> None:
    texts = [unicodedata.normalize(form, "spät 한국") for form in ("NFC", "NFD")]
    rows = hash_ngrams(texts, settings)
    assert (rows[0] != rows[1]).nnz == 0
    [found] = find_ngrams(texts, settings)
    shown = set(found.ngrams(np.arange(len(found.rows))))
    assert {"spät", "한국"} <= shown if settings == WORDS else {"spä"} <= shown


def test_counts_say_how_often() -> None:
    counted = hash_ngrams(["so so so good"], NgramSettings(longest=1, columns_log2=20, values="counts"))
    assert sorted(counted.data.tolist()) == [1.0, 3.0]


def test_rows_hold_each_column_once_in_order() -> None:
    matrix = hash_ngrams(["b a b a c"], WORDS)
    assert np.array_equal(matrix.indices, np.unique(matrix.indices))
    assert set(matrix.data.tolist()) == {1.0}


@pytest.mark.process
def test_another_process_gives_the_same_columns() -> None:
    """The figures are written down: they must not change between releases, or stored models would fail."""
    code = (
        "from sentiment_assets.learning.ngrams import hash_ngrams;"
        "from sentiment_assets.learning.settings import NgramSettings;"
        "print(hash_ngrams(['Good, 好 film'], NgramSettings(columns_log2=22)).indices.tolist())"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    here = hash_ngrams(["Good, 好 film"], NgramSettings(columns_log2=22)).indices.tolist()
    assert printed == {f"{here}\n"}
    assert here == [120801, 1134046, 1489207, 1587443, 1706629, 2161361, 3536109, 4161589, 4179913]


def test_shorter_texts_than_the_shortest_ngram_are_empty_rows() -> None:
    assert hash_ngrams(["one two"], NgramSettings(shortest=3, columns_log2=10)).nnz == 0


def test_many_distinct_words_hardly_collide() -> None:
    words = [f"w{number}" for number in range(2000)]
    matrix = hash_ngrams(words, NgramSettings(longest=1, columns_log2=24))
    collisions = sum(a == b for a, b in pairwise(sorted(matrix.indices.tolist())))
    assert collisions <= 3  # 0.12 are expected of an even hash (birthday bound)


@given(st.lists(st.lists(st.text(max_size=5), max_size=4), max_size=6), st.integers(1, 5), st.randoms())
def test_texts_are_gathered_in_the_order_of_their_places(parts: list[list[str]], size: int, chance: Random) -> None:
    texts = [text for part in parts for text in part]
    places = [chance.randrange(len(texts)) for _ in range(7)] if texts else []
    column = pa.chunked_array([pa.array(part, pa.large_string()) for part in parts], pa.large_string())
    gathered = [text for part in texts_at(column, np.array(places, np.int64), size) for text in part.to_pylist()]
    assert gathered == [texts[place] for place in places]
