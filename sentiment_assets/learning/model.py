"""The sentiment model: raw text in, score out. Arrays and a small JSON file on disk, never a pickle."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from sentiment_assets.learning.calibration import Calibration, calibration_of
from sentiment_assets.learning.metrics import margins_of_rows
from sentiment_assets.learning.near_duplicates import NO_SIGNATURES
from sentiment_assets.learning.ngrams import (
    ColumnLookup,
    Occurrences,
    Texts,
    find_ngrams,
    occurrences_to_rows,
    pair_keys,
)
from sentiment_assets.learning.settings import NgramSettings
from sentiment_assets.learning.weighting import ColumnWeights, weigh

_ARRAYS_FILE = "model.npz"
_FACTS_FILE = "model.json"
_TOP_WORDS = 5


@dataclass(frozen=True)
class SentimentModel:
    """A calibrated linear SVC over hashed n-grams."""

    ngrams: NgramSettings
    column_weights: ColumnWeights
    coefficients: np.ndarray
    """float32, shape (n_columns,)."""
    intercept: float
    """The decision threshold is part of it: a review is positive if its margin, score or p - 1/2 is above 0."""
    calibration: Calibration
    trained_on: np.ndarray
    """uint64, sorted: digests of the training texts, so that a later comparison can leave them out."""
    trained_signatures: np.ndarray
    """uint8 of shape (n_training_texts, SIGNATURE_SIZE): signatures of the same texts in any order, so that it
    can leave out their near-duplicates; shape (0, SIGNATURE_SIZE) in models of releases that kept none."""

    def margins(self, texts: Texts) -> np.ndarray:
        """W·x + b of each text, float64, shape (n_texts,); 0 for a text in which the model knows nothing."""
        chunks = [self.margins_of_rows(self._rows(occurrences)) for occurrences in find_ngrams(texts, self.ngrams)]
        return np.concatenate(chunks) if chunks else np.empty(0)

    def margins_of_rows(self, rows: sparse.csr_matrix) -> np.ndarray:
        """The margins of texts whose features are known already, shape (n_texts, n_columns); see ``margins``."""
        return margins_of_rows(rows, self.coefficients, self.intercept)

    def rows(self, texts: Texts) -> sparse.csr_matrix:
        """The model's features of each text, float32 of shape (n_texts, n_columns), rows of length 1 or 0."""
        chunks = [self._rows(occurrences) for occurrences in find_ngrams(texts, self.ngrams)]
        empty = sparse.csr_matrix((0, len(self.coefficients)), dtype=np.float32)
        return sparse.vstack([empty, *chunks], format="csr")

    def unknown_shares(self, texts: Texts) -> np.ndarray:
        """Share of each text's shortest n-grams that the model has no weight for, float64; 0 for a text without any."""
        shortest = self.ngrams.model_copy(update={"longest": self.ngrams.shortest})
        shares = [np.empty(0)]
        for occurrences in find_ngrams(texts, shortest):
            unknown = self._lookup.position[occurrences.columns] < 0
            counts = np.bincount(occurrences.rows, minlength=occurrences.n_texts)
            shares.append(np.bincount(occurrences.rows, unknown, occurrences.n_texts) / np.maximum(counts, 1))
        return np.concatenate(shares)

    def score(self, texts: Texts) -> pd.DataFrame:
        """One row for each text: score in [-1, 1], label (1 or 0), confidence in [0.5, 1].

        The label is 1 if the score is above 0. A score of 0 with a confidence of 0.5 stands for a text in which the
        model knows no n-gram.
        """
        return self._scores(self.margins(texts))

    def explain(self, texts: Texts, top: int = _TOP_WORDS) -> pd.DataFrame:
        """Score texts as ``score`` does, and add the n-grams that weighed most, with their exact share of the margin.

        Column ``words`` lists up to ``top`` n-grams of each text, the heaviest first; column
        ``contributions`` their terms of W·x.
        """
        frames = []
        for occurrences in find_ngrams(texts, self.ngrams):
            rows = self._rows(occurrences)
            words, contributions = self._heaviest(rows, occurrences, top)
            scores = self._scores(self.margins_of_rows(rows))
            frames.append(scores.assign(words=pd.Series(words), contributions=pd.Series(contributions)))
        if not frames:
            return self.score([]).assign(words=[], contributions=[])
        return pd.concat(frames, ignore_index=True)

    def contributions(self, texts: Texts) -> list[dict[str, float]]:
        """Each text's n-grams with their terms of W·x, heaviest first; with b they sum to its margin."""
        return [
            dict(zip(words, terms, strict=True))
            for occurrences in find_ngrams(texts, self.ngrams)
            for words, terms in zip(*self._heaviest(self._rows(occurrences), occurrences), strict=True)
        ]

    def _rows(self, occurrences: Occurrences) -> sparse.csr_matrix:
        return weigh(occurrences_to_rows(occurrences, self.ngrams, self._lookup), self.column_weights.weights)

    @cached_property
    def _lookup(self) -> ColumnLookup:
        return ColumnLookup.of(self.column_weights.columns, 1 << self.ngrams.columns_log2)

    def _scores(self, margins: np.ndarray) -> pd.DataFrame:
        probabilities = self.calibration.probabilities(margins)
        return pd.DataFrame(
            {
                "score": self.calibration.scores(margins),
                "label": (margins > 0).astype(np.int8),
                "confidence": np.maximum(probabilities, 1 - probabilities),
            }
        )

    def _heaviest(
        self, rows: sparse.csr_matrix, occurrences: Occurrences, top: int | None = None
    ) -> tuple[list[list[str]], list[list[float]]]:
        """Each row's largest terms of W·x by absolute value (all, without ``top``), with the n-gram in its own text."""
        terms = rows.data * self.coefficients[rows.indices]
        sizes = np.diff(rows.indptr)
        row_of = np.repeat(np.arange(len(sizes)), sizes)
        order = np.lexsort((rows.indices, -np.abs(terms), row_of))
        rank = np.arange(len(order)) - np.repeat(rows.indptr[:-1], sizes)
        chosen = order if top is None else order[rank < top]
        columns = self.column_weights.columns[rows.indices[chosen]]
        wanted = pair_keys(row_of[chosen], columns, self.ngrams)
        keys = pair_keys(occurrences.rows, occurrences.columns, self.ngrams)
        by_key = np.argsort(keys, kind="stable")
        places = by_key[np.searchsorted(keys, wanted, sorter=by_key)]
        words: list[list[str]] = [[] for _ in sizes]
        contributions: list[list[float]] = [[] for _ in sizes]
        for row, position, term in zip(row_of[chosen], places, terms[chosen], strict=True):
            words[row].append(occurrences.ngram(position))
            contributions[row].append(float(term))
        return words, contributions


def save_model(model: SentimentModel, folder: Path) -> None:
    """Write the model's two files into ``folder``, which is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / _ARRAYS_FILE, allow_pickle=False, **_arrays(model))
    (folder / _FACTS_FILE).write_text(json.dumps(_facts(model), indent=2) + "\n")


def load_model(folder: Path) -> SentimentModel:
    """Read what ``save_model`` wrote, in this release or a former one. Nothing in the files is executed."""
    facts, arrays = _read(folder)
    # Former releases kept the calibration's offset apart, and no signatures.
    fitted = calibration_of(facts["calibration"]["slope"], facts["calibration"].get("offset", 0.0))
    return SentimentModel(
        ngrams=NgramSettings(**facts["ngrams"]),
        column_weights=ColumnWeights(arrays["columns"], arrays["weights"]),
        coefficients=arrays["coefficients"],
        intercept=facts["intercept"] + fitted.shift,
        calibration=fitted.calibration,
        trained_on=arrays["trained_on"],
        trained_signatures=arrays.get("trained_signatures", NO_SIGNATURES),
    )


def model_digest(model: SentimentModel) -> str:
    """The same for models that answer alike: 16 hexadecimal digits of SHA-256 over all they consist of."""
    return _digest(_facts(model), _arrays(model))


def stored_digest(folder: Path) -> str:
    """The digest that the model in ``folder`` had when it was saved, computed from what lies there now."""
    return _digest(*_read(folder))


def _read(folder: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    with np.load(folder / _ARRAYS_FILE, allow_pickle=False) as arrays:
        return json.loads((folder / _FACTS_FILE).read_text()), dict(arrays)


def _digest(facts: Mapping[str, object], arrays: Mapping[str, np.ndarray]) -> str:
    digest = sha256(json.dumps(facts, sort_keys=True).encode())
    for name, array in arrays.items():
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:16]


def _arrays(model: SentimentModel) -> Mapping[str, np.ndarray]:
    return {
        "columns": model.column_weights.columns,
        "weights": model.column_weights.weights,
        "coefficients": model.coefficients,
        "trained_on": model.trained_on,
        "trained_signatures": model.trained_signatures,
    }


def _facts(model: SentimentModel) -> dict[str, object]:
    return {
        "ngrams": model.ngrams.model_dump(),
        "intercept": model.intercept,
        "calibration": {"slope": model.calibration.slope},
    }


class ServedModel:
    """The face MLflow's ``python_function`` flavour asks for."""

    def __init__(self, model: SentimentModel) -> None:
        self.model = model

    def predict(self, model_input: pd.DataFrame) -> pd.DataFrame:
        """Scores of the column ``text``: score, label and confidence, one row for each of its rows.

        A missing text is answered as an empty one, and a number as it is written.
        """
        return self.model.score([_as_text(value) for value in model_input["text"]])


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    is_missing = value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value))
    return "" if is_missing else str(value)


def _load_pyfunc(path: str) -> ServedModel:
    """MLflow calls the loader module's function of this name with the model's data folder."""
    return ServedModel(load_model(Path(path)))
