from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from sentiment_assets.monitoring.accuracy import Estimate, PastEstimate
from sentiment_assets.monitoring.alarms import alarm_budget, history_of, wakes_somebody
from sentiment_assets.monitoring.check_record import (
    CheckRecord,
    OpenWarning,
    StampedRecord,
    for_history,
    history_from_bytes,
    history_to_bytes,
    of_what_is_there,
    open_warnings,
    past_estimates,
)
from sentiment_assets.monitoring.finding import Finding, Verdict
from sentiment_assets.monitoring.settings import PagingRule


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
    at_once = record("a.csv", "1", "2026-01-02")
    assert of_what_is_there({"quality": [at_once], "texts": [new]}) == {"quality": [], "texts": [new]}
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


FINDINGS = st.builds(
    Finding,
    name=st.sampled_from(("html", "text_drift")),
    verdict=st.sampled_from(("ok", "warn", "unknown")),
    sentence=st.just("said"),
    effect=st.just(0.5),
    threshold=st.sampled_from((None, 0.0, 0.03)),
    surely=st.sampled_from((None, 0.0, 0.02, 0.05)),
    too_little=st.booleans(),
    parts=st.lists(
        st.builds(
            Finding,
            name=st.just("length"),
            verdict=st.just("ok"),
            sentence=st.just("longer"),
            surely=st.sampled_from((None, 0.0, 0.02, 0.05)),
            too_little=st.booleans(),
        ),
        max_size=2,
    ).map(tuple),
)
ESTIMATES = st.sampled_from((None, Estimate(0.9, 0.88, 0.92, sure=True, half=0.01)))
RECORDS = st.lists(
    st.builds(
        CheckRecord,
        batch=st.sampled_from(("a.csv", "b.csv")),
        checked_at=st.sampled_from("123"),
        champion=st.just("1"),
        findings=st.lists(FINDINGS, max_size=2).map(tuple),
        estimate=ESTIMATES,
        accuracy=st.sampled_from((None, 0.91)),
        content=st.sampled_from(("", "x", "y")),
    ),
    max_size=5,
)


@given(RECORDS)
def test_what_is_kept_for_history_says_the_same(records: list[CheckRecord]) -> None:
    """Of alarm budget, paging, open warnings, back test, and what a batch holds."""
    kept = [for_history(each) for each in records]
    assert open_warnings(kept) == open_warnings(records)
    assert past_estimates(kept) == past_estimates(records)
    for check in ("html", "text_drift"):
        ours, theirs = history_of(check, kept), history_of(check, records)
        assert alarm_budget(ours) == alarm_budget(theirs)
        assert wakes_somebody(ours, PagingRule()) == wakes_somebody(theirs, PagingRule())
    still_there = of_what_is_there({"quality": records})["quality"]
    assert of_what_is_there({"quality": kept})["quality"] == [for_history(each) for each in still_there]


@given(RECORDS)
def test_a_history_comes_back_as_it_was_written(records: list[CheckRecord]) -> None:
    stamped = {str(place): StampedRecord("s", for_history(each)) for place, each in enumerate(records)}
    assert history_from_bytes(history_to_bytes(stamped)) == stamped
    assert history_from_bytes(b"{") == {}
