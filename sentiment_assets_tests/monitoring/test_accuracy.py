from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from sentiment_assets.learning.model import SentimentModel
from sentiment_assets.monitoring.accuracy import (
    Estimate,
    PastEstimate,
    adjust_to_prior,
    back_test,
    calibrated,
    estimate_accuracy,
    estimated_accuracy,
    label_budget,
    measure,
    measured_accuracy,
)
from sentiment_assets.monitoring.reference import Reference
from sentiment_assets.monitoring.settings import MonitoringSettings
from sentiment_assets_tests.batches import batch

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


def test_a_batch_unlike_the_reference_has_a_wider_band_and_says_so(model: SentimentModel, reference: Reference) -> None:
    margins, known, _ = answers(batch(300), model)
    usual, unlike = (estimate_accuracy(margins, known, reference, share) for share in (0, 0.5))
    assert unlike.high - unlike.low > usual.high - usual.low
    found = estimated_accuracy(unlike, 300, reference, SETTINGS)
    assert found.verdict == "unknown"
    assert "to be sure" in found.sentence
    assert estimated_accuracy(usual, 300, reference, SETTINGS).verdict == "ok"
    assert estimated_accuracy(usual, 7, reference, SETTINGS).verdict == "unknown"


def test_doubtful_answers_warn_without_a_single_label(model: SentimentModel, reference: Reference) -> None:
    margins, known, _ = answers(batch(500), model)
    estimate = estimate_accuracy(margins / 20, known, reference)
    found = estimated_accuracy(estimate, 500, reference, SETTINGS)
    assert found.warns
    assert found.sentence.startswith("Without labels, accuracy is put at")


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


def test_the_reviews_to_label_are_the_doubtful_and_the_unlike(model: SentimentModel, reference: Reference) -> None:
    margins, known, _ = answers(batch(300), model)
    nothing_unlike = np.zeros(300)
    doubt = calibrated(margins, known, reference) * (1 - calibrated(margins, known, reference))
    chosen = label_budget(margins, known, reference, nothing_unlike, 10)
    assert doubt[chosen].min() >= np.sort(doubt)[-10]
    sure = int(np.argmin(doubt))
    unlike = np.where(np.arange(300) == sure, 1.0, 0.0)
    assert sure in label_budget(margins, known, reference, unlike, 100)
    assert label_budget(margins[:0], known[:0], reference, nothing_unlike[:0], 10).tolist() == []


def test_probabilities_are_adjusted_to_the_batchs_own_share_of_positives() -> None:
    rng = np.random.default_rng(0)
    labels = rng.random(20_000) < 0.8
    evidence = rng.normal(np.where(labels, 1.0, -1.0), 1.0)
    balanced = 1 / (1 + np.exp(-2 * evidence))
    assert balanced.mean() < 0.76
    assert adjust_to_prior(balanced, 0.5).mean() == pytest.approx(0.8, abs=0.01)


def past(estimate: float, true: float) -> PastEstimate:
    return PastEstimate(Estimate(estimate, estimate - 0.02, estimate + 0.02, sure=True), true)


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


def test_bands_widen_when_past_ones_were_too_narrow(model: SentimentModel, reference: Reference) -> None:
    margins, known, _ = answers(batch(300), model)
    usual, wide = (estimate_accuracy(margins, known, reference, widened=factor) for factor in (1.0, 3.0))
    assert wide.accuracy == usual.accuracy
    assert wide.low < usual.low
