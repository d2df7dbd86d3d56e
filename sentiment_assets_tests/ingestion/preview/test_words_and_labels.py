"""Labels that do not go with what reviews say are doubted, before a model learns them."""

import pandas as pd
import pytest

from sentiment_assets.ingestion.preview.preview import Preview, preview_file
from sentiment_assets.ingestion.preview.words_and_labels import told_of_labels

PRAISE = {
    "en": "An excellent tent, number {}",
    "de": "Zelt {} ist hervorragend",
    "fr": "Tente {} parfaite",
    "es": "Tienda {} perfecta",
    "ru": "Палатка {} отличная",
    "zh": "帐篷 {} 很好",
    "ja": "テント {} は最高です",
    "ko": "텐트 {} 최고예요",
    "th": "เต็นท์ {} ดีมาก",
    "cs": "Stan {} je výborný",
    "ar": "خيمة {} ممتازة",
    "hi": "तंबू {} शानदार है",
    "vi": "Lều {} tuyệt vời",
}
BLAME = {
    "en": "A terrible tent, number {}",
    "de": "Zelt {} ist schlecht",
    "fr": "Tente {} décevante",
    "es": "Tienda {} pésima",
    "ru": "Палатка {} ужасно",
    "zh": "帐篷 {} 太差",
    "ja": "テント {} は最悪です",
    "ko": "텐트 {} 최악이에요",
    "th": "เต็นท์ {} แย่มาก",
    "cs": "Stan {} je hrozný",
    "ar": "خيمة {} سيئة",
    "hi": "तंबू {} बेकार है",
    "vi": "Lều {} quá tệ",
}


def reviews(language: str, praised: float, blamed: float, size: int = 20) -> pd.DataFrame:
    """As many reviews that praise as that blame, of which these shares are positive."""
    rows = [(PRAISE[language].format(number), int(number < praised * size)) for number in range(size)]
    rows += [(BLAME[language].format(number), int(number < blamed * size)) for number in range(size)]
    return pd.DataFrame(rows, columns=["text", "label"]).astype({"label": "Int8", "text": "str"})


@pytest.mark.parametrize("language", PRAISE)
def test_labels_that_are_upside_down_are_told_in_any_of_these_languages(language: str) -> None:
    told = told_of_labels(reviews(language, praised=0.1, blamed=0.9))
    assert told.startswith(
        "labels do not go with words: of 20 reviews with words of praise 10.0 % are positive, of 20 with words of "
        "blame 90.0 %; they seem to be upside down"
    )
    assert told_of_labels(reviews(language, praised=0.9, blamed=0.1)) == ""


def test_labels_of_something_else_are_told_and_few_reviews_tell_nothing() -> None:
    something_else = reviews("en", praised=0.5, blamed=0.5, size=300)
    assert "they seem to say something else than how people feel" in told_of_labels(something_else)
    assert told_of_labels(reviews("en", praised=0.5, blamed=0.5)) == ""
    assert told_of_labels(reviews("en", praised=0.0, blamed=1.0, size=4)) == ""


def test_labels_that_are_nearly_all_of_one_kind_tell_nothing() -> None:
    assert told_of_labels(reviews("en", praised=1.0, blamed=1.0, size=300)) == ""
    assert told_of_labels(reviews("en", praised=0.99, blamed=0.97, size=300)) == ""


def test_a_review_that_praises_and_blames_and_one_without_a_label_say_nothing() -> None:
    upside_down = reviews("en", 0.1, 0.9)
    assert told_of_labels(upside_down.assign(text=upside_down["text"] + ", excellent and terrible")) == ""
    assert told_of_labels(upside_down.assign(label=pd.array([None] * 40, "Int8"))) == ""


@pytest.mark.parametrize("language", ["en", "de", "zh"])
def test_that_those_who_praise_are_negative_and_those_who_blame_neutral_is_told(language: str) -> None:
    turned = reviews(language, praised=0, blamed=1)
    as_if_up_to_ten = turned.assign(neutral=turned["label"] == 1).assign(
        label=turned["label"].mask(turned["label"] == 1)
    )
    told = told_of_labels(as_if_up_to_ten)
    assert told.startswith(
        "labels do not go with words: none is positive, and of 20 reviews with words of praise 0.0 %"
    )
    assert "of 20 with words of blame 100.0 %; they seem to be upside down" in told
    right = as_if_up_to_ten.assign(text=as_if_up_to_ten["text"].to_numpy()[::-1])
    assert told_of_labels(right) == ""


def preview_of_marks(column: str, best: int, worst: int) -> Preview:
    rows = [f'"{PRAISE["de"].format(number)}, sehr solide",{best}' for number in range(15)]
    rows += [f'"{BLAME["de"].format(number)}, leider",{worst}' for number in range(15)]
    rows += [f'"Zelt {number}, wie beschrieben",{mark}' for number in range(5) for mark in (2, 3, 4)]
    return preview_file("\n".join([f"text,{column}", *rows]).encode(), "a.csv", "landing/acme")


def test_a_rule_that_takes_the_best_marks_for_the_worst_is_a_guess() -> None:
    preview = preview_of_marks("Note", best=1, worst=5)
    assert preview.label_rule_sure == "a guess"
    assert any("they seem to be upside down: look at `labels`" in each for each in preview.warnings)
    assert "# a guess: it does not go with the words of the reviews" in preview.yaml
    as_usual = preview_of_marks("Note", best=5, worst=1)
    assert as_usual.label_rule_sure == "likely"
    assert not any("labels do not go with words" in each for each in as_usual.warnings)
