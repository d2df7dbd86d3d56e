import numpy as np
import pytest
from scipy import sparse

from sentiment_assets.learning import labelled_rows, linear_svc
from sentiment_assets.learning.hyperparameters import Hyperparameters
from sentiment_assets.learning.labelled_rows import LabelledRows
from sentiment_assets.learning.linear_svc import (
    TrainingDiverged,
    sketch,
    train_linear_classifier,
    train_linear_svc,
    trained_per_epoch,
)
from sentiment_assets.learning.metrics import hinge_loss

GENTLE = Hyperparameters(epochs=10, eta0=0.5, l2=1e-4)


def separable(n: int, seed: int) -> LabelledRows:
    chance = np.random.default_rng(seed)
    labels = chance.integers(0, 2, n).astype(np.int8)
    rows = chance.normal(size=(n, 6)) * 0.3
    rows[:, 0] += 2 * labels - 1
    return LabelledRows.of(sparse.csr_matrix(rows.astype(np.float32)), labels)


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


def test_fewer_epochs_are_the_beginning_of_more() -> None:
    """So that one candidate of twelve epochs is as good as twelve of one to twelve."""
    for epoch, along_the_way in enumerate(trained_per_epoch(TRAIN, GENTLE, seed=3), start=1):
        fewer = train_linear_classifier(TRAIN, GENTLE.model_copy(update={"epochs": epoch}), seed=3)
        assert fewer.coefficients.tobytes() == along_the_way.coefficients.tobytes()
        assert fewer.intercept == along_the_way.intercept
    assert epoch == GENTLE.epochs


def test_without_losses_it_is_the_same_but_for_its_length() -> None:
    svc = train_linear_svc(TRAIN, VALIDATION, GENTLE, seed=3, kept=GENTLE.epochs)
    alone = train_linear_classifier(TRAIN, GENTLE, seed=3)
    assert alone.coefficients / alone.length == pytest.approx(svc.coefficients / svc.length, abs=1e-6)
    assert alone.intercept / alone.length == pytest.approx(svc.intercept / svc.length, abs=1e-6)


def test_of_many_training_reviews_the_loss_is_that_of_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    train = LabelledRows.of(TRAIN.rows, np.where(np.arange(300) % 7, TRAIN.labels, 1 - TRAIN.labels))
    whole = train_linear_svc(train, VALIDATION, GENTLE, seed=0)
    monkeypatch.setattr(linear_svc, "_MEASURED", 100)
    svc = train_linear_svc(train, VALIDATION, GENTLE, seed=0)
    assert svc.coefficients.tobytes() == whole.coefficients.tobytes()
    first = train.between(0, 100)
    on_first = hinge_loss(svc.margins(first.rows), first.labels)
    assert svc.train_losses[svc.best_epoch - 1] == pytest.approx(on_first, rel=1e-5)
    assert svc.train_losses[-1] != whole.train_losses[-1]


def test_both_labels_weigh_the_same_however_many_reviews_have_each() -> None:
    """Twenty negative reviews among a thousand, which one epoch hardly sees."""
    chance = np.random.default_rng(0)
    labels = (np.arange(1000) >= 20).astype(np.int8)
    rows = sparse.csr_matrix(
        (chance.normal(size=(1000, 6)) + np.eye(1, 6) * (2 * labels[:, None] - 1)).astype(np.float32)
    )
    unbalanced = LabelledRows.of(rows, labels)
    ours, plain = (
        train_linear_svc(unbalanced, unbalanced, GENTLE.model_copy(update={"class_weight": asked, "epochs": 1}), seed=0)
        for asked in ("balanced", "none")
    )
    found, found_unweighted = ((svc.margins(rows) <= 0)[labels == 0].mean() for svc in (ours, plain))
    assert found > found_unweighted + 0.2


def test_where_labels_are_equally_frequent_class_weights_change_nothing() -> None:
    even = np.concatenate([np.flatnonzero(TRAIN.labels == label)[:100] for label in (0, 1)])
    rows = LabelledRows.of(TRAIN.rows[even], TRAIN.labels[even])
    ours, plain = (
        train_linear_svc(rows, VALIDATION, GENTLE.model_copy(update={"class_weight": asked}), seed=0)
        for asked in ("balanced", "none")
    )
    assert ours.coefficients.tobytes() == plain.coefficients.tobytes()


def test_the_inputs_may_be_read_only() -> None:
    for array in (TRAIN.rows.data, TRAIN.rows.indices, TRAIN.rows.indptr, TRAIN.labels):
        array.setflags(write=False)
    train_linear_svc(TRAIN, VALIDATION, GENTLE, seed=0)


def test_divergence_is_said_with_the_remedy() -> None:
    wild = Hyperparameters(epochs=3, eta0=1e300, l2=10)
    with pytest.raises(TrainingDiverged, match=r"eta0=1e\+300.* diverged in epoch 1.*smaller eta0"):
        train_linear_svc(TRAIN, VALIDATION, wild, seed=0)


def test_what_is_no_divergence_is_not_called_one() -> None:
    """Only a W that is not finite asks for a smaller step; any other refusal is said as it is."""
    unusable = LabelledRows.of(TRAIN.rows.copy(), TRAIN.labels)
    unusable.data[7] = np.nan
    with pytest.raises(ValueError, match="Input X contains NaN") as refused:
        train_linear_svc(unusable, VALIDATION, GENTLE, seed=0)
    assert not isinstance(refused.value, TrainingDiverged)


def test_rows_that_are_indexed_by_64_bits_are_trained_on() -> None:
    """As scipy indexes from 2^31 entries on; here a small matrix is made to."""
    rows = TRAIN.rows.copy()
    rows.indices, rows.indptr = rows.indices.astype(np.int64), rows.indptr.astype(np.int64)
    wide = train_linear_svc(LabelledRows.of(rows, TRAIN.labels), VALIDATION, GENTLE, seed=0)
    assert wide.coefficients.tobytes() == train_linear_svc(TRAIN, VALIDATION, GENTLE, seed=0).coefficients.tobytes()


def in_parts(most_entries: int) -> LabelledRows:
    """The training rows cut into parts of at most so many entries; a row has six."""
    return LabelledRows.of(TRAIN.rows, TRAIN.labels, most_entries)


@pytest.mark.parametrize("schedule", ["constant", "optimal"])
def test_the_parts_that_rows_are_cut_into_do_not_show(schedule: str) -> None:
    chosen = GENTLE.model_copy(update={"schedule": schedule})
    sizes = (1_800, 1_799, 700, 100, 11)
    assert [len(in_parts(most).parts) for most in sizes] == [1, 2, 3, 19, 300]
    whole, *cut = (train_linear_svc(in_parts(most), VALIDATION, chosen, seed=3) for most in sizes)
    for each in cut:
        assert each.coefficients.tobytes() == whole.coefficients.tobytes()
        assert each.intercept == whole.intercept
        assert each.train_losses.tolist() == whole.train_losses.tolist()


def test_neither_do_they_where_scikit_learn_sees_some_rows_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = train_linear_svc(TRAIN, VALIDATION, GENTLE, seed=3)
    monkeypatch.setattr(labelled_rows, "_ENTRIES_AT_ONCE", 500)
    one, *others = (train_linear_svc(in_parts(most), VALIDATION, GENTLE, seed=3) for most in (1_799, 700, 11))
    assert one.validation_losses == pytest.approx(whole.validation_losses, abs=0.003)
    for each in others:
        assert each.coefficients.tobytes() == one.coefficients.tobytes()
        assert each.intercept == one.intercept


@pytest.mark.parametrize("schedule", ["constant", "invscaling", "optimal"])
def test_every_schedule_trains(schedule: str) -> None:
    chosen = GENTLE.model_copy(update={"schedule": schedule})
    assert train_linear_svc(TRAIN, VALIDATION, chosen, seed=0).validation_losses[-1] < 0.6


def test_the_losses_are_those_of_the_weights_returned() -> None:
    for kept in (None, 2, 10):
        svc = train_linear_svc(TRAIN, VALIDATION, GENTLE, seed=0, kept=kept)
        of_best = svc.best_epoch - 1
        assert of_best == (kept - 1 if kept else int(np.argmin(svc.validation_losses)))
        on_validation = hinge_loss(svc.margins(VALIDATION.rows), VALIDATION.labels)
        assert on_validation == pytest.approx(svc.validation_losses[of_best], abs=1e-6)
        assert hinge_loss(svc.margins(TRAIN.rows), TRAIN.labels) == pytest.approx(svc.train_losses[of_best], abs=1e-6)
        assert len(svc.validation_losses) == len(svc.train_losses) == 10, "every epoch is run"


def test_no_other_length_of_the_weights_has_a_smaller_validation_loss() -> None:
    svc = train_linear_svc(TRAIN, VALIDATION, GENTLE, seed=0)
    margins = svc.margins(VALIDATION.rows)
    for factor in (0.5, 0.9, 1.1, 2):
        assert hinge_loss(factor * margins, VALIDATION.labels) >= svc.validation_losses.min() - 1e-6


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
    kept = train_linear_svc(TRAIN, VALIDATION, eager, seed=0, kept=stopped.best_epoch + 5, patience=2)
    assert len(kept.validation_losses) == kept.best_epoch + 2 == stopped.best_epoch + 7


def test_a_sketch_keeps_inner_products() -> None:
    chance = np.random.default_rng(0)
    one, other = chance.normal(size=(2, 50_000))
    other += one
    exact = one @ other
    off = abs(sketch(one) @ sketch(other) - exact) / (np.linalg.norm(one) * np.linalg.norm(other))
    assert off < 4 / 2_048**0.5


def test_without_columns_nothing_is_learned_and_nothing_breaks() -> None:
    """As of words in a language that is written without spaces, of which none occurs three times."""
    empty = [LabelledRows.of(sparse.csr_matrix((n, 0), dtype=np.float32), np.ones(n, np.int8)) for n in (5, 3)]
    svc = train_linear_svc(*empty, GENTLE, seed=0)
    assert svc.margins(empty[1].rows).tolist() == [0, 0, 0]
    assert svc.validation_losses.tolist() == [1.0]
    assert svc.path.shape == (svc.best_epoch + 1, 2_048)
