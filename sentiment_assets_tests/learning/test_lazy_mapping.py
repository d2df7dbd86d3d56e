import pytest

from sentiment_assets.learning.lazy_mapping import LazyMapping


def test_a_value_is_made_when_it_is_first_asked_for_and_once() -> None:
    made: list[str] = []
    mapping = LazyMapping(["a", "b"], lambda key: made.append(key) or key.upper())
    assert (list(mapping), len(mapping), "a" in mapping) == (["a", "b"], 2, True)
    assert made == []
    assert [mapping["b"], mapping["b"]] == ["B", "B"]
    assert made == ["b"]
    assert dict(mapping) == {"a": "A", "b": "B"}


def test_a_key_that_is_not_there_is_not_made() -> None:
    mapping = LazyMapping(["a"], str.upper)
    assert "c" not in mapping
    with pytest.raises(KeyError):
        mapping["c"]
