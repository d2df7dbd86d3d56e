from dataclasses import replace

import pytest

from sentiment_assets.monitoring.check_record import CheckRecord
from sentiment_assets.monitoring.drift_verdict import drift_verdict
from sentiment_assets.monitoring.finding import Finding, Verdict


def finding(name: str, verdict: Verdict, effect: float | None = None, *parts: Finding) -> Finding:
    return Finding(name=name, verdict=verdict, sentence=f"{name} says so.", effect=effect, parts=parts)


def record(batch: str, *findings: Finding) -> CheckRecord:
    return CheckRecord(batch, "t", "1", findings)


def drifted(batch: str) -> CheckRecord:
    parts = [
        replace(finding("length", "warn", 0.5), sentence="reviews are shorter"),
        replace(finding("wording", "warn", 0.9), sentence="the wording differs"),
        replace(finding("capitals", "ok", 0.99), sentence="there are fewer capital letters"),
    ]
    return record(batch, finding("text_drift", "warn", 0.9, *parts), finding("label_drift", "ok", 0.0))


def fine(batch: str) -> CheckRecord:
    return record(batch, finding("text_drift", "ok", 0.01), finding("label_drift", "unknown"))


def test_since_is_the_first_of_the_warnings_in_a_row() -> None:
    history = [drifted("a"), fine("b"), drifted("c"), drifted("d")]
    assert drift_verdict(history, []).startswith(
        "No: since c, because the wording differs and reviews are shorter; how often its scores are right cannot be"
    )
    assert drift_verdict(history[:2], []).startswith("Yes: the reviews of b are like those that it was trained on")


def test_batches_of_which_nobody_can_tell_hide_no_verdict_of_the_one_before() -> None:
    few, labels = (record(batch, finding("text_drift", "unknown")) for batch in ("few", "labels"))
    said = drift_verdict([drifted("a"), drifted("b"), few, labels], [record("b", finding("accuracy", "warn", 0.2))])
    assert said.startswith("No: since a, because the wording differs")
    assert said.endswith(
        "its scores are 20 points less often right than on test reviews. Of 2 batches since nobody can tell."
    )
    assert drift_verdict([fine("a"), few], []).endswith("Of 1 batch since nobody can tell.")
    assert "since" not in drift_verdict([fine("a")], [])


def test_what_was_found_of_a_former_champion_is_no_verdict_on_the_one_that_has_taken_its_place() -> None:
    few = replace(record("few", finding("text_drift", "unknown")), champion="2")
    assert drift_verdict([drifted("a"), few], []) == "Nobody can tell. text_drift says so."


@pytest.mark.parametrize(
    ("findings", "says"),
    [
        ([finding("accuracy", "warn", 0.167)], "its scores are 17 points less often right than on test reviews."),
        (
            [finding("accuracy", "ok", -0.021)],
            "its scores are 2 points more often right than on test reviews, which is no",
        ),
        ([finding("accuracy", "ok", 0.012)], "its scores are 1 point less often right"),
        ([finding("accuracy", "ok", 0.004)], "its scores are as often right as on test reviews."),
        (
            [finding("accuracy", "unknown"), finding("estimated_accuracy", "warn", 0.08)],
            "its scores are estimated to be 8 points less often right than on test reviews.",
        ),
        ([finding("accuracy", "unknown"), finding("estimated_accuracy", "unknown", 0.08)], "cannot be told without"),
    ],
)
def test_how_much_less_often_the_scores_are_right_is_measured_or_estimated_or_not_known(
    findings: list[Finding], says: str
) -> None:
    assert says in drift_verdict([drifted("a")], [record("a", *findings)])


def test_since_is_told_of_each_check_and_of_the_champion_that_the_batch_was_compared_with() -> None:
    labels = record("jan", finding("text_drift", "ok"), finding("label_drift", "warn"))
    assert drift_verdict([labels, drifted("feb")], []).startswith("No: since feb, because the wording differs")
    before = replace(drifted("jan"), champion="0")
    assert drift_verdict([before, drifted("feb")], []).startswith("No: since feb, ")
    both = replace(labels, batch="feb", findings=(*drifted("feb").findings[:1], finding("label_drift", "warn")))
    said = drift_verdict([labels, both], [])
    assert "since feb, because the wording differs and reviews are shorter; since jan, because the check label" in said


def test_texts_that_nobody_could_compare_are_not_called_like_the_others() -> None:
    silent = record("a", finding("text_drift", "unknown"), finding("label_drift", "ok", 0.0))
    assert drift_verdict([silent], []).startswith("Nobody can tell. ")


def test_accuracy_of_another_batch_says_nothing_of_the_latest() -> None:
    others = [record("a", finding("accuracy", "warn", 0.3))]
    assert "cannot be told without labels" in drift_verdict([fine("a"), drifted("b")], others)


def test_what_nobody_can_tell_is_said() -> None:
    assert drift_verdict([], []) == "Nobody can tell yet: no batch has been checked."
    silent = record("a", finding("text_drift", "unknown"), finding("label_drift", "unknown"))
    assert drift_verdict([silent], []) == "Nobody can tell. text_drift says so."
