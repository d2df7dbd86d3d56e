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
