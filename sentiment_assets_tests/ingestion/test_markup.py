import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment_assets.ingestion.markup import has_markup, without_markup


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<p>Good&nbsp;pan<br/>heats well</p>", "Good pan\nheats well"),
        ("dull.<br /><br />Really dull.", "dull.\nReally dull."),
        ("Tom &amp; Jerry &lt;3", "Tom & Jerry <3"),
        ("it&amp;#39;s fine", "it's fine"),
        ("<b>so</b> <i>good</i>", "so good"),
        ("fine<script>alert(1)</script><style>p {}</style>!", "fine!"),
        ("<!-- from the app -->fine", "fine"),
        ('<a href="https://shop/?a=1&b=2">the shop</a>', "the shop"),
        ("<head><title>Review 7</title></head><body>fine</body>", "fine"),
        ("a&nbsp;b", "a b"),
        ("<ul><li>loud</li><li>hot</li></ul>", "loud\nhot"),
        ("<br>", ""),
    ],
)
def test_a_text_is_what_a_browser_shows(text: str, shown: str) -> None:
    assert has_markup(text)
    assert without_markup(text) == shown


def test_tags_that_are_none_of_html_and_what_is_not_closed_are_what_people_wrote() -> None:
    assert without_markup("it was <great> really, <b>not</b>") == "it was <great> really, not"
    assert without_markup("rated <star/> &nosuch; by <b>me</b>") == "rated <star/> &nosuch; by me"
    assert without_markup("I read &lt;title&gt; and the rest") == "I read and the rest"
    assert without_markup("the <title> of this film <b>is</b> good") == "the of this film is good"


@pytest.mark.parametrize("text", ["x<y and y>z", "a<b && b>c", "List<String> is nice", "<sarcasm>"])
def test_comparisons_and_other_brackets_are_no_markup(text: str) -> None:
    assert not has_markup(text)


@pytest.mark.parametrize(
    "text", ["a < b and c > d", "I <3 it", "R&D; Q&A", "fine & dandy", "5 > 4", "<>", "no  blanks\n lost "]
)
def test_what_only_looks_like_markup_stays(text: str) -> None:
    assert without_markup(text) == text


@given(
    st.lists(st.sampled_from([*'<>/&;#ampltbrx1 \n"=!-', "<b>", "<x/>", "</x>", "&amp;", "&nosuch;"]), max_size=25).map(
        "".join
    )
)
def test_a_text_that_comes_back_is_not_changed_again(text: str) -> None:
    once = without_markup(text)
    assert without_markup(once) == once
    assert len(once) <= len(text)


@pytest.mark.parametrize("piece", ["<!--", "<!--x>", "<title>", "<script>", "<a x", '<a x="', "</", "<!x", "&#"])
def test_half_a_megabyte_of_what_is_never_closed_is_read_and_stays(piece: str) -> None:
    """A reader that looks to the end of the text for each of them is at it for minutes."""
    text = piece * (500_000 // len(piece))
    assert without_markup(text) == ("" if piece in ("<title>", "<script>") else text)


@pytest.mark.parametrize("text", ["&" + "amp;" * 100_000, "<" * 5000 + "b>" * 5000])
def test_a_text_that_was_escaped_more_often_than_any_export_does_is_left_as_it_was(text: str) -> None:
    assert without_markup(text) == text


def test_what_begins_a_comment_or_a_hidden_part_is_shown_with_all_that_follows_if_it_never_ends() -> None:
    assert without_markup("I <b>love</b> <!-- this pan") == "I love <!-- this pan"
    assert without_markup("İ <STYLE>p {}</Style> fine <style> and <b>more</b>") == "İ fine and more"


def test_a_declaration_is_not_shown_and_an_exclamation_is() -> None:
    assert without_markup("<!DOCTYPE html><p>fine</p>") == "fine"
    assert without_markup("<b>good</b> <! really <?") == "good <! really <?"
