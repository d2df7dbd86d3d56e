"""The training matrices: fitted on train, applied to all three splits."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from sentiment_assets.learning.linear_svc import LabelledRows
from sentiment_assets.learning.ngrams import hash_ngrams
from sentiment_assets.learning.settings import FeatureSettings
from sentiment_assets.learning.splitting import SPLITS, TRAIN
from sentiment_assets.learning.weighting import (
    ColumnWeights,
    apply_column_weights,
    fit_column_weights,
)


@dataclass(frozen=True)
class Features:
    """Feature rows of every split, and the column weights that made them."""

    rows: dict[str, LabelledRows]
    """By split name."""
    column_weights: ColumnWeights

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


def build_features(reviews: pd.DataFrame, settings: FeatureSettings) -> Features:
    """Features of a corpus with columns text, label and split; weights are fitted on train only."""
    presence, labels = {}, {}
    for name in SPLITS:
        part = reviews[reviews["split"] == name]
        presence[name] = hash_ngrams(part["text"].tolist(), settings.ngrams)
        labels[name] = part["label"].to_numpy(np.int8)
    fitted = fit_column_weights(presence[TRAIN], labels[TRAIN], settings.weighting, settings.min_reviews)
    rows = {name: LabelledRows(apply_column_weights(presence[name], fitted), labels[name]) for name in SPLITS}
    return Features(rows, fitted)


def features_to_arrays(features: Features) -> dict[str, np.ndarray]:
    """Flat named arrays, to be stored one by one."""
    arrays = {
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
    """The inverse of ``features_to_arrays``; memory-mapped arrays are used where they lie."""
    fitted = ColumnWeights(arrays["columns"], arrays["weights"])
    rows = {}
    for name in SPLITS:
        parts = tuple(arrays[f"{name}_{part}"] for part in ("data", "indices", "indptr"))
        labels = arrays[f"{name}_labels"]
        matrix = sparse.csr_matrix(parts, shape=(len(labels), len(fitted.columns)), copy=False)
        rows[name] = LabelledRows(matrix, labels)
    return Features(rows, fitted)
