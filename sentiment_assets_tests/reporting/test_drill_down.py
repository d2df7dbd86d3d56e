"""The reviews behind the numbers: what a link chooses is what its number says."""

import io
import json
import re
from datetime import UTC, datetime
from html import unescape
from typing import Any
from urllib.parse import parse_qsl

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sentiment_assets.reporting import drill_down
from sentiment_assets.reporting.client_report import ClientReport, make_client_report
from sentiment_assets.reporting.figures import ChampionTestScores
from sentiment_assets.reporting.neutral_band import NeutralBand
from testing.batches import batch
from testing.corpus import BAD, GOOD

NOW = datetime(2026, 11, 23, tzinfo=UTC)
LINK = re.compile(r'<a href="reviews\.html#([^"]*)">([\d,]+)</a>')


def champion() -> ChampionTestScores:
    labels = np.array([1, 0] * 100, dtype=np.int8)
    margins = np.where(np.arange(200) < 20, -1.0, 1.0) * (2.0 * labels - 1)
    none = np.array([], np.uint64)
    return ChampionTestScores(
        "3",
        margins=margins,
        scores=margins,
        labels=labels,
        trained_on=none,
        neutral_band=NeutralBand(0.5, share=0.1, neutral=60, recall=0.4, precision=0.3),
    )


def report_of(n: int, *, seed: int = 1, dated: bool = True, **columns: object) -> ClientReport:
    """The report of two batches of ``n`` reviews; some are neutral, unlabelled, or of no known word."""
    raw, scored = {}, {}
    for number, name in enumerate(("a b&c.csv", "ä#1.csv")):
        reviews = batch(n, seed + number)
        place = pd.Series(range(n))
        days = pd.Timestamp("2026-08-05", tz="UTC") + pd.to_timedelta(place * 90 // n, unit="D")
        neutral = place % 7 == 0
        raw[name] = reviews.assign(
            label=reviews["label"].mask(neutral | (place % 3 == 0)),
            neutral=neutral,
            created_at=days if dated else pd.Series(pd.NaT, place, "datetime64[us, UTC]"),
            product=["kettle & co", "lamp=1", "täglich"] * (n // 3) + ["kettle & co"] * (n % 3),
        ).assign(**columns)
        raw[name].loc[place % 11 == 0, "text"] = [f"nothing known {number} {each}" for each in place[place % 11 == 0]]
        scored[name] = scores_of(raw[name], ["lovely", "</script>"] if "text" in columns else None)
    return make_client_report(
        "acme", raw=raw, scored=scored, kept=["product"], champion=champion(), records=[], now=NOW
    )


def scores_of(reviews: pd.DataFrame, words: list[str] | None = None) -> pd.DataFrame:
    """Scores that count telling words; with ``words`` these weigh in every text."""
    told = [words or [each for each in text.split() if each in (*GOOD, *BAD)] for text in reviews["text"]]
    added = [[-0.5 if word in BAD else 0.5 for word in each] for each in told]
    score = np.clip([sum(each) / 2 for each in added], -0.9, 0.9)
    frame = pd.DataFrame({"review_id": reviews["review_id"], "score": score, "label": (score > 0).astype("int8")})
    return frame.assign(words=told, contributions=added, model_version="3")


def read(script: bytes) -> Any:
    """What a data file gives a name to."""
    written = script.decode()
    assert re.match(r"window\.reviews\w+(\[\d+\])?=", written)
    return json.loads(written.partition("=")[2].rstrip(";\n"))


def chosen_by(address: str, index: Any) -> int:
    """How many reviews an address chooses, as ``reviews.js`` does: any of the values of a field, in all fields."""
    wanted: dict[str, set[int]] = {}
    for field, value in parse_qsl(address, strict_parsing=bool(address)):
        assert value in index["fields"][field]["values"], f"{field} has no {value}"
        wanted.setdefault(field, set()).add(index["fields"][field]["values"].index(value))
    places = range(len(index["score"]))
    of = {field: index["fields"][field]["of"] for field in wanted}
    return sum(
        all(numbers & set(np.atleast_1d(of[field][place]).tolist()) for field, numbers in wanted.items())
        for place in places
    )


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(12, 150), st.integers(1, 50), st.booleans())
def test_every_number_that_is_a_link_is_the_number_of_reviews_that_it_opens(n: int, seed: int, dated: bool) -> None:
    report = report_of(n, seed=seed, dated=dated)
    index = read(report.files["reviews-data/index.js"])
    values = {name: page.decode() for name, page in report.files.items() if name.startswith("value-")}
    assert len(values) == 3
    for name, page in {"report.html": report.html, **values}.items():
        links = LINK.findall(page)
        assert links
        for address, number in links:
            assert chosen_by(unescape(address), index) == int(number.replace(",", "")), f"{name}: {address}"


def test_a_word_of_praise_and_of_complaint_is_two_words() -> None:
    """One n-gram of it may weigh for the one, and another for the other."""
    reviews = batch(60).assign(product="lamp")
    scores = scores_of(reviews)
    scores["words"] = [["great"] if row < 40 else [". great"] for row in range(60)]
    scores["contributions"] = [[0.5] if row < 40 else [-0.5] for row in range(60)]
    scored = {"a": scores}
    report = make_client_report("b", raw={"a": reviews}, scored=scored, kept=[], champion=None, records=[], now=NOW)
    index = read(report.files["reviews-data/index.js"])
    numbers = {unescape(address): number for address, number in LINK.findall(report.html) if "word=" in address}
    assert numbers == {"word=%2Bgreat": "40", "word=-great": "20"}
    assert [chosen_by(address, index) for address in numbers] == [40, 20]


def test_every_kind_of_number_is_a_link() -> None:
    addresses = " ".join(unescape(address) for address, _ in LINK.findall(report_of(120).html))
    for field in ("period", "source", "label", "rated", "word", "kept.product"):
        assert f"{field}=" in addresses


def test_the_texts_of_all_reviews_lie_in_files_of_some_hundred_the_newest_first() -> None:
    report = report_of(300)
    files = [read(each) for name, each in report.files.items() if "texts" in name]
    assert [len(each) for each in files] == [250, 250, 100]
    days = [review[1] for each in files for review in each]
    assert days == sorted(days, reverse=True)
    index = read(report.files["reviews-data/index.js"])
    assert len(index["score"]) == index["all"] == 600


def test_a_page_holds_the_newest_reviews_and_the_parquet_file_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drill_down, "_HELD", 100)
    report = report_of(90)
    index = read(report.files["reviews-data/index.js"])
    assert (len(index["score"]), index["all"]) == (100, 180)
    assert "This page holds 100 of 180 reviews" in report.files["reviews.html"].decode()
    assert "the newest 100 of 180" in report.html
    every = pd.read_parquet(io.BytesIO(report.files["reviews.parquet"]))
    shown = pd.read_csv(io.BytesIO(report.files["reviews.csv"]))
    assert (len(every), len(shown)) == (180, 100)
    days = pd.to_datetime(every["created_at"]).dt.strftime("%Y-%m-%d").sort_values(ascending=False)
    assert pd.to_datetime(shown["created_at"]).min().strftime("%Y-%m-%d") == days.iloc[99]
    assert set(every["label"]) == {"positive", "negative", "neutral", "unrecognised"}


EVIL = "</script><img src=x onerror=alert(1)>\u2028 ]]> =1+1"


def test_review_text_is_inert_in_every_file() -> None:
    report = report_of(30, text=EVIL, review_id=EVIL, product=EVIL)
    for name, content in report.files.items():
        if name.endswith((".js", ".html")) and name != "reviews.js":
            written = content.decode()
            assert "<img" not in written, name
            assert "\u2028" not in written or name.endswith(".html"), name
        if name.startswith("reviews-data/"):
            assert "<" not in content.decode(), name
    assert "<img" not in report.html
    assert read(report.files["reviews-data/texts-000.js"])[0][2] == EVIL, "and it is whole"
    assert not re.search(r"(^|,)=", report.files["reviews.csv"].decode(), re.MULTILINE)


def test_pages_forbid_what_is_foreign_and_name_nothing_of_it() -> None:
    report = report_of(30)
    pages = {"report.html": report.html, "reviews.html": report.files["reviews.html"].decode()}
    for name, page in pages.items():
        assert "default-src 'none'" in page, name
        assert "http" not in page.replace("http-equiv", ""), name
        assert set(re.findall(r'(?:src|href)="([^"#]+)', page)) - {"report.html"} <= {*report.files, "figures.csv"}, (
            name
        )
    assert "<script" not in report.html
    assert re.findall(r"<script[^>]*>([^<]*)</script>", pages["reviews.html"]) == ["", ""], (
        "no script stands in the page"
    )


def test_a_page_that_stands_alone_has_no_link_that_leads_nowhere() -> None:
    page = report_of(60).page_alone("/data/acme/reports/2026-11-23/report.html")
    assert not re.findall(r'href="(?!#)', page)
    assert "lies in /data/acme/reports/2026-11-23/report.html." in page


def test_pages_of_values_are_made_where_there_are_at_most_fifty() -> None:
    few = report_of(120, product=[f"product {each % 50}" for each in range(120)])
    assert sum(name.startswith("value-") for name in few.files) == 50
    many = report_of(120, product=[f"product {each % 51}" for each in range(120)])
    assert not [name for name in many.files if name.startswith("value-")]
    assert "The 50 most frequent of 51 values." in many.html


def many_reviews(n: int, batches: int, values: int) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    chance = np.random.default_rng(4)
    each, raw, scored = n // batches, {}, {}
    words = np.array([*GOOD, *BAD], object)
    for number in range(batches):
        telling = chance.integers(0, len(words), each)
        up = telling < len(GOOD)
        first = pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(number % 300, unit="D")
        frame = pd.DataFrame({"review_id": [f"{number}-{row}" for row in range(each)]})
        raw[f"{number:04}.csv"] = frame.assign(
            text=[f"it was {words[word]} in box {number} {row}" for row, word in enumerate(telling)],
            label=pd.array([pd.NA] * each, "Int8"),
            neutral=False,
            created_at=first,
            split=None,
            product=[f"product {value}" for value in chance.integers(0, values, each)],
        )
        scored[f"{number:04}.csv"] = frame.assign(
            score=np.where(up, 0.8, -0.8),
            label=up.astype("int8"),
            words=[[words[word]] for word in telling],
            contributions=[[0.5 if each else -0.5] for each in up],
            model_version="3",
        )
    return raw, scored


@pytest.mark.slow
def test_a_page_is_small_whatever_it_is_about() -> None:
    raw, scored = many_reviews(200_000, batches=1_000, values=64)
    report = make_client_report(
        "acme", raw=raw, scored=scored, kept=["product"], champion=champion(), records=[], now=NOW
    )
    assert len(report.html.encode()) < 1_000_000
    assert len(report.files["reviews-data/index.js"]) < 2_000_000
