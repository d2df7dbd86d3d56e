"""The settings that a preview proposes read the file they were proposed for: all rows, labels and dates."""

import json
from collections.abc import Sequence

import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment_assets.branch.settings import BranchSettings
from sentiment_assets.ingestion.batch import Batch, read_batch
from sentiment_assets.ingestion.preview.preview import Preview, preview_file, preview_for_branch
from sentiment_assets.ingestion.readers.unpacking import UnreadableFile
from sentiment_assets.ingestion.settings import IngestionSettings, LabelRule, ReviewColumns
from sentiment_assets_tests.ingestion.preview.shapes import (
    BAD,
    GOOD,
    ISO,
    SHAPES,
    SIGNS,
    STARS,
    TEXTS,
    Shape,
    excel,
    lines,
    table,
    words,
)


def look(content: bytes | str, name: str = "a.csv", most_rows: int | None = 2000) -> Preview:
    given_bytes = content.encode() if isinstance(content, str) else content
    return preview_file(given_bytes, name, "landing/acme", most_rows=most_rows)


def read_by(preview: Preview, content: bytes, name: str) -> Batch:
    """The whole file as a branch reads it whose YAML is the one of the preview."""
    branch = BranchSettings.model_validate(yaml.safe_load(preview.yaml)["attributes"])
    shared = {each: getattr(branch, each) for each in IngestionSettings.model_fields if hasattr(branch, each)}
    return read_batch(content, name, IngestionSettings(**shared, languages=tuple(branch.monitoring.languages)))


def test_of_several_sheets_that_with_labels_holds_the_reviews_and_not_the_longest_texts() -> None:
    described = [
        f"A thing with a door, a window and a very long description of all its parts, no. {n}" for n in range(40)
    ]
    products = {"SKU": [f"S{number}" for number in range(40)], "Description": described}
    preview = look(excel({"Products": products, "Feedback": {"Comment": TEXTS, "Score": STARS}}), "a.xlsx")
    assert preview.settings["format"] == {"sheet": "Feedback"}
    assert "it holds Products, Feedback; Feedback looks most like reviews" in preview.warnings


def test_a_shops_own_rating_beside_the_list_of_its_reviews_does_not_hide_them() -> None:
    reviews = [{"text": text, "rating": int(star)} for text, star in zip(TEXTS, STARS, strict=True)]
    content = json.dumps({"rating": 4.9, "total": 215, "reviews": reviews}).encode()
    preview = look(content, "a.json")
    assert (preview.outcome.kept, preview.outcome.fails) == (len(TEXTS), "")
    place = json.dumps({"html_attributions": [], "result": {"rating": 4.9, "reviews": reviews}}).encode()
    nested = look(place, "a.json")
    assert nested.settings["format"] == {"records": "result.reviews"}
    assert len(read_by(nested, place, "a.json").reviews) == len(TEXTS)


def test_an_export_of_nothing_holds_no_reviews_wherever_other_lists_are_in_it() -> None:
    links = [{"url": None, "label": name} for name in ("Previous", "1", "Next")]
    preview = look(json.dumps({"data": [], "meta": {"links": links}}), "a.json")
    assert "format" not in preview.settings
    assert "it has no row" in preview.warnings


def test_a_product_with_the_columns_of_its_reviews_does_not_become_the_only_review() -> None:
    reviews = [{"title": f"No. {n}", "body": text, "rating": int(STARS[n])} for n, text in enumerate(TEXTS)]
    content = json.dumps({"title": "Tent", "body": "For two", "rating": 4.4, "reviews": reviews}).encode()
    preview = look(content, "a.json")
    assert preview.settings["format"] == {"records": "reviews"}
    assert len(read_by(preview, content, "a.json").reviews) == len(TEXTS)


def test_a_header_whose_cells_have_several_lines_is_read_as_people_see_it() -> None:
    columns = {"Date": ISO, "Rating\n(1-5)": STARS, "Guest\u00a0comment\n (free text)": TEXTS}
    for content, name in ((excel({"Sheet": columns}), "a.xlsx"), (table(columns).encode(), "a.csv")):
        preview = look(content, name)
        assert preview.settings["columns"] == {
            "text": "Guest comment (free text)",
            "label": "Rating (1-5)",
            "created_at": "Date",
        }
        assert read_by(preview, content, name).reviews["label"].tolist() == SIGNS


@pytest.mark.parametrize("name", SHAPES)
def test_what_is_proposed_reads_every_row_with_its_label_and_date(name: str) -> None:
    shape: Shape = SHAPES[name]
    preview = look(shape.content, shape.file)
    batch = read_by(preview, shape.content, shape.file)
    reviews = batch.reviews
    assert len(reviews) == batch.rows_in == len(shape.labels)
    assert reviews["label"].astype("Float64").fillna(-1).tolist() == [
        -1 if each is None else each for each in shape.labels
    ]
    assert [each.date().isoformat() for each in reviews["created_at"].dropna()] == list(shape.dates)
    assert reviews["text"][0] == shape.first
    assert preview.outcome.kept == len(reviews), "the preview says what comes of it"
    assert preview.outcome.dated == len(shape.dates)


def test_a_row_of_sums_without_a_text_does_not_hide_the_ratings() -> None:
    content = table({"Date": ISO, "Comment": TEXTS, "Score": STARS}) + f"Total,,{sum(map(int, STARS)) * 9}\n"
    shown = look(content)
    assert shown.outcome.labels == {"positive": 12, "negative": 12, "neutral": 0, "unlabelled": 0}
    assert (shown.outcome.kept, shown.outcome.without_text) == (24, 1)


def test_a_sign_that_stands_in_each_text_parts_no_fields() -> None:
    lines = "".join(f"{text.replace(',', '')} ~ {place} days\n" for place, text in enumerate(TEXTS))
    assert look(lines, "a.txt").settings["format"] == {"one_review": "line"}
    assert look(lines, "a.csv").settings["format"] == {"names": ["text"]}


def test_what_may_be_no_review_or_not_all_of_them_is_told() -> None:
    summed = look(table({"Comment": [*TEXTS, "Average"], "Stars": [*STARS, "3.1"]}))
    assert "row 26 seems to sum up the others, and to be no review: take it out before landing" in summed.warnings
    usual = look(table({"Comment": TEXTS, "Opinion": ["good", "bad", "average"] * 8}))
    assert not any("sum up" in each for each in usual.warnings), "other rows have the same label"
    asked = {"Respondent": ["", *range(24)], "Date": ["", *ISO], "What do you think?": ["Open-Ended Response", *TEXTS]}
    assert any(each.startswith("row 2 seems to go on with the header") for each in look(table(asked)).warnings)
    asked["Respondent"][0] = "0"
    assert not any("go on with the header" in each for each in look(table(asked)).warnings), (
        "a first row without a date"
    )
    assert any(
        "one row only" in each for each in look('{"error": {"message": "rate limit exceeded"}}', "a.json").warnings
    )
    columns = {"Comment": TEXTS, "Stars": STARS}
    months = look(excel({"May": columns, "June": columns, "About": {"what": ["an export"]}}), "a.xlsx")
    assert "June: the same columns, so land each of these by itself too" in months.warnings


def test_only_what_differs_from_the_defaults_is_proposed() -> None:
    preview = look(SHAPES["the default names"].content)
    assert yaml.safe_load(preview.yaml) == {
        "type": "sentiment_assets.SentimentBranch",
        "attributes": {"landing": "landing/acme"},
    }
    assert preview.settings == {"landing": "landing/acme"}


def roles_of(preview: Preview) -> dict[str, tuple[str, str]]:
    return {each.name: (each.role, each.sure) for each in preview.columns if each.role}


def test_each_role_says_how_sure_it_is_and_why() -> None:
    preview = look(SHAPES["an app store"].content, "a.jsonl")
    assert roles_of(preview) == {
        "reviewId": ("review_id", "sure"),
        "content": ("text", "sure"),
        "score": ("label", "sure"),
        "at": ("created_at", "sure"),
    }
    why = {each.name: each.why for each in preview.columns}
    assert why["content"].startswith("longest texts, ")
    assert why["content"].endswith(" words each, its name")
    assert preview.label_rule == "{positive_from: 4, negative_to: 2, lowest: 1, highest: 5}"
    without_names = look(SHAPES["sentences and 0 or 1, without a header"].content, "a.txt")
    assert roles_of(without_names) == {"text": ("text", "likely"), "label": ("label", "a guess")}


def test_what_was_counted_is_what_the_rule_makes_of_the_sample() -> None:
    preview = look(SHAPES["promoters"].content)
    assert dict(preview.outcome.labels) == {"positive": 8, "negative": 12, "neutral": 4, "unlabelled": 0}


def test_five_reviews_are_shown_as_they_will_read_and_of_each_label() -> None:
    texts = [f"<p>Good &amp; {text}</p>" for text in TEXTS]
    preview = look(table({"text": texts, "label": [1] * (len(texts) - 1) + [0]}))
    shown = preview.outcome.reviews
    assert len(shown) == 5
    assert shown[0].text == f"Good & {TEXTS[0]}"
    assert {each.label for each in shown} == {"positive", "negative"}


def test_what_would_be_quarantined_is_counted_by_reason_with_its_first_row() -> None:
    content = table({"text": TEXTS, "label": [*SIGNS[:-2], "7x", "7x"]})
    preview = look(content.replace("text,label", "text,label\n1,2,3"))
    reasons = preview.outcome.quarantine
    assert [(each.field, each.rows, each.first) for each in reasons] == [("label", 2, 25), ("line", 1, 2)]
    assert "'7x' is not a known label" in reasons[0].reason
    assert "has 3 fields where the header has 2" in reasons[1].reason


def test_an_ambiguous_date_is_told_with_both_lines_and_asked_in_the_yaml() -> None:
    preview = look(SHAPES["day or month first"].content)
    [told] = [each for each in preview.warnings if "may mean two days" in each]
    assert "`created_at: {column: date, order: day_first}`" in told
    assert "`created_at: {column: date, order: month_first}`" in told
    assert "# which comes first in date? created_at: {column: date, order: day_first}" in preview.yaml


@pytest.mark.parametrize("name", [name for name in SHAPES if "title" in name])
def test_titles_are_told_and_no_row_of_the_header_is_proposed_where_its_columns_are_found(name: str) -> None:
    shape = SHAPES[name]
    preview = look(shape.content, shape.file)
    assert ", the header is row " in str(preview.found["above_header"])
    form = preview.settings.get("format", {})
    assert form == ({"header": 3} if name == "titles as wide as the header" else {})
    assert preview.settings["columns"] == {
        "text": "Comment",
        "label": "Score",
        "created_at": "Date",
        "keep": ["Product"],
    }
    assert preview.warnings == ()


def test_dates_that_are_not_read_are_told_with_their_reason_or_not_at_all() -> None:
    preview = look(table({"text": TEXTS, "label": SIGNS, "date": [*ISO[:-1], "soon"]}))
    assert not [each for each in preview.warnings if each.startswith("date: ;")]
    assert [(each.field, each.rows) for each in preview.outcome.unread] == [("created_at", 1)]
    told = look(table({"text": TEXTS, "label": SIGNS, "date": [*ISO[:-1], "31/31/31"]})).warnings
    assert told == ("date: there is no such day or time; such a value stays without a date",)


def test_words_that_nobody_knows_leave_the_rule_to_a_person() -> None:
    preview = look(SHAPES["labels that nobody knows"].content)
    assert yaml.safe_load(preview.yaml)["attributes"]["columns"] == {"label": ""}
    assert '# which of "zig", "zag" is positive?' in preview.yaml
    assert "# labels: {positive: [?], negative: [?], neutral: [?]}" in preview.yaml
    assert any("nobody but you can say what the values of label mean" in each for each in preview.warnings)


def test_a_word_that_nobody_knows_is_put_nowhere_and_asked_about() -> None:
    preview = look(table({"text": TEXTS, "label": ["gut", "schlecht", "gut", "schlecht", "zig", "okay"] * 4}))
    assert preview.settings["labels"] == {"positive": ["gut"], "negative": ["schlecht"], "neutral": ["okay"]}
    above, _, _ = preview.yaml.partition("  labels:")
    assert above.endswith("# a guess: zig: in quarantine until somebody says what is meant\n")
    assert '# is "zig" positive, negative or neutral? Put each into `labels`' in preview.yaml
    assert (preview.outcome.labels["neutral"], preview.outcome.quarantined) == (4, 4)
    assert any("nobody but you can say what zig means in label" in each for each in preview.warnings)


def test_where_most_words_are_unknown_the_whole_rule_is_a_question_with_what_is_guessed() -> None:
    preview = look(table({"text": TEXTS, "label": ["good", "bad", "zig", "zag", "zug", "zog"] * 4}))
    assert "labels" not in preview.settings
    assert '# which of "zig", "zag", "zug", "zog" is positive?' in preview.yaml
    assert '# labels: {positive: ["good", ?], negative: ["bad", ?], neutral: [?]}' in preview.yaml
    assert preview.outcome.labels["unlabelled"] == len(TEXTS), "nothing is neutral that nobody has called so"


def test_a_guess_stands_above_the_rule_in_the_yaml_and_what_is_sure_needs_no_remark() -> None:
    classes = look(table({"text": TEXTS, "label": [0, 1, 2] * 8})).yaml
    assert "  # a guess: numbers that may mean anything; check that more is better\n  labels:\n" in classes
    scores = look(table({"text": TEXTS, "score": [1, 3, 5] * 8})).yaml
    assert "  # likely: ratings from 1 to 5; check that more is better\n  labels: {positive_from: 4" in scores
    assert "#" not in look(table({"text": TEXTS, "stars": [1, 3, 5] * 8})).yaml


def test_a_wrong_encoding_is_found_told_and_put_into_the_yaml() -> None:
    preview = look(SHAPES["French in another encoding"].content)
    assert yaml.safe_load(preview.yaml)["attributes"]["encoding"] == "cp1252"
    assert any("it is no UTF-8: it is read as cp1252" in each for each in preview.warnings)


def test_an_encoding_is_told_by_rows_beyond_the_sample() -> None:
    ascii_rows = [f"{text} once more {place}" for place in range(100) for text in TEXTS]
    content = table({"text": [*ascii_rows, "Un thé délicieux, vraiment"], "label": [*SIGNS * 100, 1]}).encode("cp1252")
    preview = look(content)
    assert not preview.whole
    assert read_by(preview, content, "a.csv").reviews["text"].iloc[-1] == "Un thé délicieux, vraiment"


def test_a_few_broken_rows_do_not_change_the_encoding_of_the_others() -> None:
    content = table({"text": [f"Thé, {text}" for text in TEXTS], "label": SIGNS}).encode() + "Déçu,0\n".encode("cp1252")
    preview = look(content)
    assert "encoding" not in preview.settings
    assert preview.outcome.quarantined == 1
    assert any("1 of 25 rows beyond ASCII are not in its encoding" in each for each in preview.warnings)


def test_a_file_of_utf_8_in_a_branch_of_another_encoding_is_told() -> None:
    branch = IngestionSettings(encoding="cp1252")
    text = table({"text": [f"Schöne {text}" for text in TEXTS], "label": SIGNS})
    (told,) = preview_for_branch(text.encode(), "a.csv", branch).warnings
    assert "set `encoding: utf-8`" in told
    for content in (text.encode("cp1252"), text.encode("utf-8-sig"), text.replace("ö", "oe").encode()):
        assert preview_for_branch(content, "a.csv", branch).warnings == ()


@pytest.mark.parametrize(
    ("language", "months"),
    [("sv", "januari mars maj oktober"), ("cs", "ledna března května října"), ("uk", "січня березня травня жовтня")],
)
def test_the_language_that_names_all_months_is_proposed(language: str, months: str) -> None:
    names = months.split() * 6
    dates = [f"{1 + place} {name} 2025" for place, name in enumerate(names)]
    preview = look(table({"text": TEXTS, "label": SIGNS, "date": dates}))
    assert preview.outcome.dated == 24
    assert preview.settings["monitoring"] == {"languages": [language]}


def test_letters_that_were_encoded_twice_are_told() -> None:
    text = table({"text": [f"Schöne {text}" for text in TEXTS], "label": SIGNS})
    (told,) = look(text.encode().decode("cp1252")).warnings
    assert told.startswith("its letters seem to be encoded twice, such as 'SchÃ¶ne' for 'Schöne'")
    assert look(text).warnings == ()


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_cyrillic_letters_in_utf_16_without_a_mark_are_read(encoding: str) -> None:
    text = table({"text": [f"Очень хорошая палатка, {place}" for place in range(24)], "label": SIGNS})
    preview = look(text.encode(encoding))
    assert preview.outcome.kept == 24
    assert preview.settings["encoding"] == encoding


@pytest.mark.parametrize(
    ("text", "written", "read"),
    [
        ("とても楽しい映画でした", "iso2022_jp", "iso2022_jp_ext"),
        ("画質がｶﾅきれい", "iso2022_jp_ext", "iso2022_jp_ext"),
        ("정말 좋은 영화", "iso2022_kr", "iso2022_kr"),
    ],
)
def test_encodings_of_seven_bits_are_told_from_ascii(text: str, written: str, read: str) -> None:
    texts = [f"{text}, {place}" for place in range(24)]
    preview = look(table({"text": texts, "label": SIGNS}).encode(written))
    assert preview.settings["encoding"] == read
    assert {each.text for each in preview.outcome.reviews} <= {*texts}
    assert preview.outcome.kept == 24


def test_the_names_again_below_the_header_are_no_review() -> None:
    text = table({"id": [f"r{place}" for place in range(24)], "text": TEXTS})
    again = text + text.splitlines()[0] + "\n"
    preview = look(again)
    assert (preview.outcome.kept, preview.outcome.quarantined) == (24, 1)
    assert preview.outcome.quarantine[0].reason.startswith("repeats the header")


@pytest.mark.parametrize(
    "columns",
    [
        {"Nội dung đánh giá": TEXTS, "Điểm": STARS},
        {"Nội dung đánh giá": TEXTS, "Ngày": ISO},
        {"Nội dung đánh giá": TEXTS, "Loại": ["Tốt", "Xấu"] * 12},
        {"Please say, in a few words (optional, no names), why you feel so": TEXTS, "From 1 to 5, how was it": STARS},
    ],
)
def test_words_above_numbers_dates_or_a_few_labels_are_a_header_in_any_language(
    columns: dict[str, Sequence[str]],
) -> None:
    preview = look(table(columns))
    assert preview.outcome.rows == 24
    assert [each.name for each in preview.columns] == list(columns)


def test_a_first_review_without_a_rating_is_no_header() -> None:
    preview = look(table({"text": TEXTS, "label": ["null", *STARS[1:]]}, header=False))
    assert preview.outcome.rows == 24


def test_names_that_a_second_row_repeats_are_a_header_and_the_rows_that_go_on_with_it_are_told() -> None:
    columns = {
        "Progress": ["Progress", *[100] * 24],
        "Q1": ["How was it?", *STARS],
        "Q2": ["Please tell us why.", *TEXTS],
    }
    preview = look(table(columns))
    assert [each.name for each in preview.columns] == ["Progress", "Q1", "Q2"]
    assert any(each.startswith("row 2 seems to go on with the header") for each in preview.warnings)


def test_lines_in_quotes_and_a_file_of_names_alone_are_told() -> None:
    lines_of_it = table({"date": ISO, "stars": STARS, "review": TEXTS}).splitlines()
    quoted = "".join(f'"{line.replace(chr(34), chr(34) * 2)}"\n' for line in lines_of_it)
    assert any("each line is one field in quotes" in each for each in look(quoted).warnings)
    with pytest.raises(UnreadableFile, match="it has no row below its first line: it has no column 'text'"):
        look("stars,review,date\n")


def test_a_file_of_ids_and_stars_has_no_text() -> None:
    preview = look(table({"order": [f"R{1000 + place}" for place in range(24)], "stars": STARS}))
    assert not [each for each in preview.columns if each.role == "text"]
    assert any(each.startswith("no column looks like the text of a review") for each in preview.warnings)


def test_what_was_deleted_is_no_review() -> None:
    preview = look(table({"body": ["[deleted]", "[removed]", *TEXTS[2:]], "label": SIGNS}))
    assert (preview.outcome.kept, preview.outcome.without_text) == (22, 2)


def test_plus_minus_and_naught_are_words() -> None:
    preview = look(table({"text": TEXTS, "rating": ["+", "-", "0", "+"] * 6}))
    assert preview.outcome.labels == {"positive": 12, "negative": 6, "neutral": 0, "unlabelled": 0}


def test_the_halves_of_a_review_and_python_literals_are_told() -> None:
    halves = look(SHAPES["the halves of a review"].content)
    assert any("the two halves of a review" in each for each in halves.warnings)
    content = lines({"text": TEXTS, "label": SIGNS}) + "{'text': 'fine', 'label': 1}\n"
    assert "Python literal" in look(content, "a.jsonl").outcome.quarantine[0].reason


def test_lines_are_reviews_only_where_no_header_says_otherwise() -> None:
    for name in ("one review a line, and no name that says it", "lines without a comma", "lines with a few commas"):
        assert look(SHAPES[name].content, "a.txt").settings["format"] == {"one_review": "line"}
    rows = "".join(f"{text.replace(',', '')},{star}\n" for text, star in zip(TEXTS, STARS, strict=True))
    faulty = look("body,stars\n" + rows + "so, fine, and good, 5\nor, so, I heard, 1\n", "a.txt")
    assert faulty.settings["columns"] == {"text": "body", "label": "stars"}
    assert "format" not in faulty.settings


def test_a_sample_is_the_first_rows_and_says_so() -> None:
    content = table({"text": TEXTS, "label": SIGNS})
    assert (look(content, most_rows=6).outcome.rows, look(content, most_rows=6).whole) == (6, False)
    assert (look(content, most_rows=None).outcome.rows, look(content, most_rows=None).whole) == (len(TEXTS), True)


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        (b"", "a.csv", "the file is empty"),
        (b"x", "a.pdf", "does not end in a known format"),
        (b"\x89PNG....", "a.csv", "a picture"),
        (b"{'text': 'fine'}\n{'text': 'bad'}\n", "a.jsonl", "is a Python literal"),
        (b"not parquet", "a.parquet", "parquet"),
    ],
)
def test_a_file_that_cannot_be_read_at_all_says_why(content: bytes, name: str, says: str) -> None:
    with pytest.raises(UnreadableFile, match=f"(?i){says}"):
        look(content, name)


def test_a_file_without_a_text_or_without_a_row_is_shown_with_a_warning() -> None:
    assert any("it has no row" in each for each in look("text,label\n").warnings)
    numbers = look(table({"a": range(20), "b": [3] * 20}))
    assert any("no column looks like the text" in each or "fail as a whole" in each for each in numbers.warnings)
    assert any("train nothing" in each for each in look(table({"text": TEXTS})).warnings)


def test_a_branch_reads_it_its_own_way() -> None:
    content = table({"body": [*TEXTS[:-1], ""], "stars": [*STARS[:-2], "9", "1"], "when": ISO}).encode()
    branch = IngestionSettings(
        columns=ReviewColumns(text="body", label="stars", created_at="when", keep=["brand"]),
        labels=LabelRule(positive_from=4, negative_to=2, lowest=1, highest=5),
    )
    preview = preview_for_branch(content, "a.csv", branch)
    assert (preview.outcome.kept, preview.outcome.quarantined, preview.outcome.without_text) == (len(TEXTS) - 2, 1, 1)
    assert preview.outcome.quarantine[0].reason == "the rating 9 lies outside 1 to 5"
    assert {each.name: each.role for each in preview.columns} == {
        "body": "text",
        "stars": "label",
        "when": "created_at",
    }
    assert (preview.yaml, dict(preview.settings)) == ("", {})
    wrong = preview_for_branch(content, "a.csv", IngestionSettings())
    assert "has no column 'text'" in wrong.outcome.fails
    assert "has no column 'text'" in wrong.warnings[0]


WORDS = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=30)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                name: st.one_of(
                    st.none(),
                    st.booleans(),
                    st.integers(),
                    st.floats(allow_nan=False),
                    WORDS,
                    st.dictionaries(WORDS, WORDS, max_size=2),
                )
                for name in ("text", "label", "a b", "id", "Date", "split", "review_id")
            },
        ),
        max_size=8,
    )
)
def test_whatever_a_file_holds_the_proposed_settings_are_valid(rows: list[dict[str, object]]) -> None:
    content = "".join(json.dumps(row) + "\n" for row in rows).encode() or b"\n"
    try:
        preview = look(content, "a.jsonl")
    except UnreadableFile:
        return
    BranchSettings.model_validate(yaml.safe_load(preview.yaml)["attributes"])
    assert 0 <= preview.outcome.kept <= preview.outcome.rows


@settings(max_examples=40, deadline=None)
@given(
    order=st.permutations(["text", "stars", "when", "junk", "votes"]),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_roles_do_not_depend_on_the_order_of_columns_or_how_they_are_written(
    order: list[str], delimiter: str, encoding: str
) -> None:
    columns = {
        "text": ("Comment", TEXTS),
        "stars": ("Star rating", STARS),
        "when": ("Posted", ISO),
        "junk": ("Row", range(len(TEXTS))),
        "votes": ("Helpful votes", [0, 3, 0, 5] * 6),
    }
    content = table({columns[name][0]: columns[name][1] for name in order}, delimiter).encode(encoding)
    preview = look(content)
    assert preview.settings["columns"] == {"text": "Comment", "label": "Star rating", "created_at": "Posted"}
    assert read_by(preview, content, "a.csv").reviews["label"].tolist() == SIGNS


def test_a_pair_of_texts_that_are_equal_but_for_their_row_is_kept() -> None:
    preview = look(table({"review": [GOOD[0], BAD[0]] * 6, "sentiment": ["pos", "neg"] * 6, "n": range(12)}))
    assert preview.outcome.kept == 12
    assert isinstance(preview.outcome.reviews, tuple)


def test_dates_of_a_typed_format_are_taken_as_they_are() -> None:
    frame = pd.DataFrame({"text": TEXTS, "label": SIGNS, "day": pd.to_datetime(ISO).date})
    preview = look(frame.to_parquet(index=False), "a.parquet")
    assert preview.settings["columns"] == {"created_at": "day"}


def test_a_name_or_value_that_no_yaml_can_hold_is_never_proposed() -> None:
    labels = words("z\x00ig", "zag")
    rows = table({"a": TEXTS, "b": TEXTS, "label": labels, "d": ["été"] * len(TEXTS)}, header=False)
    content = b"caf\xe9,te\x00xt,label,d\n" + rows.encode()
    preview = look(content)
    attributes = yaml.safe_load(preview.yaml)["attributes"]
    assert attributes == dict(preview.settings)
    preview.yaml.encode()


def test_a_damaged_archive_is_called_that() -> None:
    content = SHAPES["in an archive"].content
    start = content.index(b"PK\x01\x02")
    damaged = content[: start + 42] + b"\xf0\xff\xff\xff" + content[start + 46 :]
    with pytest.raises(UnreadableFile, match="cannot be decompressed as .zip"):
        look(damaged, "a.csv.zip")
