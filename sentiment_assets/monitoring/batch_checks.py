"""All checks of a batch that need a champion, put together: what the Dagster layer asks, a notebook can ask too."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from sentiment_assets.learning.model import SentimentModel
from sentiment_assets.learning.ngrams import hash_ngrams
from sentiment_assets.learning.review_identity import is_neutral, labels_said
from sentiment_assets.learning.settings import is_of_sister
from sentiment_assets.monitoring.accuracy import (
    Estimate,
    back_test,
    estimate_accuracy,
    estimate_by_lot,
    estimated_accuracy,
    label_budget,
    measure,
    measured_accuracy,
)
from sentiment_assets.monitoring.batch_texts import describe_batch_texts
from sentiment_assets.monitoring.batch_to_check import BatchToCheck, ComparedChampion, NewReviews, find_new_reviews
from sentiment_assets.monitoring.check_record import CheckRecord, Example, past_estimates
from sentiment_assets.monitoring.classifier_test import classify_samples
from sentiment_assets.monitoring.drift import label_drift, prediction_drift, text_drift
from sentiment_assets.monitoring.finding import Finding, unknown
from sentiment_assets.monitoring.kinds import choose_kinds
from sentiment_assets.monitoring.reference import Reference
from sentiment_assets.monitoring.sample import order_by_lot, sample_texts
from sentiment_assets.monitoring.settings import DEGRADATION_CHECKS, DRIFT_CHECKS, MonitoringSettings
from sentiment_assets.monitoring.text_columns import repeats
from sentiment_assets.monitoring.word_shift import draw_word_shift, word_shift
from sentiment_assets.presentation.wording import percent
from sentiment_assets.text_identity import text_digests

_NEARLY_ALL = 0.9
"""Share of a batch's reviews that must have a label for its accuracy to check the estimate: that of a few has a noise
of its own, by which bands would widen."""


@dataclass(frozen=True)
class DegradationChecks:
    """The outcome of ``check_degradation``."""

    record: CheckRecord
    to_label: pd.DataFrame
    """The reviews whose labels would tell most: columns review_id, text and label, which is empty."""
    graph: bytes | None = None
    """The word-shift graph, SVG, of a batch whose answers have drifted; of any other, its table says enough."""


def check_drift(batch: BatchToCheck, settings: MonitoringSettings) -> CheckRecord:
    """Check a batch for drift of its texts and labels.

    Its new reviews are compared, and of a small batch those of batches before it too (``find_new_reviews``): an export
    that overlaps the last one is the business of quality, and the champion knows each word of what it was trained on.
    Neutral ones of which the reference has too few to compare with are left out (``choose_kinds``). Of many distinct
    texts a sample is compared; all labels are counted.
    """
    champion = batch.champion
    if champion is None or champion.reference is None or is_of_sister(champion.version):
        return _not_comparable(batch, DRIFT_CHECKS)
    model, reference = champion.model, champion.reference
    new = find_new_reviews(batch, model, settings)
    labels = new.reviews["label"].dropna()
    distinct = np.flatnonzero(~repeats(new.digests))
    kinds = choose_kinds(labels_said(new.reviews.iloc[distinct]), new.digests[distinct], reference)
    distinct = distinct[kinds.kept]
    reviews = new.reviews.iloc[distinct[sample_texts(new.digests[distinct])]]
    view = describe_batch_texts(reviews["text"], model, reference.ngrams)
    drift = text_drift(
        reviews["text"], view, reference, settings, neutral_share=kinds.neutral_share, distinct=len(distinct)
    )
    findings = (drift.finding, label_drift(int(labels.sum()), len(labels), reference, settings))
    record = batch.record(new.told_in(findings))
    if not drift.finding.warns:
        return replace(record, words=drift.words)
    unlikeness = dict(drift.unlike)
    unlike = reviews.iloc[list(unlikeness)]
    examples = tuple(
        Example(str(review_id), str(text), share)
        for review_id, text, share in zip(unlike["review_id"], unlike["text"], unlikeness.values(), strict=True)
    )
    return replace(
        record,
        words=drift.words,
        examples=examples,
        unlike=drift.finding.effect or 0.0,
        distributions=drift.distributions,
    )


def is_out_of_date(record: CheckRecord | None, content: str, champion: str) -> bool:
    """Whether the texts of a batch, of that ``content``, are to be compared again with that version of the champion.

    They are if they never were, if the batch was replaced since, or if another champion, or none, left something to
    say: what was fine stays so.
    """
    if record is None or not record.is_of(content):
        return True
    return record.champion != champion and any(finding.verdict != "ok" for finding in record.findings)


def check_degradation(
    batch: BatchToCheck,
    settings: MonitoringSettings,
    *,
    drift_record: CheckRecord | None,
    past: Sequence[CheckRecord],
) -> DegradationChecks:
    """Check the champion's answers on a batch: whether they drifted, how good they are, and which labels would tell.

    ``drift_record`` is of the same batch, and made anew when it is of another champion or of other content; ``past``
    are the records of earlier batches.
    """
    champion = batch.champion
    if champion and is_of_sister(champion.version):
        return check_sister(batch, champion, settings)
    if champion is None or champion.reference is None:
        return _nothing_to_judge(batch, _not_comparable(batch, DEGRADATION_CHECKS))
    reference = champion.reference
    new = find_new_reviews(batch, champion.model, settings)
    chosen = choose_reviews(new, champion.model, reference)
    if chosen.n < settings.fewest_reviews:
        reason = _too_few(chosen, settings.fewest_reviews)
        return _nothing_to_judge(batch, batch.record(new.told_in(_all_unknown(DEGRADATION_CHECKS, reason))))
    if drift_record is None or drift_record.champion != champion.version or not drift_record.is_of(batch.content):
        drift_record = check_drift(batch, settings)
    answers = prediction_drift(chosen.margins, reference, settings, neutral_share=chosen.neutral_share)
    like_reference = not (drift_record.unlike or answers.warns)
    estimate = _estimate(chosen, reference, past, like_reference=like_reference)
    to_label = propose_labels(chosen, reference, settings.label_budget, by_lot=not like_reference)
    findings = (
        answers,
        measured_accuracy(*chosen.answers_and_labels, reference, settings),
        estimated_accuracy(estimate, chosen.n, reference, settings, to_label=len(to_label)),
    )
    shift = word_shift(
        chosen.reviews["text"],
        chosen.rows,
        model=champion.model,
        reference=reference,
        neutral_share=chosen.neutral_share,
    )
    record = replace(
        batch.record(new.told_in(findings)),
        word_shift=shift,
        estimate=estimate,
        **_measured_on_nearly_all(chosen),
    )
    return DegradationChecks(record, to_label, draw_word_shift(shift) if answers.warns else None)


def check_sister(batch: BatchToCheck, sister: ComparedChampion, settings: MonitoringSettings) -> DegradationChecks:
    """Say of a batch that a sister scored that scores cannot tell how right she is, and what labels say of it.

    Which reviews to label the lot decides, so that their labels say something of all.
    """
    new = find_new_reviews(batch, sister.model, settings)
    reviews = new.reviews
    margins, labels = sister.model.margins(reviews["text"]), reviews["label"].to_numpy(np.float64, na_value=np.nan)
    judged = ~np.isnan(labels) & (margins != 0)
    neutral = is_neutral(labels_said(reviews)).to_numpy() | new.neutral_since
    silent = np.flatnonzero(np.isnan(labels) & ~neutral)
    drawn = silent[order_by_lot(new.digests[silent])]
    to_label = _to_label(reviews.iloc[drawn[np.isnan(new.labels_since[drawn])][: settings.label_budget]])
    reasons = {
        "prediction_drift": f"{sister.version}, a sister, scores: there is no champion yet whose answers could drift.",
        "accuracy": _accuracy_of_sister(sister.version, margins[judged], labels[judged].astype(np.int8)),
        "estimated_accuracy": (
            f"Cannot tell: {sister.version}, a sister, scored the batch, because there is no champion yet, and she was "
            f"tested on reviews of another branch. {_asked(len(to_label))}"
        ),
    }
    findings = tuple(unknown(name, reasons[name]) for name in DEGRADATION_CHECKS)
    return DegradationChecks(batch.record(new.told_in(findings)), to_label)


def _accuracy_of_sister(version: str, margins: np.ndarray, labels: np.ndarray) -> str:
    if not len(labels):
        return f"No review has a label by which {version}, a sister, could be judged."
    measured = measure(margins, labels)
    return (
        f"{percent(measured.accuracy)} of {measured.n:,} labelled reviews are scored rightly by {version}, a sister "
        f"(95 % interval {percent(measured.low)} to {percent(measured.high)}); there is no champion yet to compare "
        "with."
    )


def _asked(to_label: int) -> str:
    if not to_label:
        return "The batch's own labels can: see the check accuracy."
    return f"Label the {to_label:,} reviews of the label budget and land them: that helps a first champion, too."


@dataclass(frozen=True)
class ChosenReviews:
    """The reviews of a batch by which the champion can be judged, and what it says of them."""

    reviews: pd.DataFrame
    rows: sparse.csr_matrix
    """The champion's features of each review."""
    margins: np.ndarray
    even_margin: float
    """The champion's margin at which p is one half."""
    labels: np.ndarray
    """float64, shape (n,): the label that the batch has, or a later one that corrects it; nan where it has none."""
    labels_since: np.ndarray
    """float64, shape (n,): the label that a later batch has for a review without one; nan where there is none."""
    neutral: np.ndarray
    """True where the review is neutral by the batch's own label or, without one, by a later one, shape (n,)."""
    neutral_share: float
    """The share of them that is neutral, by its label or as expected (``choose_kinds``)."""
    unrecognised: int
    """Other reviews of the batch, in which the champion knows no word."""

    @property
    def n(self) -> int:
        """How many reviews there are."""
        return len(self.reviews)

    @property
    def labelled(self) -> np.ndarray:
        """True where the batch itself has a label, shape (n,)."""
        return ~np.isnan(self.labels)

    @property
    def without_own_label(self) -> np.ndarray:
        """True where the batch itself says nothing of the review, and nobody has called it neutral, shape (n,)."""
        return ~self.labelled & ~self.neutral

    @property
    def answers_and_labels(self) -> tuple[np.ndarray, np.ndarray]:
        """Margins and labels, int8, of the reviews that have one in the batch itself."""
        return self.margins[self.labelled], self.labels[self.labelled].astype(np.int8)

    @cached_property
    def in_order_of_lot(self) -> np.ndarray:
        """Positions of the reviews of which the batch says nothing, as the lot draws them: the same at every check."""
        places = np.flatnonzero(self.without_own_label)
        return places[order_by_lot(text_digests(self.reviews["text"].iloc[places]))]

    @property
    def known_ngrams(self) -> np.ndarray:
        """How many n-grams of each review the champion has a weight for, shape (n,)."""
        return np.diff(self.rows.indptr)


def choose_reviews(new: NewReviews, model: SentimentModel, reference: Reference) -> ChosenReviews:
    """Choose those of the new reviews by which a model can be judged.

    Those in which it knows nothing are left out, because it says nothing of them. A label that a later batch corrects
    counts as corrected. Labels that later batches have for unlabelled texts are kept apart, because they were not
    chosen at random.
    """
    rows = model.rows(new.reviews["text"])
    recognised = np.diff(rows.indptr) > 0
    kinds = choose_kinds(labels_said(new.reviews[recognised]), new.digests[recognised], reference)
    places = np.flatnonzero(recognised)[kinds.kept]
    reviews, rows, later = new.reviews.iloc[places], rows[places], new.labels_since[places]
    own = reviews["label"].to_numpy(np.float64, na_value=np.nan)
    return ChosenReviews(
        reviews=reviews,
        rows=rows,
        margins=model.margins_of_rows(rows),
        even_margin=model.calibration.even_margin,
        labels=np.where(np.isnan(own) | np.isnan(later), own, later),
        labels_since=np.where(np.isnan(own), later, np.nan),
        neutral=is_neutral(labels_said(reviews)).to_numpy() | (np.isnan(own) & new.neutral_since[places]),
        neutral_share=kinds.neutral_share,
        unrecognised=int((~recognised).sum()),
    )


def propose_labels(chosen: ChosenReviews, reference: Reference, n: int, *, by_lot: bool = False) -> pd.DataFrame:
    """Propose ``n`` reviews without any label: columns review_id, text and label, which is empty.

    They are those whose labels would narrow the estimate most, the most telling first; or, where the estimate says
    nothing, drawn ``by_lot``, so that their labels say something of all.
    """
    if by_lot:
        drawn = chosen.in_order_of_lot
        places = drawn[np.isnan(chosen.labels_since[drawn])][:n]
        return _to_label(chosen.reviews.iloc[places])
    ours = hash_ngrams(chosen.reviews["text"], reference.ngrams)
    separation = classify_samples(reference.rows, ours, alpha=1)  # its unlikeness alone is asked for
    unlabelled = np.flatnonzero(chosen.without_own_label & np.isnan(chosen.labels_since))
    places = label_budget(
        chosen.margins[unlabelled],
        chosen.known_ngrams[unlabelled],
        reference,
        unlikeness=separation.unlikeness[unlabelled],
        n=n,
    )
    return _to_label(chosen.reviews.iloc[unlabelled[places]])


def _estimate(
    chosen: ChosenReviews, reference: Reference, past: Sequence[CheckRecord], *, like_reference: bool
) -> Estimate:
    """The estimate of accuracy on the reviews that nobody calls neutral."""
    drawn = chosen.in_order_of_lot
    by_lot = None if like_reference else estimate_by_lot(chosen.margins[drawn], chosen.labels_since[drawn])
    if by_lot:
        return by_lot
    tested = back_test(past_estimates(past))
    judged = ~chosen.neutral
    return estimate_accuracy(
        chosen.margins[judged],
        chosen.known_ngrams[judged],
        reference,
        even_margin=chosen.even_margin,
        sure=like_reference,
        widened=tested.widened if tested else 1.0,
        labels=chosen.labels_since[judged],
        surely_labelled=chosen.labelled[judged],
    )


def _measured_on_nearly_all(chosen: ChosenReviews) -> dict[str, Any]:
    """The measured accuracy, by which the estimate is checked later, and its band; nothing with too few labels."""
    if chosen.labelled.sum() < _NEARLY_ALL * (~chosen.neutral).sum():
        return {}
    of_labels = measure(*chosen.answers_and_labels)
    return {"accuracy": of_labels.accuracy, "accuracy_band": (of_labels.low, of_labels.high)}


def _to_label(reviews: pd.DataFrame) -> pd.DataFrame:
    return reviews[["review_id", "text"]].assign(label="")


def _nothing_to_judge(batch: BatchToCheck, record: CheckRecord) -> DegradationChecks:
    return DegradationChecks(record, _to_label(batch.reviews.iloc[:0]))


def _too_few(chosen: ChosenReviews, fewest: int) -> str:
    beside = f", beside {chosen.unrecognised:,} in which it knows no word" if chosen.unrecognised else ""
    return (
        f"{chosen.n:,} new reviews that the champion was not trained on{beside}: fewer than {fewest} say nothing for "
        "sure."
    )


def _not_comparable(batch: BatchToCheck, checks: Iterable[str]) -> CheckRecord:
    if batch.champion is None:
        reason = "There is no champion yet, so there is nothing to compare with."
    elif is_of_sister(batch.champion.version):
        version = batch.champion.version
        reason = f"There is no champion yet, so there is nothing to compare with; {version}, a sister, scores."
    else:
        version = batch.champion.version
        reason = f"Champion version {version} has no reference: train again, and the next champion brings one."
    return batch.record(_all_unknown(checks, reason))


def _all_unknown(checks: Iterable[str], reason: str) -> tuple[Finding, ...]:
    return tuple(unknown(name, reason) for name in checks)
