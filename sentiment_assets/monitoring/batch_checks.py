"""All checks of a batch that need a champion, put together: what the Dagster layer asks, a notebook can ask too."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

from sentiment_assets.ingestion.content import content_digest
from sentiment_assets.learning.model import SentimentModel
from sentiment_assets.learning.ngrams import hash_ngrams
from sentiment_assets.learning.review_identity import text_digests
from sentiment_assets.monitoring.accuracy import (
    back_test,
    estimate_accuracy,
    estimated_accuracy,
    label_budget,
    measure,
    measured_accuracy,
)
from sentiment_assets.monitoring.classifier_test import classify_samples
from sentiment_assets.monitoring.drift import label_drift, prediction_drift, text_drift
from sentiment_assets.monitoring.finding import Finding, unknown
from sentiment_assets.monitoring.check_record import Example, Record, past_estimates
from sentiment_assets.monitoring.other_batches import OtherBatches
from sentiment_assets.monitoring.reference import Reference
from sentiment_assets.monitoring.settings import MonitoringSettings
from sentiment_assets.monitoring.batch_texts import view_texts
from sentiment_assets.monitoring.word_shift import draw_word_shift, word_shift

TEXT_CHECKS = ("text_drift", "label_drift")
_NEARLY_ALL = 0.9
"""Share of a batch's reviews that must have a label for its accuracy to check the estimate: that of a few has a noise
of its own, by which bands would widen."""
SCORE_CHECKS = ("prediction_drift", "accuracy", "estimated_accuracy")


class Champion(Protocol):
    """What the checks need of a champion."""

    @property
    def version(self) -> str:
        """Of the registered model."""

    @property
    def model(self) -> SentimentModel:
        """The model itself."""

    @property
    def reference(self) -> Reference | None:
        """What travels with it; models registered by another release may have none."""


@dataclass(frozen=True)
class ScoreChecks:
    """What ``check_scores`` found."""

    record: Record
    to_label: pd.DataFrame
    """The reviews whose labels would tell most: columns review_id, text and label, which is empty."""
    graph: bytes | None = None
    """The word-shift graph, SVG."""


def check_texts(
    batch: str,
    reviews: pd.DataFrame,
    champion: Champion | None,
    others: OtherBatches,
    settings: MonitoringSettings,
    checked_at: str,
) -> Record:
    """Drift of a batch's texts and labels: columns review_id, text and label, 0 rows or more.

    Reviews that came before are left out: an export that overlaps the last one is the business of quality. So are
    those that the champion was trained on, which hold no word it does not know.
    """
    content = content_digest(reviews)
    if champion is None or champion.reference is None:
        return _not_comparable(batch, champion, TEXT_CHECKS, checked_at, content)
    model, reference = champion.model, champion.reference
    reviews = reviews[_are_new(text_digests(reviews["text"]), model, others)]
    texts, labels = reviews["text"], reviews["label"].dropna()
    drift = text_drift(texts, view_texts(texts, model, reference.ngrams), reference, settings)
    unlike = dict(drift.unlike)
    examples = [
        Example(str(review_id), str(text), unlike[place])
        for place, review_id, text in zip(
            unlike, reviews["review_id"].iloc[list(unlike)], texts.iloc[list(unlike)], strict=True
        )
    ]
    return Record(
        batch,
        checked_at,
        champion.version,
        (drift.finding, label_drift(int(labels.sum()), len(labels), reference, settings)),
        drift.words,
        tuple(examples) if drift.finding.warns else (),
        (drift.finding.effect or 0.0) if drift.finding.warns else 0.0,
        content=content,
    )


def is_out_of_date(record: Record | None, content: str, champion: str) -> bool:
    """Whether the texts of a batch, of that ``content``, are to be compared again with that version of the champion.

    They are if they never were, if the batch was replaced since, or if another champion, or none, left something to
    say: what was fine stays so.
    """
    if record is None or not record.is_of(content):
        return True
    return record.champion != champion and any(finding.verdict != "ok" for finding in record.findings)


def check_scores(
    batch: str,
    reviews: pd.DataFrame,
    champion: Champion | None,
    others: OtherBatches,
    text_record: Record | None,
    past: Sequence[Record],
    settings: MonitoringSettings,
    checked_at: str,
) -> ScoreChecks:
    """Drift of the champion's answers on a batch and how good they are, and the reviews to label.

    Reviews are left out as in ``check_texts``: the champion knows those it was trained on too well. So are those in
    which it knows nothing, of which it says nothing. A label that a later batch corrects counts as corrected. Labels
    that later batches have for unlabelled texts narrow the estimate, and only that: they were not chosen at random.
    ``text_record`` is of the same batch, and made anew when it is of another champion or of other content; ``past`` are
    the records of earlier batches.
    """
    content = content_digest(reviews)
    if champion is None or champion.reference is None:
        record = _not_comparable(batch, champion, SCORE_CHECKS, checked_at, content)
        return ScoreChecks(record, _to_label(reviews.iloc[:0]))
    model, reference = champion.model, champion.reference
    digests = text_digests(reviews["text"])
    new = _are_new(digests, model, others)
    reviews, digests = reviews[new], digests[new]
    every, rows = reviews, model.rows(reviews["text"])
    recognised = np.diff(rows.indptr) > 0
    unrecognised = int((~recognised).sum())
    reviews, digests, rows = reviews[recognised], digests[recognised], rows[np.flatnonzero(recognised)]
    n = len(reviews)
    if n < settings.fewest_reviews:
        beside = f", beside {unrecognised:,} in which it knows no word" if unrecognised else ""
        reason = (
            f"{n:,} new reviews that the champion was not trained on{beside}: fewer than {settings.fewest_reviews} say "
            "nothing for sure."
        )
        record = Record(batch, checked_at, champion.version, _all_unknown(SCORE_CHECKS, reason), content=content)
        return ScoreChecks(record, _to_label(reviews.iloc[:0]))
    texts, labels = reviews["text"], reviews["label"]
    margins = model.margins_of_rows(rows)
    known_ngrams = np.diff(rows.indptr)
    labelled, later = labels.notna().to_numpy(), others.labels_since(digests)
    latest = np.where(np.isnan(later), labels.to_numpy(np.float64, na_value=np.nan), later)
    known, since = latest[labelled].astype(np.int8), np.where(labelled, np.nan, later)
    tested = back_test(past_estimates(past))
    if text_record is None or text_record.champion != champion.version or not text_record.is_of(content):
        text_record = check_texts(batch, every, champion, others, settings, checked_at)
    unlike, widened = text_record.unlike, tested.widened if tested else 1.0
    estimate = estimate_accuracy(margins, known_ngrams, reference, unlike, widened, since)
    findings = (
        prediction_drift(margins, reference, settings),
        measured_accuracy(margins[labelled], known, reference, settings),
        estimated_accuracy(estimate, n, reference, settings),
    )
    separation = classify_samples(reference.rows, hash_ngrams(texts, reference.ngrams))
    unlabelled = np.flatnonzero(~labelled & np.isnan(since))
    chosen = label_budget(
        margins[unlabelled],
        known_ngrams[unlabelled],
        reference,
        separation.unlikeness[unlabelled],
        settings.label_budget,
    )
    shift = word_shift(texts, rows, model, reference)
    record = Record(
        batch,
        checked_at,
        champion.version,
        findings,
        word_shift=shift,
        estimate=estimate,
        accuracy=measure(margins[labelled], known).accuracy if _NEARLY_ALL * n <= len(known) else None,
        content=content,
    )
    return ScoreChecks(record, _to_label(reviews.iloc[unlabelled[chosen]]), draw_word_shift(shift))


def _are_new(digests: np.ndarray, model: SentimentModel, others: OtherBatches) -> np.ndarray:
    """True for texts that neither an earlier batch nor the champion's training split has."""
    return ~(np.isin(digests, model.trained_on) | others.came_before(digests))


def _to_label(reviews: pd.DataFrame) -> pd.DataFrame:
    return reviews[["review_id", "text"]].assign(label="")


def _not_comparable(
    batch: str, champion: Champion | None, checks: Sequence[str], checked_at: str, content: str
) -> Record:
    if champion is None:
        reason = "There is no champion yet, so there is nothing to compare with."
    else:
        reason = f"Champion version {champion.version} has no reference: train again, and the next champion brings one."
    version = champion.version if champion else None
    return Record(batch, checked_at, version, _all_unknown(checks, reason), content=content)


def _all_unknown(checks: Sequence[str], reason: str) -> tuple[Finding, ...]:
    return tuple(unknown(name, reason) for name in checks)
