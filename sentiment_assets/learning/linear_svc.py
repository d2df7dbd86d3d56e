"""A linear SVC trained by stochastic gradient descent on hinge loss."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import repeat

import numpy as np
from scipy import sparse
from sklearn import config_context
from sklearn.linear_model import SGDClassifier
from sklearn.utils import assert_all_finite

from sentiment_assets.learning.calibration import best_scale
from sentiment_assets.learning.hyperparameters import ClassWeight, Hyperparameters
from sentiment_assets.learning.labelled_rows import LabelledRows
from sentiment_assets.learning.metrics import hinge_loss, margins_of_rows

SKETCH_SIZE = 2_048
_MEASURED = 50_000
"""Training reviews that the loss on train is measured on: by chance it is off by two thousandths then, and measured on
a million it would be an eighth of what training takes."""
OnEpoch = Callable[[float, float], None]
"""What is told the losses on train and on validation after an epoch."""
_OVERFLOW = "Floating-point under-/overflow"
"""What scikit-learn says of a W that is not finite, and of nothing else."""
_REMEDY = "W is not finite. Take a smaller eta0 or l2 in the branch's search."


@dataclass(frozen=True)
class LinearClassifier:
    """W and b, which give a review its margin."""

    coefficients: np.ndarray
    """float32, shape (n_columns,)."""
    intercept: float

    @property
    def length(self) -> float:
        """The Euclidean length of W."""
        return float(np.linalg.norm(self.coefficients.astype(np.float64)))

    def margins(self, rows: sparse.csr_matrix) -> np.ndarray:
        """The margin of each row, float64, shape (n_reviews,); see ``margins_of_rows``."""
        return margins_of_rows(rows, self.coefficients, self.intercept)


@dataclass(frozen=True)
class LinearSVC(LinearClassifier):
    """A trained W and b, and the losses on the way there."""

    train_losses: np.ndarray
    """Mean hinge loss on the training split after each epoch, shape (epochs,): on its first 50,000 reviews if it has
    more. Splits are in the order of their texts' digests, so the first are like all others."""
    validation_losses: np.ndarray
    """Mean hinge loss on the validation split after each epoch, shape (epochs,)."""
    path: np.ndarray
    """float32, shape (best_epoch + 1, SKETCH_SIZE): sketches of W after each epoch as SGD left it, then of W itself."""
    best_epoch: int
    """The epoch, counted from 1, that W and b were taken from."""


class TrainingDiverged(ValueError):
    """W is no longer finite: the learning rate is too large for these data."""


def train_linear_svc(
    train: LabelledRows,
    validation: LabelledRows,
    hyperparameters: Hyperparameters,
    *,
    seed: int,
    kept: int | None = None,
    patience: int | None = None,
    on_epoch: OnEpoch | None = None,
) -> LinearSVC:
    """Averaged SGD (Polyak & Juditsky 1992) on hinge loss with an L2 penalty.

    SGD weighs reviews by ``class_weight``; losses that are measured count every review alike.
    W is that of the epoch ``kept``, without it of the one with the smallest validation loss
    (docs/decisions/0042-the-best-epoch.md); with ``patience`` training stops so many epochs after it. ``on_epoch`` is
    told of each. Losses are those of c·(W·x + b), with the one factor c > 0 after each epoch that makes validation loss
    smallest: SGD stops long before W has its natural length, and without c the candidate with the largest learning rate
    would win, whatever it says about a review
    (docs/decisions/0005-hinge-loss-at-the-best-scale.md). The W and b returned have c multiplied in.

    The same arguments give the same W, bit for bit, also if the rows are cut into other parts. Rows in several parts
    are taken in the order in which one matrix would be; from 2^23 entries on scikit-learn sees a block of them at a
    time, and begins with b = 0 in each, as it otherwise does in each epoch. Raises ``TrainingDiverged`` when W
    overflows.
    """
    if not train.n_columns:
        return _knowing_nothing(train, validation)
    measured = train.between(0, min(len(train.labels), _MEASURED))
    train_losses: list[float] = []
    validation_losses: list[float] = []
    path: list[np.ndarray] = []
    best_epoch = 0
    for epoch, (w, b) in enumerate(_epochs(train, hyperparameters, seed), start=1):
        path.append(sketch(w))
        margins = validation.margins(w, b)
        scale = best_scale(margins, validation.labels)
        train_losses.append(hinge_loss(scale * measured.margins(w, b), measured.labels))
        validation_losses.append(hinge_loss(scale * margins, validation.labels))
        if on_epoch:
            on_epoch(train_losses[-1], validation_losses[-1])
        is_best = epoch == kept if kept else epoch == 1 or validation_losses[-1] < min(validation_losses[:-1])
        if is_best:
            best_epoch = epoch
            coefficients = (scale * w).astype(np.float32)
            intercept = float(scale * b)
        elif patience and best_epoch and epoch - best_epoch >= patience:
            break
    return LinearSVC(
        coefficients=coefficients,
        intercept=intercept,
        train_losses=np.array(train_losses),
        validation_losses=np.array(validation_losses),
        path=np.array([*path[:best_epoch], sketch(coefficients)]),
        best_epoch=best_epoch,
    )


def train_linear_classifier(train: LabelledRows, hyperparameters: Hyperparameters, *, seed: int) -> LinearClassifier:
    """W and b as SGD leaves them after the last epoch, for who gives them a length of their own.

    They are those of ``train_linear_svc`` but for the factor c. Nothing is measured on the way, which saves a fifth of
    the time. Raises ``TrainingDiverged`` when W overflows.
    """
    [last] = deque(trained_per_epoch(train, hyperparameters, seed=seed), maxlen=1)
    return last


def trained_per_epoch(
    train: LabelledRows, hyperparameters: Hyperparameters, *, seed: int
) -> Iterator[LinearClassifier]:
    """W and b as ``train_linear_classifier`` has them, after each epoch."""
    if not train.n_columns:
        yield from repeat(LinearClassifier(np.empty(0, np.float32), 0.0), hyperparameters.epochs)
        return
    for w, b in _epochs(train, hyperparameters, seed):
        yield LinearClassifier(w.astype(np.float32), float(b))


def _epochs(train: LabelledRows, hyperparameters: Hyperparameters, seed: int) -> Iterator[tuple[np.ndarray, float]]:
    """W and b after each epoch of averaged SGD; the next epoch changes W where it lies."""
    for part in train.parts:  # once: scikit-learn would in each epoch, of which that is a tenth
        assert_all_finite(part, input_name="X")
    chance = np.random.RandomState(seed)
    sgd = SGDClassifier(
        loss="hinge",
        alpha=hyperparameters.l2,
        learning_rate=hyperparameters.schedule,
        eta0=hyperparameters.eta0,
        power_t=0.5,
        average=True,
        class_weight=_class_weights(train.labels, hyperparameters.class_weight),
        random_state=np.random.RandomState(seed),
        shuffle=len(train.parts) == 1,
    )
    for epoch in range(1, hyperparameters.epochs + 1):
        _run_epoch(sgd, train, chance, f"candidate {hyperparameters.key} diverged in epoch {epoch}")
        yield sgd.coef_[0], sgd.intercept_[0]


def _class_weights(labels: np.ndarray, asked: ClassWeight) -> dict[int, float] | None:
    """What a review of each label weighs in training, so that both labels have half of the weight of all reviews."""
    if asked == "none":
        return None
    counts = np.bincount(labels, minlength=2)
    return {label: len(labels) / (2 * max(int(count), 1)) for label, count in enumerate(counts)}


def _knowing_nothing(train: LabelledRows, validation: LabelledRows) -> LinearSVC:
    """What is trained on rows without columns, such as words of a language that is written without spaces."""
    losses = (np.array([hinge_loss(np.zeros(len(each.labels)), each.labels)]) for each in (train, validation))
    train_losses, validation_losses = losses
    return LinearSVC(
        coefficients=np.empty(0, np.float32),
        intercept=0.0,
        train_losses=train_losses,
        validation_losses=validation_losses,
        path=np.zeros((2, SKETCH_SIZE), np.float32),
        best_epoch=1,
    )


def sketch(coefficients: np.ndarray) -> np.ndarray:
    """A short random projection of W, float32 of shape (SKETCH_SIZE,), that keeps inner products.

    Each column is added to one of the sketch's places with a random sign (CountSketch: Charikar et al. 2002); an
    inner product of two sketches is off by about |a|·|b| / √SKETCH_SIZE.
    """
    place, sign = _projection(len(coefficients))
    return np.bincount(place, weights=sign * coefficients, minlength=SKETCH_SIZE).astype(np.float32)


@lru_cache(maxsize=1)
def _projection(n_columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Place and sign of each column in the sketch, the same in every process."""
    chance = np.random.default_rng(0)
    place = chance.integers(0, SKETCH_SIZE, n_columns)
    return place, chance.integers(0, 2, n_columns, dtype=np.int8) * 2 - 1


def _run_epoch(sgd: SGDClassifier, train: LabelledRows, chance: np.random.RandomState, diverged: str) -> None:
    try:
        with config_context(assume_finite=True):  # which was looked at once
            if len(train.parts) == 1:
                sgd.partial_fit(train.parts[0], train.labels, classes=[0, 1])
            else:
                for rows, labels in train.taken(_order_of_an_epoch(len(train.labels), chance)):
                    sgd.partial_fit(rows, labels, classes=[0, 1])
    except ValueError as error:
        if _OVERFLOW not in str(error):
            raise
        raise TrainingDiverged(f"{diverged}: {_REMEDY}") from error
    if not np.isfinite(sgd.coef_).all():
        raise TrainingDiverged(f"{diverged}: {_REMEDY}")


def _order_of_an_epoch(n_rows: int, chance: np.random.RandomState) -> np.ndarray:
    """The order in which scikit-learn would take so many rows of one matrix: its shuffle, with its random numbers."""
    most = np.iinfo(np.int32).max
    chance.randint(1, most)  # it draws one more
    drawn = int(chance.randint(most)) or 1
    order = list(range(n_rows))
    for place in range(n_rows - 1):
        drawn ^= drawn << 13 & 0xFFFFFFFF
        drawn ^= drawn >> 17
        drawn ^= drawn << 5 & 0xFFFFFFFF
        other = place + (drawn & most) % (n_rows - place)
        order[place], order[other] = order[other], order[place]
    return np.array(order)
