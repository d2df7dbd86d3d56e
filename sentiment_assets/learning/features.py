"""The training matrices of every feature set: fitted on train, applied to all three splits; in folds if need be."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from functools import partial
from itertools import accumulate, chain, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from sentiment_assets.learning.cross_fitting import DEVELOPMENT, Fold, folds_of, needs_folds
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
from sentiment_assets.learning.hyperparameters import BOTH, EQUAL_SHARES, Hyperparameters
from sentiment_assets.learning.labelled_rows import LabelledRows, filed_rows, with_scaled_columns
from sentiment_assets.learning.lazy_mapping import LazyMapping
from sentiment_assets.learning.model import PinnedVersion, SentimentModel
from sentiment_assets.learning.ngrams import ColumnLookup, chunks_of, hash_chunks, select_columns
from sentiment_assets.learning.settings import CHARACTERS, WORDS, FeatureSet, FeatureSettings, NgramSettings
from sentiment_assets.learning.sister import (
    Sister,
    SisterAnswers,
    SisterColumn,
    answers_on_rows,
    ask_sister,
    joined_feature_set,
    with_column,
)
from sentiment_assets.learning.splitting import NEAR_DUPLICATE, SPLITS, TEST, TRAIN, VALIDATION, digest_of_splits
from sentiment_assets.learning.weighting import fit_column_weights, weigh

_MATRICES = (*SPLITS, NEAR_DUPLICATE)
_FOLDS = "folds"
"""The matrix of the rows of all folds, one fold after the other: those that it trains on, then those it holds out."""
_HELD_OUT = "held_out"
_ARRAYS = ("data", "indices", "indptr", "labels")
"""What is stored of ``LabelledRows``, by the names of its first fields."""
_REMEDY = "materialize features, then trained_candidates, then this asset"


@dataclass(frozen=True)
class FeatureRows:
    """The rows of one feature set in every split, and what made them."""

    rows: Mapping[str, LabelledRows]
    """The rows of each split by its name; under ``near_duplicate`` those that were set aside."""
    fitted: FittedFeatureSet
    held_out: np.ndarray
    """int64: which of the reviews of train and validation together the folds hold out, one fold after the other."""
    fold_sizes: tuple[tuple[int, int], ...] = ()
    """How many reviews each fold of a small corpus trains on, and how many it holds out (``cross_fitting``)."""
    fold_columns: tuple[int, ...] = ()
    """How many columns each part of the feature set has in the rows of the folds; none without folds."""
    answers: Mapping[str, SisterAnswers] | None = None
    """What a sister says of the reviews of each matrix, if its margin is the last column of the rows."""
    stored: "FeatureRows | None" = None
    """The rows that these were made from: without this column, or with words and characters of equal length."""

    @property
    def is_cross_validated(self) -> bool:
        """Whether candidates are compared by folds, and not by the validation split alone."""
        return bool(self.fold_sizes)

    @property
    def folds(self) -> tuple[tuple[LabelledRows, LabelledRows], ...]:
        """The rows that each fold trains on and those it holds out; without folds, train and validation are the one.

        The columns of a fold, and their weights, are of its own training reviews.
        """
        if not self.fold_sizes:
            return ((self.rows[TRAIN], self.rows[VALIDATION]),)
        parts = [self.rows[_FOLDS].between(first, last) for first, last in self._ends_of_folds]
        return tuple(zip(parts[::2], parts[1::2], strict=True))

    @property
    def held_out_labels(self) -> np.ndarray:
        """The labels of what the folds hold out, one fold after the other, int8 of 0 and 1."""
        if self.stored:
            return self.stored.held_out_labels
        return np.concatenate([held_out.labels for _, held_out in self.folds])

    @property
    def held_out_known_ngrams(self) -> np.ndarray:
        """How many distinct n-grams of each of these reviews carry weight in its fold, and in the sister, int32."""
        if self.stored is None:
            return np.concatenate([np.diff(held_out.indptr) for _, held_out in self.folds]).astype(np.int32)
        if self.answers is None:
            return self.stored.held_out_known_ngrams
        if self.fold_sizes:
            held_out = [self.answers[_FOLDS].known_ngrams[first:last] for first, last in self._ends_of_folds[1::2]]
        else:
            held_out = [self.answers[VALIDATION].known_ngrams]
        return self.stored.held_out_known_ngrams + np.concatenate(held_out)

    @property
    def _ends_of_folds(self) -> list[tuple[int, int]]:
        """Where the rows that a fold trains on begin and end, then those it holds out, one fold after the other."""
        return list(pairwise([0, *accumulate(chain.from_iterable(self.fold_sizes))]))


@dataclass(frozen=True)
class Features:
    """The rows of the feature sets that the candidates train on."""

    sets: Mapping[FeatureSet, FeatureRows]
    settings: FeatureSettings
    """What they were built with."""
    splits_digest: str
    """The digest of the splits that they were built from (``digest_of_splits``)."""
    similarity: float | None = None
    """The similarity from which on near-duplicates were kept out of the folds (``folds_of``)."""
    sisters: Mapping[str, SisterColumn] = field(default_factory=dict)
    """The columns of the branch's sisters, by the name under which it starts from each."""
    folder: Path | None = None
    """Where rows lie that are made when a candidate asks for them (``filed_rows``)."""

    def of(
        self, asked: FeatureSet | None = None, start_from: str | None = None, *, word_share: float = EQUAL_SHARES
    ) -> FeatureRows:
        """The feature set that a candidate asks for, or the first for one that asks for none.

        With another ``word_share`` than the rows are stored with, and with ``start_from``, which gives them the margin
        of that sister as a last column, rows are copied when they are asked for.
        """
        own = _with_shares(self.sets[asked or self.settings.feature_sets[0]], word_share, self.folder)
        if start_from is None:
            return own
        answers = self.sisters[start_from].answers
        rows = LazyMapping(list(own.rows), lambda name: with_column(own.rows[name], answers[name], self.folder))
        return replace(own, rows=rows, answers=answers, stored=own)

    def asked_by(self, hyperparameters: Hyperparameters) -> FeatureRows:
        """The rows that a candidate is trained on: those of its feature set, with the column of its sister, if any."""
        asked = hyperparameters
        return self.of(asked.features, asked.start_from, word_share=asked.word_share)

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
    similarity: float | None = None,
    sisters: Mapping[str, Sister] | None = None,
    n_jobs: int = 1,
    folder: Path | None = None,
) -> Features:
    """Features of a corpus with columns text, label and split; weights are fitted on train only.

    Without ``feature_sets`` all that the settings have are built. In ``words+characters`` the rows of both stand side
    by side, each with the same length. A small corpus has the rows of its folds as well; ``similarity`` is that of
    ``folds_of``. Each of ``sisters`` is asked about every review; those that one of them knows must be set aside
    (``set_known_aside``). Rows are mapped files in ``folder`` (``filed_rows``).
    """
    wanted = settings.feature_sets if feature_sets is None else feature_sets
    is_small = needs_folds(int(reviews["split"].isin(DEVELOPMENT).sum()))  # else the texts stay in their mapped file
    folds = folds_of(_development(reviews), similarity, settings.tokens) if is_small else ()
    built = _feature_sets(reviews, settings, wanted, folds=folds, n_jobs=n_jobs, folder=folder)
    columns = {name: _column_of(each, reviews, folds, n_jobs) for name, each in (sisters or {}).items()}
    return Features(built, settings, digest_of_splits(reviews), similarity, sisters=columns, folder=folder)


def _column_of(sister: Sister, reviews: pd.DataFrame, folds: Sequence[Fold], n_jobs: int) -> SisterColumn:
    """A sister's answers in the order of the rows of each matrix."""
    everywhere = ask_sister(sister.model, reviews["text"], n_jobs)
    answers = {name: everywhere.taken((reviews["split"] == name).to_numpy()) for name in _MATRICES}
    if folds:
        development = everywhere.taken(reviews["split"].isin(DEVELOPMENT).to_numpy())
        answers[_FOLDS] = development.taken(_order_of_folds(folds))
    return SisterColumn(sister.pinned, answers)


def refitted_rows(
    reviews: pd.DataFrame,
    settings: FeatureSettings,
    feature_set: FeatureSet,
    *,
    word_share: float = EQUAL_SHARES,
    n_jobs: int = 1,
    folder: Path | None,
) -> FeatureRows:
    """The rows of one feature set with weights fitted on train and validation, which stand together as train."""
    corpus = reviews[["text", "label"]].assign(split=_together(reviews))
    built = _feature_sets(
        corpus, settings, [feature_set], word_share=word_share, folds=(), n_jobs=n_jobs, folder=folder
    )
    return built[feature_set]


def refitted_with_sister(
    own: FeatureRows, reviews: pd.DataFrame, sister: SentimentModel, *, n_jobs: int = 1, folder: Path | None
) -> tuple[FeatureRows, LabelledRows]:
    """The rows of ``refitted_rows`` with the sister's own beside them, and those of train with its column instead.

    The former are those of the joined model (``joined_feature_set``), the latter what its weights are trained on.
    """
    split = _together(reviews)
    rows, column = {}, own.rows[TRAIN]
    for name in (TRAIN, TEST):
        texts = chunks_of(reviews["text"], (split == name).to_numpy())
        n_columns = sister.feature_set.n_columns
        theirs = filed_rows(sister.feature_set.row_chunks(texts, n_jobs), own.rows[name].labels, n_columns, folder)
        if name == TRAIN:
            column = with_column(column, answers_on_rows(sister, (rows for rows, _ in theirs.chunks())), folder)
        both = [own.rows[name], theirs]
        n_columns = sum(each.n_columns for each in both)
        rows[name] = filed_rows(_beside(both, (1.0, 1.0)), theirs.labels, n_columns, folder)
    joined = joined_feature_set(own.fitted, sister.feature_set)
    return FeatureRows(rows, joined, own.held_out), column


def _together(reviews: pd.DataFrame) -> "pd.Series[str]":
    return reviews["split"].map({TRAIN: TRAIN, VALIDATION: TRAIN, TEST: TEST})


def _development(reviews: pd.DataFrame) -> pd.DataFrame:
    return reviews.loc[reviews["split"].isin(DEVELOPMENT), ["text", "label"]]


def _validation(reviews: pd.DataFrame) -> np.ndarray:
    """Which of the development reviews are those of validation."""
    split = reviews["split"]
    return (split[split.isin(DEVELOPMENT)] == VALIDATION).to_numpy()


def _feature_sets(
    reviews: pd.DataFrame,
    settings: FeatureSettings,
    wanted: Sequence[FeatureSet],
    *,
    word_share: float = EQUAL_SHARES,
    folds: Sequence[Fold],
    n_jobs: int,
    folder: Path | None,
) -> dict[FeatureSet, FeatureRows]:
    words_and_characters: tuple[FeatureSet, ...] = ("words", "characters")
    needed = words_and_characters if BOTH in wanted else wanted
    built: dict[FeatureSet, FeatureRows] = {
        name: _build(
            reviews,
            settings,
            settings.ngrams or (WORDS if name == "words" else CHARACTERS),
            folds=folds,
            n_jobs=n_jobs,
            folder=folder,
        )
        for name in needed
    }
    if BOTH in wanted:
        built[BOTH] = _both([built[name] for name in words_and_characters], word_share, folder)
    return {name: built[name] for name in wanted}


def _build(
    reviews: pd.DataFrame,
    settings: FeatureSettings,
    ngrams: NgramSettings,
    *,
    folds: Sequence[Fold],
    n_jobs: int,
    folder: Path | None,
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
    if folds:
        development = _development(reviews)
        all_of_it = filed_rows(
            hash_chunks(chunks_of(development["text"]), ngrams, None, n_jobs),
            development["label"].to_numpy(np.int8),
            found.n_columns,
            folder,
        )
        rows[_FOLDS] = _rows_of_folds(all_of_it, folds, settings, folder)
    held_out = np.concatenate([fold.held_out for fold in folds]) if folds else np.flatnonzero(_validation(reviews))
    sizes = tuple((len(fold.train), len(fold.held_out)) for fold in folds)
    fold_columns = (rows[_FOLDS].n_columns,) if folds else ()
    return FeatureRows(
        rows, FittedFeatureSet((FeaturePart(ngrams, fitted),)), held_out, fold_sizes=sizes, fold_columns=fold_columns
    )


def _rows_of_folds(
    ngrams: LabelledRows, folds: Sequence[Fold], settings: FeatureSettings, folder: Path | None
) -> LabelledRows:
    """The rows of all folds in turn, by weights fitted on what each trains on; as many columns as the largest has."""
    parts = [
        filed_rows((rows for rows, _ in ngrams.taken(fold.train)), ngrams.labels[fold.train], ngrams.n_columns, folder)
        for fold in folds
    ]
    fitted = [fit_column_weights(each, settings.weighting, settings.min_reviews) for each in parts]

    def chunks() -> Iterator[sparse.csr_matrix]:
        for fold, train, own in zip(folds, parts, fitted, strict=True):
            lookup = ColumnLookup.of(own.columns, ngrams.n_columns)
            for rows, _ in chain(train.chunks(), ngrams.taken(fold.held_out)):
                yield weigh(select_columns(rows, lookup), own.weights)

    return filed_rows(
        chunks(), ngrams.labels[_order_of_folds(folds)], max(len(each.columns) for each in fitted), folder
    )


def _order_of_folds(folds: Sequence[Fold]) -> np.ndarray:
    return np.concatenate([places for fold in folds for places in (fold.train, fold.held_out)])


def _lengths(word_share: float) -> tuple[float, float]:
    """The lengths of words and of characters in a row of both, whose own length is 1."""
    return float(np.sqrt(word_share)), float(np.sqrt(1 - word_share))


def _both(alone: Sequence[FeatureRows], word_share: float, folder: Path | None) -> FeatureRows:
    lengths = _lengths(word_share)
    parts = tuple(replace(each.fitted.parts[0], length=own) for each, own in zip(alone, lengths, strict=True))
    rows = {}
    for name in alone[0].rows:
        own = [each.rows[name] for each in alone]
        chunks = _beside(own, lengths)
        rows[name] = filed_rows(chunks, own[0].labels, sum(each.n_columns for each in own), folder)
    fold_columns = tuple(n for each in alone for n in each.fold_columns)
    return replace(alone[0], rows=rows, fitted=FittedFeatureSet(parts), fold_columns=fold_columns)


def _beside(alone: Sequence[LabelledRows], lengths: Sequence[float]) -> Iterator[sparse.csr_matrix]:
    for chunks in zip(*(each.chunks() for each in alone), strict=True):
        yield side_by_side([scaled(rows, length) for (rows, _), length in zip(chunks, lengths, strict=True)])


def _with_shares(stored: FeatureRows, word_share: float, folder: Path | None) -> FeatureRows:
    """Rows of both, stored with equal lengths of words and characters, with others."""
    if word_share == EQUAL_SHARES:
        return stored
    lengths = _lengths(word_share)
    parts = tuple(replace(part, length=own) for part, own in zip(stored.fitted.parts, lengths, strict=True))
    factors = np.divide(lengths, _lengths(EQUAL_SHARES)).astype(np.float32)
    own_columns = [len(part.column_weights.columns) for part in parts]

    def rows_of(name: str) -> LabelledRows:
        columns = stored.fold_columns if name == _FOLDS else own_columns
        return with_scaled_columns(stored.rows[name], np.repeat(factors, columns), folder)

    rows = LazyMapping(list(stored.rows), rows_of)
    return replace(stored, rows=rows, fitted=FittedFeatureSet(parts), stored=stored)


class StaleFeatures(ValueError):
    """Features that were not built from these splits with these settings; the message says what to materialize."""


def require_current(
    features: Features,
    splits: pd.DataFrame,
    settings: FeatureSettings,
    feature_sets: Sequence[FeatureSet] | None = None,
    *,
    similarity: float | None = None,
    sisters: Sequence[str] = (),
) -> None:
    """Raise ``StaleFeatures`` unless the features were built by ``build_features`` with these very arguments.

    Of the sisters these are the names; which model each was then is pinned in the features.
    """
    require_built_from(features, splits)
    require_built_with(features, settings, feature_sets, similarity=similarity, sisters=sisters)


def require_built_from(features: Features, splits: pd.DataFrame) -> None:
    """Raise ``StaleFeatures`` unless the features were built from these splits, whatever the settings."""
    if features.splits_digest != digest_of_splits(splits):
        raise StaleFeatures(f"the features were built from other splits than there are now: {_REMEDY}")


def require_built_with(
    features: Features,
    settings: FeatureSettings,
    feature_sets: Sequence[FeatureSet] | None = None,
    *,
    similarity: float | None = None,
    sisters: Sequence[str] = (),
) -> None:
    """Raise ``StaleFeatures`` unless the features were built with these settings, whatever the splits."""
    wanted = settings.feature_sets if feature_sets is None else feature_sets
    built_with = (features.settings, list(features.sets), features.similarity, list(features.sisters))
    if built_with != (settings, list(wanted), similarity, list(sisters)):
        raise StaleFeatures(f"the features were built with other settings than the branch has now: {_REMEDY}")


def features_to_arrays(features: Features) -> dict[str, np.ndarray]:
    """Flat named arrays, to be stored one by one."""
    facts = {
        "settings": features.settings.model_dump(),
        "splits_digest": features.splits_digest,
        "similarity": features.similarity,
        "sets": {name: parts_to_facts(built.fitted) for name, built in features.sets.items()},
        "fold_sizes": next(iter(features.sets.values())).fold_sizes,
        "columns_of_folds": {name: built.fold_columns for name, built in features.sets.items()},
        "sisters": [[name, asdict(each.pinned)] for name, each in features.sisters.items()],
    }
    arrays = {"facts": np.array([json.dumps(facts, sort_keys=True)])}
    for feature_set, built in features.sets.items():
        own = parts_to_arrays(built.fitted) | {_HELD_OUT: built.held_out}
        for name, labelled in built.rows.items():
            own |= {f"{name}_{array}": getattr(labelled, array) for array in _ARRAYS}
        arrays |= {f"{feature_set}_{name}": array for name, array in own.items()}
    for number, sister in enumerate(features.sisters.values()):
        for name, said in sister.answers.items():
            arrays |= {f"sister{number}_{name}_{array}": values for array, values in vars(said).items()}
    return arrays


def features_from_arrays(arrays: Mapping[str, np.ndarray], folder: Path | None = None) -> Features:
    """The inverse of ``features_to_arrays``; memory-mapped arrays are used where they lie.

    An array is asked for when the rows that it is part of are: a candidate needs those of one feature set, and never
    those of test. Rows that are made of them lie in ``folder``.

    Raises ``StaleFeatures`` for arrays of a former release, which do not say what they were built from.
    """
    facts = json.loads(str(arrays["facts"][0])) if "facts" in arrays else {}
    if "columns_of_folds" not in facts:
        raise StaleFeatures(f"the features were stored by a former release: {_REMEDY}")
    settings = FeatureSettings(**facts["settings"])
    stored = [name for name in settings.feature_sets if name in facts["sets"]]
    sets = LazyMapping(stored, lambda name: _set_from(arrays, name, facts))
    matrices = [*_MATRICES, *([_FOLDS] if facts["fold_sizes"] else [])]
    sisters = {
        name: SisterColumn(
            PinnedVersion(**pinned), LazyMapping(matrices, partial(_answers_from, arrays, f"sister{number}"))
        )
        for number, (name, pinned) in enumerate(facts.get("sisters", []))
    }
    return Features(sets, settings, facts["splits_digest"], facts["similarity"], sisters=sisters, folder=folder)


def _answers_from(arrays: Mapping[str, np.ndarray], sister: str, matrix: str) -> SisterAnswers:
    return SisterAnswers(**{each.name: arrays[f"{sister}_{matrix}_{each.name}"] for each in fields(SisterAnswers)})


def _set_from(arrays: Mapping[str, np.ndarray], feature_set: FeatureSet, facts: Mapping[str, Any]) -> FeatureRows:
    named = {name: arrays[f"{feature_set}_{name}"] for name in (*PART_ARRAYS, _HELD_OUT)}
    fitted = parts_from(facts["sets"][feature_set], named)
    sizes = tuple((int(train), int(held_out)) for train, held_out in facts["fold_sizes"])
    columns = dict.fromkeys(_MATRICES, fitted.n_columns)
    fold_columns = tuple(facts["columns_of_folds"][feature_set])
    if sizes:
        columns[_FOLDS] = sum(fold_columns)
    rows = LazyMapping(list(columns), lambda name: _rows_from(arrays, f"{feature_set}_{name}", columns[name]))
    return FeatureRows(rows, fitted, named[_HELD_OUT], fold_sizes=sizes, fold_columns=fold_columns)


def _rows_from(arrays: Mapping[str, np.ndarray], name: str, n_columns: int) -> LabelledRows:
    data, indices, indptr, labels = (arrays[f"{name}_{each}"] for each in _ARRAYS)
    return LabelledRows(data=data, indices=indices, indptr=indptr, labels=labels, n_columns=n_columns)
