"""Cross-fitting: which reviews a model is judged on that it was not trained on.

In a large corpus that is the validation split. In a small one, of which a validation split says little, every review
of train and validation is held out once, by one of five folds (docs/decisions/0027-trained-again.md).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sentiment_assets.learning.near_duplicates import resembles_any, shingle_analyzer, text_signatures
from sentiment_assets.learning.settings import Analyzer
from sentiment_assets.learning.splitting import TRAIN, VALIDATION
from sentiment_assets.text_identity import text_digests

DEVELOPMENT = (TRAIN, VALIDATION)
"""The splits that the champion is trained on in the end; test stays untouched."""
CROSS_VALIDATED_BELOW = 5_000
"""One validation split is enough for so many development reviews: five times the training buys too little."""
N_FOLDS = 5
_LEAST_TRAINED_ON = 0.5


@dataclass(frozen=True)
class Fold:
    """One fold, as positions among the development reviews; int64, ascending."""

    train: np.ndarray
    held_out: np.ndarray


def needs_folds(n_reviews: int) -> bool:
    """Whether a validation split of so many development reviews says too little."""
    return n_reviews < CROSS_VALIDATED_BELOW


def folds_of(development: pd.DataFrame, similarity: float | None, analyzer: Analyzer | None) -> tuple[Fold, ...]:
    """The folds of the development reviews, columns text and label.

    The order of the texts' digests decides, in each label apart, so that every fold has its share of both. What is a
    near-duplicate of a review that a fold holds out does not train in that fold, from ``similarity`` on (``None``:
    near-duplicates are let be; ``analyzer`` as in ``shingle_analyzer``). There are no folds where so many
    reviews are alike that a fold would train on less than half of them, or on one label: the models of such folds say
    nothing of one that was trained on all.
    """
    labels = development["label"].to_numpy()
    fold_of = fold_numbers(labels, text_digests(development["text"]), N_FOLDS)
    signatures = text_signatures(development["text"], shingle_analyzer(development["text"], analyzer))
    folds = []
    for each in range(min(N_FOLDS, len(development))):
        train = fold_of != each
        if similarity is not None:
            train[train] = ~resembles_any(signatures[train], signatures[~train], similarity)
        if train.mean() < _LEAST_TRAINED_ON or len(np.unique(labels[train])) < len(np.unique(labels)):
            return ()
        folds.append(Fold(np.flatnonzero(train), np.flatnonzero(fold_of == each)))
    return tuple(folds)


def fold_numbers(labels: np.ndarray, digests: np.ndarray, n_folds: int) -> np.ndarray:
    """Which fold holds each review out, int64 from 0 to before ``n_folds``: by the digest of its text (uint64).

    Every fold has its share of each label, and a review keeps its fold wherever it stands.
    """
    number = np.empty(len(labels), np.int64)
    number[np.lexsort((digests, labels))] = np.arange(len(labels))
    return number % n_folds
