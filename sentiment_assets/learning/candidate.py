"""A trained candidate as one small file: arrays and plain values, never a pickle."""

import io
import json
from dataclasses import asdict, dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from sentiment_assets.learning.cost import Cost, measure_cost
from sentiment_assets.learning.features import Features
from sentiment_assets.learning.hyperparameters import Hyperparameters
from sentiment_assets.learning.labelled_rows import LabelledRows
from sentiment_assets.learning.linear_svc import LinearSVC, train_linear_svc
from sentiment_assets.learning.splitting import TRAIN, VALIDATION

_SEED = 0


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

    @property
    def losses(self) -> dict[str, list[float]]:
        """Hinge losses after each epoch, by the name they are tracked under."""
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
) -> Candidate:
    """Train one candidate on the train split, with its losses on the validation split.

    Raises ``TrainingDiverged`` when W overflows.
    """
    rows = features.of(hyperparameters.features).rows
    train, validation = rows[TRAIN], rows[VALIDATION]
    with threadpool_limits(1):  # candidates train side by side: threads would only stand in each other's way
        svc, cost = measure_cost(
            lambda: train_linear_svc(train, validation, hyperparameters, seed=_SEED, patience=patience)
        )
    return Candidate(
        hyperparameters=hyperparameters,
        svc=svc,
        features_version=features_version,
        mlflow_run_id=mlflow_run_id,
        cost=cost,
    )


def train_again(candidate: Candidate, train: LabelledRows, validation: LabelledRows) -> LinearSVC:
    """A candidate's hyperparameter set and number of epochs, on other training rows."""
    same = candidate.hyperparameters.model_copy(update={"epochs": candidate.svc.best_epoch})
    with threadpool_limits(1):
        return train_linear_svc(train, validation, same, seed=_SEED)


def candidate_to_bytes(candidate: Candidate) -> bytes:
    """An uncompressed ``.npz``, readable with ``allow_pickle=False``."""
    facts = {
        "hyperparameters": candidate.hyperparameters.model_dump(),
        "intercept": candidate.svc.intercept,
        "features_version": candidate.features_version,
        "mlflow_run_id": candidate.mlflow_run_id,
        "best_epoch": candidate.svc.best_epoch,
        "cost": asdict(candidate.cost),
    }
    buffer = io.BytesIO()
    np.savez(
        buffer,
        facts=np.array(json.dumps(facts)),
        coefficients=candidate.svc.coefficients,
        train_losses=candidate.svc.train_losses,
        validation_losses=candidate.svc.validation_losses,
        path=candidate.svc.path,
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
    return Candidate(
        hyperparameters=Hyperparameters(**facts["hyperparameters"]),
        svc=svc,
        features_version=facts["features_version"],
        mlflow_run_id=facts["mlflow_run_id"],
        cost=Cost(**facts["cost"]),
    )
