"""From stored frames to rows of the warehouse."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment_assets.monitoring.check_record import CheckRecord
from sentiment_assets.monitoring.finding import Finding, Verdict
from sentiment_assets.publishing.layout import TABLES
from sentiment_assets.publishing.tables import arrow_of, batch_tables, joined, model_table, no_rows, report_table
from sentiment_assets.reporting.figures import COLUMNS
from testing.analysts import NOW, made_up_batch, scored_by_words

BATCH = made_up_batch("shop", "a.csv", 12, seed=1)


def test_every_table_has_its_columns_and_types_even_without_a_row() -> None:
    for name, rows in batch_tables(BATCH, NOW).items():
        assert rows.schema == no_rows(name).schema
        assert rows.column_names == list(TABLES[name].columns)
    assert not [each for name in TABLES for each in no_rows(name).schema if pa.types.is_null(each.type)]


def test_words_stand_in_the_order_of_their_weight_beside_their_review() -> None:
    words = batch_tables(BATCH, NOW)["words"].to_pandas()
    assert BATCH.scored is not None
    for row, part in words.groupby("row"):
        said = BATCH.scored.iloc[int(str(row))]
        assert part["word"].tolist() == list(said["words"])
        assert part["contribution"].tolist() == list(said["contributions"])
        assert part["rank"].tolist() == list(range(1, len(part) + 1))
    assert words["row"].nunique() == sum(len(each) > 0 for each in BATCH.scored["words"])


def test_a_label_is_said_in_a_word_and_a_missing_one_is_missing() -> None:
    reviews = batch_tables(BATCH, NOW)["reviews"].to_pandas()
    assert reviews["label"].iloc[1] == "neutral"
    assert pd.isna(reviews["label"].iloc[0])
    assert set(reviews["label"].iloc[2:10]) == {"positive", "negative"}


def test_what_a_branch_keeps_is_json_without_what_is_missing() -> None:
    kept = {"Größe": ["1", None, np.nan, "4"], "label.x": [None, None, None, "\x00"]}
    reviews = BATCH.reviews.head(4).drop(columns="product").assign(**kept)
    found = batch_tables(replace(BATCH, reviews=reviews, scored=None), NOW)["reviews"].column("kept").to_pylist()
    assert [json.loads(each) if each else None for each in found] == [
        {"Größe": "1"},
        None,
        None,
        {"Größe": "4", "label.x": "\ufffd"},
    ]


def test_where_a_rating_lies_on_its_scale_is_no_column_that_a_branch_keeps() -> None:
    rated = BATCH.reviews.assign(rating_position=0.5)
    assert batch_tables(replace(BATCH, reviews=rated), NOW)["reviews"] == batch_tables(BATCH, NOW)["reviews"]


def test_a_batch_of_a_former_release_without_neutral_or_split_is_published() -> None:
    reviews = BATCH.reviews.drop(columns=["neutral", "split", "product"])
    rows = batch_tables(replace(BATCH, reviews=reviews, scored=scored_by_words(reviews)), NOW)
    assert rows["reviews"].column("kept").null_count == rows["reviews"].column("split").null_count == 12
    assert rows["batches"].column("scored").to_pylist() == [12]


def test_the_row_of_a_batch_counts_its_labels() -> None:
    [row] = batch_tables(BATCH, NOW)["batches"].to_pylist()
    assert (row["reviews"], row["labelled"], row["neutral"]) == (12, 8, 2), "two have no label"


@pytest.mark.parametrize(
    ("verdicts", "worst"),
    [
        (["ok", "warn", "unknown"], "warn"),
        (["unknown", "ok"], "ok"),
        (["unknown", "unknown"], "unknown"),
        ([], None),
    ],
)
def test_a_batch_is_well_if_some_check_says_so_and_none_warns(verdicts: list[Verdict], worst: str | None) -> None:
    findings = tuple(Finding(name="any", verdict=each, sentence="") for each in verdicts)
    records = {"drift": [CheckRecord("a.csv", NOW.isoformat(), "3", findings)]}
    [row] = batch_tables(replace(BATCH, records=records), NOW)["batches"].to_pylist()
    assert (row["worst_verdict"], row["warnings"]) == (worst, verdicts.count("warn"))


def test_scores_of_other_reviews_are_left_out() -> None:
    edited = BATCH.reviews.assign(text=BATCH.reviews["text"] + "!")
    rows = batch_tables(replace(BATCH, reviews=edited), NOW)
    assert [len(rows[name]) for name in ("reviews", "scores", "words")] == [12, 0, 0]
    assert rows["batches"].column("scored").to_pylist() == [0]


def test_batches_of_two_branches_of_one_name_are_told_apart() -> None:
    rows = joined([batch_tables(each, NOW) for each in (BATCH, replace(BATCH, branch="travel"))])
    assert len(set(rows["batches"].column("batch_digest").to_pylist())) == 2


def test_the_reports_table_has_all_figures_of_a_report() -> None:
    names = {"by": "column_name"}
    assert list(TABLES["reports"].columns) == ["branch", "day", *(names.get(each, each) for each in COLUMNS[1:])]


def test_nothing_is_made_of_no_reports_and_no_models() -> None:
    assert {**report_table("shop", {}), **model_table("shop", [])} == {}


@pytest.mark.parametrize("dtype", ["object", "string", "category"])
@pytest.mark.parametrize("texts", [[None, "a", "b"], ["a", None, "a"], [None, None], ["a", "a"]])
def test_a_missing_text_is_missing_whatever_pandas_calls_the_column(texts: list[str | None], dtype: str) -> None:
    frame = pd.DataFrame({"text": pd.Series(texts, dtype=dtype)})
    assert arrow_of("reviews", frame).column("text").to_pylist() == texts


@given(st.lists(st.none() | st.text(st.characters(exclude_categories=()), max_size=20), max_size=20))
def test_any_text_becomes_one_that_both_kinds_of_warehouses_hold(texts: list[str | None]) -> None:
    frame = pd.DataFrame({"text": pd.Series(texts, dtype=object)})
    found = arrow_of("reviews", frame).column("text").to_pylist()
    assert [each is None for each in found] == [each is None for each in texts]
    for given_text, text in zip(texts, found, strict=True):
        if text is not None and given_text is not None:
            assert "\x00" not in text
            assert text.encode().decode() == text
            assert len(text) == len(given_text)
