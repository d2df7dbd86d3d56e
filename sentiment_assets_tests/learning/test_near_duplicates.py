import random

import numpy as np
import pytest

from sentiment_assets.learning import near_duplicates
from sentiment_assets.learning.near_duplicates import (
    NO_SIGNATURES,
    NearDuplicates,
    find_near_duplicates,
    resembles_any,
    text_signatures,
)
from sentiment_assets.learning.ngrams import hash_ngrams
from sentiment_assets.learning.settings import Analyzer, NgramSettings

WORDS = [f"word{number}" for number in range(400)]


def review(seed: int, length: int = 60) -> list[str]:
    return random.Random(seed).choices(WORDS, k=length)  # noqa: S311 - nothing here is secret


def jaccard(one: list[str], other: list[str]) -> float:
    ours, theirs = (set(zip(words, words[1:], words[2:], strict=False)) for words in (one, other))
    return len(ours & theirs) / len(ours | theirs)


def found_among(
    texts: list[str], others: list[str], *, similarity: float, analyzer: Analyzer = "word"
) -> NearDuplicates:
    return find_near_duplicates([texts], [others], similarity=similarity, analyzer=analyzer)


def test_a_text_with_a_few_words_changed_is_found_with_its_twin_and_exact_similarity() -> None:
    others = [review(seed) for seed in range(300)]
    changed = [words.copy() for words in others[:40]]
    for words in changed:
        words[20], words[50] = "else", "where"
    unrelated = [review(seed) for seed in range(1000, 1200)]
    found = found_among(
        [" ".join(words) for words in unrelated + changed], [" ".join(words) for words in others], similarity=0.7
    )
    assert found.texts.tolist() == list(range(200, 240))
    assert found.twins.tolist() == list(range(40))
    assert found.similarities == pytest.approx([jaccard(*pair) for pair in zip(changed, others, strict=False)])


def compared_in_a_dense_block(texts: list[str], others: list[str], similarity: float) -> list[tuple[int, int, float]]:
    """What was done before: every text is compared with every other one, and the first of the most similar counts."""
    shingles = NgramSettings(shortest=3, longest=3, columns_log2=22)
    ours, theirs = hash_ngrams(texts, shingles), hash_ngrams(others, shingles)
    shared = (ours @ theirs.T).toarray()
    sizes = [np.diff(each.indptr) for each in (ours, theirs)]
    jaccard = shared / np.maximum(sizes[0][:, None] + sizes[1] - shared, 1)
    near = np.flatnonzero(jaccard.max(axis=1) >= similarity)
    return [(text, int(jaccard[text].argmax()), float(jaccard[text].max())) for text in near.tolist()]


@pytest.mark.parametrize("similarity", [0.5, 0.7, 0.9, 1.0])
@pytest.mark.parametrize("vocabulary", [3, 30, 400])
def test_the_same_pairs_are_found_as_by_comparing_all_with_all(vocabulary: int, similarity: float) -> None:
    chance = random.Random(vocabulary)  # noqa: S311
    others = [chance.choices(WORDS[:vocabulary], k=chance.randint(0, 50)) for _ in range(200)]
    texts = [chance.choices(WORDS[:vocabulary], k=chance.randint(0, 50)) for _ in range(200)]
    texts += [changed(words, (chance.randint(0, 50), chance.randint(0, 50))) for words in others]
    found = found_among(joined(texts), joined(others), similarity=similarity)
    expected = compared_in_a_dense_block(joined(texts), joined(others), similarity)
    assert list(zip(found.texts, found.twins, found.similarities, strict=True)) == expected
    assert len(expected) > 50
    assert (found.texts.dtype, found.twins.dtype, found.similarities.dtype) == (np.int64, np.int64, np.float64)


def test_the_parts_that_texts_come_in_do_not_show() -> None:
    others = [review(seed) for seed in range(30)]
    texts = joined([review(99), *(changed(words, (20, 50)) for words in others[5:9])])
    parts = find_near_duplicates(
        [texts[:2], [], texts[2:]], [joined(others[:6]), joined(others[6:])], similarity=0.7, n_jobs=2
    )
    assert parts.texts.tolist() == [1, 2, 3, 4]
    assert parts.twins.tolist() == [5, 6, 7, 8]
    assert parts.similarities.tolist() == found_among(texts, joined(others), similarity=0.7).similarities.tolist()


def test_below_the_asked_similarity_nothing_is_found() -> None:
    one = " ".join(review(1))
    half = " ".join(review(1)[:30] + review(2)[:30])
    assert len(found_among([half], [one], similarity=0.5).texts) == 0


def test_casing_and_punctuation_that_says_nothing_do_not_hide_a_copy() -> None:
    [found] = found_among(["A fine — FILM, to see"], ["a fine film, to see"], similarity=1.0).similarities
    assert found == 1.0


def test_texts_too_short_for_a_shingle_are_like_no_other() -> None:
    assert len(found_among(["good", "", "so good"], ["good", "", "so good"], similarity=0.7).texts) == 0


@pytest.mark.parametrize(("texts", "others"), [([], ["a b c"]), (["a b c"], []), ([], [])])
def test_nothing_to_compare_finds_nothing(texts: list[str], others: list[str]) -> None:
    assert len(found_among(texts, others, similarity=0.7).texts) == 0


def test_characters_are_shingles_where_there_are_no_spaces() -> None:
    found = found_among(["这本书写得很好我很喜欢"], ["这本书写得很好我很喜欢它"], similarity=0.7, analyzer="char")
    assert found.similarities == pytest.approx([9 / 10])


def joined(reviews: list[list[str]]) -> list[str]:
    return [" ".join(words) for words in reviews]


def changed(words: list[str], places: tuple[int, ...]) -> list[str]:
    return ["else" if place in places else word for place, word in enumerate(words)]


def test_signatures_recognise_near_duplicates_and_nothing_else() -> None:
    known = [review(seed) for seed in range(300)]
    near = [changed(words, (20, 50)) for words in known[:40]]
    far = [changed(words, (5, 12, 20, 28, 35, 42, 50)) for words in known[40:80]]
    asked = near + far + [review(seed) for seed in range(1000, 1200)]
    assert min(jaccard(*pair) for pair in zip(near, known, strict=False)) > 0.7
    assert max(jaccard(*pair) for pair in zip(far, known[40:], strict=False)) < 0.55
    found = resembles_any(text_signatures(joined(asked)), text_signatures(joined(known)), 0.7)
    assert np.flatnonzero(found).tolist() == list(range(40))


def test_a_copy_among_very_many_is_found() -> None:
    """More pairs than are compared at a time."""
    known = text_signatures(joined([changed(review(1), (seed % 60,)) for seed in range(400)]))
    asked = np.concatenate([np.repeat(known[:1], 300, axis=0), text_signatures(joined([review(2)]))])
    assert resembles_any(asked, known, 0.9).tolist() == [True] * 300 + [False]


def test_texts_too_short_for_a_shingle_resemble_none() -> None:
    short = text_signatures(["good", "", "so good"])
    assert not resembles_any(short, short, 0.7).any()


def test_without_signatures_nothing_resembles() -> None:
    some = text_signatures(joined([review(1)]))
    assert resembles_any(some, NO_SIGNATURES, 0.7).tolist() == [False]
    assert resembles_any(NO_SIGNATURES, some, 0.7).tolist() == []
    assert text_signatures([]).shape == NO_SIGNATURES.shape


def test_signatures_are_those_of_the_text_whatever_stands_beside_it() -> None:
    texts = joined([review(seed) for seed in range(5)])
    alone = np.concatenate([text_signatures([text]) for text in texts])
    assert np.array_equal(text_signatures(texts, n_jobs=2), alone)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_signatures_are_those_of_the_texts_that_are_wanted_in_their_order(
    monkeypatch: pytest.MonkeyPatch, n_jobs: int
) -> None:
    texts, wanted = joined([review(seed) for seed in range(9)]), np.arange(9) % 4 != 1
    chosen = text_signatures([text for text, is_wanted in zip(texts, wanted, strict=True) if is_wanted])
    monkeypatch.setattr(near_duplicates, "TEXTS_AT_ONCE", 2)
    assert np.array_equal(text_signatures(texts, n_jobs=n_jobs, wanted=wanted), chosen)
