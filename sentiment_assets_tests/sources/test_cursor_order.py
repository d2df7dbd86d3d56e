from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from sentiment_assets.sources.cursor_order import newest

_MOMENTS = st.datetimes(timezones=st.just(UTC)).filter(lambda moment: moment.year > 1000)


def as_go_writes(moment: datetime) -> str:
    """Without zeros at the end of the second, as Go and Java do."""
    whole = moment.strftime("%Y-%m-%dT%H:%M:%S")
    return whole + f".{moment.microsecond:06}".rstrip("0").rstrip(".") + "Z"


@given(_MOMENTS, _MOMENTS)
def test_moments_are_compared_as_moments(one: datetime, other: datetime) -> None:
    assert newest([as_go_writes(one), as_go_writes(other)]) == as_go_writes(max(one, other))


@given(st.integers(), st.integers())
def test_numbers_are_compared_as_numbers(one: int, other: int) -> None:
    assert newest([str(one), str(other)]) == str(max(one, other))


@given(st.lists(st.text() | st.integers().map(str) | _MOMENTS.map(str), min_size=1))
def test_of_any_texts_there_is_a_newest_one(values: list[str]) -> None:
    assert newest(values) in values


def test_of_equal_ones_the_first_is_taken_so_that_a_row_is_rather_read_twice_than_lost() -> None:
    assert newest(["2026-01-01T00:00:05.0Z", "2026-01-01T00:00:05Z"]) == "2026-01-01T00:00:05.0Z"


def test_what_is_no_text_is_compared_as_it_is() -> None:
    assert newest([9, 10]) == 10
    moments = [datetime(2026, 1, day, tzinfo=UTC) for day in (2, 1)]
    assert newest(moments) == moments[0]
