"""A sister: the registered model of another branch, whose margin is one more column beside a branch's own features.

A new branch has few labels. What a sister has learned of another domain in the same language it need not learn anew:
how much the sister counts is one more weight that is trained. The margin is linear in n-grams, and so is its sum with
the branch's own, so the sister's n-grams become parts of the new model, which stands alone. See
docs/decisions/0031-a-sister.md.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from sentiment_assets.learning.calibration import fit_calibration
from sentiment_assets.learning.feature_set import FittedFeatureSet, side_by_side
from sentiment_assets.learning.known_texts import are_known
from sentiment_assets.learning.labelled_rows import LabelledRows, filed_rows
from sentiment_assets.learning.linear_svc import LinearClassifier
from sentiment_assets.learning.model import PinnedVersion, SentimentModel
from sentiment_assets.learning.ngrams import Texts, chunks_of
from sentiment_assets.learning.settings import FEWEST_TO_RECALIBRATE
from sentiment_assets.text_identity import are_among, text_digests

KNOWN_TO_SISTER = "known_to_sister"
"""Reviews that are set aside because a sister was trained on them, or on near-duplicates."""
_UNIT = 0.5
"""What a margin of 1 is in the sister's column, beside rows of length 1: by the loss on reviews that were held out."""


@dataclass(frozen=True)
class Sister:
    """A sister as a train run has it."""

    pinned: PinnedVersion
    model: SentimentModel


@dataclass(frozen=True)
class SisterAnswers:
    """What a sister says of some reviews; arrays of one length."""

    margins: np.ndarray
    """float32: W·x + b of each review; b where the sister knows nothing in it."""
    known_ngrams: np.ndarray
    """int32: how many of a review's distinct n-grams the sister has a weight for."""

    def taken(self, places: np.ndarray | slice) -> "SisterAnswers":
        """The answers at some places, as positions, a mask or a slice."""
        return SisterAnswers(self.margins[places], self.known_ngrams[places])


@dataclass(frozen=True)
class SisterColumn:
    """A sister's answers on the reviews of each matrix of the features, and which model gave them."""

    pinned: PinnedVersion
    answers: Mapping[str, SisterAnswers]


def ask_sister(model: SentimentModel, texts: Texts, n_jobs: int = 1) -> SisterAnswers:
    """The sister's answer on each text."""
    return answers_on_rows(model, model.feature_set.row_chunks(chunks_of(texts), n_jobs))


def answers_on_rows(model: SentimentModel, chunks: Iterable[sparse.csr_matrix]) -> SisterAnswers:
    """The sister's answers on texts whose rows are known already, some at a time."""
    margins, known = [np.empty(0, np.float32)], [np.empty(0, np.int32)]
    for rows in chunks:
        margins.append((rows @ model.coefficients + model.intercept).astype(np.float32))
        known.append(np.diff(rows.indptr).astype(np.int32))
    return SisterAnswers(np.concatenate(margins), np.concatenate(known))


def with_column(rows: LabelledRows, answers: SisterAnswers, folder: Path | None = None) -> LabelledRows:
    """Rows with the sister's margin as a last column, in files of their own (``filed_rows``).

    Where neither the branch's own features nor the sister knows anything in a review its row stays empty, so that it
    says that nothing is known.
    """

    def chunks() -> Iterator[sparse.csr_matrix]:
        first = 0
        for some, _ in rows.chunks():
            ours = answers.taken(slice(first, first + some.shape[0]))
            first += some.shape[0]
            there = (np.diff(some.indptr) > 0) | (ours.known_ngrams > 0)
            indptr = np.concatenate([[0], np.cumsum(there)])
            column = (_UNIT * ours.margins[there], np.zeros(int(there.sum()), np.int32), indptr)
            yield side_by_side([some, sparse.csr_matrix(column, shape=(some.shape[0], 1))])

    return filed_rows(chunks(), rows.labels, rows.n_columns + 1, folder)


def with_sister_weighed(
    trained: LinearClassifier, own: FittedFeatureSet, sister: SentimentModel
) -> tuple[np.ndarray, float]:
    """W and b of a model that was trained with the sister's column, in the columns of both: ``joined_feature_set``.

    W is float32 of shape (n_own_columns + n_sister_columns,).
    """
    weight = _UNIT * float(trained.coefficients[own.n_columns])
    coefficients = np.concatenate([trained.coefficients[: own.n_columns], weight * sister.coefficients])
    return coefficients.astype(np.float32), trained.intercept + weight * sister.intercept


def started_from(sister: Sister, model: SentimentModel) -> SentimentModel:
    """The model, which says that the sister is part of it, and knows what the sister knows."""
    theirs = sister.model
    alike = theirs.feature_set.main_ngrams.analyzer == model.feature_set.main_ngrams.analyzer
    signatures = [model.trained_signatures, *([theirs.trained_signatures] if alike else [])]  # others are of no use
    return replace(
        model,
        trained_on=np.union1d(model.trained_on, theirs.trained_on),
        trained_signatures=np.concatenate(signatures),
        started_from=(sister.pinned, *theirs.started_from),
    )


def joined_feature_set(own: FittedFeatureSet, sister: FittedFeatureSet) -> FittedFeatureSet:
    """The parts of both side by side, each as it was."""
    return FittedFeatureSet((*own.parts, *sister.parts))


def set_known_aside(
    splits: pd.DataFrame, sisters: Iterable[Sister], similarity: float | None, n_jobs: int = 1
) -> pd.DataFrame:
    """The splits with the reviews set aside that a sister was trained on, or near-duplicates from ``similarity`` on.

    On these a sister is surer than on any other review: in train they would give it too much weight, in test too good a
    name. ``splits`` has columns text, text_digest and split; those set aside get the split ``KNOWN_TO_SISTER``.
    """
    known = np.zeros(len(splits), bool)
    for sister in sisters:
        digests = splits["text_digest"].to_numpy()
        known |= are_known(sister.model, splits["text"], digests, similarity=similarity, n_jobs=n_jobs)
    return splits.assign(split=splits["split"].mask(known, KNOWN_TO_SISTER)) if known.any() else splits


@dataclass(frozen=True)
class LabelledMargins:
    """A sister's margins of labelled reviews that she was not trained on and in which she knows a word."""

    digests: np.ndarray
    """uint64, of the texts."""
    margins: np.ndarray
    labels: np.ndarray
    """int8 of 0 and 1."""
    n_labelled: int
    """How many labelled reviews the batch has, of whatever use they are."""


def labelled_margins(model: SentimentModel, reviews: pd.DataFrame) -> LabelledMargins:
    """What a batch has to recalibrate a sister by; columns text and label, which is missing where there is none."""
    labelled = reviews[reviews["label"].notna()]
    digests = text_digests(labelled["text"])
    answers = ask_sister(model, labelled["text"])
    used = (answers.known_ngrams > 0) & ~are_among(digests, model.trained_on)
    labels = labelled["label"].to_numpy(np.int8)
    return LabelledMargins(digests[used], answers.margins[used].astype(np.float64), labels[used], len(labelled))


def recalibrated(model: SentimentModel, labelled: Sequence[LabelledMargins]) -> tuple[SentimentModel, int]:
    """A sister's model with threshold and calibration by a branch's own labels, and how many distinct texts these had.

    With fewer than 50, or one label only, it is the model as it was, and 0. Of equal texts the last label counts.
    """
    labels = {
        digest: (margin, label)
        for each in labelled
        for digest, margin, label in zip(each.digests, each.margins, each.labels, strict=True)
    }
    margins, said = np.array(list(labels.values()), np.float64).reshape(-1, 2).T
    if len(said) < FEWEST_TO_RECALIBRATE or len(np.unique(said)) == 1:
        return model, 0
    fitted = fit_calibration(margins, said.astype(np.int8))
    shifted = replace(model, intercept=model.intercept + fitted.shift, calibration=fitted.calibration)
    return shifted, len(said)
