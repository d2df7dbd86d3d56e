"""What models say of the labelled reviews that they were not trained on: of each, a model that has not seen it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse
from threadpoolctl import threadpool_limits

from sentiment_assets.learning.candidate import SEED, Candidate, margins_per_length
from sentiment_assets.learning.cross_fitting import DEVELOPMENT, fold_numbers
from sentiment_assets.learning.features import Features
from sentiment_assets.learning.labelled_rows import LabelledRows, filed_rows, joined_rows
from sentiment_assets.learning.linear_svc import train_linear_classifier
from sentiment_assets.learning.splitting import TRAIN, VALIDATION
from sentiment_assets.learning.weighting import column_weights, count_columns, weigh_anew

N_FOLDS = 3
"""Folds of a corpus of which the candidates had none: five find hardly more wrong labels, and train twice as much."""


@dataclass(frozen=True)
class CrossFittedMargins:
    """The margins of the reviews of train and validation, all of one length."""

    places: np.ndarray
    """int64: where each review stands in ``splits``."""
    margins: np.ndarray
    """float64; only their order and their signs say something."""
    known_ngrams: np.ndarray
    """int32: how many n-grams of a review the model that gave its margin had a weight for."""


def cross_fit(
    candidate: Candidate, features: Features, splits: pd.DataFrame, *, n_jobs: int = 1, folder: Path | None = None
) -> CrossFittedMargins:
    """The margin of every review of train and validation, by a model of the candidate's hyperparameter set without it.

    In a small corpus the candidate has them. In another one, three models learn from two thirds each, without a sister.
    Their columns are those that were fitted on train, but weights are fitted anew on what each learns from: they are
    made of labels, and a label that has a part in its own weights is believed too easily. ``features`` must be built
    from ``splits``; rows are mapped files in ``folder``, and ``n_jobs`` threads train side by side.
    """
    built = features.of(candidate.hyperparameters.features, word_share=candidate.hyperparameters.word_share)
    if built.is_cross_validated:
        known_ngrams = features.asked_by(candidate.hyperparameters).held_out_known_ngrams
        development = np.flatnonzero(splits["split"].isin(DEVELOPMENT))
        places = development[built.held_out]
        return CrossFittedMargins(places, candidate.cross_fitted_margins, known_ngrams)
    places = np.concatenate([np.flatnonzero(splits["split"] == name) for name in (TRAIN, VALIDATION)])
    rows = joined_rows(built.rows[TRAIN], built.rows[VALIDATION], folder=folder)
    margins, known_ngrams = np.empty(len(places)), np.empty(len(places), np.int32)
    fold_of = fold_numbers(rows.labels, splits["text_digest"].to_numpy()[places], N_FOLDS)
    same = candidate.hyperparameters.model_copy(update={"epochs": candidate.svc.best_epoch})
    former = np.concatenate([part.column_weights.weights for part in built.fitted.parts])
    everywhere = count_columns(rows.chunks(), rows.n_columns)

    def judge(fold: int) -> tuple[np.ndarray, np.ndarray]:
        held_out, train = np.flatnonzero(fold_of == fold), np.flatnonzero(fold_of != fold)
        counts = everywhere.without(count_columns(rows.taken(held_out), rows.n_columns))
        weights = column_weights(counts, features.settings.weighting, features.settings.min_reviews)
        weighed = partial(weigh_anew, former=former, now=weights)
        judged = _taken(rows, held_out, weighed, folder)
        trained = train_linear_classifier(_taken(rows, train, weighed, folder), same, seed=SEED)
        return margins_per_length(trained, judged), np.diff(judged.indptr)

    with threadpool_limits(1), ThreadPoolExecutor(n_jobs) as threads:  # SGD lets go of Python's lock
        for fold, found in enumerate(threads.map(judge, range(N_FOLDS))):
            margins[fold_of == fold], known_ngrams[fold_of == fold] = found
    return CrossFittedMargins(places, margins, known_ngrams)


def _taken(
    rows: LabelledRows,
    places: np.ndarray,
    weighed: Callable[[sparse.csr_matrix], sparse.csr_matrix],
    folder: Path | None,
) -> LabelledRows:
    chunks = (weighed(each) for each, _ in rows.taken(places))
    return filed_rows(chunks, rows.labels[places], rows.n_columns, folder)
