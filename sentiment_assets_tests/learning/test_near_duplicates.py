import random

import pytest

from sentiment_assets.learning.near_duplicates import find_near_duplicates

WORDS = [f"word{number}" for number in range(400)]


def review(seed: int, length: int = 60) -> list[str]:
    return random.Random(seed).choices(WORDS, k=length)  # noqa: S311 - nothing here is secret


def jaccard(one: list[str], other: list[str]) -> float:
    ours, theirs = (set(zip(words, words[1:], words[2:], strict=False)) for words in (one, other))
    return len(ours & theirs) / len(ours | theirs)


def test_a_text_with_a_few_words_changed_is_found_with_its_twin_and_exact_similarity() -> None:
    others = [review(seed) for seed in range(300)]
    changed = [words.copy() for words in others[:40]]
    for words in changed:
        words[20], words[50] = "else", "where"
    unrelated = [review(seed) for seed in range(1000, 1200)]
    found = find_near_duplicates(
        [" ".join(words) for words in unrelated + changed], [" ".join(words) for words in others], similarity=0.7
    )
    assert found.texts.tolist() == list(range(200, 240))
    assert found.twins.tolist() == list(range(40))
    assert found.similarities == pytest.approx([jaccard(*pair) for pair in zip(changed, others, strict=False)])


def test_below_the_asked_similarity_nothing_is_found() -> None:
    one = " ".join(review(1))
    half = " ".join(review(1)[:30] + review(2)[:30])
    assert len(find_near_duplicates([half], [one], similarity=0.5).texts) == 0


def test_casing_and_punctuation_that_says_nothing_do_not_hide_a_copy() -> None:
    [found] = find_near_duplicates(["A fine — FILM, to see"], ["a fine film, to see"], similarity=1.0).similarities
    assert found == 1.0


def test_texts_too_short_for_a_shingle_are_like_no_other() -> None:
    assert len(find_near_duplicates(["good", "", "so good"], ["good", "", "so good"], similarity=0.7).texts) == 0


@pytest.mark.parametrize(("texts", "others"), [([], ["a b c"]), (["a b c"], []), ([], [])])
def test_nothing_to_compare_finds_nothing(texts: list[str], others: list[str]) -> None:
    assert len(find_near_duplicates(texts, others, similarity=0.7).texts) == 0


def test_characters_are_shingles_where_there_are_no_spaces() -> None:
    found = find_near_duplicates(["这本书写得很好我很喜欢"], ["这本书写得很好我很喜欢它"], 0.7, "char")
    assert found.similarities == pytest.approx([9 / 10])
