"""Delimited text in the dialects that exports have."""

import csv
import io
from itertools import islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment_assets.ingestion.readers.file_rows import FileRows, read_rows
from sentiment_assets.ingestion.readers.unpacking import UnreadableFile
from sentiment_assets.ingestion.settings import DEFAULT_FORMAT, FormatSettings


def read(content: str | bytes, name: str = "r.csv", form: FormatSettings = DEFAULT_FORMAT, **how: Any) -> FileRows:
    encoded = content.encode() if isinstance(content, str) else content
    return read_rows(encoded, name, "utf-8", format=form, **how)


def values(
    content: str | bytes, name: str = "r.csv", form: FormatSettings = DEFAULT_FORMAT, **how: Any
) -> list[dict[str, object]]:
    rows = list(read(content, name, form, **how))
    assert [row.problem for row in rows] == [None] * len(rows)
    return [dict(row.values) for row in rows]


@pytest.mark.parametrize("name", ["r.csv", "r.tsv", "r.txt"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_whatever_the_file_is_called(delimiter: str, name: str) -> None:
    lines = [("text", "stars"), ("loud, hot; and | flat\ttoo", "1"), ("fine", "5")]
    content = "".join(delimiter.join(f'"{cell}"' for cell in line) + "\r\n" for line in lines)
    rows = read(content, name)
    assert [dict(row.values) for row in rows] == [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]
    assert rows.found["delimiter"] == delimiter


def test_a_header_that_several_delimiters_part_is_parted_by_that_which_gives_the_named_columns() -> None:
    content = "text;note, if any|stars\nfine;a, b|5\n"
    assert values(content, wanted={"stars", "text;note, if any"}) == [{"text;note, if any": "fine;a, b", "stars": "5"}]
    assert values("a;b,c\n1;2,3\n4;5\n", wanted={"b,c"})[0] == {"a": "1", "b,c": "2,3"}


def test_without_named_columns_it_is_parted_by_that_which_gives_each_line_as_many_fields() -> None:
    assert values("text;stars, of 5\nfine, really;5\nso so;3\n") == [
        {"text": "fine, really", "stars, of 5": "5"},
        {"text": "so so", "stars, of 5": "3"},
    ]


def test_one_broken_row_does_not_decide_what_the_others_are_parted_by() -> None:
    good = "it was fine, and so on, and so forth;5\n"
    rows = read(f"text, as written;stars, of 5\n{good * 3}so; so;3\n{good * 3}")
    assert [row.problem is None for row in rows] == [True, True, True, False, True, True, True]
    assert rows.found["delimiter"] == ";"


def test_names_by_position_are_given_to_what_most_rows_are_parted_into() -> None:
    form = FormatSettings(names=["text", "stars"])
    assert values("fine, really;5\nso so;3\na, b, c;4\n", form=form)[0] == {"text": "fine, really", "stars": "5"}
    alone = FormatSettings(names=["text"])
    assert values("fine\nso, so; really\nbad, very\nno | yes\n", form=alone)[1] == {"text": "so, so; really"}


def test_of_two_signs_that_part_each_row_evenly_the_one_without_a_blank_behind_it_is_the_delimiter() -> None:
    content = "text, as written;stars\nfine, really;5\nbad, too;1\nso, so;3\n"
    assert values(content)[0] == {"text, as written": "fine, really", "stars": "5"}
    assert values("text, stars\nfine, 5\nso so, 3\n")[0] == {"text": "fine", "stars": " 5"}, "whatever stands behind it"


def test_a_column_alone_may_hold_anything() -> None:
    assert values("text\nfine; really | so\n") == [{"text": "fine; really | so"}]


def test_excels_line_names_the_delimiter() -> None:
    assert values("sep=;\r\ntext;stars\r\na, b;5\r\n") == [{"text": "a, b", "stars": "5"}]
    assert values('"sep=|"\ntext|stars\nfine|5\n') == [{"text": "fine", "stars": "5"}]


def test_lines_that_end_in_a_delimiter_have_no_field_more() -> None:
    assert values("text,stars\nfine,5,\ndull,1,\n") == [{"text": "fine", "stars": "5"}, {"text": "dull", "stars": "1"}]
    assert values("text,stars,\nfine,5,\n") == [{"text": "fine", "stars": "5", "column 3": ""}]
    [row] = read("text,stars\nfine,5,6\n")
    assert "has 3 fields where the header has 2" in str(row.problem)


def test_a_line_with_a_field_more_that_is_empty_keeps_all_of_them_unless_each_line_has_one() -> None:
    fine, odd = read("label,text,source\n1,fine,web\n0,good, but far too slow,\n")
    assert fine.problem is None
    assert "has 4 fields where the header has 3" in str(odd.problem)


def test_a_made_up_name_is_none_that_the_file_has() -> None:
    assert values("column 2,,text\na,note,good\n") == [{"column 2": "a", "column 2'": "note", "text": "good"}]


def test_a_quote_in_a_line_that_is_ignored_swallows_nothing() -> None:
    form = FormatSettings(ignore_from="#")
    rows = read('# a,"odd\ntext,label\ngood,1\n#,"see\nbad,0\nfine,"\nlast,0\n', form=form)
    assert [row.values.get("text") for row in rows][:2] == ["good", "bad"]
    assert rows.found["lines_passed_over"] == 2


def test_a_header_of_one_column_that_is_named_is_not_parted() -> None:
    assert values("Comments; tell us\nfine; really\n", wanted={"Comments; tell us"}) == [
        {"Comments; tell us": "fine; really"}
    ]
    one = FormatSettings(names=["text"])
    assert values("fine; really\n", "r.txt", one) == [{"text": "fine; really"}]


def test_a_repeated_name_is_that_of_its_first_column() -> None:
    assert values("text,stars,text\nfine,5,thank you\n") == [{"text": "fine", "stars": "5", "column 3": "thank you"}]


def test_a_file_without_a_header_is_read_by_position() -> None:
    form = FormatSettings(names=["stars", "text"])
    assert values("5,fine\n1,dull\n", form=form) == [{"stars": "5", "text": "fine"}, {"stars": "1", "text": "dull"}]


@pytest.mark.parametrize("delimiter", ["^", "~", "\x01"])
def test_a_rare_delimiter_is_found_where_it_parts_every_line_and_no_usual_one_parts_the_header(delimiter: str) -> None:
    whole = f"text{delimiter}stars\nfine, really{delimiter}5\ndull{delimiter}1\n"
    assert values(whole) == [{"text": "fine, really", "stars": "5"}, {"text": "dull", "stars": "1"}]
    assert values(f"text{delimiter}\nfine\n") == [{f"text{delimiter}".strip(): "fine"}]


def test_a_blank_between_a_delimiter_and_a_quote_belongs_to_neither() -> None:
    assert values('"text", "stars"\n"fine, really", 5\n"dull", "1"\n') == [
        {"text": "fine, really", "stars": "5"},
        {"text": "dull", "stars": "1"},
    ]


def test_a_text_that_begins_with_a_quote_keeps_the_blank_before_it() -> None:
    lines = '5, "Great" is what I say\n1, "Awful" is what she says\n'
    assert values(lines, form=FormatSettings(names=["stars", "text"])) == [
        {"stars": "5", "text": ' "Great" is what I say'},
        {"stars": "1", "text": ' "Awful" is what she says'},
    ]


@pytest.mark.parametrize("delimiter", ["^", "~", "\x01"])
def test_a_rare_delimiter_is_found_where_the_branch_names_the_columns(delimiter: str) -> None:
    whole, form = f"5{delimiter}fine, really\n1{delimiter}dull\n", FormatSettings(names=["stars", "text"])
    assert values(whole, form=form) == [{"stars": "5", "text": "fine, really"}, {"stars": "1", "text": "dull"}]


def test_what_has_no_width_is_no_part_of_a_name() -> None:
    assert values("\ufeff\ufefftext,\u200bstars\u00a0\nfine,5\n") == [{"text": "fine", "stars": "5"}]


def test_numbers_that_a_header_does_not_name_are_those_of_the_rows() -> None:
    """R writes a table so."""
    assert values('"stars","text"\n"1",5,"fine"\n"2",1,"dull"\n') == [
        {"column 1": "1", "stars": "5", "text": "fine"},
        {"column 1": "2", "stars": "1", "text": "dull"},
    ]
    of_numbers = [f'"{first}","text"\n"1","fine","5"\n"2","dull","1"\n' for first in ("id", "ReviewID", "rowNr", "Row")]
    for content in ("text,stars\nfine,5,new\ndull,1,old\n", *of_numbers):
        assert [row.problem is None for row in read(content)] == [False, False], "any name may be the missing one"


def test_quotes_may_be_characters_and_a_character_may_escape_them() -> None:
    assert values('text\tstars\n"Sturdy kettle\t5\nso "so"\t3\n', "r.tsv", FormatSettings(quoting="none")) == [
        {"text": '"Sturdy kettle', "stars": "5"},
        {"text": 'so "so"', "stars": "3"},
    ]
    escaped = 'text,stars\n"They call it \\"de luxe\\", yes",5\n'
    assert values(escaped, form=FormatSettings(escape="\\")) == [{"text": 'They call it "de luxe", yes', "stars": "5"}]


def test_lines_that_are_to_be_ignored_and_blank_ones_are_passed_over_and_counted() -> None:
    rows = read("# from the shop\n\ntext,stars\n# 2026\nfine,5\n\n", form=FormatSettings(ignore_from="#"))
    assert [(row.number, row.values["text"]) for row in rows] == [(5, "fine")]
    assert rows.found["lines_passed_over"] == 4


def test_a_quote_that_swallows_lines_is_seen() -> None:
    rows = read('text,stars\nfine,5\n"dull,1\nflat,1\nloud",1\n')
    assert len(list(rows)) == 2
    assert (rows.found["lines_in_fields"], rows.found["longest_record"]) == (2, [3, 3])


def test_a_web_page_or_a_picture_is_called_what_it_is() -> None:
    for content, kind in ((b"<!DOCTYPE html><title>Log in</title>", "a web page"), (b"\x89PNG\r\n", "a picture")):
        with pytest.raises(UnreadableFile, match=f"it is {kind}.*and no file of reviews"):
            list(read(content))


def test_a_row_has_the_number_of_the_line_on_which_it_begins_also_after_one_that_is_broken() -> None:
    rows = list(read('text,stars\n"fine,\nreally",5\n"dull"x,1\n"so\nso",3\n'))
    assert [(row.number, row.problem is None) for row in rows] == [(2, True), (4, False), (5, True)]
    unclosed = list(read('text,stars\nfine,5\n"dull,1\nflat,2\nloud,3\n'))
    assert [(row.number, row.problem is None) for row in unclosed] == [(2, True), (3, False), (4, True), (5, True)]
    assert [row.values.get("text") for row in unclosed] == ["fine", None, "flat", "loud"]


def test_the_last_of_the_lines_that_are_looked_at_may_go_on_beyond_them() -> None:
    lines = ["text;stars, of 5", *['"fine, really";5'] * 98, '"it begins here;']
    content = "\n".join([*lines, 'and ends there";1'])
    assert len(values(content)) == 99
    assert values(content)[-1] == {"text": "it begins here;\nand ends there", "stars, of 5": "1"}


def test_the_line_that_names_the_delimiter_is_accounted_for() -> None:
    rows = read("sep=;\ntext;stars\nfine;5\n")
    assert [row.number for row in rows] == [3]
    assert [rows.found[name] for name in ("lines", "lines_of_header", "lines_passed_over")] == [3, 1, 1]
    [first, _] = read("sep=;\nfine;5\n", form=FormatSettings(names=["text", "stars"]))
    assert first.values == {"line": "sep=;"} or first.values == {"text": "sep=", "stars": ""}, (
        "with names each line is a row"
    )


def test_a_name_that_is_given_twice_is_that_of_its_first_position() -> None:
    assert values("a,b\n", form=FormatSettings(names=["text", "text"])) == [{"text": "a", "column 2": "b"}]


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\x00\ufeff"), max_size=12)
NAMES = st.lists(
    st.text(st.sampled_from("abcdefg hij"), min_size=1, max_size=6).map(str.strip).filter(bool),
    min_size=2,
    max_size=4,
    unique=True,
)


@given(data=st.data(), names=NAMES)
def test_in_any_dialect_every_row_comes_back_and_every_line_is_accounted_for(
    data: st.DataObject, names: list[str]
) -> None:
    rows = data.draw(st.lists(st.lists(CELLS, min_size=len(names), max_size=len(names)), max_size=6))
    delimiter = data.draw(st.sampled_from([",", ";", "\t", "|"]))
    line_end = data.draw(st.sampled_from(["\n", "\r\n", "\r"]))
    encoding = data.draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]))
    with_header = data.draw(st.booleans())
    holds_line_ends = any(set(cell) & {"\r", "\n"} for row in rows for cell in row)  # Python leaves some without quotes
    quoting = csv.QUOTE_ALL if holds_line_ends else data.draw(st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]))
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=delimiter, lineterminator=line_end, quoting=quoting)
    writer.writerows([names, *rows] if with_header else rows)
    content = file.getvalue().encode(encoding)
    if not content:
        return
    form = DEFAULT_FORMAT if with_header else FormatSettings(names=names, delimiter=delimiter)
    found = read_rows(content, data.draw(st.sampled_from(["r.csv", "r.tsv"])), "utf-8", format=form, wanted=set(names))
    back = list(found)
    assert [list(row.values.values()) for row in back] == rows
    counted = [found.found[name] for name in ("lines_of_header", "lines_in_fields", "lines_passed_over")]
    assert found.found["lines"] == len(back) + sum(map(int, map(str, counted)))


_ODD_LINES = ['"odd', '"odd,1', 'o"dd,1', '"odd"s,1', 'odd",1', '"odd",1', "#,1", '#,"odd', "", "a,b,c"]


@given(
    st.lists(st.sampled_from(_ODD_LINES), min_size=8, max_size=16), st.integers(985, 999), st.sampled_from([None, "#"])
)
def test_what_a_line_is_read_as_does_not_hang_on_how_many_come_before_it(
    lines: list[str], before: int, form: str | None
) -> None:
    body = "\n".join(lines)
    ignoring = FormatSettings(delimiter=",", ignore_from=form)
    early = read(f"text,label\nfine,1\n{body}", form=ignoring)
    late = read("text,label\nfine,1\n" + "fine,1\n" * before + body, form=ignoring)
    rows = [row._replace(number=row.number + before) for row in islice(early, 1, None)]
    assert list(late)[before + 1 :] == rows
    assert int(str(late.found["lines"])) == int(str(early.found["lines"])) + before
    assert late.found["lines_passed_over"] == early.found["lines_passed_over"]


def test_a_line_within_a_field_is_no_line_to_ignore() -> None:
    rows = read('text,label\n"a\n#b",1\n#c,2\n', form=FormatSettings(ignore_from="#"))
    assert [dict(row.values) for row in rows] == [{"text": "a\n#b", "label": "1"}]
    assert (rows.found["lines_in_fields"], rows.found["lines_passed_over"]) == (1, 1)


def test_of_records_of_equally_many_lines_the_first_is_the_longest() -> None:
    rows = read('text,label\n"a\nb",1\n"c\nd",0\n')
    assert len(list(rows)) == 2
    assert rows.found["longest_record"] == [2, 2]


def test_a_quote_that_is_never_closed_costs_its_own_line_of_thousands() -> None:
    lines = [f"fine {number},1" for number in range(3000)]
    broken, *rows = read("\n".join(["text,label", '"open', *lines]) + "\n")
    assert "cannot be read" in str(broken.problem)
    assert [(row.number, row.values["text"]) for row in rows] == [
        (number + 3, f"fine {number}") for number in range(3000)
    ]
