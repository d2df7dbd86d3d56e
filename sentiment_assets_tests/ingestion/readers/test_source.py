from hypothesis import given
from hypothesis import strategies as st

from sentiment_assets.ingestion.readers.source import column_names


@given(st.lists(st.sampled_from(["", "text", "column 1", "column 2", "column 2'", "column 3"])))
def test_each_column_has_a_name_of_its_own_and_the_first_of_a_name_keeps_it(written: list[str]) -> None:
    names = column_names(written)
    assert len(set(names)) == len(written)
    assert "" not in names
    first_of_a_name = {name: place for place, name in reversed(list(enumerate(written))) if name}
    assert all(names[place] == name for name, place in first_of_a_name.items())


def test_a_hundred_thousand_columns_without_a_name_are_named() -> None:
    """To look through all names again for each of them would take an hour."""
    assert len(column_names(["", "text"] * 50_000)) == 100_000
