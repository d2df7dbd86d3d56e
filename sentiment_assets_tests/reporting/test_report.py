from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from sentiment_assets.reporting.figures import COLUMNS, join_scores, periods_of
from sentiment_assets.reporting.intervals import adjusted_sentiment, error_rates, net_sentiment
from sentiment_assets.reporting.report import ChampionOnTest, join_reports, make_report
from sentiment_assets.reporting.telling_words import telling_words
from sentiment_assets_tests.batches import batch

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def reviews_of(n: int, seed: int, day: str | None = None) -> pd.DataFrame:
    reviews = batch(n, seed).assign(split=pd.NA, product=["kettle", "lamp"] * (n // 2))
    return reviews.assign(created_at=pd.Timestamp(day, tz="UTC")) if day else reviews


def scores_of(reviews: pd.DataFrame) -> pd.DataFrame:
    n, up = len(reviews), reviews["label"] == 1
    return pd.DataFrame(
        {
            "review_id": reviews["review_id"],
            "score": up.map({True: 0.8, False: -0.8}).astype(float),
            "label": reviews["label"].astype("int8"),
            "words": [["lovely", "story"] if each else ["dull", "story"] for each in up],
            "contributions": [[0.5, 0.1] if each else [-0.5, 0.1] for each in up],
            "model_version": ["1"] * n,
        }
    )


def test_figures_are_tidy_and_add_up() -> None:
    raw = {"a.csv": reviews_of(100, 1, "2026-10-01"), "b.csv": reviews_of(60, 2, "2026-10-08")}
    scored = {name: scores_of(each) for name, each in raw.items()}
    report = make_report("acme", raw, scored, ["product"], None, [], NOW)
    figures = report.figures
    assert list(figures.columns) == list(COLUMNS)
    whole = figures[(figures["by"] == "all") & (figures["period"] == "all")].iloc[0]
    positive = int(sum((each["label"] == 1).sum() for each in raw.values()))
    assert (whole["reviews"], whole["positive"]) == (160, positive)
    band = net_sentiment(positive, 160)
    assert (whole["net_sentiment"], whole["net_low"], whole["net_high"]) == (band.value, band.low, band.high)
    days = figures[(figures["by"] == "all") & (figures["period"] != "all")]
    assert dict(zip(days["period"], days["reviews"], strict=True)) == {"2026-10-01": 100, "2026-10-08": 60}
    products = figures[(figures["by"] == "product") & (figures["period"] == "all")]
    assert dict(zip(products["value"], products["reviews"], strict=True)) == {"kettle": 80, "lamp": 80}


def test_figures_are_corrected_for_the_champions_errors_and_say_whose_scores_it_did_not_give() -> None:
    labels = np.array([1, 0] * 100, dtype=np.int8)
    margins = np.where(np.arange(200) < 20, -1.0, 1.0) * (2.0 * labels - 1)
    champion = ChampionOnTest("2", margins, labels)
    reviews = {"a.csv": reviews_of(100, 1), "b.csv": reviews_of(60, 2)}
    scored = {"a.csv": scores_of(reviews["a.csv"]), "b.csv": scores_of(reviews["b.csv"]).assign(model_version="2")}
    report = make_report("acme", reviews, scored, [], champion, [], NOW)
    whole = report.figures[report.figures["period"] == "all"].iloc[0]
    band = adjusted_sentiment(whole["positive"], 160, error_rates(margins, labels))
    assert band is not None
    assert (whole["adjusted"], whole["adjusted_low"], whole["adjusted_high"]) == (band.value, band.low, band.high)
    assert "Champion version 2: 90.0 % of its 200 test reviews right" in report.html
    assert "100 of these reviews were scored by other versions" in report.html
    assert "other versions" not in make_report("acme", reviews, scored, [], None, [], NOW).html


def test_a_review_that_comes_again_counts_once_and_an_old_score_not_at_all() -> None:
    first, again = reviews_of(10, 1), reviews_of(10, 1)
    found = join_scores({"a": first, "b": again}, {"a": scores_of(first), "b": scores_of(again)})
    assert len(found.reviews) == 10
    assert found.repeated == 10
    replaced = reviews_of(10, 3)
    found = join_scores({"a": replaced}, {"a": scores_of(first)})
    assert found.out_of_date == ("a",)
    assert found.reviews.empty


@pytest.mark.parametrize(
    ("last", "kind", "period"),
    [("2026-01-20", "day", "2026-01-20"), ("2026-09-30", "week", "2026-09-28"), ("2028-06-10", "month", "2028-06-01")],
)
def test_periods_are_as_long_as_the_time_spanned_asks(last: str, kind: str, period: str) -> None:
    dates = pd.Series(pd.to_datetime(["2026-01-01", last], utc=True))
    periods, found = periods_of(pd.DataFrame({"created_at": dates, "batch": ["a", "a"]}))
    assert found == kind
    assert periods.iloc[1] == period


def test_without_dates_a_batch_is_a_period() -> None:
    periods, kind = periods_of(reviews_of(4, 1).assign(batch="a.csv"))
    assert kind == "batch"
    assert set(periods) == {"a.csv"}


def test_the_page_escapes_reviews_and_values() -> None:
    evil = "<script>alert(1)</script> & more"
    reviews = reviews_of(12, 1).assign(text=evil, product=evil)
    html = make_report("acme", {"a": reviews}, {"a": scores_of(reviews)}, ["product"], None, [], NOW).html
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in html
    assert "http" not in html.replace("http-equiv", ""), "the page needs nothing else"


def test_telling_words_are_sorted_by_what_they_moved_and_have_an_example() -> None:
    reviews = reviews_of(40, 1)
    joined = join_scores({"a": reviews}, {"a": scores_of(reviews)}).reviews
    praise, complaint = telling_words(joined)
    assert [word.ngram for word in praise] == ["lovely", "story"]
    assert [word.ngram for word in complaint] == ["dull"]
    assert praise[0].reviews == int((reviews["label"] == 1).sum())
    assert praise[0].mean_contribution == pytest.approx(0.5)
    assert praise[0].example in reviews["text"].tolist()


def test_reports_without_reviews_say_so() -> None:
    report = make_report("acme", {}, {}, ["product"], None, [], NOW)
    assert "No review has been scored yet." in report.html
    joined = join_reports(["acme", "other"], {"acme": report.figures}, NOW)
    assert "Without a scored review so far: acme, other" in joined.html


def test_branches_are_joined() -> None:
    reviews = reviews_of(20, 1)
    figures = {
        name: make_report(name, {"a": reviews}, {"a": scores_of(reviews)}, [], None, [], NOW).figures for name in "ab"
    }
    joined = join_reports(list("ab"), figures, NOW)
    assert set(joined.figures["branch"]) == {"a", "b"}
    assert ">a<" in joined.html
    assert ">b<" in joined.html
