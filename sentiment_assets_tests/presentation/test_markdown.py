"""Texts in Markdown are shown as they are."""

import re
from html import unescape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from sentiment_assets.presentation.markdown import as_text, markdown_table

MARKDOWN = MarkdownIt("gfm-like", {"html": True})


@given(st.text(alphabet=st.sampled_from("ab*_`~[]()<>!#|\\&;:/.@-+=1 \n\"'w"), max_size=60))
@example(".aw:")
def test_a_text_within_a_line_is_shown_as_it_was_written(text: str) -> None:
    shown = re.fullmatch(r"<p>(.*)</p>\n", MARKDOWN.render(f"Text: x{as_text(text)}x."))
    assert shown is not None
    assert "<" not in shown[1]
    assert unescape(shown[1]) == f"Text: x{' '.join(text.split())}x."


@pytest.mark.parametrize("hostile", ["<img src=x onerror=alert(1)>", "![a](b)", "[a](javascript:b)", "www.a.example"])
def test_what_looks_like_markup_is_text(hostile: str) -> None:
    assert MARKDOWN.render(f"a {as_text(hostile)}").count("<") == 2, "of the paragraph"


def test_a_cell_cannot_end_itself() -> None:
    html = MARKDOWN.render(markdown_table(["name", "n"], [[as_text("a | b\n| c"), "1"]]))
    assert html.count("<td>") == 2
    assert "<td>a | b | c</td>" in html
