import numpy as np
import pytest
from scipy import sparse

from sentiment_assets.learning.hyperparameters import Hyperparameters
from sentiment_assets.learning.labelled_rows import LabelledRows
from sentiment_assets.learning.linear_svc import (
    TooManyEntries,
    TrainingDiverged,
    sketch,
    train_linear_svc,
)
from sentiment_assets.learning.metrics import hinge_loss

GENTLE = Hyperparameters(epochs=10, eta0=0.5, l2=1e-4)


def separable(n: int, seed: int) -> LabelledRows:
    chance = np.random.default_rng(seed)
    labels = chance.integers(0, 2, n).astype(np.int8)
    rows = chance.normal(size=(n, 6)) * 0.3
    rows[:, 0] += 2 * labels - 1
    return LabelledRows(sparse.csr_matrix(rows.astype(np.float32)), labels)


TRAIN, VALIDATION = separable(300, 1), separable(100, 2)


def test_it_learns_and_the_losses_fall() -> None:
    svc = train_linear_svc(TRAIN, VALIDATION, GENTLE, seed=0)
    assert svc.train_losses.shape == svc.validation_losses.shape == (10,)
    assert svc.train_losses[-1] < svc.train_losses[0]
    assert ((svc.margins(VALIDATION.rows) > 0) == VALIDATION.labels).mean() > 0.95


def test_the_same_seed_gives_the_same_weights_bit_for_bit() -> None:
    one, same, other = (train_linear_svc(TRAIN, VALIDATION, GENTLE, seed=seed) for seed in (0, 0, 1))
    assert one.coefficients.tobytes() == same.coefficients.tobytes()
    assert one.intercept == same.intercept
    assert one.coefficients.tobytes() != other.coefficients.tobytes()


def test_the_inputs_may_be_read_only() -> None:
    for array in (TRAIN.rows.data, TRAIN.rows.indices, TRAIN.rows.indptr, TRAIN.labels):
        array.setflags(write=False)
    train_linear_svc(TRAIN, VALIDATION, GENTLE, seed=0)


def test_divergence_is_said_with_the_remedy() -> None:
    wild = Hyperparameters(epochs=3, eta0=1e300, l2=10)
    with pytest.raises(TrainingDiverged, match=r"eta0=1e\+300.* diverged in epoch 1.*smaller eta0"):
        train_linear_svc(TRAIN, VALIDATION, wild, seed=0)


def test_a_matrix_too_large_to_index_is_not_called_diverged() -> None:
    """Scipy indexes by 64 bits from 2^31 entries on; here a small matrix is made to."""
    rows = TRAIN.rows.copy()
    rows.indices, rows.indptr = rows.indices.astype(np.int64), rows.indptr.astype(np.int64)
    with pytest.raises(TooManyEntries, match=r"1,800 entries, .* at most 2,147,483,647: ask for shorter n-grams"):
        train_linear_svc(LabelledRows(rows, TRAIN.labels), VALIDATION, GENTLE, seed=0)


@pytest.mark.parametrize("schedule", ["constant", "invscaling", "optimal"])
def test_every_schedule_trains(schedule: str) -> None:
    chosen = GENTLE.model_copy(update={"schedule": schedule})
    assert train_linear_svc(TRAIN, VALIDATION, chosen, seed=0).validation_losses[-1] < 0.6


def test_the_losses_are_those_of_the_weights_returned() -> None:
    svc = train_linear_svc(TRAIN, VALIDATION, GENTLE, seed=0)
    assert hinge_loss(svc.margins(VALIDATION.rows), VALIDATION.labels) == pytest.approx(
        svc.validation_losses[-1], abs=1e-6
    )
    assert hinge_loss(svc.margins(TRAIN.rows), TRAIN.labels) == pytest.approx(svc.train_losses[-1], abs=1e-6)


def test_no_other_length_of_the_weights_has_a_smaller_validation_loss() -> None:
    svc = train_linear_svc(TRAIN, VALIDATION, GENTLE, seed=0)
    margins = svc.margins(VALIDATION.rows)
    for factor in (0.5, 0.9, 1.1, 2):
        assert hinge_loss(factor * margins, VALIDATION.labels) >= svc.validation_losses[-1] - 1e-6


def test_with_patience_training_stops_early_and_the_best_epoch_is_kept() -> None:
    eager = Hyperparameters(epochs=60, eta0=5, l2=1e-6)
    whole = train_linear_svc(TRAIN, VALIDATION, eager, seed=0)
    stopped = train_linear_svc(TRAIN, VALIDATION, eager, seed=0, patience=2)
    ran = len(stopped.validation_losses)
    assert stopped.best_epoch == 1 + int(np.argmin(stopped.validation_losses)) == ran - 2
    assert stopped.validation_losses.tolist() == whole.validation_losses[:ran].tolist()
    assert hinge_loss(stopped.margins(VALIDATION.rows), VALIDATION.labels) == pytest.approx(
        min(stopped.validation_losses), abs=1e-6
    )
    assert len(stopped.path) == stopped.best_epoch + 1


def test_a_sketch_keeps_inner_products() -> None:
    chance = np.random.default_rng(0)
    one, other = chance.normal(size=(2, 50_000))
    other += one
    exact = one @ other
    off = abs(sketch(one) @ sketch(other) - exact) / (np.linalg.norm(one) * np.linalg.norm(other))
    assert off < 4 / 2_048**0.5


def test_without_columns_nothing_is_learned_and_nothing_breaks() -> None:
    """As of words in a language that is written without spaces, of which none occurs three times."""
    empty = [LabelledRows(sparse.csr_matrix((n, 0), dtype=np.float32), np.ones(n, np.int8)) for n in (5, 3)]
    svc = train_linear_svc(*empty, GENTLE, seed=0)
    assert svc.margins(empty[1].rows).tolist() == [0, 0, 0]
    assert svc.validation_losses.tolist() == [1.0]
    assert svc.path.shape == (svc.best_epoch + 1, 2_048)
