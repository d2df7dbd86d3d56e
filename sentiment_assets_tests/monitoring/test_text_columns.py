import numpy as np
import pytest

from sentiment_assets.monitoring.language import languages_of
from sentiment_assets.monitoring.text_columns import (
    describe_texts,
    is_bot_like,
    is_empty,
    is_html,
    is_mojibake,
    is_truncated,
    main_languages,
    repeats,
)
from testing.batches import batch


def test_a_text_is_described_by_its_length_characters_and_language() -> None:
    found = describe_texts(["GREAT film!", "Das ist ein sehr schöner Film über Berlin."])
    assert found.length.tolist() == [11, 42]
    assert found.capitals[0] == pytest.approx(5 / 11)
    assert found.letters[0] == pytest.approx(9 / 11)
    assert found.language[1] == "de"
    assert found.other_language(["en"]).tolist() == [0, 1], "a text too short to tell is no stranger"


def test_languages_of_several_scripts_are_told() -> None:
    texts = [
        "这本书的质量很好，下次还会买",
        "The story was dull and much too long.",
        "Très bien, je recommande ce film.",
    ]
    assert languages_of(texts) == ["zh", "en", "fr"]
    assert languages_of(["ok", "", "12345 67890 12345 67890"]) == ["", "", ""]


def test_the_main_languages_come_first_and_rare_ones_are_left_out() -> None:
    codes = np.array(["en"] * 90 + ["fr"] * 8 + ["de"] * 2 + [""] * 50)
    assert main_languages(codes) == ("en", "fr")
    assert main_languages(np.array(["", ""])) == ()


def test_empty_texts_have_no_letter_or_digit() -> None:
    assert is_empty(["?!", "—", "7", "好", "a"]).tolist() == [True, True, False, False, False]


def test_mojibake_is_what_a_wrong_decoding_leaves() -> None:
    wrong = "It’s “fine”".encode().decode("cp1252", "replace")
    assert is_mojibake([wrong, "caf\N{REPLACEMENT CHARACTER}", "It’s “fine”", "café", "很好", "plain"]).tolist() == [
        True,
        True,
        False,
        False,
        False,
        False,
    ]


def test_html_is_tags_and_entities_but_not_line_breaks() -> None:
    texts = ["<p>good</p>", "R&amp;B", "it&#39;s", "one<br /><br>two", "a < b > c", "R&B; fine", "I <3 it"]
    assert is_html(texts).tolist() == [True, True, True, False, False, False, False]


def test_texts_cut_at_one_length_are_found_and_whole_ones_are_not() -> None:
    whole = batch(200)["text"].tolist()
    cut = [f"{text} and more of it than fits"[:40].strip() for text in batch(50, seed=9)["text"]]
    found = is_truncated([*whole, *cut])
    assert found[200:].mean() > 0.9
    assert found[:200].mean() < 0.1
    assert is_truncated(whole).mean() < 0.05
    assert not is_truncated(["the very same words once more"] * 50).any(), "copies are not cuts"


def test_bots_repeat_words_or_a_template() -> None:
    template = [f"Order {number} arrived. Code {number}!" for number in range(3)]
    assert is_bot_like(["buy now " * 10, *template, "Order came", "good good good"]).tolist() == [
        True,
        True,
        True,
        True,
        False,
        False,
    ]


def test_later_copies_are_repeats() -> None:
    assert repeats(np.array([5, 7, 5, 5], np.uint64)).tolist() == [False, False, True, True]


@pytest.mark.parametrize("detector", [is_empty, is_mojibake, is_html, is_truncated, is_bot_like])
def test_no_text_has_no_fault(detector) -> None:  # type: ignore[no-untyped-def]
    assert detector([]).tolist() == []
    assert describe_texts([]).length.tolist() == []
