"""``sentiment_report``: its pages, its table, and the folder that they lie in."""

import html
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sentiment_assets.learning.calibration import RatingCurve
from sentiment_assets.monitoring.settings import DEGRADATION_CHECKS, DRIFT_CHECKS
from sentiment_assets.reporting import client_report
from sentiment_assets.reporting.english import TEXTS
from sentiment_assets.reporting.figures import ChampionTestScores
from sentiment_assets.resources.storage import Storage, read_frame
from sentiment_assets.resources.tracking import Tracking
from testing.batches import kitchen
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
    assert '<a href="reviews.html#">600</a> reviews' in page
    assert "Champion version 1" in page
    checks = page.split("asked of a.csv")[1]
    assert all(TEXTS[f"check_{name}"] in html.unescape(checks) for name in (*DRIFT_CHECKS, *DEGRADATION_CHECKS))
    day = Path(str(told["report_file"].value)).parent.parent.name
    assert told["report"].value == f"http://127.0.0.1:8001/reports/acme/{day}/"
    assert "/artifacts/report.html" in str(told["report_in_mlflow"].value)
    table = pd.read_csv(str(told["figures_file"].value))
    stored = read_frame(Storage(root="data").path("acme", "sentiment_report.parquet"))
    assert table["reviews"].tolist() == stored["reviews"].tolist() == [600, 600]
    assert table["by"].tolist() == ["all", "batch"], "no review has a date, so there are no periods"
    assert (table["adjusted_low"] < table["adjusted"]).all()


def test_a_report_goes_by_where_the_champion_is_in_doubt_and_by_what_it_calls_positive(
    trained: BranchInProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both lie elsewhere than at 0 where scores say which rating is expected, and each elsewhere than the other."""
    assert trained.score("a.csv").success
    champion = trained.tracking.champion("acme")
    assert champion
    by_rating = replace(champion.model.calibration, log_odds=0.3, rating_curve=RatingCurve(2.0, 1.0))
    model = replace(champion.model, calibration=by_rating)
    monkeypatch.setattr(Tracking, "champion", lambda *_: replace(champion, model=model))
    known: list[ChampionTestScores] = []
    make = client_report.make_client_report

    def make_and_note(*args: Any, **about: Any) -> client_report.ClientReport:
        known.append(about["champion"])
        return make(*args, **about)

    monkeypatch.setattr(client_report, "make_client_report", make_and_note)
    assert trained.report().success
    [told] = known
    assert by_rating.probabilities(np.array([by_rating.even_margin])) == pytest.approx(0.5)
    assert told.even_score == pytest.approx(float(by_rating.scores(np.array([by_rating.even_margin]))[0]))
    assert told.least_positive_score == by_rating.least_positive_score != told.even_score
    assert told.scores_by_rating


def test_all_files_of_a_report_lie_in_a_folder_below_that_of_the_day(trained: BranchInProcess) -> None:
    assert trained.score("a.csv").success
    assert trained.report().success
    folder = Path(str(trained.metadata("sentiment_report")["report_file"].value)).parent
    beside = {"report.html", "figures.csv", "reviews.html", "reviews.js", "reviews.csv", "reviews.parquet"}
    assert {each.name for each in folder.iterdir()} == {*beside, "reviews-data"}
    assert len(pd.read_parquet(folder / "reviews.parquet")) == 600
    assert {each.name for each in folder.parent.iterdir()} == {"CURRENT", folder.name}


def test_a_report_says_what_is_new_since_that_of_an_earlier_day(trained: BranchInProcess) -> None:
    assert trained.score("a.csv").success
    assert trained.report().success
    assert "Since the report of" not in page_of(trained), "there is no earlier one"
    of_today = Path(str(trained.metadata("sentiment_report")["report_file"].value)).parent.parent
    of_today.rename(of_today.with_name("2026-01-31"))
    assert trained.take_in("b.csv", as_csv(made_up_reviews(50, seed=9))).success
    assert trained.report().success
    page = page_of(trained)
    assert "Since the report of 2026-01-31" in page
    assert "50 more reviews" in page
    assert "New files: b.csv." in page


def test_labels_that_are_landed_hide_no_warning_of_the_batch_that_they_are_of(trained: BranchInProcess) -> None:
    other = kitchen(200)[["text", "label"]]
    assert trained.take_in("b.csv", as_csv(other.assign(label="").to_dict("records"))).success
    assert trained.score("b.csv").success
    assert trained.report().success
    warned = TEXTS["warns_text_drift"].split(",")[0]
    assert warned in html.unescape(page_of(trained))
    assert trained.take_in("labels.csv", as_csv(other.head(50).to_dict("records"))).success
    assert trained.score("labels.csv").success
    assert trained.report().success
    page = html.unescape(page_of(trained))
    assert warned in page
    assert "asked of b.csv" in page
    for check in ("text_drift", "estimated_accuracy"):
        assert page.count(f'<th scope="row">{TEXTS[f"check_{check}"]}</th>') == 1, "of that batch alone"


def test_quality_is_that_of_the_newest_batch(trained: BranchInProcess) -> None:
    repeated = [{"text": f"a superb story for the {number % 9}th time", "label": 1} for number in range(90)]
    named = TEXTS["warns_other"].format(name="duplicates")
    for name, reviews, warns in (("b.csv", repeated, True), ("c.csv", made_up_reviews(90, seed=7), False)):
        assert trained.take_in(name, as_csv(reviews)).success
        assert trained.report().success
        assert (named in page_of(trained)) == warns, name


def test_no_value_of_the_figures_is_a_formula(trained: BranchInProcess) -> None:
    branch = trained.with_settings(columns={"keep": ["brand"]})
    reviews = [{**review, "brand": "=1+1"} for review in made_up_reviews(600)]
    assert branch.take_in("a.csv", as_csv(reviews)).success
    assert branch.report().success
    table = pd.read_csv(str(branch.metadata("sentiment_report")["figures_file"].value))
    assert "'=1+1" in table["value"].tolist()
    assert "=1+1" not in table["value"].tolist()
    assert table["net_sentiment"].dtype == "float64"
