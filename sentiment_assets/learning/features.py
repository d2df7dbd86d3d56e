"""The training matrices: fitted on train, applied to all three splits."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from sentiment_assets.learning.labelled_rows import LabelledRows
from sentiment_assets.learning.ngrams import ColumnLookup, hash_ngrams, select_columns
from sentiment_assets.learning.settings import FeatureSettings
from sentiment_assets.learning.splitting import NEAR_DUPLICATE, SPLITS, TRAIN, digest_of_splits
from sentiment_assets.learning.weighting import (
    ColumnWeights,
    fit_column_weights,
    weigh,
)

_MATRICES = (*SPLITS, NEAR_DUPLICATE)
_REMEDY = "materialize features, then trained_candidates, then this asset"


@dataclass(frozen=True)
class Features:
    """Feature rows of every split, and the column weights that made them."""

    rows: dict[str, LabelledRows]
    """The rows of each split by its name; under ``near_duplicate`` those that were set aside."""
    column_weights: ColumnWeights
    settings: FeatureSettings
    """What they were built with."""
    splits_digest: str
    """The digest of the splits that they were built from (``digest_of_splits``)."""

    @property
    def summary(self) -> list[dict[str, object]]:
        """Sizes of each split's matrix, as the rows of a table."""
        return [
            {
                "split": name,
                "reviews": labelled.rows.shape[0],
                "positive": int(labelled.labels.sum()),
                "entries": labelled.rows.nnz,
                "megabytes": round(labelled.rows.nnz * 8 / 1e6, 1),
            }
            for name, labelled in self.rows.items()
        ]


def build_features(reviews: pd.DataFrame, settings: FeatureSettings, n_jobs: int = 1) -> Features:
    """Features of a corpus with columns text, label and split; weights are fitted on train only."""
    parts = {name: reviews[reviews["split"] == name] for name in _MATRICES}
    labels = {name: part["label"].to_numpy(np.int8) for name, part in parts.items()}
    ngrams = hash_ngrams(parts[TRAIN]["text"], settings.ngrams, n_jobs=n_jobs)
    fitted = fit_column_weights(ngrams, labels[TRAIN], settings.weighting, settings.min_reviews)
    lookup = ColumnLookup.of(fitted.columns, ngrams.shape[1])
    train = select_columns(ngrams, lookup)
    del ngrams
    rows = {TRAIN: LabelledRows(weigh(train, fitted.weights), labels[TRAIN])}
    for name in _MATRICES[1:]:
        unseen = hash_ngrams(parts[name]["text"], settings.ngrams, lookup, n_jobs)
        rows[name] = LabelledRows(weigh(unseen, fitted.weights), labels[name])
    return Features(rows, fitted, settings, digest_of_splits(reviews))


class StaleFeatures(ValueError):
    """Features that were not built from these splits with these settings; the message says what to materialize."""


def require_current(features: Features, splits: pd.DataFrame, settings: FeatureSettings) -> None:
    """Raise ``StaleFeatures`` unless the features were built from these splits with these settings."""
    if features.splits_digest != digest_of_splits(splits):
        raise StaleFeatures(f"the features were built from other splits than there are now: {_REMEDY}")
    if features.settings != settings:
        raise StaleFeatures(f"the features were built with other settings than the branch has now: {_REMEDY}")


def features_to_arrays(features: Features) -> dict[str, np.ndarray]:
    """Flat named arrays, to be stored one by one."""
    facts = {"settings": features.settings.model_dump(), "splits_digest": features.splits_digest}
    arrays = {
        "facts": np.array([json.dumps(facts, sort_keys=True)]),
        "columns": features.column_weights.columns,
        "weights": features.column_weights.weights,
    }
    for name, labelled in features.rows.items():
        arrays[f"{name}_data"] = labelled.rows.data
        arrays[f"{name}_indices"] = labelled.rows.indices
        arrays[f"{name}_indptr"] = labelled.rows.indptr
        arrays[f"{name}_labels"] = labelled.labels
    return arrays


def features_from_arrays(arrays: Mapping[str, np.ndarray]) -> Features:
    """The inverse of ``features_to_arrays``; memory-mapped arrays are used where they lie.

    Raises ``StaleFeatures`` for arrays of a former release, which do not say what they were built from.
    """
    if "facts" not in arrays:
        raise StaleFeatures(f"the features were stored by a former release: {_REMEDY}")
    facts = json.loads(str(arrays["facts"][0]))
    fitted = ColumnWeights(arrays["columns"], arrays["weights"])
    rows = {}
    for name in _MATRICES:
        parts = tuple(arrays[f"{name}_{part}"] for part in ("data", "indices", "indptr"))
        labels = arrays[f"{name}_labels"]
        matrix = sparse.csr_matrix(parts, shape=(len(labels), len(fitted.columns)), copy=False)
        rows[name] = LabelledRows(matrix, labels)
    return Features(rows, fitted, FeatureSettings(**facts["settings"]), facts["splits_digest"])
