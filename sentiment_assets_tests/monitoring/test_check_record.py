from dataclasses import replace

from sentiment_assets.monitoring.accuracy import Estimate, PastEstimate
from sentiment_assets.monitoring.check_record import (
    CheckRecord,
    OpenWarning,
    of_what_is_there,
    open_warnings,
    past_estimates,
)
from sentiment_assets.monitoring.finding import Finding, Verdict


def record(batch: str, content: str, checked_at: str, verdict: Verdict = "ok") -> CheckRecord:
    return CheckRecord(
        batch, checked_at, None, (Finding(name="html", verdict=verdict, sentence="look"),), content=content
    )


def test_records_of_what_a_batch_held_before_do_not_count() -> None:
    old, new = record("a.csv", "1", "2026-01-01", "warn"), record("a.csv", "2", "2026-01-02")
    other = record("b.csv", "1", "2026-01-01")
    assert of_what_is_there({"quality": [new, other], "texts": [old]}) == {"quality": [new, other], "texts": []}
    same = record("a.csv", "2", "2026-01-01")
    assert of_what_is_there({"quality": [new], "texts": [same]}) == {"quality": [new], "texts": [same]}
    assert of_what_is_there({}) == {}


def test_records_of_a_former_release_count_until_one_says_what_the_batch_holds() -> None:
    unknown = record("a.csv", "", "2026-01-01", "warn")
    assert of_what_is_there({"texts": [unknown]}) == {"texts": [unknown]}
    assert of_what_is_there({"texts": [unknown], "quality": [record("a.csv", "1", "2026-01-02")]})["texts"] == []


def test_every_warning_is_open_and_nothing_else() -> None:
    warned, fine = record("a.csv", "1", "2026-01-01", "warn"), record("b.csv", "1", "2026-01-01")
    assert open_warnings([warned, fine, record("c.csv", "1", "t", "unknown")]) == (
        OpenWarning("a.csv", "html", "look", "2026-01-01"),
    )


def test_only_estimates_without_labels_that_labels_have_checked_are_told() -> None:
    guess = Estimate(0.9, 0.88, 0.92, sure=True)
    told = replace(record("a.csv", "1", "t"), estimate=guess, accuracy=0.91)
    others = [
        replace(told, accuracy=None),
        replace(told, estimate=None),
        replace(told, estimate=replace(guess, labels_used=1)),
    ]
    assert past_estimates([told, *others]) == [PastEstimate(guess, 0.91)]
