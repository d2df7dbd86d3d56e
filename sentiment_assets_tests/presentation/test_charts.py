import re
from itertools import pairwise
from math import nan
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment_assets.presentation import palette
from sentiment_assets.presentation.charts import Moment, as_svg_file, over_time, range_on_scale, sparkline

SHARES = st.floats(-1, 1)
MOMENTS = st.lists(st.tuples(st.integers(0, 60), SHARES, SHARES, SHARES), min_size=2, unique_by=lambda each: each[0])


def moment(place: int, value: float, low: float, high: float) -> Moment:
    return Moment(place, f"p{place} <b>", value, low, high, counted=value, reviews=5)


def drawn(picture: str) -> ET.Element:
    return ET.fromstring(picture)  # noqa: S314 - our own


def test_periods_side_by_side_are_joined_and_others_are_not() -> None:
    joined = [moment(place, 0.1, 0.0, 0.2) for place in (0, 1, 2)]
    apart = [moment(place, 0.1, 0.0, 0.2) for place in (0, 1, 3)]
    lines = [re.findall(r'class="line" d="([^"]*)"', over_time(each, "")) for each in (joined, apart)]
    assert [[path.count("L") for path in each] for each in lines] == [[2], [1, 0]]


def test_what_is_not_known_is_not_drawn() -> None:
    picture = over_time([moment(0, 0.1, 0.0, 0.2), moment(1, nan, nan, nan)], "")
    assert picture.count("<circle") == 1
    assert "nan" not in picture
    assert "<circle" not in range_on_scale(nan, nan, nan, "")


@given(MOMENTS)
def test_nothing_is_drawn_outside_of_a_picture(each: list[tuple[int, float, float, float]]) -> None:
    ordered = [(place, *sorted(ends)) for place, *ends in sorted(each)]
    moments = [moment(place, value, low, high) for place, low, value, high in ordered]
    for picture in (over_time(moments, "said"), sparkline(moments, "said")):
        svg = drawn(picture)
        _, _, width, height = map(float, svg.attrib["viewBox"].split())
        assert svg.attrib["aria-label"] == "said"
        for dot in svg.iter("circle"):
            assert 0 <= float(dot.attrib["cx"]) <= width
            assert 0 <= float(dot.attrib["cy"]) <= height
        for text in svg.iter("text"):
            assert 0 <= float(text.attrib["x"]) <= width


@pytest.mark.parametrize("value", [-1.0, -0.5, 0.0, 0.25, 1.0])
def test_a_scale_reaches_from_one_end_of_its_line_to_the_other(value: float) -> None:
    svg = drawn(range_on_scale(value, -1.0, 1.0, ""))
    scale, span = (str(each.attrib["d"]) for each in svg.iter("path"))
    left, right, middle = (float(each) for each in re.findall(r"[MH]([\d.]+)", scale))
    assert [float(each) for each in re.findall(r"[MH]([\d.]+)", span)] == [left, right]
    assert left + right == 2 * middle == float(svg.attrib["viewBox"].split()[2])
    [dot] = svg.iter("circle")
    assert float(dot.attrib["cx"]) == pytest.approx(middle + value * (right - left) / 2, abs=0.06)


@given(st.integers(2, 60))
def test_names_below_a_picture_do_not_stand_in_one_another_and_the_last_one_is_there(n: int) -> None:
    svg = drawn(over_time([moment(place, 0.1, 0.0, 0.2) for place in range(n)], ""))
    names = [
        (float(each.attrib["x"]), str(each.text)) for each in svg.iter("text") if each.text and each.text[0] == "p"
    ]
    places = sorted(x for x, _ in names)
    assert all(later - earlier >= 60 for earlier, later in pairwise(places))
    assert f"p{n - 1} <b>" in {name for _, name in names}, "as text, escaped"


def test_colours_are_those_of_the_page_or_in_a_file_of_a_light_one() -> None:
    picture = over_time([moment(0, 0.1, 0.0, 0.2), moment(1, 0.1, 0.0, 0.2)], "")
    assert "#" not in picture
    file = as_svg_file(picture)
    assert palette.POSITIVE in file.decode()
    assert drawn(file.decode()).tag == "{http://www.w3.org/2000/svg}svg"
    assert as_svg_file("") == b""


def luminance(colour: str) -> float:
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.03928 else ((each + 0.055) / 1.055) ** 2.4 for each in parts]
    return sum(weight * each for weight, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("colours", [palette.LIGHT, palette.DARK], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("letters", "ground"),
    [
        *((name, ground) for name in ("text", "secondary-text", "positive") for ground in ("ground", "raised")),
        *(("on-colour", ground) for ground in ("ok", "warn", "unknown")),
    ],
)
def test_letters_can_be_read_on_what_they_stand_on(colours: dict[str, str], letters: str, ground: str) -> None:
    brighter, darker = sorted((luminance(colours[letters]), luminance(colours[ground])), reverse=True)
    assert (brighter + 0.05) / (darker + 0.05) >= 4.5


def test_every_colour_of_a_light_page_has_a_dark_one() -> None:
    assert list(palette.LIGHT) == list(palette.DARK)
