from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from sentiment_assets.ingestion.content import content_digest
from sentiment_assets.monitoring import language, sample
from sentiment_assets.monitoring.batch_checks import (
    DegradationChecks,
    check_degradation,
    check_drift,
    choose_reviews,
    is_out_of_date,
)
from sentiment_assets.monitoring.batch_to_check import BatchToCheck, ComparedChampion, find_new_reviews
from sentiment_assets.monitoring.check_record import CheckRecord, record_from_bytes, record_to_bytes
from sentiment_assets.monitoring.other_batches import OtherBatches, digests_and_labels, look_at_others
from sentiment_assets.monitoring.quality import batch_quality
from sentiment_assets.monitoring.quality_batch import QualityBatch
from sentiment_assets.monitoring.settings import DEGRADATION_CHECKS, DRIFT_CHECKS, MonitoringSettings
from testing.batches import batch, kitchen, middling, texts_alone

SETTINGS = MonitoringSettings()
ALONE = look_at_others([], [])
NOW = "2026-11-23T08:00:00+00:00"


def texts_of(reviews: pd.DataFrame, champion: ComparedChampion | None, others: OtherBatches = ALONE) -> CheckRecord:
    return check_drift(
        BatchToCheck(key="b.csv", reviews=reviews, champion=champion, others=others, checked_at=NOW), SETTINGS
    )


def scores_of(
    reviews: pd.DataFrame,
    champion: ComparedChampion | None,
    others: OtherBatches = ALONE,
    drift_record: CheckRecord | None = None,
    past: list[CheckRecord] | None = None,
) -> DegradationChecks:
    batch_to_check = BatchToCheck(key="b.csv", reviews=reviews, champion=champion, others=others, checked_at=NOW)
    return check_degradation(batch_to_check, SETTINGS, drift_record=drift_record, past=past or [])


def verdicts(record: CheckRecord) -> dict[str, str]:
    return {finding.name: finding.verdict for finding in record.findings}


def test_the_same_source_passes_and_another_domain_warns(champion: ComparedChampion) -> None:
    same = texts_of(batch(300), champion)
    assert verdicts(same) == dict.fromkeys(DRIFT_CHECKS, "ok")
    assert same.examples == ()
    other = texts_of(kitchen(300), champion)
    assert verdicts(other)["text_drift"] == "warn"
    assert other.unlike > 0.5
    assert len(other.examples) == 10
    assert {example.text for example in other.examples} <= set(kitchen(300)["text"])
    assert verdicts(scores_of(batch(300), champion).record) == dict.fromkeys(DEGRADATION_CHECKS, "ok")


def test_a_sample_of_a_large_batch_is_compared_and_said(
    champion: ComparedChampion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample, "MOST_LOOKED_AT", 200)
    same, other = texts_of(batch(500), champion), texts_of(kitchen(500), champion)
    for record, verdict in ((same, "ok"), (other, "warn")):
        text_drift, label_drift = record.findings
        assert text_drift.verdict == verdict
        assert "200 distinct reviews (a sample of 500)" in text_drift.sentence
        assert "of 500 labels" in label_drift.sentence, "which are counted all"
    assert {example.text for example in other.examples} <= set(kitchen(500)["text"])
    shuffled = batch(500).sample(frac=1, random_state=1)
    assert texts_of(shuffled, champion).findings == same.findings
    copies = pd.concat([batch(500), batch(500)])
    assert texts_of(copies, champion).findings[0] == same.findings[0], "of distinct texts"


def test_the_language_of_a_text_is_found_out_once(champion: ComparedChampion, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the quality checks, the drift checks and the copies of a text together."""
    asked: list[str] = []
    known = language.identifier()

    def classify(text: str) -> tuple[str, float]:
        asked.append(text)
        return known.classify(text)

    monkeypatch.setattr(language, "identifier", lambda: SimpleNamespace(classify=classify))
    monkeypatch.setattr(sample, "MOST_LOOKED_AT", 200)
    language._language.cache_clear()
    reviews = pd.concat([batch(500), batch(100)], ignore_index=True)
    batch_quality(
        QualityBatch(
            reviews=reviews,
            rows_in=600,
            rows_quarantined=0,
            rows_duplicate=0,
            others=ALONE,
            checked_at=datetime.fromisoformat(NOW),
        ),
        SETTINGS,
    )
    texts_of(reviews, champion)
    assert len(asked) == len(set(asked))
    assert 150 < len(asked) < 250, "most texts of the one sample are those of the other"


def test_neutral_reviews_are_compared_with_nothing_where_the_reference_has_none(champion: ComparedChampion) -> None:
    same, other = batch(300), kitchen(150)
    neutral = other.assign(label=pd.array([pd.NA] * 150, "Int8"), neutral=True)
    mixed = pd.concat([same.assign(neutral=False), neutral], ignore_index=True)
    assert texts_of(mixed, champion).findings == texts_of(same, champion).findings
    assert scores_of(mixed, champion).record.findings == scores_of(same, champion).record.findings
    assert verdicts(texts_of(mixed.assign(neutral=False), champion))["text_drift"] == "warn"


def unlabelled(reviews: pd.DataFrame) -> pd.DataFrame:
    return reviews.assign(label=pd.array([pd.NA] * len(reviews), "Int8"), neutral=False)


def half_labelled(reviews: pd.DataFrame) -> pd.DataFrame:
    some = reviews.index % 2 == 0
    return reviews.assign(label=reviews["label"].where(some), neutral=reviews["neutral"] & some)


def with_neutral(n: int, seed: int, share: float) -> pd.DataFrame:
    n_neutral = round(n * share)
    reviews = batch(n - n_neutral, seed).assign(neutral=False)
    return pd.concat([reviews, middling(n_neutral, seed)], ignore_index=True).sample(frac=1, random_state=0)


@pytest.mark.parametrize("known", [lambda each: each, unlabelled, half_labelled])
def test_batches_with_neutral_reviews_are_harmless_if_such_came_before(
    known: Callable[[pd.DataFrame], pd.DataFrame], champion_beside_neutral: ComparedChampion, champion: ComparedChampion
) -> None:
    """A fifth of what the champion was made of was neutral, and so is a fifth of the batch."""
    for seed in range(100, 105):
        reviews = known(with_neutral(500, seed, 0.2))
        found = [*texts_of(reviews, champion_beside_neutral).findings]
        found += scores_of(reviews, champion_beside_neutral).record.findings
        assert {finding.name: finding.sentence for finding in found if finding.warns} == {}
    assert verdicts(texts_of(unlabelled(reviews), champion))["text_drift"] == "warn", "without any before"


def test_batches_whose_neutral_reviews_were_dropped_are_harmless_too(champion_beside_neutral: ComparedChampion) -> None:
    for seed in range(100, 105):
        reviews = batch(500, seed).assign(neutral=False)
        assert "warn" not in verdicts(texts_of(reviews, champion_beside_neutral)).values()
        assert "warn" not in verdicts(scores_of(reviews, champion_beside_neutral).record).values()


def test_more_or_no_neutral_reviews_than_came_before_are_drift_where_nobody_says_which_they_are(
    champion_beside_neutral: ComparedChampion,
) -> None:
    for share in (0.0, 0.5):
        reviews = unlabelled(with_neutral(1_000, 100, share))
        assert verdicts(texts_of(reviews, champion_beside_neutral))["text_drift"] == "warn"


def test_the_word_shift_of_a_batch_with_neutral_reviews_adds_up(champion_beside_neutral: ComparedChampion) -> None:
    assert champion_beside_neutral.reference is not None
    reviews = unlabelled(with_neutral(500, 100, 0.2))
    account = scores_of(reviews, champion_beside_neutral).record.word_shift
    usual, neutral = champion_beside_neutral.reference, champion_beside_neutral.reference.neutral
    expected = (1 - neutral.share) * usual.on_test()[0].mean() + neutral.share * neutral.margins.mean()
    assert account is not None
    margins = champion_beside_neutral.model.margins(reviews["text"])
    assert account.change == pytest.approx(margins.mean() - expected, abs=1e-3)
    assert abs(expected - usual.on_test()[0].mean()) > 0.01


def test_a_tenth_of_another_domain_is_found_beside_neutral_reviews(champion_beside_neutral: ComparedChampion) -> None:
    reviews = pd.concat([with_neutral(900, 100, 0.2), kitchen(100).assign(neutral=False)], ignore_index=True)
    for each in (reviews, unlabelled(reviews)):
        assert verdicts(texts_of(each, champion_beside_neutral))["text_drift"] == "warn"


def test_without_a_champion_or_its_reference_the_checks_say_so(champion: ComparedChampion) -> None:
    early = replace(champion, reference=None)  # type: ignore[type-var]
    for given, said in (
        (None, "There is no champion yet"),
        (early, "Champion version 1 has no reference: train again"),
    ):
        for record in (texts_of(batch(100), given), scores_of(batch(100), given).record):
            assert {finding.verdict for finding in record.findings} == {"unknown"}
            assert record.findings[0].sentence.startswith(said)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_next_to_no_reviews_are_not_judged(n: int, champion: ComparedChampion) -> None:
    assert set(verdicts(texts_of(batch(n), champion)).values()) == {"unknown"}
    assert set(verdicts(scores_of(batch(n), champion).record).values()) == {"unknown"}


@pytest.mark.parametrize("texts", [["the same"] * 200, [""] * 200, ["?!"] * 200])
def test_identical_and_empty_texts_are_no_difficulty(texts: list[str], champion: ComparedChampion) -> None:
    assert verdicts(texts_of(texts_alone(texts), champion))["text_drift"] == "unknown"
    assert verdicts(scores_of(texts_alone(texts), champion).record)["accuracy"] == "unknown"


def test_reviews_in_which_the_champion_knows_nothing_are_told_and_not_judged(champion: ComparedChampion) -> None:
    made_up = [f"xyzzy{number} plugh{number}" for number in range(200)]  # some of them share a column with a known word
    strange = texts_alone([text for text in made_up if not champion.model.rows([text]).nnz][:100])
    alone = scores_of(strange, champion).record
    assert set(verdicts(alone).values()) == {"unknown"}
    assert "0 new reviews" in alone.findings[0].sentence
    assert "beside 100 in which it knows no word" in alone.findings[0].sentence
    both = pd.concat([batch(300), strange], ignore_index=True)
    mixed, plain = (scores_of(each, champion).record for each in (both, batch(300)))
    assert mixed.findings[:2] == plain.findings[:2]


def test_a_label_that_was_corrected_since_counts_as_corrected(champion: ComparedChampion) -> None:
    reviews = batch(300)
    wrong = reviews.assign(label=(1 - reviews["label"]).astype("Int8"))
    since = look_at_others([], [digests_and_labels(reviews)])
    corrected, right = scores_of(wrong, champion, since).record, scores_of(reviews, champion).record
    assert verdicts(corrected)["accuracy"] == "ok"
    assert corrected.accuracy == right.accuracy
    assert verdicts(scores_of(wrong, champion).record)["accuracy"] == "warn"


def test_the_labels_of_a_few_check_no_estimate(champion: ComparedChampion) -> None:
    """Their accuracy has a noise of its own, by which the bands would widen."""
    reviews = batch(600)
    few = reviews.assign(label=reviews["label"].where(reviews.index < 60))
    assert scores_of(few, champion).record.accuracy is None
    assert scores_of(reviews, champion).record.accuracy is not None


def test_reviews_that_the_champion_was_trained_on_are_left_out(champion: ComparedChampion) -> None:
    trained_on = batch(3000, seed=0)
    held_out = scores_of(trained_on, champion)
    assert "labelled reviews" in held_out.record.findings[1].sentence
    n = int(held_out.record.findings[1].sentence.split(" of ")[1].split(" labelled")[0].replace(",", ""))
    assert n == 3000 - len(champion.model.trained_on)
    texts = texts_of(trained_on, champion)
    assert verdicts(texts)["text_drift"] == "ok", "that it knows all words of its own reviews is no drift"
    assert texts.findings[0].sentence.startswith(f"{n:,} distinct reviews")


def test_reviews_that_came_before_are_left_out(champion: ComparedChampion) -> None:
    reviews = batch(300)
    others = look_at_others([digests_and_labels(reviews)], [])
    assert set(verdicts(texts_of(reviews, champion, others)).values()) == {"unknown"}
    assert set(verdicts(scores_of(reviews, champion, others).record).values()) == {"unknown"}


def test_a_label_budget_that_lands_again_narrows_the_estimate(champion: ComparedChampion) -> None:
    labelled = batch(300)
    reviews = labelled.assign(label=pd.array([pd.NA] * 300, "Int8"))
    first = scores_of(reviews, champion)
    assert verdicts(first.record)["accuracy"] == "unknown"
    assert len(first.to_label) == SETTINGS.label_budget
    assert list(first.to_label) == ["review_id", "text", "label"]

    answered = labelled[labelled["review_id"].isin(first.to_label["review_id"])]
    again = scores_of(reviews, champion, look_at_others([], [digests_and_labels(answered)]))
    before, after = first.record.estimate, again.record.estimate
    assert before is not None
    assert after is not None
    assert after.labels_used == SETTINGS.label_budget
    assert after.high - after.low < before.high - before.low
    assert not set(again.to_label["review_id"]) & set(first.to_label["review_id"])


def test_no_label_is_asked_for_of_a_review_that_somebody_calls_neutral(champion: ComparedChampion) -> None:
    reviews = batch(200)
    neutral = reviews.assign(label=pd.array([pd.NA] * 200, "Int8"), neutral=[row < 120 for row in range(200)])
    asked = scores_of(neutral, champion).to_label
    assert len(asked) == SETTINGS.label_budget
    assert not set(asked["review_id"]) & set(reviews["review_id"][:120])


@pytest.mark.parametrize("reviews", [unlabelled(batch(300)), unlabelled(kitchen(300))], ids=["sure", "by lot"])
def test_a_review_that_a_later_batch_calls_neutral_is_asked_for_no_more(
    reviews: pd.DataFrame, champion: ComparedChampion
) -> None:
    first = scores_of(reviews, champion)
    answered = reviews[reviews["review_id"].isin(first.to_label["review_id"])].assign(neutral=True)
    again = scores_of(reviews, champion, look_at_others([], [digests_and_labels(answered)]))
    assert len(again.to_label) == SETTINGS.label_budget
    assert not set(again.to_label["review_id"]) & set(first.to_label["review_id"])
    assert again.record.estimate is not None
    assert again.record.estimate.labels_used == 0


def test_a_batch_with_labels_needs_none(champion: ComparedChampion) -> None:
    assert scores_of(batch(200), champion).to_label.empty


def test_drifted_texts_make_the_estimate_unsure(champion: ComparedChampion) -> None:
    reviews = kitchen(300)
    found = scores_of(reviews, champion, drift_record=texts_of(reviews, champion))
    assert verdicts(found.record)["estimated_accuracy"] in ("unknown", "warn")
    assert found.record.estimate is not None
    assert not found.record.estimate.sure


def test_drifted_answers_make_the_estimate_unsure(champion: ComparedChampion) -> None:
    reviews = unlabelled(batch(500, positive_share=0.8))
    found = scores_of(reviews, champion, drift_record=replace(texts_of(reviews, champion), unlike=0))
    assert verdicts(found.record)["prediction_drift"] == "warn"
    assert verdicts(found.record)["estimated_accuracy"] == "unknown"


def test_a_batch_that_scores_say_nothing_of_is_told_by_labels_drawn_by_lot(champion: ComparedChampion) -> None:
    """Every fourth of its reviews is scored wrongly, those among them of which the scores are sure."""
    truth = kitchen(400)
    positive = champion.model.margins(truth["text"]) > 0
    truth["label"] = pd.array(np.where(np.arange(400) % 4 == 0, ~positive, positive).astype(int), "Int8")
    asked = scores_of(unlabelled(truth), champion).to_label
    assert len(asked) == SETTINGS.label_budget
    answered = truth[truth["review_id"].isin(asked["review_id"])]
    assert answered["text"].nunique() == 50
    found = scores_of(unlabelled(truth), champion, look_at_others([], [digests_and_labels(answered)]))
    estimate = found.record.estimate
    assert estimate is not None
    assert (estimate.sure, estimate.labels_used) == (True, 50)
    assert estimate.low < 0.75 < estimate.high
    assert verdicts(found.record)["estimated_accuracy"] == "warn"
    assert not set(found.to_label["review_id"]) & set(asked["review_id"]), "more labels, drawn by the same lot"


def test_a_record_of_another_champion_does_not_count(champion: ComparedChampion) -> None:
    drifted = texts_of(kitchen(300), champion)
    reviews = batch(300)
    here = replace(drifted, content=content_digest(reviews))
    obeyed = scores_of(reviews, champion, drift_record=here).record.estimate
    assert obeyed is not None
    assert not obeyed.sure, "a record of this champion and this content counts"
    stale = scores_of(reviews, champion, drift_record=replace(here, champion="0")).record.estimate
    assert stale is not None
    assert stale.sure
    without = scores_of(kitchen(300), champion).record.estimate
    assert without is not None
    assert not without.sure, "without a record the texts are looked at"


def test_a_record_of_other_content_or_of_a_former_release_does_not_count(champion: ComparedChampion) -> None:
    """The batch was replaced, and its scores are checked before its texts are."""
    for record in (texts_of(kitchen(300), champion), replace(texts_of(kitchen(300), champion), content="")):
        estimate = scores_of(batch(300), champion, drift_record=record).record.estimate
        assert estimate is not None
        assert estimate.sure


def test_texts_are_compared_again_only_where_there_is_something_new_to_say(champion: ComparedChampion) -> None:
    fine, drifted, early = texts_of(batch(300), champion), texts_of(kitchen(300), champion), texts_of(batch(300), None)
    assert not is_out_of_date(fine, fine.content, "1")
    assert not is_out_of_date(fine, fine.content, "2"), "what was fine stays so"
    assert not is_out_of_date(drifted, drifted.content, "1")
    assert is_out_of_date(drifted, drifted.content, "2"), "a later champion may know such texts"
    assert is_out_of_date(early, early.content, "1"), "there was no champion then"
    assert is_out_of_date(fine, drifted.content, "1"), "the batch was replaced"
    assert is_out_of_date(replace(fine, content=""), "", "1"), "a former release did not say of what it speaks"
    assert is_out_of_date(None, fine.content, "1")


def test_every_record_says_of_which_content_it_is(champion: ComparedChampion) -> None:
    for reviews in (batch(300), batch(3)):
        for given in (champion, None):
            assert texts_of(reviews, given).content == content_digest(reviews)
            assert scores_of(reviews, given).record.content == content_digest(reviews)


def test_bands_learn_from_past_batches(champion: ComparedChampion) -> None:
    first = scores_of(batch(300), champion).record
    assert first.accuracy is not None
    wrong = [replace(first, accuracy=first.accuracy - 0.2)] * 3
    usual, wide = (scores_of(batch(300, 101), champion, past=past).record.estimate for past in ([], wrong))
    assert usual is not None
    assert wide is not None
    assert wide.high - wide.low > 2 * (usual.high - usual.low)


def test_a_record_survives_storing(champion: ComparedChampion) -> None:
    for record in (texts_of(kitchen(200), champion), scores_of(batch(200), champion).record, texts_of(batch(1), None)):
        assert record_from_bytes(record_to_bytes(record)) == record


def test_labels_of_the_batch_and_labels_that_came_since_are_kept_apart(champion: ComparedChampion) -> None:
    """Of four reviews one has a label, one has it corrected since, one gets its only label later, and one never."""
    reviews = batch(4)
    reviews["label"] = pd.array([1, 1, pd.NA, pd.NA], "Int8")
    since = reviews.iloc[[1, 2]].assign(label=pd.array([0, 0], "Int8"))
    others = look_at_others([], [digests_and_labels(since)])
    assert champion.reference is not None
    batch_to_check = BatchToCheck(key="b.csv", reviews=reviews, champion=champion, others=others, checked_at=NOW)
    chosen = choose_reviews(
        find_new_reviews(batch_to_check, champion.model, SETTINGS), champion.model, champion.reference
    )
    assert pd.Series(chosen.labels).fillna(-1).tolist() == [1, 0, -1, -1]
    assert pd.Series(chosen.labels_since).fillna(-1).tolist() == [-1, -1, 0, -1]
    assert chosen.labelled.tolist() == [True, True, False, False]
