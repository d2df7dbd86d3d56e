"""What tells rows with the same cursor apart."""

from sentiment_assets.sources.keys import telling_apart


def test_a_key_does_and_without_a_value_in_it_the_whole_row() -> None:
    columns = telling_apart(["shop", "id"])
    assert columns is not None
    assert columns({"id": 1, "shop": 0, "text": "x"}) == ["shop", "id"]
    assert columns({"id": None, "shop": 1, "text": "x"}) == ["id", "shop", "text"]


def test_a_column_that_is_not_there_is_left_for_the_error_to_name() -> None:
    columns = telling_apart(["id"])
    assert columns is not None
    assert columns({"text": "x"}) == ["id"]


def test_without_a_key_nothing_is_said() -> None:
    assert telling_apart([]) is None
