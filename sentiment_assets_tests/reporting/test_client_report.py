import html
import io
import re
from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest

from sentiment_assets.ingestion.content import content_digest
from sentiment_assets.learning.periods import periods_of
from sentiment_assets.learning.scored_batch import SCORED_FROM
from sentiment_assets.monitoring.check_record import CheckRecord
from sentiment_assets.monitoring.finding import Finding
from sentiment_assets.presentation.wording import points
from sentiment_assets.reporting.client_report import FormerReport, join_reports, make_client_report
from sentiment_assets.reporting.figures import COLUMNS, ChampionTestScores, join_scores
from sentiment_assets.reporting.intervals import Band, adjusted_sentiment, error_rates, join_bands, net_sentiment
from sentiment_assets.reporting.labelled_scores import scores_by_label
from sentiment_assets.reporting.neutral_band import NeutralBand
from sentiment_assets.text_identity import text_digests
from testing.batches import batch

NOW = datetime(2026, 11, 23, tzinfo=UTC)
REPORTS = "https://reports.example"


def said(page: str) -> str:
    """What a reader reads: the page without tags."""
    apart = re.sub(r"</?(?:td|th|p|li|h\d|div)\b", r" \g<0>", page)
    return " ".join(html.unescape(re.sub(r"<style>.*?</style>|<[^>]*>", "", apart, flags=re.DOTALL)).split())


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
    report = make_client_report("acme", raw=raw, scored=scored, kept=["product"], champion=None, records=[], now=NOW)
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


LABELS = np.array([1, 0] * 100, dtype=np.int8)
MARGINS = np.where(np.arange(200) < 20, -1.0, 1.0) * (2.0 * LABELS - 1)
RATES = error_rates(MARGINS, LABELS)


def champion(trained_on: pd.DataFrame | None = None) -> ChampionTestScores:
    """Version 2, right about nine of ten test reviews."""
    texts = [] if trained_on is None else trained_on["text"]
    return ChampionTestScores(
        "2", margins=MARGINS, scores=MARGINS, labels=LABELS, trained_on=np.sort(text_digests(texts))
    )


def unlabelled(reviews: pd.DataFrame) -> pd.DataFrame:
    return reviews.assign(label=pd.array([pd.NA] * len(reviews), "Int8"))


def whole_of(raw: dict[str, pd.DataFrame], scored: dict[str, pd.DataFrame], by: ChampionTestScores | None) -> pd.Series:
    """The row of all reviews."""
    return (
        make_client_report("acme", raw=raw, scored=scored, kept=[], champion=by, records=[], now=NOW)
        .figures.set_index(["by", "period"])
        .loc[("all", "all")]
    )


def adjusted_of(whole: pd.Series) -> tuple[float, float, float]:
    return whole["adjusted"], whole["adjusted_low"], whole["adjusted_high"]


def ends(band: Band | None) -> tuple[float, float, float]:
    assert band is not None
    return band.value, band.low, band.high


def test_figures_are_corrected_for_the_champions_errors_and_say_whose_scores_it_did_not_give() -> None:
    reviews = {"a.csv": reviews_of(100, 1), "b.csv": reviews_of(60, 2)}
    scored = {"a.csv": scores_of(reviews["a.csv"]), "b.csv": scores_of(reviews["b.csv"]).assign(model_version="2")}
    raw = {name: unlabelled(each) for name, each in reviews.items()}
    report = make_client_report("acme", raw=raw, scored=scored, kept=[], champion=champion(), records=[], now=NOW)
    whole = whole_of(raw, scored, champion())
    assert adjusted_of(whole) == pytest.approx(ends(adjusted_sentiment(whole["positive"], 160, RATES)))
    page = said(report.html)
    assert "Champion version 2: 90.0 % of its 200 test reviews right" in page
    assert "100 of these reviews were scored by other versions" in page
    assert "Corrected for the model's known errors." in page
    by_labels = make_client_report(
        "acme", raw=reviews, scored=scored, kept=[], champion=champion(), records=[], now=NOW
    )
    assert "other versions" not in by_labels.html, "no error rates are supposed where each review has a label"
    assert (
        "other versions"
        not in make_client_report("acme", raw=raw, scored=scored, kept=[], champion=None, records=[], now=NOW).html
    )


def test_what_the_champion_says_of_its_own_training_reviews_is_not_corrected() -> None:
    """It knows them by heart, and error rates on test say nothing about them."""
    learned, others = reviews_of(100, 1), reviews_of(60, 2)
    raw = {"a": unlabelled(learned), "b": unlabelled(others)}
    scored = {"a": scores_of(learned), "b": scores_of(others)}
    whole = whole_of(raw, scored, champion(trained_on=learned))
    positive = [int((each["label"] == 1).sum()) for each in (learned, others)]
    rest = adjusted_sentiment(positive[1], 60, RATES)
    assert rest is not None
    expected = join_bands([(100, net_sentiment(positive[0], 100)), (60, rest)])
    assert adjusted_of(whole) == pytest.approx(ends(expected))
    assert adjusted_of(whole_of({"a": raw["a"]}, {"a": scored["a"]}, champion(learned))) == pytest.approx(
        ends(net_sentiment(positive[0], 100))
    )


def test_labels_are_used_where_they_are() -> None:
    """Whatever the model says about these reviews."""
    labelled, others = reviews_of(100, 1), reviews_of(60, 2)
    wrong = scores_of(labelled)
    wrong = wrong.assign(score=-wrong["score"], label=1 - wrong["label"])
    raw, scored = {"a": labelled, "b": unlabelled(others)}, {"a": wrong, "b": scores_of(others)}
    positive = int((labelled["label"] == 1).sum())
    alone = whole_of({"a": labelled}, {"a": wrong}, None)
    assert adjusted_of(alone) == pytest.approx(ends(net_sentiment(positive, 100)))
    assert alone["positive"] == 100 - positive, "as counted, it is what the model says"
    whole = whole_of(raw, scored, champion())
    rest = adjusted_sentiment(int((others["label"] == 1).sum()), 60, RATES)
    assert rest is not None
    assert adjusted_of(whole) == pytest.approx(ends(join_bands([(100, net_sentiment(positive, 100)), (60, rest)])))
    assert whole["labelled"] == 100
    page = make_client_report("acme", raw=raw, scored=scored, kept=[], champion=champion(), records=[], now=NOW).html
    assert "Corrected by the labels of 100 of the reviews and for the model's known errors." in said(page)
    assert whole_of(raw, scored, None).isna()["adjusted"], "without error rates the others cannot be corrected"


def test_what_is_known_by_heart_does_not_say_how_doubtful_the_others_are() -> None:
    """Test reviews count by the share that has no label of those that are as doubtful and were not learnt."""
    learnt, others = reviews_of(200, 1), reviews_of(80, 2)
    sure, doubtful = 0.9, 0.1
    errs_in_doubt = replace(champion(), scores=MARGINS * np.where(np.arange(200) < 20, doubtful, sure))
    by_heart = scores_of(learnt).assign(score=lambda each: np.sign(each["score"]) * doubtful)
    answers = scores_of(others)
    answers["score"] = np.sign(answers["score"]) * np.where(np.arange(80) < 40, sure, doubtful)
    raw, scored = {"a": learnt, "b": unlabelled(others)}, {"a": by_heart, "b": answers}

    whole = whole_of(raw, scored, replace(errs_in_doubt, trained_on=np.sort(text_digests(learnt["text"]))))

    rest = adjusted_sentiment(int((others["label"] == 1).sum()), 80, RATES)
    assert rest is not None
    labels = net_sentiment(int((learnt["label"] == 1).sum()), 200)
    assert adjusted_of(whole) == pytest.approx(ends(join_bands([(200, labels), (80, rest)])))


def test_two_reviews_of_which_nothing_is_known_do_not_take_the_labels_of_the_others_away() -> None:
    labelled, others = reviews_of(100, 1), reviews_of(2, 2)
    raw, scored = {"a": labelled, "b": unlabelled(others)}, {"a": scores_of(labelled), "b": scores_of(others)}
    only_positive_in_test = replace(champion(), labels=np.ones_like(LABELS))
    says, positive = 2.0 * scored["b"]["label"].mean() - 1, int((labelled["label"] == 1).sum())

    whole = whole_of(raw, scored, only_positive_in_test)

    assert adjusted_of(whole) == pytest.approx(
        ends(join_bands([(100, net_sentiment(positive, 100)), (2, Band(says, -1.0, 1.0))]))
    )
    assert whole_of({"b": raw["b"]}, {"b": scored["b"]}, only_positive_in_test).isna()["adjusted"]


def test_reviews_in_which_the_model_knows_nothing_are_told_and_not_counted() -> None:
    reviews = reviews_of(100, 1)
    scores = scores_of(reviews)
    scores.loc[:9, ["score", "label"]] = [0.0, 0]
    raw, scored = {"a": unlabelled(reviews)}, {"a": scores}
    whole = whole_of(raw, scored, champion())
    positive = int((reviews["label"] == 1)[10:].sum())
    assert (whole["reviews"], whole["unrecognised"], whole["positive"]) == (100, 10, positive)
    assert whole["net_sentiment"] == pytest.approx(net_sentiment(positive, 90).value)
    assert whole["mean_score"] == pytest.approx(scores["score"][10:].mean())
    assert adjusted_of(whole) == pytest.approx(ends(adjusted_sentiment(positive, 90, RATES)))
    page = make_client_report("acme", raw=raw, scored=scored, kept=[], champion=None, records=[], now=NOW).html
    assert "Reviews in which the model knows no word: 10." in said(page)
    nothing = whole_of(raw, {"a": scores.assign(score=0.0, label=0)}, champion())
    assert nothing[["net_sentiment", "adjusted", "mean_score"]].isna().all()


def test_a_review_that_comes_again_counts_once_by_its_last_score() -> None:
    first = reviews_of(10, 1)
    later = scores_of(first).assign(model_version="2", score=0.25)
    found = join_scores({"a": first, "b": first}, {"a": scores_of(first), "b": later})
    assert len(found.reviews) == 10
    assert found.repeated == 10
    assert set(found.reviews["model_version"]) == {"2"}
    assert set(found.reviews["score"]) == {0.25}
    assert set(found.reviews["batch"]) == {"a"}


def test_row_numbers_as_ids_lose_no_review() -> None:
    one, other = (reviews_of(50, seed).assign(review_id=[str(n) for n in range(50)]) for seed in (1, 2))
    found = join_scores({"a": one, "b": other}, {"a": scores_of(one), "b": scores_of(other)})
    assert (len(found.reviews), found.repeated) == (100, 0)
    assert sorted(found.reviews["text"]) == sorted([*one["text"], *other["text"]])


def test_a_label_budget_adds_its_labels_and_displaces_nothing() -> None:
    reviews = reviews_of(40, 1, "2026-10-01")
    raw = unlabelled(reviews)
    budget = reviews_of(40, 1).iloc[:10].assign(product=pd.NA)
    for scored in ({"a": scores_of(reviews)}, {"a": scores_of(reviews), "labels": scores_of(budget)}):
        found = join_scores({"a": raw, "labels": budget}, scored).reviews
        assert len(found) == 40
        assert found["created_at"].notna().all()
        assert set(found["product"]) == {"kettle", "lamp"}
        assert set(found["batch"]) == {"a"}
        known = found.set_index("review_id")["known_label"].dropna()
        assert known.to_dict() == budget.set_index("review_id")["label"].to_dict()
    corrected = budget.assign(label=1 - budget["label"])
    found = join_scores({"a": raw, "labels": budget, "again": corrected}, {"a": scores_of(reviews)}).reviews
    known = found.set_index("review_id")["known_label"].dropna()
    assert known.to_dict() == corrected.set_index("review_id")["label"].to_dict(), "the last label counts"


def test_a_label_that_was_corrected_to_neutral_is_known_no_more() -> None:
    reviews = reviews_of(10, 1)
    neutral = reviews.assign(label=pd.array([pd.NA] * 10, "Int8"), neutral=True)
    found = join_scores({"a": reviews, "b": neutral}, {"a": scores_of(reviews)}).reviews
    assert found["known_label"].isna().all()
    found = join_scores({"a": reviews, "b": neutral.assign(neutral=False)}, {"a": scores_of(reviews)}).reviews
    assert found["known_label"].notna().all(), "no label says nothing"


def test_a_batch_that_was_replaced_and_not_scored_since_is_out_of_date() -> None:
    first, other = reviews_of(10, 1), reviews_of(10, 3)
    same_ids = first.assign(text=other["text"])
    scores = scores_of(first)
    assert join_scores({"a": other}, {"a": scores}).out_of_date == ("a",), "other ids"
    scores.attrs = {SCORED_FROM: content_digest(first)}
    assert join_scores({"a": first}, {"a": scores}).out_of_date == ()
    found = join_scores({"a": same_ids}, {"a": scores})
    assert found.out_of_date == ("a",)
    assert found.reviews.empty
    assert (
        "taken in again since they were scored: a."
        in make_client_report(
            "acme", raw={"a": same_ids}, scored={"a": scores}, kept=[], champion=None, records=[], now=NOW
        ).html
    )


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


def test_what_there_is_to_say_of_labels_stands_with_the_model_and_the_data() -> None:
    sentence = "About 3.0 % of the labels of 100 reviews look wrong."
    pages = [
        make_client_report("acme", raw={}, scored={}, kept=[], champion=None, records=[], now=NOW, labels=each).html
        for each in ("", sentence)
    ]
    assert [sentence in page for page in pages] == [False, True]


def test_the_page_escapes_reviews_and_values() -> None:
    evil = "<script>alert(1)</script> & more"
    reviews = reviews_of(12, 1).assign(text=evil, product=evil)
    page = make_client_report(
        "acme",
        raw={"a": reviews},
        scored={"a": scores_of(reviews)},
        kept=["product"],
        champion=None,
        records=[],
        now=NOW,
    ).html
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in page
    assert "http" not in page.replace("http-equiv", ""), "the page needs nothing else"


def test_reports_without_reviews_say_so() -> None:
    report = make_client_report("acme", raw={}, scored={}, kept=["product"], champion=None, records=[], now=NOW)
    assert "No review has been scored yet." in report.html
    joined = join_reports(["acme", "other"], {"acme": report.figures}, NOW, reports_at=REPORTS)
    assert "Without a scored review so far: acme, other" in joined.html


def test_files_are_no_course_of_time() -> None:
    """Where no review has a date, batches stand beside one another, and nothing is compared or joined by a line."""
    raw = {name: reviews_of(100, seed) for seed, name in enumerate(("a.csv", "b.csv", "c.csv"))}
    scored = {name: scores_of(each) for name, each in raw.items()}
    report = make_client_report("acme", raw=raw, scored=scored, kept=[], champion=None, records=[], now=NOW)
    assert set(report.figures["period"]) == {"all"}
    batches = report.figures[report.figures["by"] == "batch"]
    assert dict(zip(batches["value"], batches["reviews"], strict=True)) == dict.fromkeys(raw, 100)
    assert 'class="line"' not in report.html
    assert report.picture == b""
    assert 'id="sources"' in report.html
    dated = {"a.csv": reviews_of(100, 1, "2026-09-05"), "b.csv": reviews_of(100, 2, "2026-10-05")}
    later = make_client_report(
        "acme",
        raw=dated,
        scored={k: scores_of(v) for k, v in dated.items()},
        kept=[],
        champion=None,
        records=[],
        now=NOW,
    )
    assert 'class="line"' in later.html
    assert later.picture.startswith(b"<svg")


def test_the_first_sentence_says_which_way_reviewers_lean_and_what_changed_and_against_what() -> None:
    raw = {"a.csv": reviews_of(400, 1, "2026-08-05"), "b.csv": reviews_of(400, 2, "2026-10-05")}
    raw["c.csv"] = reviews_of(60, 3, "2026-11-23")
    scored = {name: scores_of(each) for name, each in raw.items()}
    report = make_client_report("acme", raw=raw, scored=scored, kept=[], champion=None, records=[], now=NOW)
    page = said(report.html)
    assert report.page is not None
    sentence = said(str(report.page.first_sentence))
    assert sentence.startswith("Reviewers of acme are ")
    assert re.search(
        r"; the week of 2026-10-05 is [\d.]+ points (up|down) on the week of 2026-08-03, within chance\.", sentence
    )
    assert sentence in page
    assert "Not ended yet: the week of 2026-11-23." in page


def test_a_warning_is_in_words_that_a_client_understands() -> None:
    drifted = Finding(name="text_drift", verdict="warn", sentence="unlike it: p = 1e-5 by hinge loss")
    dated = Finding(name="future_dates", verdict="warn", sentence="3 of 40 reviews have a date in the future")
    found = (dated, Finding(name="html", verdict="ok", sentence="none"), drifted)
    record = CheckRecord(batch="b.csv", champion="1", checked_at="2026-11-22T00:00:00+00:00", findings=found)
    raw = {"b.csv": reviews_of(40, 1)}
    report = make_client_report(
        "acme", raw=raw, scored={"b.csv": scores_of(raw["b.csv"])}, kept=[], champion=None, records=[record], now=NOW
    )
    assert "The newest reviews are written differently from those that the model learnt from" in report.html
    assert "The check <em>future_dates</em> of the newest file found something to look at." in report.html
    assert "html" not in said(report.html), "one that found nothing, in no table of what the model meets"
    assert "hinge" not in report.html
    assert "p =" not in said(report.html)


def test_branches_that_need_attention_stand_first() -> None:
    def figures_of(name: str, last: float, **how: object) -> pd.DataFrame:
        raw = {f"{month}.csv": reviews_of(300, month, f"2026-{month:02}-05") for month in (7, 8, 9, 10)}
        scored = {}
        for month, each in raw.items():
            share = last if month == "10.csv" else 0.5
            up = np.arange(300) < 300 * share
            scored[month] = scores_of(each.assign(label=pd.array(up, "Int8"))).assign(label=up.astype("int8"))
            raw[month] = unlabelled(each)
        arguments = {"kept": [], "champion": None, "records": [], "now": NOW} | how
        return make_client_report(name, raw=raw, scored=scored, **arguments).figures  # type: ignore[arg-type]

    drifted = Finding(name="accuracy", verdict="warn", sentence="worse")
    record = CheckRecord(batch="10.csv", champion="1", checked_at="2026-11-22T00:00:00+00:00", findings=(drifted,))
    figures = {
        "rising": figures_of("rising", 0.9),
        "even": figures_of("even", 0.5),
        "warned": figures_of("warned", 0.9, records=[record]),
        "falling": figures_of("falling", 0.1),
    }
    stored = {name: pd.read_parquet(io.BytesIO(each.to_parquet())) for name, each in figures.items()}
    page = join_reports(list(figures), stored, NOW, reports_at=REPORTS).html
    order = re.findall(r'<th scope="row" class="text"><a[^>]*>(\w+)', page)
    assert order == ["falling", "warned", "even", "rising"]
    assert "-80.0" in said(page)
    assert "the week of 2026-10-05 against the week of 2026-08-31" in said(page)
    assert page.count('<span class="tag warn">1</span>') == 1
    assert page.count('class="line"') == 4 or "chart" in page


def test_branches_are_joined() -> None:
    reviews = reviews_of(20, 1)
    figures = {
        name: make_client_report(
            name, raw={"a": reviews}, scored={"a": scores_of(reviews)}, kept=[], champion=None, records=[], now=NOW
        ).figures
        for name in "ab"
    }
    joined = join_reports(list("ab"), figures, NOW, reports_at=REPORTS)
    assert set(joined.figures["branch"]) == {"a", "b"}
    for branch in "ab":
        assert f'<a href="https://reports.example/reports/{branch}/latest/">{branch}</a>' in joined.html


@pytest.mark.parametrize("dtype", [object, float])
def test_a_branch_whose_figures_cannot_be_corrected_is_joined_with_those_that_are_counted(dtype: type) -> None:
    """A column that is missing altogether is none of numbers."""
    reviews = reviews_of(100, 1)
    raw, scored = {"a": unlabelled(reviews)}, {"a": scores_of(reviews)}
    figures = make_client_report("a", raw=raw, scored=scored, kept=[], champion=None, records=[], now=NOW).figures
    missing = figures.astype(dict.fromkeys(("adjusted", "adjusted_low", "adjusted_high"), dtype))
    page = join_reports(["a"], {"a": missing}, NOW, reports_at=REPORTS).html
    whole = whole_of(raw, scored, None)
    value, low, high = (points(whole[name]) for name in ("net_sentiment", "net_low", "net_high"))
    assert re.findall(r'<td class="number">([^<]*) <span class="small">([^<]*)', page)[0] == (value, f"{low} to {high}")
    assert f"{value}, between {low} and {high}, on a scale" in page


def rated_neutral(reviews: pd.DataFrame, n: int) -> pd.DataFrame:
    """The same reviews, the first ``n`` of which their raters call neutral."""
    flags = np.arange(len(reviews)) < n
    return reviews.assign(label=reviews["label"].mask(flags), neutral=flags)


def test_neutral_reviews_are_in_no_figure_but_the_number_of_all_and_their_own() -> None:
    reviews = reviews_of(100, 1)
    scores = scores_of(reviews)
    scores.loc[:19, "score"] = np.linspace(-0.2, 0.3, 20)
    rest = whole_of({"a": reviews[20:].reset_index(drop=True)}, {"a": scores[20:].reset_index(drop=True)}, champion())
    whole = whole_of({"a": rated_neutral(reviews, 20)}, {"a": scores}, champion())
    own = ["reviews", "neutral", "neutral_mean_score", "neutral_low", "neutral_high"]
    assert whole.drop(own).tolist() == rest.drop(own).tolist()
    assert (whole["reviews"], whole["neutral"], rest["neutral"]) == (100, 20, 0)
    assert whole["neutral_mean_score"] == pytest.approx(0.05)
    assert -0.05 < whole["neutral_low"] < 0.0 < 0.1 < whole["neutral_high"] < 0.15
    assert rest.isna()["neutral_mean_score"]


def test_the_page_says_how_many_reviews_without_a_label_have_a_mixed_score_and_how_far_to_trust_it() -> None:
    reviews = reviews_of(100, 1)
    scores = scores_of(reviews)
    scores["score"] = np.where(np.arange(100) < 30, 0.2, 0.9)
    scores.loc[99, "score"] = 0.0
    raw = {"a": reviews.assign(label=reviews["label"].mask(np.arange(100) >= 20))}
    by = replace(champion(), neutral_band=NeutralBand(0.25, share=0.12, neutral=60, recall=0.4, precision=0.3))
    report = make_client_report("acme", raw=raw, scored={"a": scores}, kept=[], champion=by, records=[], now=NOW)
    assert whole_of(raw, {"a": scores}, by)["mixed"] == 10, "the first twenty have a label, one has no known word"
    page = said(report.html.split('<section id="mixed">')[1])
    assert "Of 80 reviews without a label, 12.5 % have a mixed score: one between -0.25 and +0.25." in page
    assert "as people called neutral, 12.0 %" in page
    assert "40.0 % have a mixed score, and of those with a mixed score 30.0 % were called neutral" in page
    without = make_client_report(
        "acme", raw=raw, scored={"a": scores}, kept=[], champion=champion(), records=[], now=NOW
    )
    assert 'id="mixed"' not in without.html


def test_a_threshold_that_the_branch_chose_is_told_and_decides_what_is_corrected() -> None:
    """Scores of test reviews lie above 0, and half of them below the threshold: labels go by margins."""
    reviews = reviews_of(60, 2)
    raw, scored = {"a": unlabelled(reviews)}, {"a": scores_of(reviews)}
    strict = replace(champion(), scores=(MARGINS + 3) / 5, least_positive_score=0.6)
    plain, told = (
        make_client_report("acme", raw=raw, scored=scored, kept=[], champion=each, records=[], now=NOW)
        for each in (champion(), strict)
    )
    assert "It calls a review positive when its score is above +0.60" in said(told.html)
    assert "It calls a review positive" not in said(plain.html)
    assert "90.0 % of its 200 test reviews right" in said(told.html)
    by_rating = replace(strict, scores_by_rating=True)
    page = make_client_report("acme", raw=raw, scored=scored, kept=[], champion=by_rating, records=[], now=NOW).html
    assert "Its scores say where on the scale of ratings a review stands" in said(page)
    assert "when its score is above +0.60." in said(page)


def test_scores_by_rating_are_corrected_as_others_are_when_the_doubtful_reviews_have_got_labels() -> None:
    """Doubt is where p is one half, wherever on the scale of ratings that lies."""
    chance, reviews = np.random.default_rng(0), reviews_of(400, 2)
    by_label, even = chance.uniform(-0.9, 0.9, 400), 0.4
    labelled = np.abs(by_label) < 0.3
    raw = {"a": reviews.assign(label=reviews["label"].where(labelled))}
    scored = scores_of(reviews).assign(label=(by_label > 0).astype("int8"), model_version="2")
    plain = replace(champion(), scores=MARGINS * np.linspace(0.1, 0.9, len(MARGINS)))

    def by_rating(scores: np.ndarray) -> np.ndarray:
        return np.tanh(np.arctanh(scores) + np.arctanh(even))

    told = whole_of(raw, {"a": scored.assign(score=by_label)}, plain)
    moved = replace(plain, scores=by_rating(plain.scores), even_score=even, scores_by_rating=True)
    assert adjusted_of(whole_of(raw, {"a": scored.assign(score=by_rating(by_label))}, moved)) == pytest.approx(
        adjusted_of(told)
    )


def test_a_neutral_label_is_not_a_missing_one() -> None:
    """Where each review has a label, there is nothing to correct for, and it is not said."""
    reviews = reviews_of(100, 1)
    raw, scored = {"a": rated_neutral(reviews, 20)}, {"a": scores_of(reviews)}
    page = make_client_report("acme", raw=raw, scored=scored, kept=[], champion=champion(), records=[], now=NOW).html
    assert "Corrected by the labels of 80 of the reviews." in said(page)
    assert "for the model's known errors" not in said(page)


def test_neutral_reviews_are_shown_apart_with_their_share_and_between_the_others() -> None:
    reviews = reviews_of(100, 1)
    scores = scores_of(reviews)
    scores["score"] += np.tile([0.0, 0.1], 50)
    scores.loc[:19, "score"] = np.tile([-0.1, 0.1], 10)
    raw = {"a": rated_neutral(reviews, 20)}
    kept = ["product"]
    page = make_client_report("acme", raw=raw, scored={"a": scores}, kept=kept, champion=None, records=[], now=NOW).html
    first, apart = page.split('<section id="neutral">')
    assert "Neutral reviews: 20. They stand apart" in said(first)
    assert '<a href="#neutral">apart</a>' in first
    assert "Of 100 reviews with a label, 20.0 % are neutral, between 13.3 % and 28.9 %." in said(apart)
    rows = said(apart.split("</table>")[0])
    assert rows.index("positive 36") < rows.index("neutral 20") < rows.index("negative 44")
    assert "+0.00 -0.05 to +0.05" in rows
    assert '<th scope="col" class="number">neutral</th>' in first
    joined = join_reports(
        ["acme"],
        {
            "acme": make_client_report(
                "acme", raw=raw, scored={"a": scores}, kept=kept, champion=None, records=[], now=NOW
            ).figures
        },
        NOW,
        reports_at=REPORTS,
    )
    assert "(20 neutral)" in joined.html


def test_where_no_review_is_neutral_the_pages_do_not_speak_of_it() -> None:
    reviews = reviews_of(20, 1).assign(neutral=False)
    raw, scored = {"a": reviews}, {"a": scores_of(reviews)}
    report = make_client_report("acme", raw=raw, scored=scored, kept=["product"], champion=None, records=[], now=NOW)
    assert "neutral" not in said(report.html)
    former = report.figures.drop(columns=["neutral", "neutral_mean_score", "neutral_low", "neutral_high"])
    for figures in (report.figures, former):
        assert "neutral" not in join_reports(["acme"], {"acme": figures}, NOW, reports_at=REPORTS).html


def test_where_every_review_is_neutral_no_net_sentiment_is_made_up() -> None:
    reviews = reviews_of(10, 1)
    raw, scored = {"a": rated_neutral(reviews, 10)}, {"a": scores_of(reviews)}
    page = make_client_report("acme", raw=raw, scored=scored, kept=[], champion=None, records=[], now=NOW).html
    assert "Neutral reviews: 10. They stand" in said(page)
    assert "Every review is neutral by its label" in page
    assert "points" not in said(page).split("Net sentiment is")[0]
    assert "No review has been scored" not in page


def test_scores_are_compared_on_reviews_that_the_champion_was_not_trained_on_and_knows_a_word_of() -> None:
    """What it knows by heart lies near the ends, and it was trained on no neutral review."""
    reviews = rated_neutral(reviews_of(100, 1), 20)
    scores = scores_of(reviews_of(100, 1)).assign(score=0.5)
    scores.loc[50:, "score"] = 1.0
    scores.loc[:4, "score"] = 0.0
    joined = join_scores({"a": reviews}, {"a": scores}).reviews
    found = {each.label: each for each in scores_by_label(joined, champion(trained_on=reviews[50:]))}
    assert {name: each.reviews for name, each in found.items()} == {
        "positive": int((reviews["label"] == 1).sum()),
        "neutral": 20,
        "negative": int((reviews["label"] == 0).sum()),
    }
    assert found["neutral"].compared == 15
    assert found["positive"].compared + found["negative"].compared == 30
    assert {each.score.value for each in found.values() if each.score} == {0.5}
    whole = whole_of({"a": reviews}, {"a": scores}, champion(trained_on=reviews[:10]))
    assert whole["neutral_mean_score"] == 0.5
    assert whole_of({"a": reviews}, {"a": scores}, champion())["neutral_mean_score"] == 0.5, "without those of 0"
    scores.loc[:9, "score"] = [0.0] * 5 + [0.9] * 5
    assert whole_of({"a": reviews}, {"a": scores}, champion(reviews[:10]))["neutral_mean_score"] == 0.5


def test_words_of_neutral_reviews_are_neither_praise_nor_complaint() -> None:
    reviews = reviews_of(40, 1)
    scores = scores_of(reviews)
    scores["words"] = [["middling"] if row < 10 else words for row, words in enumerate(scores["words"])]
    scores["contributions"] = [[0.5] if row < 10 else terms for row, terms in enumerate(scores["contributions"])]
    pages = [
        make_client_report("acme", raw={"a": raw}, scored={"a": scores}, kept=[], champion=None, records=[], now=NOW)
        for raw in (reviews, rated_neutral(reviews, 10))
    ]
    assert ["middling" in page.html for page in pages] == [True, False]


def test_the_share_of_reviews_that_say_a_word_is_of_those_that_are_not_neutral() -> None:
    before, now = reviews_of(60, 1, "2026-08-03"), rated_neutral(reviews_of(80, 2, "2026-09-07"), 40)
    raw, scored = {"a": before, "b": now}, {"a": scores_of(before), "b": scores_of(reviews_of(80, 2))}
    scored["b"]["words"] = [["late"]] * 80
    scored["b"]["contributions"] = [[-0.5]] * 80
    page = make_client_report("acme", raw=raw, scored=scored, kept=[], champion=None, records=[], now=NOW).page
    assert page is not None
    [late] = [each for each in page.changed if each.word.shown == "late"]
    assert (late.now, late.share_now) == (40, 1.0)


def test_the_page_of_a_value_tells_its_own_neutral_undated_and_sisters_reviews() -> None:
    reviews = reviews_of(100, 1, "2026-10-05")
    scores = scores_of(reviews)
    reviews = rated_neutral(reviews, 20)
    reviews.loc[90:, "created_at"] = pd.NaT
    scores["model_version"] = np.where(np.arange(100) < 40, "movies/3", "1")
    files = make_client_report(
        "acme", raw={"a": reviews}, scored={"a": scores}, kept=["product"], champion=None, records=[], now=NOW
    ).files
    pages = [said(file.decode()) for name, file in files.items() if name.startswith("value-")]
    assert len(pages) == 2
    for page in pages:
        assert "Neutral reviews: 10. They count on neither side." in page
        assert "Reviews without a date: 5." in page
        assert "20 of these reviews were scored by movies/3" in page


def test_reviews_that_a_sister_scored_are_marked_on_every_page_and_counted() -> None:
    raw = {"a.csv": reviews_of(60, 1), "b.csv": reviews_of(40, 2)}
    scored = {"a.csv": scores_of(raw["a.csv"]).assign(model_version="movies/3"), "b.csv": scores_of(raw["b.csv"])}
    report = make_client_report("acme", raw=raw, scored=scored, kept=[], champion=None, records=[], now=NOW)
    assert "60 of these reviews were scored by movies/3, the model of a sister branch" in said(report.html)
    figures = report.figures.set_index(["by", "period"])["by_sister"]
    assert figures[("all", "all")] == 60
    assert "(60 scored by a sister)" in join_reports(["acme"], {"acme": report.figures}, NOW, reports_at=REPORTS).html
    of_its_own = {name: scores_of(each) for name, each in raw.items()}
    silent = make_client_report("acme", raw=raw, scored=of_its_own, kept=[], champion=None, records=[], now=NOW)
    assert "sister" not in silent.html
    assert "sister" not in join_reports(["acme"], {"acme": silent.figures}, NOW, reports_at=REPORTS).html
    former = report.figures.drop(columns="by_sister")
    assert "sister" not in join_reports(["acme"], {"acme": former}, NOW, reports_at=REPORTS).html


def report_of(raw: dict[str, pd.DataFrame], former: FormerReport | None = None, **how: object) -> str:
    scored = {name: scores_of(each) for name, each in raw.items()}
    made = make_client_report(
        "acme", raw=raw, scored=scored, kept=[], records=[], now=NOW, champion=None, former=former, **how
    )  # type: ignore[arg-type]
    return said(made.html)


def former_of(raw: dict[str, pd.DataFrame]) -> FormerReport:
    scored = {name: scores_of(each) for name, each in raw.items()}
    made = make_client_report("acme", raw=raw, scored=scored, kept=[], champion=None, records=[], now=NOW)
    return FormerReport(date(2026, 11, 22), made.figures)


def test_what_changed_since_the_report_before_is_said_with_its_files() -> None:
    a, b = reviews_of(100, 1, "2026-10-01"), reviews_of(60, 2, "2026-10-08")
    assert "Since the report of 2026-11-22" in report_of({"a.csv": a, "b.csv": b}, former_of({"a.csv": a}))
    more = report_of({"a.csv": a, "b.csv": b}, former_of({"a.csv": a}))
    assert "60 more reviews; net sentiment of all went from" in more
    assert "New files: b.csv." in more
    fewer = report_of({"a.csv": a}, former_of({"a.csv": a, "b.csv": b}))
    assert "60 fewer reviews are counted" in fewer
    assert "New files" not in fewer
    replaced = report_of({"b.csv": reviews_of(100, 3, "2026-10-01")}, former_of({"a.csv": a}))
    assert "As many reviews as before" in replaced
    assert "New files: b.csv." in replaced


def test_figures_of_two_reports_are_of_one_kind_and_say_which() -> None:
    unlabelled = reviews_of(100, 1, "2026-10-01")
    scored = scores_of(unlabelled)
    unlabelled = unlabelled.assign(label=pd.array([pd.NA] * 100, "Int8"))
    before = make_client_report(
        "acme", raw={"a.csv": unlabelled}, scored={"a.csv": scored}, kept=[], champion=None, records=[], now=NOW
    )
    after = report_of({"a.csv": reviews_of(100, 1, "2026-10-01")}, FormerReport(date(2026, 11, 22), before.figures))
    assert "Both as counted by the model, because one of them could not be corrected." in after
    both = report_of({"a.csv": reviews_of(100, 1)}, former_of({"a.csv": reviews_of(100, 1)}))
    assert "as counted by the model, because" not in both


def test_a_report_of_some_days_says_so_and_compares_no_period_that_these_cut() -> None:
    weeks = {
        f"{day}.csv": reviews_of(100, number, f"2026-09-{day:02}") for number, day in enumerate((2, 9, 16, 23), start=1)
    }
    text = report_of(weeks, days=(date(2026, 9, 7), date(2026, 9, 30)))
    assert "Only reviews written from 2026-09-07 to 2026-09-30 are counted." in text
    assert "300 reviews (" in text
    assert "300 reviews (" in report_of(weeks, days=(date(2026, 9, 9), date(2026, 9, 23))), "both days are included"
    assert "are counted" not in report_of(weeks).split("Before you rely")[0].split("more reviews")[0]
    none = report_of(weeks, days=(date(2025, 1, 1), date(2025, 1, 2)))
    assert "reviews (" not in none


@pytest.mark.parametrize("raw", [{}, {"a.csv": reviews_of(20, 1)}], ids=["nothing", "no dates"])
def test_days_of_which_nothing_is_known_have_no_review(raw: dict[str, pd.DataFrame]) -> None:
    assert "No review has been scored" in report_of(raw, days=(date(2026, 9, 7), date(2026, 9, 30)))
