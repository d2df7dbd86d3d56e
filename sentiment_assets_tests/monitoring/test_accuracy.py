from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest, norm

from sentiment_assets.learning.calibration import Calibration
from sentiment_assets.learning.model import SentimentModel
from sentiment_assets.monitoring.accuracy import (
    Estimate,
    PastEstimate,
    back_test,
    calibrated,
    estimate_accuracy,
    estimate_by_lot,
    estimated_accuracy,
    label_budget,
    measure,
    measured_accuracy,
    not_neutral,
)
from sentiment_assets.monitoring.batch_to_check import ComparedChampion
from sentiment_assets.monitoring.reference import Reference
from sentiment_assets.monitoring.settings import MonitoringSettings
from testing.batches import batch, middling

SETTINGS = MonitoringSettings()


def answers(reviews: pd.DataFrame, model: SentimentModel) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Margins, numbers of known n-grams, labels."""
    rows = model.rows(reviews["text"])
    margins = model.margins(reviews["text"])
    return margins, np.diff(rows.indptr), reviews["label"].to_numpy(np.int8)


def test_the_interval_is_clopper_and_pearsons() -> None:
    found = measure(np.array([1.0] * 90 + [-1.0] * 10), np.ones(100))
    expected = binomtest(90, 100).proportion_ci(0.95, method="exact")
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    assert measure(np.ones(5), np.ones(5)).high == 1
    assert measure(np.ones(5), np.zeros(5)).low == 0


def test_a_batch_the_champion_does_well_on_passes(model: SentimentModel, reference: Reference) -> None:
    margins, _, labels = answers(batch(500), model)
    found = measured_accuracy(margins, labels, reference, SETTINGS)
    assert found.verdict == "ok"
    assert "of 500 labelled reviews are scored rightly" in found.sentence


def test_a_drop_that_chance_does_not_explain_warns(model: SentimentModel, reference: Reference) -> None:
    margins, _, labels = answers(batch(500), model)
    labels[:100] = 1 - labels[:100]
    assert measured_accuracy(margins, labels, reference, SETTINGS).warns
    few = measured_accuracy(margins[80:140], labels[80:140], reference, replace_alpha(1e-9))
    assert few.verdict == "ok", "in 60 reviews chance may explain it"


def test_a_drop_that_is_sure_but_too_small_to_matter_does_not_warn(model: SentimentModel, reference: Reference) -> None:
    margins, _, labels = answers(batch(500), model)
    labels[:100] = 1 - labels[:100]
    found = measured_accuracy(margins, labels, reference, MonitoringSettings(accuracy_drop=0.3))
    assert not found.warns
    assert found.p_value is not None
    assert found.p_value < 1e-6


def test_better_than_on_test_is_no_reason_to_warn(model: SentimentModel, reference: Reference) -> None:
    margins, _, labels = answers(batch(500), model)
    worse = replace(reference, labels=np.where(np.arange(len(reference.labels)) % 3 == 0, 1, reference.labels))
    found = measured_accuracy(margins, labels, worse, SETTINGS)
    assert found.p_value is not None
    assert found.p_value < 1e-6
    assert found.verdict == "ok"


@pytest.mark.parametrize("n", [300, 1_000, 2_000])
def test_a_drop_half_of_what_matters_warns_no_more_often_than_promised(n: int, reference: Reference) -> None:
    """The champion is right in 92 of 100 test reviews, and in 91 of 100 of the batches'; two points matter."""
    right_of_test = np.arange(5_000) % 100 < 92
    usual = replace(reference, margins=np.where(right_of_test, 1.0, -1.0), labels=np.ones(5_000, np.int8), n_test=5_000)
    rng = np.random.default_rng(n)
    margins = np.where(rng.random((1_000, n)) < 0.91, 1.0, -1.0)
    warned = [measured_accuracy(each, np.ones(n, np.int8), usual, SETTINGS).warns for each in margins]
    assert np.mean(warned) <= SETTINGS.alpha
    much_worse = np.where(np.arange(1_000) % 100 < 84, 1.0, -1.0)
    assert measured_accuracy(much_worse, np.ones(1_000, np.int8), usual, SETTINGS).warns


def test_held_out_reviews_in_which_nothing_is_known_hide_no_drop(reference: Reference) -> None:
    """Of a batch such reviews are not judged, and beside a reference with them it would look better than it is."""
    right = np.where(np.arange(5_000) % 100 < 92, 1.0, -1.0)
    known = np.arange(5_000) // 100 % 10 > 0
    usual = replace(
        reference,
        margins=np.where(known, right, 0.0),
        known_ngrams=np.where(known, 20, 0).astype(np.int32),
        labels=np.ones(5_000, np.int8),
        n_test=5_000,
    )
    worse = np.where(np.arange(2_000) % 100 < 85, 1.0, -1.0)
    found = measured_accuracy(worse, np.ones(2_000, np.int8), usual, SETTINGS)
    assert found.warns
    assert found.effect == pytest.approx(0.92 - 0.85, abs=0.002)
    estimate = Estimate(0.85, low=0.84, high=0.86, sure=True)
    assert estimated_accuracy(estimate, 2_000, usual, SETTINGS).effect == pytest.approx(0.92 - 0.85, abs=0.002)


def replace_alpha(alpha: float) -> MonitoringSettings:
    return MonitoringSettings(alpha=alpha)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_labels_say_nothing(n: int, model: SentimentModel, reference: Reference) -> None:
    margins, _, labels = answers(batch(n), model)
    assert measured_accuracy(margins, labels, reference, SETTINGS).verdict == "unknown"


def test_one_class_alone_can_be_measured(model: SentimentModel, reference: Reference) -> None:
    margins, _, labels = answers(batch(200, positive_share=1), model)
    assert measured_accuracy(margins, labels, reference, SETTINGS).verdict == "ok"


def test_a_champion_without_test_reviews_is_no_difficulty(model: SentimentModel, reference: Reference) -> None:
    margins, _, labels = answers(batch(200), model)
    assert measured_accuracy(margins, labels, replace(reference, n_test=0), SETTINGS).verdict == "unknown"


def test_without_labels_the_estimate_is_near_and_its_band_holds_the_truth(
    model: SentimentModel, reference: Reference
) -> None:
    errors, inside = [], []
    for seed in range(100, 130):
        margins, known, labels = answers(batch(300, seed, positive_share=0.4 + 0.01 * (seed - 100)), model)
        estimate = estimate_accuracy(margins, known, reference)
        true = measure(margins, labels).accuracy
        errors.append(abs(estimate.accuracy - true))
        inside.append(estimate.low <= true <= estimate.high)
    assert np.mean(errors) < 0.02
    assert np.mean(inside) >= 0.9


def test_no_answer_is_taken_to_be_surer_than_a_few_hundred_held_out_reviews_can_say(reference: Reference) -> None:
    probabilities = calibrated(np.array([-1e3, 1e3]), np.array([20, 20]), reference)
    assert probabilities == pytest.approx([0.005, 0.995])


def test_neutral_reviews_lie_where_p_is_one_half_whatever_the_threshold_is(
    champion_beside_neutral: ComparedChampion,
) -> None:
    model, reference = champion_beside_neutral.model, champion_beside_neutral.reference
    margins, known, _ = answers(batch(300, 3).assign(label=0), model)
    shift = 0.7
    neutral = replace(reference.neutral, margins=reference.neutral.margins + shift)
    shifted = replace(reference, margins=reference.margins + shift, neutral=neutral)
    assert not_neutral(margins + shift, known, shifted, shift) == pytest.approx(not_neutral(margins, known, reference))
    assert Calibration(2.0, log_odds=-1.4).even_margin == pytest.approx(shift)


def test_neutral_reviews_do_not_pull_the_estimate_down(champion_beside_neutral: ComparedChampion) -> None:
    """Accuracy is that of positive and negative reviews; a fifth of the batch is neutral, and nobody says which."""
    model, reference = champion_beside_neutral.model, champion_beside_neutral.reference
    assert reference is not None
    blind = replace(reference, neutral=replace(reference.neutral, margins=np.empty(0)))
    misses, blind_misses = [], []
    for seed in range(100, 110):
        labelled, neutral = batch(400, seed), middling(100, seed)
        true = measure(*[answers(labelled, model)[place] for place in (0, 2)]).accuracy
        margins, known, _ = answers(pd.concat([labelled, neutral]).assign(label=0), model)
        misses.append(estimate_accuracy(margins, known, reference).accuracy - true)
        blind_misses.append(estimate_accuracy(margins, known, blind).accuracy - true)
        certain = np.arange(500) < 400
        alone = estimate_accuracy(margins[:400], known[:400], reference, surely_labelled=certain[:400])
        assert alone.accuracy == pytest.approx(estimate_accuracy(margins[:400], known[:400], blind).accuracy)
    assert abs(np.mean(misses)) < 0.01
    assert np.mean(blind_misses) < -0.015


def test_of_a_batch_unlike_the_reference_scores_cannot_tell_and_it_says_what_would(
    model: SentimentModel, reference: Reference
) -> None:
    margins, known, _ = answers(batch(300), model)
    usual, unlike = (estimate_accuracy(margins, known, reference, sure=sure) for sure in (True, False))
    found = estimated_accuracy(unlike, 300, reference, SETTINGS, to_label=50)
    assert found.verdict == "unknown"
    assert found.sentence.startswith("Scores cannot tell the accuracy, because texts or answers are unlike")
    assert "Label the 50 reviews of the label budget" in found.sentence
    assert "If the scores were right: without labels, accuracy is estimated at" in found.sentence
    assert "see the check accuracy" in estimated_accuracy(unlike, 300, reference, SETTINGS).sentence
    assert estimated_accuracy(usual, 300, reference, SETTINGS).verdict == "ok"
    assert estimated_accuracy(usual, 7, reference, SETTINGS).verdict == "unknown"


def test_of_a_batch_unlike_the_reference_even_scores_that_say_too_much_may_warn(
    model: SentimentModel, reference: Reference
) -> None:
    margins, known, _ = answers(batch(500), model)
    found = estimated_accuracy(estimate_accuracy(margins / 20, known, reference, sure=False), 500, reference, SETTINGS)
    assert found.warns
    assert found.sentence.startswith("Without labels, accuracy is estimated at")


def test_labels_drawn_by_lot_are_what_the_accuracy_is_estimated_by(reference: Reference) -> None:
    """Fifty of a thousand, four of which are neutral, so that no label is known of them."""
    margins, labels = np.ones(1_000), np.full(1_000, np.nan)
    labels[:50] = np.where(np.arange(50) < 32, 1, 0)
    labels[[3, 11, 40, 45]] = np.nan
    found = estimate_by_lot(margins, labels)
    assert found is not None
    said = measure(np.ones(46), np.where(np.arange(46) < 30, 1, 0))
    assert (found.accuracy, found.low, found.high, found.labels_used) == (said.accuracy, said.low, said.high, 46)
    assert found.sure
    assert estimated_accuracy(found, 1_000, reference, SETTINGS).warns


@pytest.mark.parametrize("labelled", [[], range(9), range(500, 1_000), range(0, 1_000, 2)])
def test_labels_that_the_lot_did_not_draw_are_no_sample(labelled: list[int]) -> None:
    labels = np.full(1_000, np.nan)
    labels[list(labelled)] = 1
    assert estimate_by_lot(np.ones(1_000), labels) is None


def test_doubtful_answers_warn_without_a_single_label(model: SentimentModel, reference: Reference) -> None:
    margins, known, _ = answers(batch(500), model)
    estimate = estimate_accuracy(margins / 20, known, reference)
    found = estimated_accuracy(estimate, 500, reference, SETTINGS)
    assert found.warns
    assert found.sentence.startswith("Without labels, accuracy is estimated at")


def test_labels_that_landed_since_narrow_the_band(model: SentimentModel, reference: Reference) -> None:
    margins, known, labels = answers(batch(300), model)
    some = np.where(np.arange(300) < 150, labels, np.nan)
    without, half, all_ = (
        estimate_accuracy(margins, known, reference, labels=given) for given in (None, some, labels.astype(float))
    )
    widths = [each.high - each.low for each in (without, half, all_)]
    assert widths[0] > widths[1] > widths[2] == pytest.approx(0)
    assert all_.accuracy == pytest.approx(measure(margins, labels).accuracy)
    assert estimated_accuracy(half, 300, reference, SETTINGS).sentence.startswith("With 150 labels that landed since")


def test_what_the_held_out_reviews_leave_open_shrinks_with_the_share_that_is_guessed(
    model: SentimentModel, reference: Reference
) -> None:
    """In a batch so large that chance among its own reviews is nothing, half of the labels halve what is left."""
    margins, known, labels = (np.tile(each, 300) for each in answers(batch(300), model))
    half = np.where(np.arange(len(labels)) % 2 == 0, labels, np.nan)
    without, with_half = (estimate_accuracy(margins, known, reference, labels=given) for given in (None, half))
    assert without.half is not None
    assert with_half.half == pytest.approx(without.half / 2, rel=0.05)


def test_the_estimate_is_the_mean_confidence_of_calibrated_probabilities(
    model: SentimentModel, reference: Reference
) -> None:
    margins, known, _ = answers(batch(500, positive_share=0.9), model)
    probabilities = calibrated(margins / 4, known, reference)
    confidence = np.where(margins > 0, probabilities, 1 - probabilities)
    assert estimate_accuracy(margins / 4, known, reference).accuracy == pytest.approx(confidence.mean())


def test_the_reviews_to_label_are_the_doubtful_and_the_unlike(model: SentimentModel, reference: Reference) -> None:
    margins, known, _ = answers(batch(300), model)
    nothing_unlike = np.zeros(300)
    doubt = calibrated(margins, known, reference) * (1 - calibrated(margins, known, reference))
    chosen = label_budget(margins, known, reference, unlikeness=nothing_unlike, n=10)
    assert doubt[chosen].min() >= np.sort(doubt)[-10]
    sure = int(np.argmin(doubt))
    unlike = np.where(np.arange(300) == sure, 1.0, 0.0)
    assert sure in label_budget(margins, known, reference, unlikeness=unlike, n=100)
    assert label_budget(margins[:0], known[:0], reference, unlikeness=nothing_unlike[:0], n=10).tolist() == []


def past(estimate: float, true: float, *, sure: bool = True) -> PastEstimate:
    """An estimate whose band is 2 points to each side by chance, and whatever wider it was made."""
    band = Estimate(estimate, estimate - 0.05, estimate + 0.05, sure=sure, half=0.02)
    return PastEstimate(band, true)


def test_past_estimates_are_held_against_what_labels_said() -> None:
    assert back_test([]) is None
    good = back_test([past(0.9, 0.91), past(0.9, 0.89), past(0.9, 0.9)])
    assert good is not None
    assert (good.n, good.covered, good.widened) == (3, 3, 1.0)
    bad = back_test([past(0.9, 0.82)] * 3)
    assert bad is not None
    assert bad.covered == 0
    assert bad.mean_absolute_error == pytest.approx(0.08)
    assert bad.widened > 3
    few = back_test([past(0.9, 0.8)])
    assert few is not None
    assert few.widened == 1, "one batch is no history"


def test_batches_unlike_the_reference_say_nothing_about_bands_and_former_releases_not_how_wide_they_were() -> None:
    unlike = [past(0.9, 0.5, sure=False)] * 50
    assert back_test(unlike) is None
    known, diluted = back_test([past(0.9, 0.82)] * 3), back_test([*unlike, *[past(0.9, 0.82)] * 3])
    assert known is not None
    assert diluted == known
    old = [PastEstimate(Estimate(0.9, 0.88, 0.92, sure=True), 0.5)] * 3
    told = back_test(old)
    assert told is not None
    assert (told.covered, told.widened) == (0, 1.0)


def test_the_factor_is_that_by_which_bands_would_have_been_right() -> None:
    told = back_test([past(0.9, 0.9 + miss) for miss in (-0.05, 0.05)] * 2)
    assert told is not None
    assert told.widened * 0.02 == pytest.approx(0.05 * norm.ppf(0.975)), "misses of 5 points in each batch"


@pytest.mark.parametrize("needed", [2.0, 4.0])
def test_bands_come_to_hold_the_truth_when_errors_are_larger_than_they_should_be(
    needed: float, model: SentimentModel, reference: Reference
) -> None:
    """A stream of batches, each with the factor that the former ones ask for."""
    margins, known, _ = answers(batch(400), model)
    margins = margins / 20  # of doubtful answers, so that no accuracy comes near 1
    rng = np.random.default_rng(1)
    spread = (estimate_accuracy(margins, known, reference).half or 0.0) / norm.ppf(0.975)
    seen: list[PastEstimate] = []
    for miss in rng.normal(0, needed * spread, 400):
        tested = back_test(seen)
        estimate = estimate_accuracy(margins, known, reference, widened=tested.widened if tested else 1.0)
        seen.append(PastEstimate(estimate, estimate.accuracy + miss))
    inside = [each.estimate.low <= each.accuracy <= each.estimate.high for each in seen[50:]]
    assert binomtest(sum(inside), len(inside), 0.95).pvalue > 0.01, np.mean(inside)


def test_a_wider_band_has_the_same_middle(model: SentimentModel, reference: Reference) -> None:
    margins, known, _ = answers(batch(300), model)
    usual, wide = (estimate_accuracy(margins, known, reference, widened=factor) for factor in (1.0, 3.0))
    assert wide.accuracy == usual.accuracy
    assert usual.half == wide.half
    assert usual.half is not None
    assert usual.low - wide.low == pytest.approx(2 * usual.half)
