import numpy as np
import pytest

from sentiment_assets.monitoring.language import languages_of
from sentiment_assets.monitoring.text_columns import (
    describe_texts,
    main_languages,
    repeats,
)


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


def test_later_copies_are_repeats() -> None:
    assert repeats(np.array([5, 7, 5, 5], np.uint64)).tolist() == [False, False, True, True]
