"""A trained candidate as one small file: arrays and plain values, never a pickle."""

import io
import json
from dataclasses import asdict, dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from sentiment_assets.learning.calibration import best_scale
from sentiment_assets.learning.cost import Cost, measure_cost
from sentiment_assets.learning.features import FeatureRows, Features
from sentiment_assets.learning.hyperparameters import Hyperparameters
from sentiment_assets.learning.labelled_rows import LabelledRows
from sentiment_assets.learning.linear_svc import (
    LinearClassifier,
    LinearSVC,
    OnEpoch,
    train_linear_classifier,
    train_linear_svc,
    trained_per_epoch,
)
from sentiment_assets.learning.metrics import hinge_loss
from sentiment_assets.learning.splitting import TRAIN, VALIDATION

SEED = 0
"""What decides in which order candidates take reviews."""
_OF_FORMER_RELEASES = "none"
"""How former releases, whose candidates do not say it, weighed labels."""


@dataclass(frozen=True)
class Candidate:
    """What one hyperparameter set led to, and on which data."""

    hyperparameters: Hyperparameters
    svc: LinearSVC
    features_version: str
    """Data version of the features it was trained on: candidates of different versions are never compared."""
    mlflow_run_id: str
    """Where its losses are tracked."""
    cost: Cost
    """What training took."""
    cross_fitted_margins: np.ndarray
    """float64, shape (n_held_out,): margins of the reviews that the folds of the features hold out, one fold after the
    other, each by a model that was trained without them; in units that make their hinge loss smallest."""
    cross_fitted_length: float
    """The length that W has in these units."""
    cross_validated_hinge_loss: float | None
    """The hinge loss of these margins; ``None`` where the validation split is the only fold."""

    @property
    def losses(self) -> dict[str, list[float]]:
        """Hinge losses after each epoch, by their names."""
        return {
            "train_hinge_loss": self.svc.train_losses.tolist(),
            "validation_hinge_loss": self.svc.validation_losses.tolist(),
        }

    @property
    def train_hinge_loss(self) -> float:
        """The hinge loss on train of W, as it was after its best epoch."""
        return float(self.svc.train_losses[self.svc.best_epoch - 1])

    @property
    def validation_hinge_loss(self) -> float:
        """The hinge loss on validation of W, as it was after its best epoch."""
        return float(self.svc.validation_losses[self.svc.best_epoch - 1])

    @property
    def loss_per_epoch(self) -> list[dict[str, float]]:
        """The losses as the rows of a table, epochs counted from 1."""
        losses = self.losses
        return [
            {"epoch": epoch, **{name: values[epoch - 1] for name, values in losses.items()}}
            for epoch in range(1, len(self.svc.train_losses) + 1)
        ]


def train_candidate(
    features: Features,
    features_version: str,
    hyperparameters: Hyperparameters,
    *,
    mlflow_run_id: str,
    patience: int | None = None,
    seed: int = SEED,
    on_epoch: OnEpoch | None = None,
) -> Candidate:
    """Train one candidate on the train split, with its losses on the validation split, and in each fold.

    ``seed`` is that of all orders in which reviews are taken; ``on_epoch`` is told of each epoch but those of folds.
    Raises ``TrainingDiverged`` when W overflows.
    """
    built = features.asked_by(hyperparameters)
    train, validation = built.rows[TRAIN], built.rows[VALIDATION]

    def train_all() -> tuple[LinearSVC, BestEpoch | None]:
        best = best_epoch_of(built, hyperparameters, seed=seed, patience=patience) if built.is_cross_validated else None
        kept = best.epoch if best else None
        return train_linear_svc(
            train, validation, hyperparameters, seed=seed, kept=kept, patience=patience, on_epoch=on_epoch
        ), best

    with threadpool_limits(1):  # candidates train side by side: threads would only stand in each other's way
        (svc, best), cost = measure_cost(train_all)
    return Candidate(
        hyperparameters=hyperparameters,
        svc=svc,
        features_version=features_version,
        mlflow_run_id=mlflow_run_id,
        cost=cost,
        cross_fitted_margins=best.margins if best else validation.margins(svc.coefficients, svc.intercept),
        cross_fitted_length=best.length if best else svc.length,
        cross_validated_hinge_loss=best.hinge_loss if best else None,
    )


@dataclass(frozen=True)
class BestEpoch:
    """The number of epochs with the smallest cross-validated hinge loss."""

    epoch: int
    """Counted from 1."""
    margins: np.ndarray
    """float64, shape (n_held_out,): those of ``Candidate.cross_fitted_margins``."""
    length: float
    """The length that W has in their units."""
    hinge_loss: float
    """Theirs."""


def best_epoch_of(
    rows: FeatureRows, hyperparameters: Hyperparameters, *, seed: int = SEED, patience: int | None = None
) -> BestEpoch:
    """Train in all folds side by side, and see after which epoch they know most of what they hold out.

    With ``patience`` they stop that many epochs after it. Raises ``TrainingDiverged`` when a W overflows.
    """
    folds, labels = rows.folds, rows.held_out_labels
    in_folds = [trained_per_epoch(train, hyperparameters, seed=seed) for train, _ in folds]
    best: BestEpoch | None = None
    for epoch, trained in enumerate(zip(*in_folds, strict=True), start=1):
        judged = zip(trained, folds, strict=True)
        margins = np.concatenate([margins_per_length(each, held_out) for each, (_, held_out) in judged])
        length = best_scale(margins, labels)
        loss = hinge_loss(length * margins, labels)
        if best is None or loss < best.hinge_loss:
            best = BestEpoch(epoch, length * margins, length, loss)
        elif patience and epoch - best.epoch >= patience:
            break
    if best is None:
        raise ValueError("there are no folds")
    return best


def margins_per_length(trained: LinearClassifier, held_out: LabelledRows) -> np.ndarray:
    """The margins of what a fold holds out, by a W of length 1, float64 of shape (n_held_out,).

    The models of several folds differ in length by chance.
    """
    return held_out.margins(trained.coefficients, trained.intercept) / (trained.length or 1.0)


def train_again(candidate: Candidate, train: LabelledRows) -> LinearClassifier:
    """A candidate's hyperparameter set and number of epochs, on other training rows; W has the length SGD left."""
    same = candidate.hyperparameters.model_copy(update={"epochs": candidate.svc.best_epoch})
    with threadpool_limits(1):
        return train_linear_classifier(train, same, seed=SEED)


def candidate_to_bytes(candidate: Candidate) -> bytes:
    """An uncompressed ``.npz``, readable with ``allow_pickle=False``."""
    facts = {
        "hyperparameters": candidate.hyperparameters.model_dump(),
        "intercept": candidate.svc.intercept,
        "features_version": candidate.features_version,
        "mlflow_run_id": candidate.mlflow_run_id,
        "best_epoch": candidate.svc.best_epoch,
        "cost": asdict(candidate.cost),
        "cross_fitted_length": candidate.cross_fitted_length,
        "cross_validated_hinge_loss": candidate.cross_validated_hinge_loss,
    }
    buffer = io.BytesIO()
    np.savez(
        buffer,
        facts=np.array(json.dumps(facts)),
        coefficients=candidate.svc.coefficients,
        train_losses=candidate.svc.train_losses,
        validation_losses=candidate.svc.validation_losses,
        path=candidate.svc.path,
        cross_fitted_margins=candidate.cross_fitted_margins,
    )
    return buffer.getvalue()


def candidate_from_bytes(content: bytes) -> Candidate:
    """The inverse of ``candidate_to_bytes``."""
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        facts = json.loads(str(arrays["facts"]))
        svc = LinearSVC(
            coefficients=arrays["coefficients"],
            intercept=facts["intercept"],
            train_losses=arrays["train_losses"],
            validation_losses=arrays["validation_losses"],
            path=arrays["path"],
            best_epoch=facts["best_epoch"],
        )
        # Former releases kept none; their candidates were trained on other features than there are now.
        cross_fitted_margins = arrays.get("cross_fitted_margins", np.empty(0))
    return Candidate(
        hyperparameters=Hyperparameters(**{"class_weight": _OF_FORMER_RELEASES, **facts["hyperparameters"]}),
        svc=svc,
        features_version=facts["features_version"],
        mlflow_run_id=facts["mlflow_run_id"],
        cost=Cost(**facts["cost"]),
        cross_fitted_margins=cross_fitted_margins,
        cross_fitted_length=facts.get("cross_fitted_length", 0.0),
        cross_validated_hinge_loss=facts.get("cross_validated_hinge_loss"),
    )
