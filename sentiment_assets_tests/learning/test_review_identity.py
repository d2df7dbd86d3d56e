import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment_assets.learning.review_identity import review_numbers

LONG = "The room was clean and the staff were kind to us"


def numbers(*rows: tuple[str, str]) -> list[int]:
    return review_numbers(pd.DataFrame(rows, columns=["review_id", "text"], dtype="str")).tolist()


def test_an_id_and_a_text_together_are_a_review() -> None:
    assert numbers(("1", "Great!"), ("2", "Great!"), ("1", "great!"), ("1", "Awful.")) == [0, 1, 0, 2]


@pytest.mark.parametrize(
    "edited",
    [
        LONG + ".",
        LONG + " and the breakfast was good",
        "In short: " + LONG,
        LONG.replace("clean", "very clean"),
        LONG.upper(),
    ],
)
def test_an_edited_text_is_the_same_review(edited: str) -> None:
    assert numbers(("1", LONG), ("1", edited)) == [0, 0]
    assert numbers(("1", LONG), ("2", edited)) == [0, 1], "with another id it is another review"


@pytest.mark.parametrize("other", ["The room was dirty, it smelled, and nobody there cared at all", "Kind to us", ""])
def test_another_text_under_the_same_id_is_another_review(other: str) -> None:
    assert numbers(("1", LONG), ("1", other)) == [0, 1]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The food was good and the staff was nice.", "The food was bad and the staff was rude."),
        ("I love this phone", "I hate this phone"),
    ],
)
def test_reviews_that_begin_alike_and_say_the_contrary_are_two(one: str, other: str) -> None:
    assert numbers(("1", one), ("1", other)) == [0, 1]


def test_edits_of_edits_are_one_review_and_others_come_between() -> None:
    steps = [LONG, LONG + " twice", LONG + " twice over"]
    rows = [("1", steps[0]), ("1", "Something else altogether"), ("1", steps[1]), ("9", steps[0]), ("1", steps[2])]
    assert numbers(*rows) == [0, 1, 0, 2, 0]


def test_texts_without_spaces_are_compared_too() -> None:
    assert numbers(
        ("1", "这家酒店的房间很干净服务也很好我很喜欢"), ("1", "这家酒店的房间很干净服务也非常好我很喜欢")
    ) == [0, 0]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.text(max_size=20)), max_size=12))
def test_reviews_are_numbered_in_the_order_in_which_they_come(rows: list[tuple[str, str]]) -> None:
    found = numbers(*rows)
    assert list(dict.fromkeys(found)) == list(range(len(set(found))))
    for (one_id, one), number in zip(rows, found, strict=True):
        for (other_id, other), another in zip(rows, found, strict=True):
            if one_id != other_id:
                assert number != another
            elif one == other:
                assert number == another
