import pytest

from sentiment_assets.learning.selection import select_candidate


def test_the_smallest_loss_wins_and_of_equals_the_first() -> None:
    assert select_candidate({"a": 0.3, "b": 0.2, "c": 0.2}) == "b"


def test_no_candidate_is_an_error() -> None:
    with pytest.raises(ValueError, match="no candidate"):
        select_candidate({})
