"""A file that is refused ends with the lines of YAML that read it: pasted into the branch's YAML, they do."""

import json
from typing import Any

import pytest
import yaml

from sentiment_assets.branch.settings import BranchSettings
from sentiment_assets.ingestion.batch import Batch, read_batch
from sentiment_assets.ingestion.preview import lines_to_write
from sentiment_assets.ingestion.preview.lines_to_write import with_lines_to_write
from sentiment_assets.ingestion.readers.unpacking import UnreadableFile
from sentiment_assets.ingestion.settings import IngestionSettings
from sentiment_assets_tests.ingestion.preview.shapes import BAD, GOOD, ISO, SIGNS, STARS, TEXTS, table

STARS_RULE = {"positive_from": 4, "negative_to": 2, "lowest": 1, "highest": 5}
GERMAN = ["gut", "schlecht"] * (len(TEXTS) // 2)


def read(content: str | bytes, name: str, written: dict[str, Any]) -> Batch:
    """The file as a branch takes it in whose YAML has these attributes."""
    branch = BranchSettings.model_validate({"landing": "l", **written})
    return read_batch(content.encode() if isinstance(content, str) else content, name, branch.ingestion)


def refused(content: str | bytes, name: str = "a.csv", **written: Any) -> str:
    """What is said of a file that a branch refuses."""
    with pytest.raises(UnreadableFile) as refusal:
        read(content, name, written)
    settings = BranchSettings.model_validate({"landing": "l", **written}).ingestion
    return with_lines_to_write(refusal.value, content.encode() if isinstance(content, str) else content, name, settings)


def pasted(said: str) -> dict[str, Any]:
    """The lines at the end of what is said, or the rule that stands in it."""
    _, found, lines = said.partition("in place of those of the same name:\n")
    return yaml.safe_load(lines if found else said.rpartition("`labels: ")[2].join(("labels: ", "")).rstrip("`."))


def wrapped(**lists: object) -> str:
    return json.dumps(lists)


ROWS = [{"text": text, "label": sign} for text, sign in zip(TEXTS, SIGNS, strict=True)]
FILES: dict[str, tuple[str | bytes, str, dict[str, Any], dict[str, Any]]] = {
    "a text column of another name": (
        table({"review_body": TEXTS, "star_rating": STARS}),
        "a.csv",
        {},
        {"columns": {"text": "review_body", "label": "star_rating"}, "labels": STARS_RULE},
    ),
    "another name, beside what the branch has written": (
        table({"review_body": TEXTS, "stars": STARS, "brand": ["Acme"] * len(TEXTS)}),
        "a.csv",
        {"columns": {"text": "body", "label": "stars", "keep": ["brand"]}, "labels": STARS_RULE},
        {"columns": {"text": "review_body", "label": "stars", "keep": ["brand"]}},
    ),
    "stars without a rule": (table({"text": TEXTS, "label": STARS}), "a.csv", {}, {"labels": STARS_RULE}),
    "stars without a rule, in a column of another name": (
        table({"text": TEXTS, "label": STARS, "posted": ISO}),
        "a.csv",
        {},
        {"columns": {"created_at": "posted"}, "labels": STARS_RULE},
    ),
    "words of the branch's language": (
        table({"text": TEXTS, "label": GERMAN}),
        "a.csv",
        {},
        {"labels": {"positive": ["gut"], "negative": ["schlecht"]}},
    ),
    "stars without a rule, beside a text that the branch has named": (
        table({"title": [f"Title {text}" for text in TEXTS], "body": TEXTS, "posted": ISO, "label": STARS}),
        "a.csv",
        {"columns": {"text": "body"}},
        {"columns": {"text": "body", "created_at": "posted"}, "labels": STARS_RULE},
    ),
    "a title above the header": (
        "Customer feedback;;\n;;\n" + table({"Date": ISO, "Score": STARS, "Comment": TEXTS}, ";"),
        "a.csv",
        {},
        {"columns": {"text": "Comment", "label": "Score", "created_at": "Date"}, "labels": STARS_RULE},
    ),
    "a title that the branch says is the header": (
        "Customer feedback;;\n;;\n" + table({"Date": ISO, "Score": STARS, "Comment": TEXTS}, ";"),
        "a.csv",
        {"columns": {"text": "Comment", "label": "Score"}, "labels": STARS_RULE, "format": {"header": 1}},
        {"format": {"header": 3}, "columns": {"text": "Comment", "label": "Score", "created_at": "Date"}},
    ),
    "titles as wide as the header, which has a name that the branch has": (
        "Shop;All;Ada\n" + table({"Date": ISO, "Score": STARS, "text": TEXTS}, ";"),
        "a.csv",
        {},
        {
            "format": {"header": 2},
            "columns": {"label": "Score", "created_at": "Date"},
            "labels": STARS_RULE,
        },
    ),
    "a text column without a text": (
        table({"text": [""] * len(TEXTS), "body": TEXTS, "label": SIGNS}),
        "a.csv",
        {"columns": {"text": "text"}},
        {"columns": {"text": "body"}},
    ),
    "another delimiter than the branch says": (
        table({"text": TEXTS, "label": SIGNS}, ";"),
        "a.csv",
        {"format": {"delimiter": ","}},
        {"format": {"delimiter": ";"}},
    ),
    "a way to records that leads nowhere": (
        wrapped(data=ROWS),
        "a.json",
        {"format": {"records": "items"}},
        {"format": {}},
    ),
    "two lists in one object": (
        wrapped(data=ROWS, users=[{"name": "Jo"}]),
        "a.json",
        {},
        {"format": {"records": "data"}},
    ),
    "another encoding": (
        table({"text": TEXTS, "label": SIGNS}).encode("utf-16-le"),
        "a.csv",
        {},
        {"encoding": "utf-16-le"},
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_the_lines_are_those_to_change_and_pasted_they_read_the_file(name: str) -> None:
    content, file_name, written, expected = FILES[name]
    lines = pasted(refused(content, file_name, **written))
    assert lines == expected
    batch = read(content, file_name, written | lines)
    assert len(batch.reviews) == len(TEXTS)
    assert batch.reviews["text"].tolist() == TEXTS
    assert batch.reviews["label"].tolist() == SIGNS


def test_what_was_wrong_comes_first_and_a_rule_says_how_sure_it_is() -> None:
    said = refused(table({"review_body": TEXTS, "star_rating": STARS}))
    assert said.startswith("it has no column 'text' for the text; it has: review_body, star_rating.")
    assert "These lines have read its first 24 rows; write them below `attributes:`" in said
    assert "\n  # sure: ratings from 1 to 5; check that more is better\n  labels: {positive_from: 4" in said


def test_a_rule_that_the_branch_has_written_and_that_reads_the_labels_is_no_line() -> None:
    strict = {"positive_from": 5, "negative_to": 1}
    lines = pasted(refused(table({"body": TEXTS, "label": STARS}), labels=strict))
    assert lines == {"columns": {"text": "body"}}


def test_a_rule_comes_from_all_rows_where_these_have_been_counted() -> None:
    """The first 2,000 rows of a sorted file hold one class of three."""
    texts = [f"{text} again {place}" for place in range(300) for text in (*GOOD, *BAD)]
    labels = ["2"] * 2100 + ["0"] * 200 + ["1"] * 100
    content = table({"text": texts, "label": labels, "posted": ISO * 100})
    lines = pasted(refused(content))
    assert lines == {
        "columns": {"created_at": "posted"},
        "labels": {"positive": ["2"], "negative": ["0"], "neutral": ["1"]},
    }
    assert len(read(content, "a.csv", lines).reviews) == 2400


@pytest.mark.parametrize(
    "content",
    [
        table({"text": TEXTS, "label": ["zig", "zag"] * 12}),
        table({"body": TEXTS, "label": ["zig", "zag"] * 12}),
        table({"text": TEXTS, "label": SIGNS}, "§"),
        table({"te\x1bxt": TEXTS, "label": SIGNS}),
        table({"text": TEXTS, "label": ["gut\u202e", "schlecht"] * 12}),
    ],
    ids=[
        "words that nobody knows",
        "the same beside another text",
        "a delimiter that nobody knows",
        "a name",
        "a label that turns the writing",
    ],
)
def test_where_no_lines_can_be_told_the_command_is(content: str) -> None:
    said = refused(content)
    assert said.endswith(". `sentiment-assets preview FILE` shows what is in it.")
    assert not {"\x1b", "\u202e"} & set(said)


@pytest.mark.parametrize(("content", "name"), [("", "a.csv"), ("%PDF-1.4", "a.csv"), ("text\nfine\n", "a.doc")])
def test_where_a_preview_would_say_no_more_nothing_is_added(content: str, name: str) -> None:
    with pytest.raises(UnreadableFile) as refusal:
        read(content, name, {})
    assert refused(content, name) == f"{refusal.value}."


def test_a_look_that_fails_hides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def ailing(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(lines_to_write, "read_sample", ailing)
    said = refused(table({"body": TEXTS}))
    assert said.startswith("it has no column 'text' for the text; it has: body.")
    assert said.endswith(
        "A look at it failed (ZeroDivisionError); `sentiment-assets preview FILE` shows what is in it."
    )


def test_only_the_first_rows_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = []
    whole = lines_to_write.read_batch

    def counting(*given: Any) -> Batch:
        batch = whole(*given)
        rows.append(batch.rows_in)
        return batch

    content = table({"body": TEXTS * 1000, "label": SIGNS * 1000}).encode()
    refusal = UnreadableFile("it has no column 'text'")
    monkeypatch.setattr(lines_to_write, "read_batch", counting)
    assert "columns: {text: body}" in with_lines_to_write(refusal, content, "a.csv", IngestionSettings())
    assert set(rows) == {2000}


def test_a_date_that_may_mean_two_days_is_told_with_the_line_to_write() -> None:
    """It fails no file: the reviews are kept undated."""
    content = table({"text": TEXTS, "label": SIGNS, "posted": ["03/04/2024"] * len(TEXTS)})
    written = {"columns": {"created_at": "posted"}}
    batch = read(content, "a.csv", written)
    [unread] = batch.unread
    assert (unread.field, unread.reviews) == ("created_at", len(TEXTS))
    line = unread.reason.split("`")[1]
    dated = read(content, "a.csv", {"columns": yaml.safe_load(line)})
    assert {each.date().isoformat() for each in dated.reviews["created_at"]} == {"2024-04-03"}


def test_a_header_that_the_branch_says_gives_way_to_names() -> None:
    said = refused("\n".join(TEXTS), "a.txt", format={"header": 2})
    assert "A look at it failed" not in said


def test_lines_that_have_other_ends_within_them_are_looked_at() -> None:
    said = refused('text,label\r\n"a\r\nb",1,2\r\n"c",1,2\r\n', "a.csv")
    assert said.endswith("`sentiment-assets preview FILE` shows what is in it.")
    assert "A look at it failed" not in said
