"""Drift of texts, labels and predictions against the champion's reference.

The drift checks of a batch share one rate of false alarms, ``alpha``, in equal parts, and so do the tests of a check
(Bonferroni). Significance alone never warns: the same difference must also surely exceed ``smallest_effect`` of the
reviews, or 100,000 rows would warn about nothing, and small batches about what is harmless.
"""

from dataclasses import dataclass, replace

import numpy as np

from sentiment_assets.learning.ngrams import Texts, as_column
from sentiment_assets.learning.vectorizer import name_columns
from sentiment_assets.monitoring.batch_texts import BatchTexts
from sentiment_assets.monitoring.classifier_test import classify_samples
from sentiment_assets.monitoring.column_odds import log_likelihood_ratio
from sentiment_assets.monitoring.distributions import Distribution, compare_distributions
from sentiment_assets.monitoring.finding import Finding, judged, unknown
from sentiment_assets.monitoring.reference import ComparedTexts, Reference
from sentiment_assets.monitoring.settings import MonitoringSettings
from sentiment_assets.monitoring.two_sample import Difference, compare_counts, compare_values
from sentiment_assets.presentation.wording import LONGEST_NGRAM, format_p_value, percent, shorten

_WORDS_SHOWN = 15
_WORDS_IN_SENTENCE = 5
_EXAMPLES = 10
_IN_NEARLY_ALL = 0.9
_NO_EVIDENCE = 10.83
"""The log-likelihood ratio that one word in a thousand reaches by chance (chi-squared with one degree of freedom)."""
_MEANINGS = {
    "wording": ("the wording differs", "the wording differs"),
    "length": ("reviews are longer", "reviews are shorter"),
    "capitals": ("there are more capital letters", "there are fewer capital letters"),
    "letters": ("there are fewer digits and signs", "there are more digits and signs"),
    "other_language": ("more reviews are in another language", "fewer reviews are in another language"),
    "unknown_words": ("more words are unknown to the champion", "fewer words are unknown to the champion"),
}


@dataclass(frozen=True)
class MovedWord:
    """An n-gram that stands in more of the batch's reviews than the reference and their length explain."""

    ngram: str
    in_batch: float
    """Share of the reviews that have it."""
    in_reference: float
    """Share of the reference's reviews that would have it if these were as long as the batch's."""
    evidence: float = 0.0
    """How much both shares speak for a difference: the log-likelihood ratio (Dunning 1993), 0 or more.

    In records of former releases it is 0, and the share in the reference is of its reviews as they are.
    """


@dataclass(frozen=True)
class TextDrift:
    """What moved, and the reviews that look least like the reference."""

    finding: Finding
    words: tuple[MovedWord, ...] = ()
    distributions: tuple[Distribution, ...] = ()
    """The text columns whose tests warn."""
    unlike: tuple[tuple[int, float], ...] = ()
    """The reviews most unlike the reference, the most unlike first: position in the batch, and the share of the
    reference's reviews that look less like the batch."""


def text_drift(
    texts: Texts,
    view: BatchTexts,
    reference: Reference,
    settings: MonitoringSettings,
    *,
    neutral_share: float = 0.0,
    distinct: int | None = None,
) -> TextDrift:
    """Compare the distinct texts of a batch with the reference's, of which ``neutral_share`` are to be neutral.

    ``distinct`` is how many the batch has, if ``texts`` are a sample of them.
    """
    n = len(view.positions)
    if n < settings.fewest_reviews or reference.rows.shape[0] < settings.fewest_reviews:
        reason = _too_few(n, reference.rows.shape[0], settings.fewest_reviews, "distinct texts")
        return TextDrift(unknown("text_drift", reason))
    compared = reference.compared_texts(neutral_share)
    values = _column_values(view, compared, reference.languages)
    columns = {name: compare_values(theirs, ours) for name, (theirs, ours) in values.items()}
    alpha = settings.test_alpha / (1 + len(columns))
    separation = classify_samples(compared.rows, view.ngrams, alpha=alpha)
    tests = {"wording": separation.differences} | columns
    parts = tuple(_judge(name, each.most_telling(alpha), settings, len(tests)) for name, each in tests.items())
    drawn = f" (a sample of {distinct:,})" if distinct and distinct > n else ""
    finding = _overall("text_drift", parts, f"{n:,} distinct reviews{drawn}")
    words = _moved_words(texts, view, reference, compared)
    moved = [part.name for part in parts if part.warns and part.name in values]
    if finding.warns and words:
        named = ", ".join(f"“{word.ngram}”" for word in words[:_WORDS_IN_SENTENCE])
        finding = replace(finding, sentence=f"{finding.sentence} Words that moved most: {named}.")
    order = np.argsort(-separation.unlikeness, kind="stable")[:_EXAMPLES]
    unlike = zip(view.positions[order].tolist(), separation.unlikeness[order].tolist(), strict=True)
    distributions = tuple(compare_distributions(name, *values[name]) for name in moved)
    return TextDrift(finding, words, distributions, tuple(unlike))


def label_drift(positive: int, labelled: int, reference: Reference, settings: MonitoringSettings) -> Finding:
    """Compare the share of positive labels with that of the reviews that the champion was trained on."""
    name = "label_drift"
    if labelled < settings.fewest_reviews:
        return unknown(name, _too_few(labelled, reference.labelled, settings.fewest_reviews, "labelled reviews"))
    difference = compare_counts(reference.positive, reference.labelled, positive, labelled)
    part = _judge(name, difference, settings)
    shares = (
        f"{percent(positive / labelled)} of {labelled:,} labels are positive, "
        f"{percent(reference.positive / reference.labelled)} of the champion's training labels were"
    )
    return replace(part, sentence=f"{shares}: {_reason(part)}.")


def prediction_drift(
    margins: np.ndarray, reference: Reference, settings: MonitoringSettings, *, neutral_share: float = 0.0
) -> Finding:
    """Compare the champion's margins, shape (n,), with those on its test reviews.

    ``neutral_share`` is how much of these are to be neutral ones. Black-box shift detection (Lipton, Wang & Smola
    2018): whatever changes the model's answers shows here.
    """
    name = "prediction_drift"
    compared = reference.compared_margins(neutral_share)
    n, m = len(margins), len(compared)
    if n < settings.fewest_reviews or m < settings.fewest_reviews:
        return unknown(name, _too_few(n, m, settings.fewest_reviews, "scored reviews"))
    difference = compare_values(compared, margins).most_telling(settings.test_alpha)
    part = _judge(name, difference, settings)
    theirs = "test and neutral reviews" if neutral_share else "test reviews"
    shares = (
        f"{percent(float((margins > 0).mean()))} of {n:,} reviews are scored positive, "
        f"{percent(float((compared > 0).mean()))} of the champion's {m:,} {theirs} were"
    )
    return replace(part, sentence=f"{shares}; over all margins: {_reason(part)}.")


def _judge(name: str, difference: Difference, settings: MonitoringSettings, tests: int = 1) -> Finding:
    """What one of the ``tests`` of a check says: it must be significant, and surely large enough to matter."""
    p_value = min(1.0, difference.p_value * tests)
    meaning = _MEANINGS.get(name, (name, name))[0 if difference.upward else 1]
    return judged(
        Finding(
            name=name,
            verdict="ok",
            sentence=meaning,
            statistic=difference.statistic,
            effect=difference.effect,
            p_value=p_value,
            threshold=settings.smallest_effect,
            surely=difference.surely if p_value < settings.test_alpha else 0.0,
        )
    )


def _column_values(
    view: BatchTexts, reference: ComparedTexts, expected: tuple[str, ...]
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Each text column of the reference and of the batch; ``expected`` are the languages of the reference."""
    ours, theirs = view.columns, reference.columns
    return {
        "length": (theirs.length, ours.length),
        "capitals": (theirs.capitals, ours.capitals),
        "letters": (theirs.letters, ours.letters),
        "other_language": (theirs.other_language(expected), ours.other_language(expected)),
        "unknown_words": (reference.unknown_words, view.unknown_words),
    }


def _overall(name: str, parts: tuple[Finding, ...], reviews: str) -> Finding:
    """The family's verdict: that of the part with the largest effect among those that warn, or of all."""
    warning = [part for part in parts if part.warns]
    most = max(warning or parts, key=lambda part: part.effect or 0.0)
    if warning:
        reasons = ", ".join(f"{part.sentence} ({percent(part.effect or 0)})" for part in _by_effect(warning))
        share = percent(most.effect or 0)
        sentence = (
            f"About {share} of {reviews} are unlike those the champion was trained on: "
            f"{reasons}; p = {format_p_value(min(part.p_value or 0 for part in warning))}."
        )
    else:
        sentence = (
            f"{reviews} look like those the champion was trained on. What differs most: {most.sentence}, "
            f"{_reason(most)}."
        )
    smallest_p = min(part.p_value or 0 for part in parts)
    return judged(
        Finding(
            name=name,
            verdict="ok",
            sentence=sentence,
            statistic=most.statistic,
            effect=most.effect,
            p_value=smallest_p,
            threshold=most.threshold,
            surely=most.surely,
            parts=parts,
        )
    )


def _by_effect(parts: list[Finding]) -> list[Finding]:
    return sorted(parts, key=lambda part: -(part.effect or 0))


def _reason(part: Finding) -> str:
    effect, p_value, threshold = part.effect or 0.0, part.p_value or 0.0, part.threshold or 0.0
    if part.warns:
        p = format_p_value(p_value)
        return f"a difference of {percent(effect)} of the reviews that chance does not explain, p = {p}"
    if effect < threshold:
        return f"a difference of {percent(effect)}, below the {percent(threshold)} that matter"
    if part.surely:
        return f"a difference of {percent(effect)}, not surely more than the {percent(threshold)} that matter"
    return f"chance explains a difference of {percent(effect)} in so many reviews, p = {format_p_value(p_value)}"


def _moved_words(
    texts: Texts, view: BatchTexts, reference: Reference, compared: ComparedTexts
) -> tuple[MovedWord, ...]:
    """N-grams that more of the batch's reviews have, by the evidence for it: the batch can name their columns.

    Long reviews have more of nearly every word. Were an n-gram as likely anywhere in a text, the share of reviews
    without it would fall by a power with their length, so the reference's share is taken to the batch's mean length.
    That of an n-gram in nearly all reviews says too little of how often it stands in them.
    """
    ours, theirs = (
        np.bincount(rows.indices, minlength=rows.shape[1]) / rows.shape[0] for rows in (view.ngrams, compared.rows)
    )
    longer = view.columns.length.mean() / max(compared.columns.length.mean(), 1.0)
    expected = 1 - (1 - theirs) ** longer
    more = np.flatnonzero((ours > expected) & (theirs < _IN_NEARLY_ALL))
    evidence = log_likelihood_ratio(ours[more], view.ngrams.shape[0], expected[more], compared.rows.shape[0])
    order = np.argsort(-evidence, kind="stable")[:_WORDS_SHOWN]
    order = order[evidence[order] > _NO_EVIDENCE]
    names = name_columns(as_column(texts).take(view.positions), more[order], reference.ngrams)
    return tuple(
        MovedWord(shorten(name, LONGEST_NGRAM), float(ours[column]), float(expected[column]), float(speaks))
        for name, column, speaks in zip(names, more[order], evidence[order], strict=True)
    )


def _too_few(n: int, m: int, fewest: int, what: str) -> str:
    return f"{n:,} {what} in the batch and {m:,} in the reference: fewer than {fewest} say nothing for sure."
