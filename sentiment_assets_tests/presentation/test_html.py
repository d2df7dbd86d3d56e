import re
import tomllib
from pathlib import Path

import pytest
from jinja2 import UndefinedError
from matplotlib.figure import Figure

from sentiment_assets.presentation import palette
from sentiment_assets.presentation.figures import svg
from sentiment_assets.presentation.html import html_environment

PACKAGE = Path(palette.__file__).parents[1]
COLOUR = re.compile(r"#[0-9a-fA-F]{6}\b")


def render(folder: Path, template: str, **values: object) -> str:
    (folder / "page.html.j2").write_text(template)
    return html_environment(folder).get_template("page.html.j2").render(**values)


def test_values_are_text_and_never_markup(tmp_path: Path) -> None:
    assert render(tmp_path, "<p>{{ text }}</p>", text="<b>&") == "<p>&lt;b&gt;&amp;</p>"


def test_a_page_is_written_in_the_one_style_with_the_colours_of_the_palette(tmp_path: Path) -> None:
    page = render(tmp_path, "{{ style }}")
    assert "<style>" in page
    assert set(COLOUR.findall(page)) <= set(COLOUR.findall(Path(palette.__file__).read_text()))


def test_a_name_that_is_not_given_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UndefinedError, match="'misspelt' is undefined"):
        render(tmp_path, "{{ misspelt }}")


def drawn(colour: str, title: str) -> bytes:
    figure = Figure(figsize=(2, 1))
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=colour)
    axes.set_title(title)
    return svg(figure)


def test_a_picture_stands_in_the_page_itself_and_is_described(tmp_path: Path) -> None:
    picture = drawn(palette.POSITIVE, "a line")
    page = render(tmp_path, "{{ picture | inlined(how) }}", picture=picture, how='<how> "it" is')
    assert page.startswith("<svg ")
    assert page.count("<svg") == 1
    assert 'role="img" aria-label="&lt;how&gt; &#34;it&#34; is"' in page


def test_a_picture_has_the_colours_of_the_page_light_or_dark(tmp_path: Path) -> None:
    page = render(tmp_path, "{{ picture | inlined('a line') }}", picture=drawn(palette.WARN, "a line"))
    assert "stroke: var(--warn)" in page
    assert "stroke: var(--text)" in page
    assert set(COLOUR.findall(page)) <= {palette.GROUND}
    named = set(re.findall(r"var\(--([\w-]+)\)", page))
    assert named <= set(palette.LIGHT) == set(palette.DARK)


def test_what_a_picture_writes_is_never_markup(tmp_path: Path) -> None:
    page = render(tmp_path, "{{ picture | inlined('x') }}", picture=drawn(palette.OTHER, "<script>alert(1)</script>"))
    assert "<script" not in page


def test_every_colour_stands_in_the_palette_and_nowhere_else() -> None:
    files = [file for file in PACKAGE.rglob("*") if file.suffix in (".py", ".j2") and file.name != "palette.py"]
    assert {file.name: COLOUR.findall(file.read_text()) for file in files if COLOUR.search(file.read_text())} == {}


def test_green_is_fine_and_orange_says_look_as_the_drift_page_explains() -> None:
    ok, warn, unknown = (
        [int(colour[start : start + 2], 16) for start in (1, 3, 5)]
        for colour in (palette.OK, palette.WARN, palette.UNKNOWN)
    )
    assert max(ok) == ok[1], "green"
    assert warn[0] > warn[1] > warn[2], "orange"
    assert max(unknown) - min(unknown) < 40, "grey"


def test_every_template_is_part_of_what_is_installed() -> None:
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text())
    patterns = project["tool"]["setuptools"]["package-data"]["sentiment_assets"]
    installed = {file for pattern in patterns for file in PACKAGE.glob(pattern)}
    assert {*PACKAGE.rglob("*.j2"), *PACKAGE.rglob("*.yaml"), PACKAGE / "py.typed"} <= installed
