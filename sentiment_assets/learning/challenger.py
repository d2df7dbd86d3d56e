"""The challenger: chosen and calibrated on reviews held out, trained again with these, measured once on test.

See docs/decisions/0027-trained-again.md.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from sentiment_assets.learning.calibration import (
    Calibration,
    CannotCalibrate,
    FittedCalibration,
    brier_score,
    expected_calibration_error,
)
from sentiment_assets.learning.candidate import Candidate, train_again
from sentiment_assets.learning.cross_fitting import DEVELOPMENT
from sentiment_assets.learning.decision_threshold import fit_decision
from sentiment_assets.learning.features import FeatureRows, Features, refitted_rows, refitted_with_sister
from sentiment_assets.learning.metrics import (
    accuracy,
    hinge_loss,
    label_loss_of,
    majority_accuracy,
    rates_per_label,
)
from sentiment_assets.learning.model import SentimentModel, model_digest
from sentiment_assets.learning.near_duplicates import text_signatures
from sentiment_assets.learning.ranking import measure_ranking
from sentiment_assets.learning.ratings import Ratings, with_scores_by_rating
from sentiment_assets.learning.selection import select_candidate
from sentiment_assets.learning.settings import SelectionMetric
from sentiment_assets.learning.sister import Sister, started_from, with_sister_weighed
from sentiment_assets.learning.splitting import TEST, TRAIN


@dataclass(frozen=True)
class HeldOut:
    """Reviews as models saw them that were not trained on them; all of one length."""

    margins: np.ndarray
    """float64."""
    known_ngrams: np.ndarray
    """int32: how many of a review's distinct n-grams the model that gave its margin had a weight for."""
    labels: np.ndarray
    """int8 of 0 and 1."""


@dataclass(frozen=True)
class Challenger:
    """The selected candidate as a complete model, trained again on train and validation, with its figures."""

    key: str
    """The key of the selected candidate."""
    features: FeatureRows
    """The rows that the model was trained on (those of train and validation, under ``train``), and those of test."""
    held_out: HeldOut
    """The reviews that it was chosen and calibrated by, as models without them saw them, in the units of its own
    margins; then the test split, as it sees it itself."""
    model: SentimentModel
    digest: str
    metric: SelectionMetric
    """What the branch is judged by, which selected it."""
    validation_losses: Mapping[str, float]
    """The loss of each candidate on the reviews held out, by that metric, by candidate key."""
    test_margins: np.ndarray
    metrics: Mapping[str, float]
    """What is measured on test, by names that begin with ``test_``; rates that divide by nothing are left out. Beside
    them the threshold that decides what is measured."""


def make_challenger(
    candidates: Mapping[str, Candidate],
    features: Features,
    splits: pd.DataFrame,
    *,
    metric: SelectionMetric,
    sisters: Mapping[str, Sister] | None = None,
    ratings: Ratings | None = None,
    n_jobs: int = 1,
    folder: Path | None = None,
) -> Challenger:
    """Select the candidate with the smallest loss on what was held out, train it again, evaluate it once on test.

    It is trained again on train and validation together. Its scale, threshold and calibration are those of the margins
    that models without them gave to the reviews held out, so nothing is fitted on what a model knows. ``features`` must
    be built from ``splits`` (``require_current``), with the same ``sisters``, and reviews that these know must be set
    aside (``set_known_aside``). The model of a sister that the selected candidate starts from becomes part of the
    challenger's. With ``ratings`` its scores are calibrated to these. The rows of the model are mapped files in
    ``folder``. Raises ``CannotCalibrate`` unless reviews of both labels, and with two ratings, were held out.
    """
    losses = {
        key: held_out_loss(each, features.asked_by(each.hyperparameters), metric) for key, each in candidates.items()
    }
    key = select_candidate(losses)
    candidate = candidates[key]
    chosen = features.asked_by(candidate.hyperparameters)
    fitted = fit_decision_of(candidate, chosen, metric)
    development = splits["split"].isin(DEVELOPMENT).to_numpy()
    started = candidate.hyperparameters.start_from
    sister = (sisters or {})[started] if started else None
    with ThreadPoolExecutor(1) as beside:  # SGD has one thread
        analyzer = chosen.fitted.main_ngrams.analyzer
        signatures = beside.submit(text_signatures, splits["text"], analyzer, n_jobs, wanted=development)
        refitted, weights, trained_length = _trained_again(
            candidate, features, splits, sister, n_jobs=n_jobs, folder=folder
        )
    scale = candidate.cross_fitted_length / (trained_length or 1.0)
    test = refitted.rows[TEST]
    model = SentimentModel(
        feature_set=refitted.fitted,
        coefficients=(scale * weights[0]).astype(np.float32),
        intercept=scale * weights[1] + fitted.shift,
        calibration=fitted.calibration,
        trained_on=np.sort(splits["text_digest"].to_numpy()[development]),
        trained_signatures=signatures.result(),
    )
    model = started_from(sister, model) if sister else model
    margins = model.margins_of_rows(test.rows)
    cross_fitted = held_out_margins(candidate, chosen, fitted.shift)
    rating_figures: dict[str, float] = {}
    if ratings:
        model, rating_figures = with_scores_by_rating(
            model, ratings, splits, rows=chosen, cross_fitted=cross_fitted, test_margins=margins
        )
    held_out = HeldOut(
        margins=np.concatenate([cross_fitted, margins]),
        known_ngrams=np.concatenate([chosen.held_out_known_ngrams, np.diff(test.indptr)]).astype(np.int32),
        labels=np.concatenate([chosen.held_out_labels, test.labels]).astype(np.int8),
    )
    return Challenger(
        key=key,
        features=refitted,
        held_out=held_out,
        model=model,
        digest=model_digest(model),
        metric=metric,
        validation_losses=losses,
        test_margins=margins,
        metrics={
            "decision_threshold": fitted.calibration.threshold,
            **_measure(margins, test.labels, fitted.calibration),
            **{f"test_{name}": value for name, value in rating_figures.items()},
        },
    )


def _trained_again(
    candidate: Candidate,
    features: Features,
    splits: pd.DataFrame,
    sister: Sister | None,
    *,
    n_jobs: int,
    folder: Path | None,
) -> tuple[FeatureRows, tuple[np.ndarray, float], float]:
    """Rows fitted on train and validation together, W and b of these columns, and the length of what was trained."""
    asked = candidate.hyperparameters
    own = refitted_rows(
        splits,
        features.settings,
        asked.features or features.settings.feature_sets[0],
        word_share=asked.word_share,
        n_jobs=n_jobs,
        folder=folder,
    )
    if sister is None:
        trained = train_again(candidate, own.rows[TRAIN])
        return own, (trained.coefficients, trained.intercept), trained.length
    refitted, train = refitted_with_sister(own, splits, sister.model, n_jobs=n_jobs, folder=folder)
    trained = train_again(candidate, train)
    return refitted, with_sister_weighed(trained, own.fitted, sister.model), trained.length


def held_out_loss(candidate: Candidate, rows: FeatureRows, metric: SelectionMetric) -> float:
    """What the candidate is compared by: the loss of its labels is that with the threshold that it would be given."""
    labels = rows.held_out_labels
    if metric == "hinge_loss":
        return hinge_loss(candidate.cross_fitted_margins, labels)
    try:
        shift = fit_decision_of(candidate, rows, metric).shift
    except CannotCalibrate:  # it knows next to nothing, which another may not
        shift = 0.0
    return label_loss_of(metric, held_out_margins(candidate, rows, shift), labels)


def fit_decision_of(candidate: Candidate, rows: FeatureRows, metric: SelectionMetric) -> FittedCalibration:
    """Calibration and threshold of a candidate, by the reviews held out. Raises ``CannotCalibrate``."""
    known = rows.held_out_known_ngrams > 0
    return fit_decision(candidate.cross_fitted_margins[known], rows.held_out_labels[known], metric)


def held_out_margins(candidate: Candidate, rows: FeatureRows, shift: float) -> np.ndarray:
    """The margins of the reviews held out, moved by what makes the threshold part of them; 0 of which none is known."""
    return np.where(rows.held_out_known_ngrams > 0, candidate.cross_fitted_margins + shift, 0.0)


def _measure(margins: np.ndarray, labels: np.ndarray, calibration: Calibration) -> dict[str, float]:
    probabilities, ranking = calibration.probabilities(margins), measure_ranking(margins, labels)
    metrics = {
        "accuracy": accuracy(margins, labels),
        "hinge_loss": hinge_loss(margins, labels),
        "majority_accuracy": majority_accuracy(labels),
        **rates_per_label(margins, labels),
        **({} if ranking is None else {"roc_auc": ranking.area}),
        "brier_score": brier_score(probabilities, labels),
        "expected_calibration_error": expected_calibration_error(probabilities, labels),
        "reviews": float(len(labels)),
    }
    return {f"test_{name}": value for name, value in metrics.items()}
