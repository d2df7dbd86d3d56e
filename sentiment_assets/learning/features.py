"""The training matrices of every feature set: fitted on train, applied to all three splits."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import sparse

from sentiment_assets.learning.feature_set import (
    FeaturePart,
    FittedFeatureSet,
    parts_from,
    parts_to_arrays,
    parts_to_facts,
    scaled,
    side_by_side,
)
from sentiment_assets.learning.labelled_rows import LabelledRows
from sentiment_assets.learning.ngrams import ColumnLookup, hash_ngrams, select_columns
from sentiment_assets.learning.settings import CHARACTERS, WORDS, FeatureSet, FeatureSettings, NgramSettings
from sentiment_assets.learning.splitting import NEAR_DUPLICATE, SPLITS, TRAIN, digest_of_splits
from sentiment_assets.learning.weighting import fit_column_weights, weigh

_MATRICES = (*SPLITS, NEAR_DUPLICATE)
_REMEDY = "materialize features, then trained_candidates, then this asset"
_HALF = float(np.sqrt(0.5))
"""The length of words and of characters in a row of both, whose own length is 1."""


@dataclass(frozen=True)
class FeatureRows:
    """The rows of one feature set in every split, and what made them."""

    rows: Mapping[str, LabelledRows]
    """The rows of each split by its name; under ``near_duplicate`` those that were set aside."""
    fitted: FittedFeatureSet


@dataclass(frozen=True)
class Features:
    """The rows of the feature sets that the candidates train on."""

    sets: Mapping[FeatureSet, FeatureRows]
    settings: FeatureSettings
    """What they were built with."""
    splits_digest: str
    """The digest of the splits that they were built from (``digest_of_splits``)."""

    def of(self, asked: FeatureSet | None = None) -> FeatureRows:
        """The feature set that a candidate asks for, or the first for one that asks for none."""
        return self.sets[asked or self.settings.feature_sets[0]]

    @property
    def summary(self) -> list[dict[str, object]]:
        """Sizes of each split's matrices, as the rows of a table."""
        return [
            {
                "features": feature_set,
                "split": name,
                "reviews": labelled.rows.shape[0],
                "positive": int(labelled.labels.sum()),
                "columns": labelled.rows.shape[1],
                "entries": labelled.rows.nnz,
                "megabytes": round(labelled.rows.nnz * 8 / 1e6, 1),
            }
            for feature_set, built in self.sets.items()
            for name, labelled in built.rows.items()
        ]


def build_features(
    reviews: pd.DataFrame,
    settings: FeatureSettings,
    feature_sets: Sequence[FeatureSet] | None = None,
    n_jobs: int = 1,
) -> Features:
    """Features of a corpus with columns text, label and split; weights are fitted on train only.

    Without ``feature_sets`` all that the settings have are built. In ``words+characters`` the rows of both stand side
    by side, each with the same length.
    """
    wanted = settings.feature_sets if feature_sets is None else feature_sets
    words_and_characters: tuple[FeatureSet, ...] = ("words", "characters")
    needed = words_and_characters if "words+characters" in wanted else wanted
    built = {
        name: _build(reviews, settings, settings.ngrams or (WORDS if name == "words" else CHARACTERS), n_jobs)
        for name in needed
    }
    if "words+characters" in wanted:
        built["words+characters"] = _both(*(built[name] for name in words_and_characters))
    return Features({name: built[name] for name in wanted}, settings, digest_of_splits(reviews))


def _build(reviews: pd.DataFrame, settings: FeatureSettings, ngrams: NgramSettings, n_jobs: int) -> FeatureRows:
    parts = {name: reviews[reviews["split"] == name] for name in _MATRICES}
    labels = {name: part["label"].to_numpy(np.int8) for name, part in parts.items()}
    found = hash_ngrams(parts[TRAIN]["text"], ngrams, n_jobs=n_jobs)
    fitted = fit_column_weights(found, labels[TRAIN], settings.weighting, settings.min_reviews)
    lookup = ColumnLookup.of(fitted.columns, found.shape[1])
    train = select_columns(found, lookup)
    del found
    rows = {TRAIN: LabelledRows(weigh(train, fitted.weights), labels[TRAIN])}
    for name in _MATRICES[1:]:
        unseen = hash_ngrams(parts[name]["text"], ngrams, lookup, n_jobs)
        rows[name] = LabelledRows(weigh(unseen, fitted.weights), labels[name])
    return FeatureRows(rows, FittedFeatureSet((FeaturePart(ngrams, fitted),)))


def _both(*alone: FeatureRows) -> FeatureRows:
    rows = {
        name: LabelledRows(side_by_side([scaled(each.rows[name].rows, _HALF) for each in alone]), labelled.labels)
        for name, labelled in alone[0].rows.items()
    }
    parts = tuple(replace(part, length=_HALF) for each in alone for part in each.fitted.parts)
    return FeatureRows(rows, FittedFeatureSet(parts))


class StaleFeatures(ValueError):
    """Features that were not built from these splits with these settings; the message says what to materialize."""


def require_current(
    features: Features,
    splits: pd.DataFrame,
    settings: FeatureSettings,
    feature_sets: Sequence[FeatureSet] | None = None,
) -> None:
    """Raise ``StaleFeatures`` unless the features were built from these splits with these settings and feature sets."""
    wanted = settings.feature_sets if feature_sets is None else feature_sets
    if features.splits_digest != digest_of_splits(splits):
        raise StaleFeatures(f"the features were built from other splits than there are now: {_REMEDY}")
    if features.settings != settings or list(features.sets) != list(wanted):
        raise StaleFeatures(f"the features were built with other settings than the branch has now: {_REMEDY}")


def features_to_arrays(features: Features) -> dict[str, np.ndarray]:
    """Flat named arrays, to be stored one by one."""
    facts = {
        "settings": features.settings.model_dump(),
        "splits_digest": features.splits_digest,
        "sets": {name: parts_to_facts(built.fitted) for name, built in features.sets.items()},
    }
    arrays = {"facts": np.array([json.dumps(facts, sort_keys=True)])}
    for feature_set, built in features.sets.items():
        own = parts_to_arrays(built.fitted)
        for name, labelled in built.rows.items():
            own[f"{name}_data"] = labelled.rows.data
            own[f"{name}_indices"] = labelled.rows.indices
            own[f"{name}_indptr"] = labelled.rows.indptr
            own[f"{name}_labels"] = labelled.labels
        arrays |= {f"{feature_set}_{name}": array for name, array in own.items()}
    return arrays


def features_from_arrays(arrays: Mapping[str, np.ndarray]) -> Features:
    """The inverse of ``features_to_arrays``; memory-mapped arrays are used where they lie.

    Raises ``StaleFeatures`` for arrays of a former release, which do not say what they were built from.
    """
    facts = json.loads(str(arrays["facts"][0])) if "facts" in arrays else {}
    if "sets" not in facts:
        raise StaleFeatures(f"the features were stored by a former release: {_REMEDY}")
    settings = FeatureSettings(**facts["settings"])
    sets: dict[FeatureSet, FeatureRows] = {}
    for feature_set, parts in facts["sets"].items():
        own = {
            name.removeprefix(f"{feature_set}_"): array
            for name, array in arrays.items()
            if name.startswith(f"{feature_set}_")
        }
        fitted = parts_from(parts, own)
        sets[feature_set] = FeatureRows({name: _rows_from(own, name, fitted.n_columns) for name in _MATRICES}, fitted)
    in_order = {name: sets[name] for name in settings.feature_sets if name in sets}
    return Features(in_order, settings, facts["splits_digest"])


def _rows_from(arrays: Mapping[str, np.ndarray], name: str, n_columns: int) -> LabelledRows:
    parts = tuple(arrays[f"{name}_{part}"] for part in ("data", "indices", "indptr"))
    labels = arrays[f"{name}_labels"]
    return LabelledRows(sparse.csr_matrix(parts, shape=(len(labels), n_columns), copy=False), labels)
