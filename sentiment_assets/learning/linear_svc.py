"""A linear SVC trained by stochastic gradient descent on hinge loss."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.linear_model import SGDClassifier

from sentiment_assets.learning.hyperparameters import Hyperparameters
from sentiment_assets.learning.metrics import hinge_loss


@dataclass(frozen=True)
class LabelledRows:
    """Feature rows and their labels."""

    rows: sparse.csr_matrix
    """float32, shape (n_reviews, n_columns)."""
    labels: np.ndarray
    """int8 of 0 and 1, shape (n_reviews,)."""


@dataclass(frozen=True)
class LinearSVC:
    """A trained W and b, and the losses on the way there."""

    coefficients: np.ndarray
    """float32, shape (n_columns,)."""
    intercept: float
    train_losses: np.ndarray
    """Mean hinge loss on the training split after each epoch, shape (epochs,)."""
    validation_losses: np.ndarray
    """Mean hinge loss on the validation split after each epoch, shape (epochs,)."""

    def margins(self, rows: sparse.csr_matrix) -> np.ndarray:
        """W·x + b for each row, float64, shape (n_reviews,)."""
        return (rows @ self.coefficients).astype(np.float64) + self.intercept


class TrainingDiverged(ValueError):
    """W is no longer finite: the learning rate is too large for these data."""


def train_linear_svc(
    train: LabelledRows, validation: LabelledRows, hyperparameters: Hyperparameters, seed: int
) -> LinearSVC:
    """Averaged SGD (Polyak & Juditsky 1992) on hinge loss with an L2 penalty.

    The same arguments give the same W, bit for bit. Raises ``TrainingDiverged`` when W overflows.
    """
    sgd = SGDClassifier(
        loss="hinge",
        alpha=hyperparameters.l2,
        learning_rate=hyperparameters.schedule,
        eta0=hyperparameters.eta0,
        power_t=0.5,
        average=True,
        random_state=np.random.RandomState(seed),
    )
    train_losses: list[float] = []
    validation_losses: list[float] = []
    for epoch in range(1, hyperparameters.epochs + 1):
        try:
            sgd.partial_fit(train.rows, train.labels, classes=[0, 1])
        except ValueError as error:
            raise _diverged(hyperparameters, epoch) from error
        if not np.isfinite(sgd.coef_).all():
            raise _diverged(hyperparameters, epoch)
        current = _snapshot(sgd, train_losses, validation_losses)
        train_losses.append(hinge_loss(current.margins(train.rows), train.labels))
        validation_losses.append(hinge_loss(current.margins(validation.rows), validation.labels))
    return _snapshot(sgd, train_losses, validation_losses)


def _snapshot(sgd: SGDClassifier, train: list[float], validation: list[float]) -> LinearSVC:
    return LinearSVC(
        coefficients=sgd.coef_[0].astype(np.float32),
        intercept=float(sgd.intercept_[0]),
        train_losses=np.array(train),
        validation_losses=np.array(validation),
    )


def _diverged(hyperparameters: Hyperparameters, epoch: int) -> TrainingDiverged:
    return TrainingDiverged(
        f"candidate {hyperparameters.key} diverged in epoch {epoch}: W is not finite. "
        "Take a smaller eta0 or l2 in the branch's search."
    )
