"""Rows are read column by column, and each is judged by itself."""

from sentiment_assets.ingestion.row_values import LabelValue, ValueReader
from sentiment_assets.ingestion.settings import IngestionSettings, LabelRule, ReviewColumns

NUL = "bro\x00ken"


def test_each_value_stands_at_the_place_of_its_row() -> None:
    reader = ValueReader(IngestionSettings(columns=ReviewColumns(keep=["shop"])))
    values = reader.read(
        [
            {"review_id": " a ", "text": "Good", "label": "1", "shop": "x", "created_at": " 2026-01-01 "},
            {"review_id": 7, "text": "  ", "label": "", "split": "dev"},
            {"text": "So <b>so</b>", "label": "neutral", "shop": 3.0},
        ]
    )
    assert values.client_ids == ["a", "7", None]
    assert values.texts == ["Good", "", "So so"]
    assert values.labels == [LabelValue(1), LabelValue(None), LabelValue(None, neutral=True)]
    assert values.kept == [["x", None, "3"]]
    assert values.dates == ["2026-01-01", None, None]
    assert values.splits == [None, "validation", None]
    assert values.from_markup == {2}
    assert not values.rejected


def test_a_label_may_stand_in_a_list_of_one_as_tools_for_annotators_write_it() -> None:
    values = ValueReader(IngestionSettings()).read(
        [
            {"text": "Good", "label": label}
            for label in (["positive"], [0], [], ["positive", "negative"], [["positive"]])
        ]
    )
    assert values.labels[:3] == [LabelValue(1), LabelValue(0), LabelValue(None)]
    assert [*values.rejected] == [3, 4], "of several labels none is the one"


def test_of_several_reasons_the_first_columns_is_told() -> None:
    reader = ValueReader(IngestionSettings(columns=ReviewColumns(keep=["shop"])))
    values = reader.read(
        [
            {"review_id": NUL, "text": NUL, "label": "?", "shop": NUL},
            {"text": NUL, "label": "?", "shop": NUL},
            {"text": "Good", "label": "?", "shop": NUL},
            {"text": "Good", "label": "1", "shop": NUL},
            {"text": "Good", "label": "1", "shop": "x"},
        ]
    )
    assert {place: why_not.column for place, why_not in values.rejected.items()} == {
        0: "review_id",
        1: "text",
        2: "label",
        3: "shop",
    }


def test_a_text_of_several_columns_is_no_text_only_if_none_of_them_holds_anything() -> None:
    reader = ValueReader(IngestionSettings(columns=ReviewColumns(text=["title", "body"])))
    values = reader.read([{"title": "N/A"}, {"title": "", "body": NUL}, {"title": "Good", "body": "<p>pan</p>"}])
    assert values.texts == ["", None, "Good\npan"]
    assert values.rejected.keys() == {1}


def test_equal_values_of_different_kinds_are_different_labels() -> None:
    rule = LabelRule(positive=["true"], negative=["1"])
    values = ValueReader(IngestionSettings(labels=rule)).read([{"text": "a", "label": each} for each in (1, True, 1.0)])
    assert values.labels == [LabelValue(0), LabelValue(1), LabelValue(0)]


def test_labels_are_counted_over_all_that_was_read_also_in_rows_without_text() -> None:
    reader = ValueReader(IngestionSettings())
    reader.read([{"text": "a", "label": "POS"}, {"text": "", "label": "neg"}])
    reader.read([{"text": "b", "label": "pos "}, {"text": "c", "label": "n/a"}])
    assert reader.labels_seen == {"pos": 2, "neg": 1}


def test_markup_stands_within_one_column_of_the_text_and_is_told_by_the_first_that_holds_anything() -> None:
    reader = ValueReader(IngestionSettings(columns=ReviewColumns(text=["title", "body"])))
    values = reader.read([{"title": "I rate it <i", "body": "and > all"}, {"title": "n/a", "body": "<br/>"}])
    assert values.texts == ["I rate it <i\nand > all", None]
    assert values.from_markup == {1}
    assert values.rejected[1].column == "body"
