"""What a batch is compared with. It travels with the champion, so a new champion brings a new reference.

It holds hashed n-grams and numbers, no review. What the model was not fitted to (wording, lengths, characters, labels)
comes from its training split; what it was (margins, unknown words) from the validation and test splits, because a
model knows its own training reviews better than any other.
"""

import io
import json
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from sentiment_assets.learning.features import FeatureRows
from sentiment_assets.learning.model import SentimentModel
from sentiment_assets.learning.ngrams import hash_ngrams
from sentiment_assets.learning.settings import NgramSettings
from sentiment_assets.learning.splitting import TEST, TRAIN, VALIDATION
from sentiment_assets.monitoring.batch_texts import drift_ngrams
from sentiment_assets.monitoring.text_columns import TextColumns, describe_texts, main_languages

REFERENCE_FORMAT = "r2"
"""Changes when what a reference holds does, so that an unchanged model is registered anew with a new reference."""
_MOST_REVIEWS = 10_000
_NAMED_COLUMNS = 500
_SEED = 0


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
    """The number of training reviews that are positive."""
    labelled: int
    """The number of all training reviews."""
    unknown_words: np.ndarray
    """The shares of unknown words of up to 10,000 held-out reviews."""
    margins: np.ndarray
    """float64, shape (n_held_out,): validation, then test."""
    known_ngrams: np.ndarray
    """int32, for the same reviews: how many of a review's distinct n-grams the model has a weight for."""
    labels: np.ndarray
    """int8, for the same reviews."""
    n_test: int
    """The last ``n_test`` of them are the test split."""
    mean_columns: np.ndarray
    """int32, ascending: columns of the model that held-out reviews have."""
    mean_values: np.ndarray
    """float64: the mean of each of these columns over the held-out reviews."""
    names: dict[int, str]
    """The n-grams of the columns that add most to the mean margin: a batch that lacks them cannot name them."""

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages of at least a twentieth of the reviews."""
        return main_languages(self.columns.language)

    def on_test(self) -> tuple[np.ndarray, np.ndarray]:
        """Margins and labels of the test split, by which nothing was fitted or chosen; empty if there is none."""
        first = len(self.labels) - self.n_test
        return self.margins[first:], self.labels[first:]


def make_reference(model: SentimentModel, features: FeatureRows, splits: pd.DataFrame) -> Reference:
    """The reference of a model from the splits, and the rows of its feature set, that it was made of."""
    train = splits[splits["split"] == TRAIN]
    held_out = pd.concat([splits[splits["split"] == name] for name in (VALIDATION, TEST)])
    rows = sparse.vstack([features.rows[name].rows for name in (VALIDATION, TEST)], format="csr")
    labels = np.concatenate([features.rows[name].labels for name in (VALIDATION, TEST)])
    ngrams = drift_ngrams(model.feature_set.main_ngrams)
    some = _some(train["text"])
    sums = np.bincount(rows.indices, weights=rows.data, minlength=rows.shape[1])
    mean_columns = np.flatnonzero(sums).astype(np.int32)
    mean_values = sums[mean_columns] / rows.shape[0]
    heaviest = mean_columns[np.argsort(-np.abs(model.coefficients[mean_columns] * mean_values))[:_NAMED_COLUMNS]]
    names = model.feature_set.names(_some(held_out["text"]), heaviest)
    return Reference(
        ngrams=ngrams,
        rows=hash_ngrams(some, ngrams),
        columns=describe_texts(some),
        positive=int((train["label"] == 1).sum()),
        labelled=len(train),
        unknown_words=model.unknown_shares(_some(held_out["text"])),
        margins=model.margins_of_rows(rows),
        known_ngrams=np.diff(rows.indptr).astype(np.int32),
        labels=labels.astype(np.int8),
        n_test=features.rows[TEST].rows.shape[0],
        mean_columns=mean_columns,
        mean_values=mean_values,
        names=dict(zip(heaviest.tolist(), names, strict=True)),
    )


def reference_to_bytes(reference: Reference) -> bytes:
    """A compressed ``.npz``, readable with ``allow_pickle=False``."""
    facts = {
        "format": REFERENCE_FORMAT,
        "ngrams": reference.ngrams.model_dump(),
        "positive": reference.positive,
        "labelled": reference.labelled,
        "n_test": reference.n_test,
        "names": reference.names,
    }
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        allow_pickle=False,
        facts=np.array(json.dumps(facts)),
        indices=reference.rows.indices,
        indptr=reference.rows.indptr,
        unknown_words=reference.unknown_words,
        margins=reference.margins,
        known_ngrams=reference.known_ngrams,
        labels=reference.labels,
        mean_columns=reference.mean_columns,
        mean_values=reference.mean_values,
        **{f"column_{name}": getattr(reference.columns, name) for name in _COLUMNS},
    )
    return buffer.getvalue()


def reference_from_bytes(content: bytes) -> Reference | None:
    """The inverse of ``reference_to_bytes``; ``None`` for the format of another release."""
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        facts = json.loads(str(arrays["facts"]))
        if facts["format"] != REFERENCE_FORMAT:
            return None
        ngrams = NgramSettings(**facts["ngrams"])
        indices, indptr = arrays["indices"], arrays["indptr"]
        return Reference(
            ngrams=ngrams,
            rows=sparse.csr_matrix(
                (np.ones(len(indices), np.float32), indices, indptr),
                shape=(len(indptr) - 1, 1 << ngrams.columns_log2),
            ),
            columns=TextColumns(**{name: arrays[f"column_{name}"] for name in _COLUMNS}),
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
        )


_COLUMNS = ("length", "capitals", "letters", "language")


def _some(texts: "pd.Series[str]") -> "pd.Series[str]":
    """Up to ``_MOST_REVIEWS`` of the texts, the same at every call."""
    return texts if len(texts) <= _MOST_REVIEWS else texts.sample(_MOST_REVIEWS, random_state=_SEED)
