"""What a batch is compared with. It travels with the champion, so a new champion brings a new reference.

It holds hashed n-grams and numbers, no review. What the model was not fitted to (wording, lengths, characters, labels)
comes from the reviews that it was trained on, those of train and validation; what it was from reviews that a model had
not seen, because it knows its own better than any other: unknown words and the mean row from the test split, margins
from there too and, to calibrate by, from those that were held out when it was chosen. Neutral reviews, which no model
is fitted to, lie apart, so that a batch can be compared with as many of them as it may hold itself.
"""

import io
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from scipy import sparse

from sentiment_assets.learning.challenger import Challenger
from sentiment_assets.learning.cross_fitting import DEVELOPMENT
from sentiment_assets.learning.labelled_rows import LabelledRows
from sentiment_assets.learning.mapped_texts import reviews_at
from sentiment_assets.learning.model import SentimentModel
from sentiment_assets.learning.ngrams import hash_ngrams
from sentiment_assets.learning.settings import NgramSettings
from sentiment_assets.learning.splitting import TEST, reviews_of
from sentiment_assets.monitoring.batch_texts import drift_ngrams
from sentiment_assets.monitoring.neutral_reviews import NeutralReviews, no_neutral_reviews
from sentiment_assets.monitoring.text_columns import TextColumns, describe_texts, main_languages

REFERENCE_FORMAT = "r4"
"""Changes when what a reference holds does, so that an unchanged model is registered anew with a new reference."""
_FORMER_FORMATS = {"r2", "r3"}
"""What former releases wrote and is still read: the first holds no neutral reviews, and neither holds words."""
_T = TypeVar("_T", int, str)
_MOST_REVIEWS = 10_000
_NAMED_COLUMNS = 500
_MOST_EXPLAINED, _MOST_WORDS = 2_000, 5_000
_SEED = 0


@dataclass(frozen=True)
class NeutralReference:
    """Neutral reviews of the batches that the champion was trained on, in numbers; up to 10,000, drawn by lot."""

    share: float
    """Share of the neutral reviews among all reviews of those batches that have a label of any kind, 0 to 1."""
    rows: sparse.csr_matrix
    """Their n-grams, shape (k, n_hashed_columns); k is at least as large as ``share`` asks for."""
    columns: TextColumns
    unknown_words: np.ndarray
    """float64, shape (k,), as the next ones are."""
    margins: np.ndarray
    known_ngrams: np.ndarray
    """int32: how many of a review's distinct n-grams the model has a weight for."""
    mean_columns: np.ndarray
    """int32, ascending: columns of the model that they have."""
    mean_values: np.ndarray
    """float64: the mean of each of these columns over them."""
    words: Mapping[str, float]
    """What each word adds to their mean margin, where characters count in the model; else nothing."""


@dataclass(frozen=True)
class ComparedTexts:
    """The part of a reference that the texts of a batch are compared with."""

    rows: sparse.csr_matrix
    """Shape (m, n_hashed_columns)."""
    columns: TextColumns
    """The text columns of the same reviews."""
    unknown_words: np.ndarray
    """The shares of unknown words of reviews that the champion was not trained on."""


@dataclass(frozen=True)
class Reference:
    """The champion's training data in numbers."""

    ngrams: NgramSettings
    """How ``rows`` were hashed."""
    rows: sparse.csr_matrix
    """The n-grams of up to 10,000 training reviews, shape (m, n_hashed_columns)."""
    columns: TextColumns
    """The text columns of the same reviews."""
    positive: int
    """How many of the reviews that the model was trained on are positive."""
    labelled: int
    """How many reviews the model was trained on."""
    unknown_words: np.ndarray
    """The shares of unknown words of up to 10,000 test reviews."""
    margins: np.ndarray
    """float64, shape (n_held_out,): those of ``Challenger.held_out``, the test split last."""
    known_ngrams: np.ndarray
    """int32, for the same reviews: how many of a review's distinct n-grams the model has a weight for."""
    labels: np.ndarray
    """int8, for the same reviews."""
    n_test: int
    """The last ``n_test`` of them are the test split."""
    mean_columns: np.ndarray
    """int32, ascending: columns of the model that test reviews have."""
    mean_values: np.ndarray
    """float64: the mean of each of these columns over the test reviews."""
    names: dict[int, str]
    """The n-grams of the columns that add most to the mean margin: a batch that lacks them cannot name them."""
    words: Mapping[str, float]
    """What each word adds to the mean margin of the test reviews, as in ``NeutralReference``."""
    neutral: NeutralReference

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages of at least a twentieth of the reviews."""
        return main_languages(self.columns.language)

    def on_test(self) -> tuple[np.ndarray, np.ndarray]:
        """Margins and labels of the test split, by which nothing was fitted or chosen; empty if there is none."""
        first = len(self.labels) - self.n_test
        return self.margins[first:], self.labels[first:]

    def answered_on_test(self) -> tuple[np.ndarray, np.ndarray]:
        """The same of the reviews in which the champion knows something, as batches are compared: others have 0."""
        margins, labels = self.on_test()
        return margins[margins != 0], labels[margins != 0]

    @property
    def largest_neutral_share(self) -> float:
        """The largest share of neutral reviews that a batch can be compared with and all of ``rows``."""
        n = self.neutral.rows.shape[0]
        return n / (n + self.rows.shape[0]) if n else 0.0

    def compared_texts(self, neutral_share: float) -> ComparedTexts:
        """What texts are compared with of which that share is neutral, 0 to 1."""
        some, neutral = _beside(self.rows.shape[0], self.neutral.rows.shape[0], neutral_share)
        known, neutral_known = _beside(len(self.unknown_words), self.neutral.rows.shape[0], neutral_share)
        return ComparedTexts(
            rows=sparse.vstack([self.rows[some], self.neutral.rows[neutral]], format="csr"),
            columns=TextColumns(
                **{
                    name: np.concatenate(
                        [getattr(self.columns, name)[some], getattr(self.neutral.columns, name)[neutral]]
                    )
                    for name in _COLUMNS
                }
            ),
            unknown_words=np.concatenate([self.unknown_words[known], self.neutral.unknown_words[neutral_known]]),
        )

    def compared_margins(self, neutral_share: float) -> np.ndarray:
        """What margins are compared with of which that share is of neutral reviews, float64: those of the test split.

        They alone are the champion's own: margins of other models, which calibrate it, are distributed otherwise.
        """
        on_test, _ = self.answered_on_test()
        of_neutral = self.neutral.margins[self.neutral.margins != 0]
        some, neutral = _beside(len(on_test), len(of_neutral), neutral_share)
        return np.concatenate([on_test[some], of_neutral[neutral]])

    def mean_row(self, neutral_share: float, n_columns: int) -> np.ndarray:
        """Mean row of the model's features, float64 of shape (n_columns,), where that share of reviews is neutral.

        It is that of reviews in which the champion knows something: the rows of others are empty.
        """
        on_test, _ = self.on_test()
        mean = np.zeros(n_columns)
        mean[self.mean_columns] = (1 - neutral_share) * self.mean_values / _share_answered(on_test)
        mean[self.neutral.mean_columns] += (
            neutral_share * self.neutral.mean_values / _share_answered(self.neutral.margins)
        )
        return mean

    def mean_words(self, neutral_share: float) -> dict[str, float]:
        """What each word adds to the mean margin, where that share of reviews is neutral; empty where columns tell."""
        parts = (((1 - neutral_share), self.words), (neutral_share, self.neutral.words))
        mean: dict[str, float] = defaultdict(float)
        for share, words in parts:
            for word, added in words.items():
                mean[word] += share * added
        return dict(mean)


def mean_contributions(model: SentimentModel, texts: "pd.Series[str]") -> dict[str, float]:
    """What each word adds to the mean margin of reviews in which the model knows something; of 2,000 drawn by lot."""
    explained = [words for words in model.contributions(_some(texts, _MOST_EXPLAINED)) if words]
    mean: dict[str, float] = defaultdict(float)
    for words in explained:
        for word, added in words.items():
            mean[word] += added / len(explained)
    return dict(mean)


def _share_answered(margins: np.ndarray) -> float:
    """The share of reviews in which the champion knows something; 1 where there are none."""
    return float((margins != 0).mean()) if margins.any() else 1.0


def _beside(n: int, n_neutral: int, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Positions of reviews, of ``n`` and of ``n_neutral``, of which together that share, below 1, is neutral.

    They are as many as there can be. Neutral reviews lie in an order drawn by lot, so the first are as good as any.
    """
    wanted = round(n * share / (1 - share))
    if wanted <= n_neutral:
        return np.arange(n), np.arange(wanted)
    fewer = round(n_neutral * (1 - share) / share)
    return np.linspace(0, n - 1, fewer).astype(np.int64), np.arange(n_neutral)


def make_reference(challenger: Challenger, splits: pd.DataFrame, neutral: NeutralReviews | None = None) -> Reference:
    """The reference of a challenger from the splits that it was made of.

    ``neutral`` are the neutral reviews that came with them; without any, batches are compared without theirs.
    """
    neutral = neutral or no_neutral_reviews()
    share = neutral.share
    most = _MOST_REVIEWS if share <= 0.5 else round(_MOST_REVIEWS * (1 - share) / share)
    model, held_out = challenger.model, challenger.held_out
    development, test = np.flatnonzero(splits["split"].isin(DEVELOPMENT)), reviews_of(splits, TEST)
    some = reviews_at(splits, _some(pd.Series(development), most).to_numpy())["text"]
    ngrams = drift_ngrams(model.feature_set.main_ngrams, some)
    mean_columns, mean_values = _means(challenger.features.rows[TEST])
    heaviest = mean_columns[np.argsort(-np.abs(model.coefficients[mean_columns] * mean_values))[:_NAMED_COLUMNS]]
    names = model.feature_set.names(_some(test["text"], most), heaviest)
    return Reference(
        ngrams=ngrams,
        rows=hash_ngrams(some, ngrams),
        columns=describe_texts(some),
        positive=int((splits["label"].to_numpy()[development] == 1).sum()),
        labelled=len(development),
        unknown_words=model.unknown_shares(_some(test["text"], most)),
        margins=held_out.margins,
        known_ngrams=held_out.known_ngrams,
        labels=held_out.labels,
        n_test=len(test),
        mean_columns=mean_columns,
        mean_values=mean_values,
        names=dict(zip(heaviest.tolist(), names, strict=True)),
        words=_heaviest_words(model, test["text"]),
        neutral=_neutral_reference(model, neutral, ngrams),
    )


def _heaviest_words(model: SentimentModel, texts: "pd.Series[str]") -> dict[str, float]:
    """The words that add most to the mean margin; none for a model of words, whose columns say the same exactly."""
    if all(part.ngrams.analyzer == "word" for part in model.feature_set.parts):
        return {}
    mean = mean_contributions(model, texts)
    return {word: mean[word] for word in sorted(mean, key=lambda word: -abs(mean[word]))[:_MOST_WORDS]}


def _neutral_reference(model: SentimentModel, neutral: NeutralReviews, ngrams: NgramSettings) -> NeutralReference:
    rows = model.rows(neutral.texts)
    mean_columns, mean_values = _means(LabelledRows.of(rows, np.zeros(rows.shape[0], np.int8)))
    return NeutralReference(
        share=neutral.share,
        rows=hash_ngrams(neutral.texts, ngrams),
        columns=describe_texts(neutral.texts),
        unknown_words=model.unknown_shares(neutral.texts),
        margins=model.margins_of_rows(rows),
        known_ngrams=np.diff(rows.indptr).astype(np.int32),
        mean_columns=mean_columns,
        mean_values=mean_values,
        words=_heaviest_words(model, neutral.texts),
    )


def _means(rows: LabelledRows) -> tuple[np.ndarray, np.ndarray]:
    """The columns that the rows have, and the mean of each over them."""
    sums = rows.column_sums()
    columns = np.flatnonzero(sums).astype(np.int32)
    return columns, sums[columns] / max(len(rows.labels), 1)


def reference_to_bytes(reference: Reference) -> bytes:
    """A compressed ``.npz``, readable with ``allow_pickle=False``."""
    facts = {
        "format": REFERENCE_FORMAT,
        "ngrams": reference.ngrams.model_dump(),
        "positive": reference.positive,
        "labelled": reference.labelled,
        "n_test": reference.n_test,
        "names": reference.names,
        "words": reference.words,
        "neutral_words": reference.neutral.words,
        "neutral_share": reference.neutral.share,
    }
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        allow_pickle=False,
        facts=np.array(json.dumps(facts)),
        **_arrays_of_rows(reference.rows),
        unknown_words=reference.unknown_words,
        margins=reference.margins,
        known_ngrams=reference.known_ngrams,
        labels=reference.labels,
        mean_columns=reference.mean_columns,
        mean_values=reference.mean_values,
        **_arrays_of_columns(reference.columns),
        **{f"neutral_{name}": values for name, values in _arrays_of_neutral(reference.neutral).items()},
    )
    return buffer.getvalue()


def _arrays_of_rows(rows: sparse.csr_matrix) -> dict[str, np.ndarray]:
    """Which entries are there, which is all that matters."""
    return {"indices": rows.indices, "indptr": rows.indptr}


def _arrays_of_columns(columns: TextColumns) -> dict[str, np.ndarray]:
    return {f"column_{name}": getattr(columns, name) for name in _COLUMNS}


def _arrays_of_neutral(neutral: NeutralReference) -> dict[str, np.ndarray]:
    arrays = {name: getattr(neutral, name) for name in _NEUTRAL_ARRAYS}
    return arrays | _arrays_of_rows(neutral.rows) | _arrays_of_columns(neutral.columns)


def reference_from_bytes(content: bytes) -> Reference | None:
    """The inverse of ``reference_to_bytes``; ``None`` for the format of another release.

    One that holds no neutral reviews is compared with batches without theirs.
    """
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        facts = json.loads(str(arrays["facts"]))
        if facts["format"] not in {REFERENCE_FORMAT, *_FORMER_FORMATS}:
            return None
        ngrams = NgramSettings(**facts["ngrams"])
        prefix = "neutral_"
        beside = {name.removeprefix(prefix): arrays[name] for name in arrays if name.startswith(prefix)}
        return Reference(
            ngrams=ngrams,
            rows=_rows_from(arrays, ngrams),
            columns=_columns_from(arrays),
            positive=facts["positive"],
            labelled=facts["labelled"],
            unknown_words=arrays["unknown_words"],
            margins=arrays["margins"],
            known_ngrams=arrays["known_ngrams"],
            labels=arrays["labels"],
            n_test=facts["n_test"],
            mean_columns=arrays["mean_columns"],
            mean_values=arrays["mean_values"],
            names={int(column): name for column, name in facts["names"].items()},
            words=facts.get("words", {}),
            neutral=_neutral_from(beside or _no_neutral_arrays(), facts, ngrams),
        )


def _rows_from(arrays: Mapping[str, np.ndarray], ngrams: NgramSettings) -> sparse.csr_matrix:
    indices, indptr = arrays["indices"], arrays["indptr"]
    return sparse.csr_matrix(
        (np.ones(len(indices), np.float32), indices, indptr), shape=(len(indptr) - 1, 1 << ngrams.columns_log2)
    )


def _columns_from(arrays: Mapping[str, np.ndarray]) -> TextColumns:
    return TextColumns(**{name: arrays[f"column_{name}"] for name in _COLUMNS})


def _neutral_from(
    arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any], ngrams: NgramSettings
) -> NeutralReference:
    return NeutralReference(
        share=facts.get("neutral_share", 0.0),
        words=facts.get("neutral_words", {}),
        rows=_rows_from(arrays, ngrams),
        columns=_columns_from(arrays),
        **{name: arrays[name] for name in _NEUTRAL_ARRAYS},
    )


def _no_neutral_arrays() -> dict[str, np.ndarray]:
    numbers = {name: np.empty(0) for name in ("column_length", "column_capitals", "column_letters")}
    whole = {name: np.empty(0, np.int32) for name in ("indices", "known_ngrams", "mean_columns")}
    more = {name: np.empty(0) for name in ("unknown_words", "margins", "mean_values")}
    return {**numbers, **whole, **more, "indptr": np.zeros(1, np.int32), "column_language": np.empty(0, "U8")}


_COLUMNS = ("length", "capitals", "letters", "language")
_NEUTRAL_ARRAYS = ("unknown_words", "margins", "known_ngrams", "mean_columns", "mean_values")


def _some(values: "pd.Series[_T]", most: int) -> "pd.Series[_T]":
    """Up to ``most`` of the values, the same at every call."""
    return values if len(values) <= most else values.sample(most, random_state=_SEED)
