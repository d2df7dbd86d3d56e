import math

import pytest

from sentiment_assets.ingestion.ratings import highest_named, number_of, rating_in


@pytest.mark.parametrize(
    ("written", "rating", "highest"),
    [
        ("4", 4, None),
        ("4.5", 4.5, None),
        ("4,5", 4.5, None),
        ("4/5", 4, 5),
        (" 9 / 10 ", 9, 10),
        ("4.0 out of 5 stars", 4, 5),
        ("4,0 von 5 Sternen", 4, 5),
        ("3,0 sur 5 étoiles", 3, 5),
        ("5,0 de 5 estrellas", 5, 5),
        ("4,0 van 5 sterren", 4, 5),
        ("4,0 z 5 gwiazdek", 4, 5),
        ("5 звёзд", 5, None),
        ("4 hvězdičky", 4, None),
        ("4 csillag", 4, None),
        ("4 tähteä", 4, None),
        ("Rated 4 out of 5 stars", 4, 5),
        ("4.0 of 5 bubbles", 4, 5),
        ("4 Sterne von 5", 4, 5),
        ("4 stars out of 5", 4, 5),
        ("Rating: 4", 4, None),
        ("4-star", 4, None),
        ("star4", 4, None),
        ("stars-4", 4, None),
        ("4 ⭐", 4, None),
        ("⭐️ 4.5", 4.5, None),
        ("5つ星のうち4.0", 4, 5),
        ("4星", 4, None),
        ("5점", 5, None),
        ("●●●●○", 4, 5),
        ("5 stars", 5, None),
        ("1 star", 1, None),
        ("80 %", 80, 100),
        ("80%", 80, 100),
        ("★★★★☆", 4, 5),
        ("☆☆☆☆☆", 0, 5),
        ("★★½", 2.5, None),
        ("⭐️⭐️⭐️", 3, None),
        ("FIVE", 5, None),
        ("One star", 1, None),
        ("THREE_STARS", 3, None),
        ("4.0 star rating", 4, None),
        ("4 out of 5.0 stars.", 4, 5),
        ("Bewertet mit 4 von 5 Sternen", 4, 5),
        ("Valoración: 4 de 5", 4, 5),
        ("Noté 4,5 sur 5", 4.5, 5),
        ("Оценка: 4 из 5", 4, 5),
        ("ui_bubble_rating bubble_45", 4.5, None),
    ],
)
def test_the_number_in_a_rating(written: str, rating: float, highest: float | None) -> None:
    assert rating_in(written) == number_of(written) == rating
    assert highest_named(written) == highest


@pytest.mark.parametrize(
    "written", ["fives", "six", "", "4 or 5", "4/5/6", "v4", "👍", "5 people", "out of 5", "1 2", "1,000"]
)
def test_what_is_no_rating(written: str) -> None:
    assert rating_in(written) is None
    assert math.isnan(number_of(written))


@pytest.mark.parametrize(
    ("value", "number"), [(3, 3.0), (3.5, 3.5), ("-2", -2.0), ("1e1", 10.0), ("-0,65", -0.65), ("0,653", 0.653)]
)
def test_a_number_is_a_rating(value: object, number: float) -> None:
    assert number_of(value) == number


@pytest.mark.parametrize("value", [True, False, None, [5], {"value": 5}, "nan"])
def test_other_values_are_no_number(value: object) -> None:
    assert math.isnan(number_of(value))
