"""The reviews by which a batch is judged: of a small one, those of the batches before it too."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
import pytest

from sentiment_assets.monitoring.batch_checks import check_degradation, check_drift
from sentiment_assets.monitoring.batch_to_check import (
    BatchBefore,
    BatchToCheck,
    ComparedChampion,
    NewReviews,
    find_new_reviews,
)
from sentiment_assets.monitoring.check_record import CheckRecord
from sentiment_assets.monitoring.other_batches import digests_and_labels, look_at_others
from sentiment_assets.monitoring.settings import MonitoringSettings
from testing.batches import batch, kitchen

SETTINGS = MonitoringSettings()


def last_of(batches: Sequence[pd.DataFrame], champion: ComparedChampion, later: int = 0) -> BatchToCheck:
    """The last of some batches, oldest first, or one that comes so many before it, as it is checked."""
    known = [digests_and_labels(each) for each in batches]
    place = len(batches) - 1 - later

    def before() -> Iterator[BatchBefore]:
        for at in reversed(range(place)):
            yield BatchBefore(batches[at], look_at_others(known[:at], known[at + 1 :]))

    return BatchToCheck(
        key="b.csv",
        reviews=batches[place],
        champion=champion,
        others=look_at_others(known[:place], known[place + 1 :]),
        checked_at="2026-11-29T08:00:00+00:00",
        before=before,
    )


def judged(batches: Sequence[pd.DataFrame], champion: ComparedChampion, settings: MonitoringSettings) -> NewReviews:
    return find_new_reviews(last_of(batches, champion), champion.model, settings)


def months(n: int, size: int, first_seed: int = 100) -> list[pd.DataFrame]:
    return [batch(size, seed) for seed in range(first_seed, first_seed + n)]


def dated(reviews: pd.DataFrame, day: str) -> pd.DataFrame:
    return reviews.assign(created_at=pd.Series(pd.Timestamp(day, tz="UTC"), reviews.index))


def test_a_small_batch_is_judged_with_as_many_before_it_as_it_takes(champion: ComparedChampion) -> None:
    batches = months(6, 20)
    found = judged(batches, champion, SETTINGS)
    assert (found.batches_before, found.of_its_own, len(found.reviews)) == (2, 20, 60)
    assert found.reviews["text"].tolist() == pd.concat(batches[3:])["text"].tolist()


@pytest.mark.parametrize("size", [0, 50, 60])
def test_a_batch_that_is_large_enough_and_one_that_brings_nothing_are_judged_alone(
    size: int, champion: ComparedChampion
) -> None:
    found = judged([*months(3, 20), batch(size, 200)], champion, SETTINGS)
    assert (found.batches_before, len(found.reviews)) == (0, size)


def test_a_label_budget_that_lands_repeats_texts_and_is_not_judged_again(champion: ComparedChampion) -> None:
    reviews = batch(300)
    found = judged([reviews, reviews[:30]], champion, SETTINGS)
    assert (found.batches_before, len(found.reviews)) == (0, 0)


def test_no_review_counts_twice_and_labels_that_came_since_are_kept_apart(champion: ComparedChampion) -> None:
    first, second, third = months(3, 20)
    hidden = first.assign(label=pd.array([pd.NA] * 20, "Int8"))
    answered = pd.concat([third, first[:5]], ignore_index=True)
    found = judged([hidden, pd.concat([second, hidden[5:9]], ignore_index=True), answered], champion, SETTINGS)
    assert found.reviews["text"].tolist() == pd.concat([first, second, third])["text"].tolist()
    assert found.labels_since[:5].tolist() == first["label"][:5].tolist()
    assert np.isnan(found.labels_since[5:]).all()


def test_reviews_that_the_champion_was_trained_on_are_not_taken_from_before(champion: ComparedChampion) -> None:
    found = judged([batch(300, 101), batch(3000, seed=0)[:200], batch(20, 102)], champion, SETTINGS)
    n_held_out = int((~np.isin(found.digests, champion.model.trained_on)).sum())
    assert n_held_out == len(found.digests)


def test_what_is_long_past_or_switched_off_is_not_taken(champion: ComparedChampion) -> None:
    days = ["2026-01-01", "2026-07-01", "2026-08-01"]
    batches = [dated(each, day) for each, day in zip(months(3, 20), days, strict=True)]
    assert judged(batches, champion, SETTINGS).batches_before == 1
    assert judged(batches, champion, MonitoringSettings(pool_days=300)).batches_before == 2
    assert judged(batches, champion, MonitoringSettings(pool_days=0)).batches_before == 0


def test_the_past_makes_no_check_slow(champion: ComparedChampion) -> None:
    assert judged(months(40, 1), champion, SETTINGS).batches_before == 30


def verdicts(record: CheckRecord) -> dict[str, str]:
    return {finding.name: finding.verdict for finding in record.findings}


def test_the_findings_of_a_small_batch_say_with_what_it_was_judged(champion: ComparedChampion) -> None:
    small = last_of(months(4, 20), champion)
    drift = check_drift(small, SETTINGS)
    answers = check_degradation(small, SETTINGS, drift_record=drift, past=[]).record
    said = " Judged together with the 2 batches before it, 60 new reviews in all, because 20 of its own are too few."
    for finding in (*drift.findings, *answers.findings):
        assert finding.verdict == "ok"
        assert finding.sentence.endswith(said)
    [alone] = [
        each for each in check_drift(last_of([batch(20)], champion), SETTINGS).findings if each.name == "text_drift"
    ]
    assert alone.verdict == "unknown"
    assert "Judged together" not in alone.sentence


def test_a_small_client_whose_reviews_change_is_warned(champion: ComparedChampion) -> None:
    changed = [kitchen(20, seed) for seed in range(200, 203)]
    drift = check_drift(last_of([*months(3, 20), *changed], champion), SETTINGS)
    assert verdicts(drift)["text_drift"] == "warn"


@pytest.mark.slow
def test_small_harmless_batches_warn_no_more_often_than_promised(champion: ComparedChampion) -> None:
    """Successive ones share reviews, so warnings come in rows; each batch keeps the level for itself."""
    batches = months(60, 20, first_seed=300)
    warned = [
        "warn" in verdicts(check_drift(last_of(batches, champion, later), SETTINGS)).values() for later in range(58)
    ]
    assert sum(warned) <= 2
