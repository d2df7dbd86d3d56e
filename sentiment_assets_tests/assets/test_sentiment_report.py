"""``sentiment_report``: its page, its table and its picture."""

from pathlib import Path

import dagster as dg
import pandas as pd

from sentiment_assets.monitoring.settings import DEGRADATION_CHECKS, DRIFT_CHECKS
from sentiment_assets.resources.storage import Storage, read_frame
from testing.corpus import as_csv, made_up_reviews
from testing.in_process import BranchInProcess


def page_of(branch: BranchInProcess) -> str:
    return Path(str(branch.metadata("sentiment_report")["report_file"].value)).read_text(encoding="utf-8")


def test_before_there_is_a_champion_the_report_says_that_nothing_is_scored(ingested: BranchInProcess) -> None:
    assert ingested.report().success
    assert "No review has been scored yet." in page_of(ingested)


def test_the_report_is_a_page_a_table_and_its_picture(trained: BranchInProcess) -> None:
    assert trained.score("a.csv").success
    assert trained.report().success
    told = trained.metadata("sentiment_report")
    page = page_of(trained)
    assert "in 600 reviews" in page
    assert "Champion version 1" in page
    checks = page.split("check of a.csv")[1]
    assert all(f"<td>{name}</td>" in checks for name in (*DRIFT_CHECKS, *DEGRADATION_CHECKS))
    assert "/artifacts/report.html" in str(told["report"].value)
    table = pd.read_csv(str(told["figures_file"].value))
    stored = read_frame(Storage(root="data").path("acme", "sentiment_report.parquet"))
    assert table["reviews"].tolist() == stored["reviews"].tolist() == [600, 600]
    assert (table["adjusted_low"] < table["adjusted"]).all()
    picture = told["over_time"]
    assert isinstance(picture, dg.MarkdownMetadataValue)


def test_no_value_of_the_figures_is_a_formula(trained: BranchInProcess) -> None:
    branch = trained.with_settings(columns={"keep": ["brand"]})
    reviews = [{**review, "brand": "=1+1"} for review in made_up_reviews(600)]
    assert branch.take_in("a.csv", as_csv(reviews)).success
    assert branch.report().success
    table = pd.read_csv(str(branch.metadata("sentiment_report")["figures_file"].value))
    assert "'=1+1" in table["value"].tolist()
    assert "=1+1" not in table["value"].tolist()
    assert table["net_sentiment"].dtype == "float64"
