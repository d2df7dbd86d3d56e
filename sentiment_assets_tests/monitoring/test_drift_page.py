import re
from dataclasses import replace
from datetime import UTC, datetime

import pandas as pd
import pytest
from markupsafe import escape

from sentiment_assets.monitoring import drift_page
from sentiment_assets.monitoring.batch_checks import check_degradation, check_drift
from sentiment_assets.monitoring.batch_to_check import BatchToCheck, ComparedChampion
from sentiment_assets.monitoring.check_record import CheckRecord, for_history, with_whole_records
from sentiment_assets.monitoring.drift_page import batches_told, make_drift_page, render_drift_page
from sentiment_assets.monitoring.finding import unknown
from sentiment_assets.monitoring.other_batches import look_at_others
from sentiment_assets.monitoring.settings import MonitoringSettings
from testing.batches import batch, kitchen

SETTINGS = MonitoringSettings()
ALONE = look_at_others([], [])
NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
EVIL = "<script>alert('kettle')</script>"


def records(champion: ComparedChampion) -> tuple[list[CheckRecord], list[CheckRecord]]:
    """Of three batches, the last of another domain and with markup in its texts."""
    evil = kitchen(200).assign(text=lambda frame: frame["text"] + f" {EVIL}")
    batches = {"a.csv": batch(200, 1), "b.csv": batch(200, 2), "c.csv": evil}
    to_check = {
        key: BatchToCheck(key=key, reviews=each, champion=champion, others=ALONE, checked_at="t")
        for key, each in batches.items()
    }
    texts = [check_drift(each, SETTINGS) for each in to_check.values()]
    scores: list[CheckRecord] = []
    for each, text in zip(to_check.values(), texts, strict=True):
        scores.append(check_degradation(each, SETTINGS, drift_record=text, past=scores).record)
    return texts, scores


def page(texts: list[CheckRecord], scores: list[CheckRecord], batches: list[str]) -> str:
    return render_drift_page(
        make_drift_page(
            "movies", batches, quality=[], drift=texts, degradation=scores, settings=SETTINGS, written_at=NOW
        )
    )


def test_the_page_tells_the_story_of_the_latest_batch(champion: ComparedChampion) -> None:
    html = page(*records(champion), ["a.csv", "b.csv", "c.csv"])
    assert "No: since c.csv, because " in html
    assert html.count('<span class="dot ok') >= 4
    assert "What moved in c.csv" in html
    assert "characters of a review</text>" in html, "the axis says what it counts"
    assert "the wording differs" in html
    assert ">kettle</td>" in html
    assert "What moved the mean margin of c.csv" in html
    assert "what each threshold would have cost" in html
    assert "Of 2 batches with labels like the reference" in html
    budget = html.split("what each threshold would have cost")[1]
    assert budget.count("(as it is)") == budget.count("<tr>") - 1, "one row for each check"


def test_a_batch_of_which_nobody_can_tell_hides_nothing_of_the_one_before(champion: ComparedChampion) -> None:
    texts, scores = records(champion)
    of_labels = [
        replace(each[-1], batch="labels.csv", findings=tuple(unknown(f.name, "too few") for f in each[-1].findings))
        for each in (texts, scores)
    ]
    html = page([*texts, of_labels[0]], [*scores, of_labels[1]], ["a.csv", "b.csv", "c.csv", "labels.csv"])
    assert "No: since c.csv, because " in html
    assert "Of 1 batch since nobody can tell." in html
    assert "What moved in c.csv" in html
    assert '<summary>labels.csv: <span class="tag unknown">too little</span></summary>' in html
    assert '<summary>a.csv: <span class="tag ok">fine</span></summary>' in html


def test_review_text_is_never_markup(champion: ComparedChampion) -> None:
    html = page(*records(champion), ["a.csv", "b.csv", "c.csv"])
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_it_needs_nothing_else(champion: ComparedChampion) -> None:
    html = page(*records(champion), ["a.csv", "b.csv", "c.csv"])
    links = re.findall(r'(?:src|href)="([^"]*)"', html)
    assert {each for each in links if not each.startswith("#")} == set(), "all of it is in the file"
    assert set(re.findall(r"https?://[^\s\"<]+", html)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }


def test_each_batch_can_be_opened_and_has_what_its_checks_said(champion: ComparedChampion) -> None:
    texts, scores = records(champion)
    html = page(texts, scores, ["a.csv", "b.csv", "c.csv"])
    opened = html.split("<details")[1:]
    assert [re.search(r"<summary>(\S+):", each).group(1) for each in opened] == ["c.csv", "b.csv", "a.csv"]
    for record, said in zip([*zip(texts, scores, strict=True)][::-1], opened, strict=True):
        for finding in (*record[0].findings, *record[1].findings):
            assert str(escape(finding.sentence)) in said


def test_what_is_known_to_be_nothing_is_not_dressed_up_as_a_number(champion: ComparedChampion) -> None:
    html = page(*records(champion), ["a.csv", "b.csv", "c.csv"])
    assert "−0.0 %" not in html
    assert "-0.0 %" not in html
    assert '<td class="number">0</td>' not in html.split("part of the text check")[1].split("</table>")[0]
    assert "100.0 %" not in html.split("most unlike the reference")[1].split("</ol>")[0]


def test_two_warnings_of_the_last_three_page(champion: ComparedChampion) -> None:
    texts, scores = records(champion)
    assert "wakes somebody</span>" not in page(texts, scores, ["a.csv", "b.csv", "c.csv"])
    twice = [*texts[1:], replace(texts[-1], batch="d.csv")]
    assert "wakes somebody</span>" in page(twice, scores, ["b.csv", "c.csv", "d.csv"])


def test_a_batch_that_was_not_checked_leaves_a_gap(champion: ComparedChampion) -> None:
    texts, scores = records(champion)
    html = page(texts[:2], scores[:2], ["a.csv", "b.csv", "c.csv"])
    assert '<span class="dot " title="c.csv">' in html
    assert "not checked" in html


def test_a_branch_without_batches_has_a_page() -> None:
    assert "No batch has been checked yet." in page([], [], [])


def test_before_the_first_champion_nothing_is_compared() -> None:
    record = check_drift(
        BatchToCheck(key="a.csv", reviews=batch(100), champion=None, others=ALONE, checked_at="t"), SETTINGS
    )
    html = page([record], [], ["a.csv"])
    assert "There is no champion yet" in html
    assert "Nothing was compared." in html


def test_a_long_text_is_cut(champion: ComparedChampion) -> None:
    long = kitchen(200).assign(text=lambda frame: frame["text"] + pd.Series(["x" * 3000] * 200))
    record = check_drift(
        BatchToCheck(key="a.csv", reviews=long, champion=champion, others=ALONE, checked_at="t"), SETTINGS
    )
    assert "x" * 500 not in page([record], [], ["a.csv"])


@pytest.mark.parametrize("checked", [4, 3, 1])
def test_whole_records_are_asked_of_the_batches_told_alone(
    champion: ComparedChampion, monkeypatch: pytest.MonkeyPatch, checked: int
) -> None:
    """The page shows two batches; the last one that was checked may be an older one."""
    monkeypatch.setattr(drift_page, "_BATCHES_SHOWN", 2)
    groups = [[*each, replace(each[-1], batch="d.csv")][:checked] for each in records(champion)]
    batches = ["a.csv", "b.csv", "c.csv", "d.csv"]
    told = batches_told(batches, groups)
    assert told == (("a.csv", "c.csv", "d.csv") if checked == 1 else ("c.csv", "d.csv"))
    kept = [
        with_whole_records(
            [for_history(record) for record in whole], [record for record in whole if record.batch in told]
        )
        for whole in groups
    ]
    assert page(kept[0], kept[1], batches) == page(groups[0], groups[1], batches)


def test_whole_records_are_asked_of_the_last_batches_that_could_be_judged(
    champion: ComparedChampion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drift_page, "_BATCHES_SHOWN", 2)
    (*texts, warned), (judged, *_) = records(champion)
    labels = (unknown("text_drift", "few"), replace(warned.findings[1], verdict="ok"))
    nothing = (unknown("prediction_drift", "few"), unknown("accuracy", "few"))
    drift = [*texts, warned, *(replace(warned, batch=key, findings=labels) for key in ("d.csv", "e.csv"))]
    degradation = [judged, *(replace(judged, batch=key, findings=nothing) for key in ("c.csv", "d.csv", "e.csv"))]
    batches = ["a.csv", "b.csv", "c.csv", "d.csv", "e.csv"]
    told = batches_told(batches, [drift, degradation])
    assert told == ("a.csv", "c.csv", "d.csv", "e.csv")
    kept = [[each if each.batch in told else for_history(each) for each in whole] for whole in (drift, degradation)]
    html = page(*kept, batches)
    assert html == page(drift, degradation, batches)
    assert "What moved in c.csv" in html
    assert "What moved the mean margin of a.csv" in html
