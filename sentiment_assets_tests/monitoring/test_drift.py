from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from sentiment_assets.learning.model import SentimentModel
from sentiment_assets.monitoring.batch_texts import describe_batch_texts
from sentiment_assets.monitoring.drift import TextDrift, label_drift, prediction_drift, text_drift
from sentiment_assets.monitoring.reference import Reference
from sentiment_assets.monitoring.settings import MonitoringSettings
from testing.batches import batch, kitchen, texts_alone

SETTINGS = MonitoringSettings()


def look(reviews: pd.DataFrame, model: SentimentModel, reference: Reference, **settings: float) -> TextDrift:
    texts = reviews["text"]
    return text_drift(
        texts, describe_batch_texts(texts, model, reference.ngrams), reference, MonitoringSettings(**settings)
    )


def test_batches_of_the_same_source_stay_green(model: SentimentModel, reference: Reference) -> None:
    findings = [look(batch(300, seed), model, reference).finding for seed in range(100, 130)]
    assert sum(finding.warns for finding in findings) <= 1
    assert "look like those the champion was trained on" in findings[0].sentence


def test_another_domain_warns_and_names_the_words(model: SentimentModel, reference: Reference) -> None:
    found = look(kitchen(200), model, reference)
    assert found.finding.warns
    assert found.finding.sentence.startswith("About ")
    assert "the wording differs" in found.finding.sentence
    assert {word.ngram for word in found.words} >= {"blender", "kettle", "my"}
    assert found.words[0].in_batch > found.words[0].in_reference


@pytest.mark.parametrize("times", [1, 2])
def test_a_word_that_has_become_frequent_is_shown_beside_its_share_at_the_length_of_the_batch(
    times: int, model: SentimentModel, reference: Reference
) -> None:
    """A word of every eighth review stands in nearly a quarter of those that are twice as long."""
    ours = batch(400)["text"].tolist()
    texts = [f"{' '.join([text] * times)}{' superb' * (number % 2)}" for number, text in enumerate(ours)]
    [word] = [each for each in look(texts_alone(texts), model, reference).words if each.ngram == "superb"]
    had = np.mean(["superb" in text.split() for text in batch(3000, seed=0)["text"]])
    longer = np.mean([len(text) for text in texts]) / np.mean([len(text) for text in batch(3000, seed=0)["text"]])
    assert word.in_batch == np.mean(["superb" in text.split() for text in texts])
    assert word.in_reference == pytest.approx(1 - (1 - had) ** longer, abs=0.01)


def test_words_of_short_reviews_are_found_although_long_ones_have_more_of_every_word(
    model: SentimentModel, reference: Reference
) -> None:
    short = kitchen(200).assign(text=lambda frame: frame["text"].str.split().str[:4].str.join(" "))
    found = look(short, model, reference)
    assert {word.ngram for word in found.words[:3]} <= {"blender", "kettle", "my", "works"}
    evidence = [word.evidence for word in found.words]
    assert evidence == sorted(evidence, reverse=True)


def test_chance_and_length_move_no_word(model: SentimentModel, reference: Reference) -> None:
    one, other = batch(300, 100), batch(300, 101)
    assert look(one, model, reference).words == ()
    found = look(one.assign(text=one["text"] + " " + other["text"]), model, reference)
    assert "reviews are longer" in found.finding.sentence
    assert found.words == ()


def test_a_column_that_moved_has_its_distributions_and_others_have_none(
    model: SentimentModel, reference: Reference
) -> None:
    shouted = batch(300).assign(text=lambda frame: frame["text"].str.upper())
    found = look(shouted, model, reference)
    assert "capitals" in [each.name for each in found.distributions]
    assert {each.name for each in found.distributions} <= {part.name for part in found.finding.parts if part.warns}
    assert look(batch(300), model, reference).distributions == ()


def test_a_tenth_of_another_domain_warns_and_its_reviews_are_shown(model: SentimentModel, reference: Reference) -> None:
    mixed = pd.concat([batch(900), kitchen(100)], ignore_index=True)
    found = look(mixed, model, reference)
    assert found.finding.warns
    assert sum(place >= 900 for place, _ in found.unlike) >= 8


def test_a_difference_too_small_to_matter_does_not_warn(model: SentimentModel, reference: Reference) -> None:
    mixed = pd.concat([batch(900), kitchen(100)], ignore_index=True)
    found = look(mixed, model, reference, smallest_effect=0.5).finding
    assert not found.warns
    assert found.p_value is not None
    assert found.p_value < 1e-6
    assert "below the 50.0 % that matter" in found.sentence


@pytest.mark.parametrize(
    ("change", "meaning"),
    [
        (str.upper, "there are more capital letters"),
        (lambda text: text[:25], "reviews are shorter"),
        (lambda text: f"{text} !!! 12345 !!!", "there are more digits and signs"),
        (lambda _: "C'était une histoire très lente et les acteurs sont mauvais", "in another language"),
        (lambda text: " ".join(word[::-1] for word in text.split()), "more words are unknown to the champion"),
    ],
)
def test_what_changed_is_said(change, meaning: str, model: SentimentModel, reference: Reference) -> None:  # type: ignore[no-untyped-def]
    changed = batch(300)
    texts = [change(text) + (f" {number}" if number < 100 else "") for number, text in enumerate(changed["text"])]
    found = look(changed.assign(text=texts), model, reference).finding
    assert found.warns
    assert meaning in found.sentence


@pytest.mark.parametrize("texts", [[], ["fine"], ["fine", "bad"], ["the same"] * 500, ["?!"] * 500, [""] * 500])
def test_too_few_distinct_texts_are_not_judged(texts: list[str], model: SentimentModel, reference: Reference) -> None:
    found = look(texts_alone(texts), model, reference).finding
    assert found.verdict == "unknown"
    assert "fewer than 50 say nothing for sure" in found.sentence


def test_texts_without_any_word_are_unlike(model: SentimentModel, reference: Reference) -> None:
    found = look(texts_alone(["?" * n for n in range(1, 200)]), model, reference).finding
    assert found.warns


def test_copies_do_not_count_as_drift(model: SentimentModel, reference: Reference) -> None:
    reviews = batch(300)
    copies = pd.concat([reviews] + [reviews.head(1)] * 200, ignore_index=True)
    assert not look(copies, model, reference).finding.warns


def test_the_share_of_positive_labels_is_compared(reference: Reference) -> None:
    assert not label_drift(500, 1000, reference, SETTINGS).warns
    found = label_drift(650, 1000, reference, SETTINGS)
    assert found.warns
    assert found.sentence.startswith("65.0 % of 1,000 labels are positive")
    assert label_drift(1000, 1000, reference, SETTINGS).warns, "one class only"
    assert label_drift(7, 10, reference, SETTINGS).verdict == "unknown"
    assert label_drift(0, 0, reference, SETTINGS).verdict == "unknown"


@pytest.mark.parametrize("n", [300, 500, 2_000, 5_000])
def test_a_share_of_labels_half_of_what_matters_away_warns_no_more_often_than_promised(
    n: int, reference: Reference
) -> None:
    rng = np.random.default_rng(n)
    usual = replace(reference, positive=5_000, labelled=10_000)
    warned = [label_drift(int(count), n, usual, SETTINGS).warns for count in rng.binomial(n, 0.515, 1_000)]
    assert np.mean(warned) <= SETTINGS.alpha
    assert label_drift(round(0.6 * 1_000), 1_000, usual, SETTINGS).warns


@pytest.mark.parametrize("n", [100, 300, 500, 2_000])
def test_odd_reviews_half_of_what_matters_warn_no_more_often_than_promised(n: int, reference: Reference) -> None:
    """As many margins that are far from all others as 1.5 % of the reviews make by chance; the limit is 3 %."""
    rng = np.random.default_rng(n)
    usual, warned = rng.permutation(reference.on_test()[0]), 0
    for _ in range(200):
        margins = rng.choice(usual, n)
        odd = rng.binomial(n, 0.015)
        margins[:odd] = 50 + rng.random(odd)
        warned += prediction_drift(margins, reference, SETTINGS).warns
    assert warned / 200 <= 0.01


def test_margins_of_the_models_that_calibrate_the_champion_are_not_compared_with_its_own(reference: Reference) -> None:
    """They are of another distribution: those of the folds' models had wider tails."""
    margins, _ = reference.on_test()
    folds = replace(reference, margins=np.concatenate([2 * reference.margins[: -reference.n_test], margins]))
    assert prediction_drift(margins, folds, SETTINGS).p_value == 1
    assert prediction_drift(2 * margins, folds, SETTINGS).warns


def test_test_reviews_in_which_nothing_is_known_are_no_drift(reference: Reference) -> None:
    """Such reviews of a batch are not compared either."""
    rng = np.random.default_rng(0)
    usual = rng.normal(1, 1.5, 4_000)
    with_unknown = replace(
        reference,
        margins=np.where(np.arange(4_000) % 5 > 0, usual, 0.0),
        labels=(usual > 0).astype(np.int8),
        n_test=4_000,
    )
    found = prediction_drift(rng.normal(1, 1.5, 4_000), with_unknown, SETTINGS)
    assert found.verdict == "ok"
    assert found.effect == pytest.approx(0, abs=0.02)
    assert "of the champion's 3,200 test reviews were" in found.sentence, "as many as are compared"


def test_the_champions_answers_are_compared(model: SentimentModel, reference: Reference) -> None:
    def of(reviews: pd.DataFrame) -> np.ndarray:
        return model.margins(reviews["text"].tolist())

    assert not prediction_drift(of(batch(500)), reference, SETTINGS).warns
    found = prediction_drift(of(batch(500, positive_share=0.8)), reference, SETTINGS)
    assert found.warns
    assert "that chance does not explain" in found.sentence
    for n in (0, 1, 2):
        assert prediction_drift(of(batch(n)), reference, SETTINGS).verdict == "unknown"
