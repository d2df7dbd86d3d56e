"""Plain text whose lines are reviews, with the label in the file's name or before each line as fastText writes it."""

import gzip

import pytest

from sentiment_assets.ingestion.batch import read_batch
from sentiment_assets.ingestion.readers.file_rows import FileRows, read_rows
from sentiment_assets.ingestion.readers.plain_text import label_in_name
from sentiment_assets.ingestion.readers.source import LINES, LINES_PASSED_OVER, SHAPE
from sentiment_assets.ingestion.readers.unpacking import UnreadableFile
from sentiment_assets.ingestion.settings import FormatSettings, IngestionSettings

PROSE = 'the kettle , while loud , boils fast .\n\nit\'s "fine" ; no more\r\nand the handle stays cool\n'
A_LINE = FormatSettings(one_review="line")


def read(content: str, name: str, form: FormatSettings | None = None) -> FileRows:
    return read_rows(content.encode(), name, "utf-8", format=form or FormatSettings(), wanted={"text"})


def is_by_line(content: str, name: str) -> bool:
    rows = read(content, name)
    list(rows)
    return str(rows.found.get(SHAPE, "")).startswith("one review a line")


@pytest.mark.parametrize(
    ("name", "label"), [("rt-polarity.pos", "pos"), ("reviews_negative.txt", "negative"), ("NEG.txt", "neg")]
)
def test_each_line_is_a_review_with_the_label_of_the_files_name(name: str, label: str) -> None:
    rows = read(PROSE, name)
    assert list(rows) == [
        (1, {"text": "the kettle , while loud , boils fast .", "label": label}, None),
        (3, {"text": 'it\'s "fine" ; no more', "label": label}, None),
        (4, {"text": "and the handle stays cool", "label": label}, None),
    ]
    assert rows.found[SHAPE] == f"one review a line, label {label!r} from the file's name"
    assert (rows.found[LINES], rows.found[LINES_PASSED_OVER]) == (4, 1)


def test_a_packed_file_and_one_of_a_language_without_blanks_are_found_too() -> None:
    [row] = read_rows(gzip.compress(b"simply fine and good\n"), "reviews.pos.gz", "utf-8", wanted={"text"})
    assert row.values["label"] == "pos"
    assert is_by_line("这个水壶烧水很快，非常满意\n声音太大了，不会再买第二个\n", "reviews_pos.txt")


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (PROSE, "reviews.txt"),
        (PROSE, "pos_and_neg.txt"),
        (PROSE, "positions.txt"),
        ("comment\n" + PROSE, "reviews_pos.txt"),
        ("text\n" + PROSE, "reviews.pos"),
        ("a fine thing\t5\nno good at all\t1\n", "reviews_pos.txt"),
        ("a fine thing,5\nno good at all,1\n", "reviews_pos.txt"),
        ('"fine, and good",5\nno good at all,1\n', "reviews_pos.txt"),
        ("so very fine a thing\tyes\nno good at all\n", "reviews_pos.txt"),
        ("the product name,text\na red kettle,so fine, yes\n", "reviews_pos.txt"),
        (("so very fine " * 8000 + ",5\n") * 4, "reviews_pos.txt"),
        ("a very fine list\nabound\nabounds\nabundance\n", "words_pos.txt"),
        ("http://shop/1\nhttp://shop/2\n", "urls_pos.txt"),
        ("abound\nabounds\nabundance\n", "positive-words.txt"),
    ],
)
def test_what_may_be_a_header_or_fields_or_has_no_label_is_not_taken_for_reviews(content: str, name: str) -> None:
    assert not is_by_line(content, name)


def test_the_branch_may_say_that_each_line_is_a_review() -> None:
    rows = read('# of 2026\n"fine\ngood, really\t5\n', "r.txt", FormatSettings(one_review="line", ignore_from="#"))
    assert [row.values for row in rows] == [{"text": '"fine'}, {"text": "good, really\t5"}]
    assert (rows.found[LINES], rows.found[LINES_PASSED_OVER]) == (3, 1)
    assert [row.values["label"] for row in read("fine\n", "r_pos.txt", A_LINE)] == ["pos"]


@pytest.mark.parametrize(
    ("form", "first"),
    [
        (FormatSettings(names=["text", "x"]), {"text": "so very fine", "x": "and good"}),
        (FormatSettings(delimiter=","), {"so very fine": "no good at all", "and good": "never"}),
    ],
)
def test_what_the_branch_says_of_fields_wins_over_the_files_name(form: FormatSettings, first: dict[str, str]) -> None:
    content = "so very fine,and good\nno good at all,never\nand so on, and so, on\n"
    assert is_by_line(content, "r.pos")
    assert next(iter(read(content, "r.pos", form))).values == first


@pytest.mark.parametrize("content", [PROSE, "fine and good\nno good at all\n", "so, so\nnever\nyes, it is, good\n"])
def test_lines_that_are_not_unmistakable_fail_with_the_lines_to_write(content: str) -> None:
    with pytest.raises(UnreadableFile) as refused:
        read_batch(content.encode(), "reviews.txt", IngestionSettings())
    assert "if each line is one, whose label is read from the file's name, as in reviews_negative" in str(refused.value)
    assert "`format: {one_review: line}`" in str(refused.value)
    assert "`format: {one_review: file}` if the whole file is one" in str(refused.value)


@pytest.mark.parametrize(
    ("name", "label"),
    [("rt-polarity.neg", "neg"), ("positive-negative.txt", ""), ("pos_positive.txt", "pos"), ("deposits.txt", "")],
)
def test_a_name_says_one_label_or_none(name: str, label: str) -> None:
    assert label_in_name(name) == label


def test_fasttext_lines_give_label_and_text() -> None:
    lines = (
        "__label__2 Great: it, boils; fast\n\n__label__1\tLoud\nwithout one\n__label__1\n__label__1 __label__loud No\n"
    )
    rows = read(lines, "train.ft.txt")
    assert list(rows) == [
        (1, {"label": "2", "text": "Great: it, boils; fast"}, None),
        (3, {"label": "1", "text": "Loud"}, None),
        (4, {"label": None, "text": "without one"}, None),
        (5, {"label": "1", "text": ""}, None),
        (6, {"label": "1", "text": "No", "other_labels": "loud"}, None),
    ]
    assert rows.found[SHAPE] == "fastText's lines"
    assert (rows.found[LINES], rows.found[LINES_PASSED_OVER]) == (6, 1)


def test_fasttext_labels_need_a_rule_as_any_numbers_do() -> None:
    lines = b"__label__2 fine\n__label__1 loud\n__label__2\nunlabelled\n"
    with pytest.raises(UnreadableFile, match=r"`labels: \{positive: \[\"2\"\], negative: \[\"1\"\]\}`"):
        read_batch(lines, "r.txt", IngestionSettings())
    rule = {"labels": {"positive": ["2"], "negative": ["1"]}}
    batch = read_batch(lines, "r.txt", IngestionSettings.model_validate(rule))
    assert batch.reviews["label"].fillna(-1).tolist() == [1, 0, -1]
    assert len(batch.without_text) == 1, "a label without a text is no review"


@pytest.mark.parametrize(
    "content",
    [
        "text\tlabel\nfine\t__label__2\n",
        "label,text\n__label__2,fine\n",
        "__label__2,fine\n__label__1,bad\n",
        "sentiment\treview\n__label__2\tfine\n__label__1\tbad\n",
        "__label__2 is how fastText writes it\nsays a page\nabout labels\n",
    ],
)
def test_labels_in_fields_are_not_fasttexts(content: str) -> None:
    rows = read(content, "r.txt")
    assert list(rows)
    assert SHAPE not in rows.found
