"""The sentiment model: raw text in, score out. Arrays and a small JSON file on disk, never a pickle."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from sentiment_assets.learning.calibration import Calibration, RatingCurve, calibration_of
from sentiment_assets.learning.contributions import Contributions, heaviest_words
from sentiment_assets.learning.feature_set import FittedFeatureSet, parts_from, parts_to_arrays, parts_to_facts
from sentiment_assets.learning.metrics import margins_of_rows
from sentiment_assets.learning.near_duplicates import NO_SIGNATURES
from sentiment_assets.learning.ngrams import Texts, chunks_of, find_ngrams
from sentiment_assets.learning.settings import version_of_sister

_ARRAYS_FILE = "model.npz"
_FACTS_FILE = "model.json"
_TOP_WORDS = 5


@dataclass(frozen=True)
class PinnedVersion:
    """A registered model, named so that no other can take its place."""

    branch: str
    version: str
    digest: str
    """What it was registered with, by which it is known to be unchanged."""

    def __str__(self) -> str:
        return version_of_sister(self.branch, self.version)


@dataclass(frozen=True)
class SentimentModel:
    """A calibrated linear SVC over the hashed n-grams of a feature set.

    Parts of the feature set may be those of a sister (``started_from``), copied into this model.
    """

    feature_set: FittedFeatureSet
    coefficients: np.ndarray
    """float32, shape (n_columns,)."""
    intercept: float
    """The decision threshold is part of it: a review is positive if its margin is above 0."""
    calibration: Calibration
    trained_on: np.ndarray
    """uint64, sorted: digests of the training texts, so that a later comparison can leave them out."""
    trained_signatures: np.ndarray
    """uint8 of shape (n_training_texts, SIGNATURE_SIZE): signatures of the same texts in any order, so that it
    can leave out their near-duplicates; shape (0, SIGNATURE_SIZE) in models of releases that kept none."""
    started_from: tuple[PinnedVersion, ...] = ()
    """The sister whose model is part of this one, then the sisters that are part of hers."""

    def margins(self, texts: Texts) -> np.ndarray:
        """W·x + b of each text, float64, shape (n_texts,); 0 for a text in which the model knows nothing."""
        chunks = [self.margins_of_rows(self.feature_set.rows_of(found)) for found in self.feature_set.find(texts)]
        return np.concatenate(chunks) if chunks else np.empty(0)

    def margins_of_rows(self, rows: sparse.csr_matrix) -> np.ndarray:
        """The margins of texts whose features are known already, shape (n_texts, n_columns); see ``margins``."""
        return margins_of_rows(rows, self.coefficients, self.intercept)

    def rows(self, texts: Texts) -> sparse.csr_matrix:
        """The model's features of each text, float32 of shape (n_texts, n_columns).

        A row has length 1, or 0 where nothing is known; with a sister, so has that of its parts.
        """
        return self.feature_set.rows(texts)

    def unknown_shares(self, texts: Texts) -> np.ndarray:
        """Share of each text's shortest n-grams that the model has no weight for, float64; 0 for a text without any.

        These are words, unless the model knows characters alone. What a sister knows is known.
        """
        ngrams = self.feature_set.main_ngrams
        lookups = [part.lookup for part in self.feature_set.parts if part.ngrams == ngrams]
        shortest = ngrams.model_copy(update={"longest": ngrams.shortest})
        shares = [np.empty(0)]
        for occurrences in find_ngrams(texts, shortest):
            unknown = np.all([each.position[occurrences.columns] < 0 for each in lookups], axis=0)
            counts = np.bincount(occurrences.rows, minlength=occurrences.n_texts)
            shares.append(np.bincount(occurrences.rows, unknown, occurrences.n_texts) / np.maximum(counts, 1))
        return np.concatenate(shares)

    def score(self, texts: Texts) -> pd.DataFrame:
        """One row for each text: score in [-1, 1], label (1 or 0), confidence in [0, 1], the probability of the label.

        The label is 1 if p is above the threshold (``Calibration.threshold``): one half, unless the branch chose
        another. The score is 2p - 1; of a branch whose scores are calibrated to ratings it is the place on their scale.
        A score of 0 with a confidence of 0.5 stands for a text in which the model knows no n-gram.
        """
        return pd.DataFrame(self.scores_of(self.margins(texts)))

    def explain(self, texts: Texts, top: int = _TOP_WORDS) -> pd.DataFrame:
        """Score texts as ``score`` does, and add the words that weighed most, with their exact share of the margin.

        Column ``words`` lists up to ``top`` words of each text, the heaviest first; column ``contributions`` what each
        added to W·x. Of a model of words alone these are n-grams; where characters count, too, a word has all that its
        characters and n-grams added, and a language without spaces has n-grams of characters.
        """
        explained = list(self.explained(texts, top))
        if not explained:
            return self.score([]).assign(words=[], contributions=[])
        margins = np.concatenate([each.margins for each in explained])
        return pd.DataFrame(self.scores_of(margins)).assign(
            words=pd.Series([words for each in explained for words in each.words]),
            contributions=pd.Series([terms for each in explained for terms in each.contributions]),
        )

    def contributions(self, texts: Texts) -> list[dict[str, float]]:
        """What each of a text's words added to W·x, heaviest first; with b they sum to its margin. See ``explain``."""
        return [
            dict(zip(words, terms, strict=True))
            for explained in self.explained(texts, top=None)
            for words, terms in zip(explained.words, explained.contributions, strict=True)
        ]

    def explained(self, texts: Texts, top: int | None = _TOP_WORDS) -> Iterator[Contributions]:
        """The margins of texts and their heaviest words (all, without ``top``), a chunk at a time; see ``explain``."""
        for chunk, found in zip(chunks_of(texts), self.feature_set.find(texts), strict=True):
            rows = self.feature_set.rows_of(found)
            words, contributions = heaviest_words(
                chunk, found, rows=rows, feature_set=self.feature_set, coefficients=self.coefficients, top=top
            )
            yield Contributions(self.margins_of_rows(rows), words, contributions)

    def scores_of(self, margins: np.ndarray) -> dict[str, np.ndarray]:
        """The columns of ``score`` for texts with these margins."""
        probabilities = self.calibration.probabilities(margins)
        return {
            "score": self.calibration.scores(margins),
            "label": (margins > 0).astype(np.int8),
            "confidence": np.where(margins > 0, probabilities, 1 - probabilities),
        }


def save_model(model: SentimentModel, folder: Path) -> None:
    """Write the model's two files into ``folder``, which is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / _ARRAYS_FILE, allow_pickle=False, **_arrays(model))
    (folder / _FACTS_FILE).write_text(json.dumps(_facts(model), indent=2) + "\n")


def load_model(folder: Path) -> SentimentModel:
    """Read what ``save_model`` wrote, in this release or a former one. Nothing in the files is executed."""
    facts, arrays = _read(folder)
    # Former releases kept an offset of p apart from b, labels being those of p > 1/2, and no signatures.
    kept = facts["calibration"]
    fitted = calibration_of(kept["slope"], kept.get("offset", 0.0))
    return SentimentModel(
        feature_set=parts_from(facts["parts"] if "parts" in facts else _only_part(facts, arrays), arrays),
        coefficients=arrays["coefficients"],
        intercept=facts["intercept"] + fitted.shift,
        calibration=replace(
            fitted.calibration,
            log_odds=kept.get("log_odds", 0.0),
            rating_curve=RatingCurve(**kept["rating_curve"]) if "rating_curve" in kept else None,
        ),
        trained_on=arrays["trained_on"],
        trained_signatures=arrays.get("trained_signatures", NO_SIGNATURES),
        started_from=tuple(PinnedVersion(**each) for each in facts.get("started_from", ())),
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
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()[:16]


def _only_part(facts: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> list[dict[str, Any]]:
    return [{"ngrams": facts["ngrams"], "length": 1.0, "columns": len(arrays["columns"])}]


def _arrays(model: SentimentModel) -> Mapping[str, np.ndarray]:
    return {
        **parts_to_arrays(model.feature_set),
        "coefficients": model.coefficients,
        "trained_on": model.trained_on,
        "trained_signatures": model.trained_signatures,
    }


def _facts(model: SentimentModel) -> dict[str, object]:
    parts = parts_to_facts(model.feature_set)
    # One part, no sister, a threshold of one half and scores of 2p - 1 are written as they were before there could be
    # others, so that an equal model keeps its digest.
    calibration = {name: value for name, value in asdict(model.calibration).items() if name == "slope" or value}
    return {
        **({"ngrams": parts[0]["ngrams"]} if len(parts) == 1 else {"parts": parts}),
        "intercept": model.intercept,
        "calibration": calibration,
        **({"started_from": [asdict(each) for each in model.started_from]} if model.started_from else {}),
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
