"""The quality checks in Dagster: what people see of faulty reviews."""

import dagster as dg
import pandas as pd
import pytest

from testing.batches import as_file, batch
from testing.in_process import BranchInProcess, checks_of, failed_checks

FIRST = "2026-09.csv"


def test_faulty_reviews_are_shown_with_what_to_do(acme: BranchInProcess) -> None:
    reviews = batch(300)
    reviews["text"] = "<p>" + reviews["text"] + "</p>"
    found = checks_of(acme.with_settings(html="keep").take_in(FIRST, as_file(reviews)))["html"]
    assert not found.passed
    assert "300 of 300 reviews hold HTML tags or entities (100.0 %); up to 5.0 % may. Ask for" in str(found.description)
    sample = found.metadata["sample"]
    assert isinstance(sample, dg.TableMetadataValue), "tables show text as text"
    assert str(sample.records[0].data["text"]).startswith("<p>")


def test_rows_that_were_dropped_as_duplicates_count_as_such(acme: BranchInProcess) -> None:
    reviews = batch(100)
    doubled = pd.concat([reviews, reviews.head(50)])
    duplicates = checks_of(acme.take_in(FIRST, as_file(doubled)))["duplicates"]
    assert not duplicates.passed
    assert duplicates.metadata["statistic"].value == 50
    assert duplicates.metadata["effect"].value == pytest.approx(1 / 3)


def test_a_landed_file_without_a_row_passes_quietly(acme: BranchInProcess) -> None:
    result = acme.take_in(FIRST, b"review_id,text,label\n")
    assert result.success
    assert failed_checks(result) == set()
