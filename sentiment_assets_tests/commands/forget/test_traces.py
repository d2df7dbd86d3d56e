import json
from collections.abc import Callable
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment_assets.commands.forget.traces import FORGOTTEN, Traces

TEXT = 'The teapot of grandmother Eulalia sang all morning, "loudly" & <b>so</b>,\nuntil the kitchen said no: größer!'


def in_html(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def in_csv(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def twice_in_json(text: str) -> str:
    return json.dumps({"event": json.dumps({"text": text})})


@pytest.mark.parametrize(
    "written", [str, in_csv, json.dumps, twice_in_json, in_html, lambda text: json.dumps(in_html(text))]
)
def test_a_text_is_taken_out_in_whatever_form_it_was_written(written: Callable[[str], str]) -> None:
    content = f"before {written(TEXT)} after"
    taken_out = Traces([TEXT]).taken_out(content)
    assert FORGOTTEN in taken_out
    assert "Eulalia" not in taken_out
    assert "loudly" not in taken_out
    assert "kitchen" not in taken_out
    assert taken_out.startswith("before ")
    assert taken_out.endswith(" after")


def test_pieces_of_it_as_quotes_and_samples_have_them_are_taken_out() -> None:
    quoted = f"…{TEXT[20:60]}… and {' '.join(TEXT.split())[70:]}"
    assert Traces([TEXT]).taken_out(quoted) == f"…{FORGOTTEN}… and {FORGOTTEN}"


def test_json_stays_json_and_says_what_else_it_said() -> None:
    content = json.dumps({"__class__": "Event", "label": f"{TEXT[:40]}…", "nested": json.dumps([TEXT, 1]), "n": 2})
    read = json.loads(Traces([TEXT]).taken_out_of_whole(content))
    assert read == {
        "__class__": "Event",
        "label": f"{FORGOTTEN}…",
        "nested": json.dumps([FORGOTTEN, 1]),
        "n": 2,
    }


def test_a_short_text_is_taken_out_only_where_it_is_all_that_is_said() -> None:
    traces = Traces(["Great!"])
    assert traces.taken_out_of_whole('["Great!", "Great! Really."]') == f'["{FORGOTTEN}", "Great! Really."]'
    sample = {"__class__": "Record", "label": "Great!", "data": {"text": "Great!", "label": "1"}}
    without = sample | {"data": {"text": FORGOTTEN, "label": "1"}}
    assert json.loads(traces.taken_out_of_whole(json.dumps(sample))) == without
    assert traces.taken_out_of_whole("<td>Great!</td><p>Great! Really.</p>") == (
        f"<td>{FORGOTTEN}</td><p>Great! Really.</p>"
    )


@pytest.mark.parametrize("content", ['"branch","positive","mixed"', "<td>positive</td>", '{"text": "positive"}'])
def test_a_word_that_pages_have_of_their_own_stays(content: str) -> None:
    traces = Traces(["positive"])
    assert traces.taken_out_of_whole(content) == content
    assert not traces.are_in(content)
    assert not traces.half_is_in(content)


def test_blanks_and_dashes_of_a_text_are_not_taken_out_of_everything() -> None:
    content = "x = {" + "\n" + " " * 30 + "a: 1}  # " + "-" * 40
    assert Traces([f"wide {' ' * 40} and {'-' * 50} dashes"]).taken_out(content) == content


def test_a_character_of_json_is_not_taken_out_by_halves() -> None:
    traces = Traces(["The kitchen of the house sings größer"])
    assert traces.taken_out(json.dumps("The kitchen of the house sings grün")) == f'"{FORGOTTEN}\\u00fcn"'


@given(st.text(max_size=200))
def test_what_says_nothing_of_it_stays_as_it_is(content: str) -> None:
    assert Traces([TEXT]).taken_out(content) == content


@given(st.text(max_size=40), st.text(min_size=24, max_size=80), st.text(max_size=40))
def test_no_text_survives_between_others(before: str, text: str, after: str) -> None:
    assert text not in Traces([text]).taken_out(f"{before}{text}{after}") or len({*text}) < 5


def test_half_of_a_text_is_told_from_a_phrase_that_others_use() -> None:
    assert Traces([TEXT]).half_is_in(f"x{TEXT[:80]}x")
    assert not Traces([TEXT]).half_is_in(f"x{TEXT[:30]}x")
