import pytest

from sentiment_assets.presentation.wording import (
    counted,
    example,
    first_lines,
    format_p_value,
    percent,
    points,
    shorten,
)


def test_shares_are_written_as_percentages_with_one_decimal() -> None:
    assert [percent(share) for share in (0, 0.034, 1)] == ["0.0 %", "3.4 %", "100.0 %"]


@pytest.mark.parametrize(
    ("value", "written"), [(-1, "-100.0"), (0.05, "+5.0"), (-0.0004, "+0.0"), (None, "–"), (float("nan"), "–")]
)
def test_net_sentiment_is_written_in_points_with_its_sign(value: float | None, written: str) -> None:
    assert points(value) == written


def test_the_smallest_p_values_are_written_as_a_bound() -> None:
    assert [format_p_value(value) for value in (0.0123, 1e-10, 1e-11)] == ["0.012", "1e-10", "1e-10 or less"]


def test_a_text_is_cut_where_something_is_missing() -> None:
    assert shorten("short", 5) == "short"
    assert shorten("longer", 5) == "longe…"
    assert len(example("x" * 1000)) == 401


def test_one_of_a_thing_is_no_plural() -> None:
    assert (counted(1, "row"), counted(0, "row"), counted(2000, "row")) == ("1 row", "0 rows", "2,000 rows")
    assert (counted(1, "box", "boxes"), counted(2, "box", "boxes")) == ("1 box", "2 boxes")


def test_of_many_lines_the_first_are_written_and_where_the_others_are() -> None:
    lines = ["a", "b", "c"]
    assert first_lines(lines, 3, "the table") == lines
    assert first_lines(lines, 2, "the table") == ["a", "b", "and 1 more, in the table"]
