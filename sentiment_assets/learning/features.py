"""The training matrices of every feature set: fitted on train, applied to all three splits."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from sentiment_assets.learning.feature_set import (
    PART_ARRAYS,
    FeaturePart,
    FittedFeatureSet,
    parts_from,
    parts_to_arrays,
    parts_to_facts,
    scaled,
    side_by_side,
)
from sentiment_assets.learning.labelled_rows import LabelledRows, filed_rows
from sentiment_assets.learning.lazy_mapping import LazyMapping
from sentiment_assets.learning.ngrams import ColumnLookup, chunks_of, hash_chunks, select_columns
from sentiment_assets.learning.settings import CHARACTERS, WORDS, FeatureSet, FeatureSettings, NgramSettings
from sentiment_assets.learning.splitting import NEAR_DUPLICATE, SPLITS, TRAIN, digest_of_splits
from sentiment_assets.learning.weighting import fit_column_weights, weigh

_MATRICES = (*SPLITS, NEAR_DUPLICATE)
_ARRAYS = ("data", "indices", "indptr", "labels")
"""What is stored of ``LabelledRows``, by the names of its first fields."""
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
                "reviews": len(labelled.labels),
                "positive": int(labelled.labels.sum()),
                "columns": labelled.n_columns,
                "entries": len(labelled.data),
                "megabytes": round(len(labelled.data) * 8 / 1e6, 1),
            }
            for feature_set, built in self.sets.items()
            for name, labelled in built.rows.items()
        ]


def build_features(
    reviews: pd.DataFrame,
    settings: FeatureSettings,
    feature_sets: Sequence[FeatureSet] | None = None,
    *,
    n_jobs: int = 1,
    folder: Path | None = None,
) -> Features:
    """Features of a corpus with columns text, label and split; weights are fitted on train only.

    Without ``feature_sets`` all that the settings have are built. In ``words+characters`` the rows of both stand side
    by side, each with the same length. Rows are mapped files in ``folder`` (``filed_rows``).
    """
    wanted = settings.feature_sets if feature_sets is None else feature_sets
    words_and_characters: tuple[FeatureSet, ...] = ("words", "characters")
    needed = words_and_characters if "words+characters" in wanted else wanted
    built = {
        name: _build(
            reviews,
            settings,
            settings.ngrams or (WORDS if name == "words" else CHARACTERS),
            n_jobs=n_jobs,
            folder=folder,
        )
        for name in needed
    }
    if "words+characters" in wanted:
        built["words+characters"] = _both([built[name] for name in words_and_characters], folder)
    return Features({name: built[name] for name in wanted}, settings, digest_of_splits(reviews))


def _build(
    reviews: pd.DataFrame, settings: FeatureSettings, ngrams: NgramSettings, *, n_jobs: int, folder: Path | None
) -> FeatureRows:
    parts = {name: (reviews["split"] == name).to_numpy() for name in _MATRICES}
    labels = {name: reviews["label"].to_numpy(np.int8)[part] for name, part in parts.items()}

    def hashed(name: str, lookup: ColumnLookup | None = None) -> Iterator[sparse.csr_matrix]:
        return hash_chunks(chunks_of(reviews["text"], parts[name]), ngrams, lookup, n_jobs)

    found = filed_rows(hashed(TRAIN), labels[TRAIN], 1 << ngrams.columns_log2, folder)
    fitted = fit_column_weights(found, settings.weighting, settings.min_reviews)
    lookup = ColumnLookup.of(fitted.columns, found.n_columns)
    chunks = {name: hashed(name, lookup) for name in _MATRICES}
    chunks[TRAIN] = (select_columns(rows, lookup) for rows, _ in found.chunks())
    rows = {
        name: filed_rows((weigh(each, fitted.weights) for each in own), labels[name], lookup.n_columns, folder)
        for name, own in chunks.items()
    }
    return FeatureRows(rows, FittedFeatureSet((FeaturePart(ngrams, fitted),)))


def _both(alone: Sequence[FeatureRows], folder: Path | None) -> FeatureRows:
    parts = tuple(replace(part, length=_HALF) for each in alone for part in each.fitted.parts)
    fitted = FittedFeatureSet(parts)
    rows = {
        name: filed_rows(_beside([each.rows[name] for each in alone]), labelled.labels, fitted.n_columns, folder)
        for name, labelled in alone[0].rows.items()
    }
    return FeatureRows(rows, fitted)


def _beside(alone: Sequence[LabelledRows]) -> Iterator[sparse.csr_matrix]:
    for chunks in zip(*(each.chunks() for each in alone), strict=True):
        yield side_by_side([scaled(rows, _HALF) for rows, _ in chunks])


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
            own |= {f"{name}_{array}": getattr(labelled, array) for array in _ARRAYS}
        arrays |= {f"{feature_set}_{name}": array for name, array in own.items()}
    return arrays


def features_from_arrays(arrays: Mapping[str, np.ndarray]) -> Features:
    """The inverse of ``features_to_arrays``; memory-mapped arrays are used where they lie.

    An array is asked for when the rows that it is part of are: a candidate needs those of one feature set, and never
    those of test.

    Raises ``StaleFeatures`` for arrays of a former release, which do not say what they were built from.
    """
    facts = json.loads(str(arrays["facts"][0])) if "facts" in arrays else {}
    if "sets" not in facts:
        raise StaleFeatures(f"the features were stored by a former release: {_REMEDY}")
    settings = FeatureSettings(**facts["settings"])
    stored = [name for name in settings.feature_sets if name in facts["sets"]]
    sets = LazyMapping(stored, lambda name: _set_from(arrays, name, facts["sets"][name]))
    return Features(sets, settings, facts["splits_digest"])


def _set_from(
    arrays: Mapping[str, np.ndarray], feature_set: FeatureSet, parts: Sequence[Mapping[str, Any]]
) -> FeatureRows:
    fitted = parts_from(parts, {name: arrays[f"{feature_set}_{name}"] for name in PART_ARRAYS})
    rows = LazyMapping(_MATRICES, lambda split: _rows_from(arrays, f"{feature_set}_{split}", fitted.n_columns))
    return FeatureRows(rows, fitted)


def _rows_from(arrays: Mapping[str, np.ndarray], name: str, n_columns: int) -> LabelledRows:
    data, indices, indptr, labels = (arrays[f"{name}_{each}"] for each in _ARRAYS)
    return LabelledRows(data=data, indices=indices, indptr=indptr, labels=labels, n_columns=n_columns)
