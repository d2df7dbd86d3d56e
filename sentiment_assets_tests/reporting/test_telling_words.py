import unicodedata
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pytest

from sentiment_assets.reporting.quotes import Quotable, quotes_of
from sentiment_assets.reporting.telling_words import (
    FoundWords,
    Word,
    changed_words,
    find_words,
    patterns_of,
    telling_words,
)

Said = Sequence[tuple[str, Mapping[str, float]]]


def reviews_that(say: Said, **columns: object) -> pd.DataFrame:
    """A review for each text, with the words that weigh in it."""
    sums = [sum(weights.values()) for _, weights in say]
    frame = pd.DataFrame(
        {
            "review_id": [str(number) for number in range(len(say))],
            "text": [text for text, _ in say],
            "words": [list(weights) for _, weights in say],
            "contributions": [list(weights.values()) for _, weights in say],
            "score": [max(-0.9, min(0.9, each)) for each in sums],
            "label": [int(each > 0) for each in sums],
            "created_at": pd.Series(pd.NaT, range(len(say)), "datetime64[us, UTC]"),
            "batch": "a.csv",
            "neutral": False,
            "known_label": pd.array([pd.NA] * len(say), "Int8"),
        }
    )
    return frame.assign(**columns)


def shown(say: Said) -> tuple[list[str], list[str]]:
    praise, complaint = telling_words(find_words(reviews_that(say)))
    return [each.word.shown for each in praise], [each.word.shown for each in complaint]


def test_words_of_praise_and_of_complaint_are_told_if_three_reviews_say_them() -> None:
    say = [("a lovely story", {"lovely": 0.5, "story": 0.1})] * 5 + [("dull story", {"dull": -0.6, "story": 0.1})] * 3
    assert shown([*say, *[("a seldom one", {"seldom": 9.0})] * 2]) == (["lovely", "story"], ["dull"])


def test_what_a_word_moved_is_told_exactly_and_where_it_weighed_most_first() -> None:
    say = [("lovely", {"lovely": each}) for each in (0.2, 0.4, 0.9)]
    [word], _ = telling_words(find_words(reviews_that(say)))
    assert (word.reviews, word.mean_contribution) == (3, pytest.approx(0.5))
    assert word.places.tolist() == [2, 1, 0]


def test_reviews_in_which_a_word_weighs_against_itself_are_not_counted() -> None:
    say = [("lovely", {"lovely": 0.5})] * 5 + [("lovely", {"lovely": -0.1})] * 2
    [word], complaint = telling_words(find_words(reviews_that(say)))
    assert (word.reviews, word.mean_contribution, complaint) == (5, 0.5, [])


def test_n_grams_within_one_another_are_one_word() -> None:
    say = [("one of the worst films", {"worst": -0.6, "the worst": -0.4, "of the worst": -0.3})] * 4
    assert shown(say) == ([], ["worst"])
    found = find_words(reviews_that(say))
    assert found.moved.tolist() == pytest.approx([-1.3] * 4), "each review has the sum once"


def test_a_weak_word_within_a_strong_one_says_something_else() -> None:
    say = [("the worst film", {"the worst": -0.9})] * 4 + [("the film", {"the": -0.05})] * 30
    assert shown(say) == ([], ["the worst", "the"])


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_letters_with_marks_are_shown_and_found_however_they_are_written(form: str) -> None:
    """Scores of former releases have them apart; so have texts of some systems."""
    text = unicodedata.normalize(form, "Viel zu spät im Café")
    say = [(text, {unicodedata.normalize("NFD", "spät im"): -0.9})] * 2 + [(text, {"spät im": -0.9})] * 2
    _, [word] = telling_words(find_words(reviews_that(say)))
    assert (word.word.shown, word.reviews) == ("spät im", 4)
    assert any(pattern.search(text) for pattern in patterns_of(word.word))


def test_numerals_and_marks_are_no_words_and_what_stands_around_a_word_is_cut() -> None:
    say = [
        (
            "7 out of 10 . great !",
            {"7 out of": 0.9, "10": 0.8, ". great !": 0.7, "!": 0.6, "good . and": 0.5, ":-)": 0.3},
        )
    ]
    assert shown(say * 3) == (["great", ":-)"], [])


def test_a_word_that_stands_for_a_redacted_value_tells_nothing() -> None:
    say = [("lovely, write to _email_", {"lovely": 0.5, "_email_": 0.9, "to _email_": 0.7})] * 3
    assert shown(say) == (["lovely"], [])


def test_characters_without_spaces_grow_to_the_word_that_they_nearly_always_stand_in() -> None:
    texts = ["质量不错，很好用", "东西真的不错。", "不错的书", "味道不错"]
    assert shown([(text, {"错": 0.6}) for text in texts]) == (["不错"], [])
    assert shown([(text, {"1、": 0.6, "，": 0.5}) for text in texts]) == ([], [])


def test_a_word_that_grew_is_told_of_the_texts_that_hold_it() -> None:
    texts = ["质量不错，很好用", "东西真的不错。", "不错的书", "味道不错", "这没错"]
    [word], _ = telling_words(find_words(reviews_that([(text, {"错": 0.6}) for text in texts])))
    assert (word.word.shown, word.reviews, sorted(word.places)) == ("不错", 4, [0, 1, 2, 3])


def test_a_character_that_stands_with_many_others_is_not_shown_as_a_word() -> None:
    texts = ["很好，买", "真好啊", "买好了", "最好的", "还好吧"]
    assert shown([(text, {"好": 0.6}) for text in texts]) == ([], [])


def test_words_of_neutral_reviews_are_neither_praise_nor_complaint() -> None:
    reviews = reviews_that([("middling", {"middling": 0.5})] * 5)
    assert len(telling_words(find_words(reviews))[0]) == 1
    assert telling_words(find_words(reviews.assign(neutral=True))) == ([], [])


def test_a_word_whose_share_changed_surely_is_told_with_both_shares() -> None:
    before, now = np.arange(400) < 200, np.arange(400) >= 200
    often = [("late", {"late": -0.5, "box": 0.1})] * 200 + [("late", {"late": -0.5, "box": 0.1})] * 60
    found = find_words(reviews_that([*often, *[("box", {"box": 0.1})] * 140]))
    [changed] = changed_words(found, now, before)
    assert (changed.word.shown, changed.now, changed.before) == ("late", 60, 200)
    assert (changed.share_now, changed.share_before) == (0.3, 1.0)
    assert changed_words(found, now, np.zeros(400, bool)) == []


def test_chance_alone_names_no_word() -> None:
    chance = np.random.default_rng(3)
    say = [("x", {f"word{letter}": 0.1 for letter in "abcdefghij" if chance.random() < 0.3}) for _ in range(600)]
    found = find_words(reviews_that([(text, words or {"none": 0.1}) for text, words in say]))
    assert changed_words(found, np.arange(600) >= 300, np.arange(600) < 300) == []


def test_chance_names_a_word_in_few_reports_where_one_period_has_far_fewer_reviews() -> None:
    """The normal approximation named some in three reports of four there."""
    chance = np.random.default_rng(0)
    n, n_words = 2_040, 200
    now = np.arange(n) < 40
    words = [Word(f"word{number}", (f"word{number}",), is_praise=True) for number in range(n_words)]
    named = 0
    for _ in range(40):
        rows, numbers = np.nonzero(chance.random((n, n_words)) < 0.01)
        found = FoundWords(words, rows, numbers, np.ones(len(rows)))
        named += bool(changed_words(found, now, ~now))
    assert named <= 4


def test_no_review_that_the_champion_calls_negative_is_quoted_as_praise_whatever_its_score() -> None:
    """Where its threshold is another than one half, a review with a score above 0 may be a negative one."""
    say = [(f"lovely story {number}", {"lovely": 0.7}) for number in range(6)]
    assert quotes(reviews_that(say)) != []
    assert quotes(reviews_that(say, label=0)) == []


def quotes(reviews: pd.DataFrame) -> list[str]:
    praise, complaint = telling_words(find_words(reviews))
    return [quote.review_id for quote in quotes_of([*praise, *complaint][0], Quotable.of(reviews))]


def test_quotes_are_drawn_over_files_and_time() -> None:
    say = [(f"lovely number {each}", {"lovely": 0.9 - each / 100}) for each in range(30)]
    dates = pd.date_range("2026-01-01", periods=30, freq="D", tz="UTC")
    assert quotes(reviews_that(say, created_at=dates)) == ["0", "10", "20"]
    files = ["a.csv"] * 10 + ["b.csv"] * 10 + ["c.csv"] * 10
    assert quotes(reviews_that(say, batch=files)) == ["0", "10", "20"]


def test_no_review_is_quoted_against_its_label_its_sign_or_in_doubt() -> None:
    say = [(f"lovely number {each}", {"lovely": 0.5}) for each in range(6)]
    score = [0.9, 0.8, -0.7, 0.1, 0.9, 0.6]
    known = pd.array([0, 1, None, None, None, None], "Int8")
    assert quotes(reviews_that(say, score=score, known_label=known)) == ["1", "4", "5"]


def test_a_text_is_quoted_once_and_so_that_the_word_is_seen() -> None:
    long = "blah " * 100 + "and a Lovely, lovely end" + " blah" * 100
    reviews = reviews_that([(long, {"lovely": 0.9})] * 5)
    [word], _ = telling_words(find_words(reviews))
    [quote] = quotes_of(word, Quotable.of(reviews))
    assert (quote.said, quote.source, quote.day) == ("Lovely", "a.csv", "")
    assert quote.before.startswith("…blah")
    assert quote.after.endswith("blah…")
    assert len(quote.before) + len(quote.after) < 300
    assert quotes_of(word, Quotable.of(reviews), used={long}) == []


def test_a_quote_marks_the_longest_of_the_words_that_stand_as_one() -> None:
    said = "Very dull at first, but very lovely."
    weights = {"very lovely": 0.6, "very": 0.5, "very lovely .": 0.4}
    [word], _ = telling_words(find_words(reviews_that([(said, weights)] * 3)))

    [quote] = quotes_of(word, Quotable.of(reviews_that([(said, weights)] * 3)))

    assert (quote.before, quote.said) == ("Very dull at first, but ", "very lovely")
