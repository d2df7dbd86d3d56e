import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment_assets.learning import cross_fitting
from sentiment_assets.learning.calibration import best_scale
from sentiment_assets.learning.candidate import candidate_from_bytes, candidate_to_bytes, train_again, train_candidate
from sentiment_assets.learning.challenger import Challenger, make_challenger
from sentiment_assets.learning.cross_fitting import DEVELOPMENT, N_FOLDS, folds_of
from sentiment_assets.learning.features import (
    FeatureRows,
    Features,
    build_features,
    features_from_arrays,
    features_to_arrays,
)
from sentiment_assets.learning.linear_svc import train_linear_classifier
from sentiment_assets.learning.metrics import hinge_loss
from sentiment_assets_tests.learning.conftest import SETS, SETTINGS
from testing.corpus import made_up_reviews


@given(st.integers(2, 60), st.floats(0, 1), st.integers(0, 3))
def test_every_review_is_held_out_once_and_trains_nothing_there(n: int, positive_share: float, seed: int) -> None:
    development = pd.DataFrame(made_up_reviews(n, seed, positive_share))
    folds = folds_of(development, None, None)
    if not folds:
        assert development["label"].value_counts().min() == 1, "and the fold that holds it out would not know the label"
        return
    held_out = np.concatenate([fold.held_out for fold in folds])
    assert sorted(held_out.tolist()) == list(range(n))
    for fold in folds:
        assert sorted([*fold.train, *fold.held_out]) == list(range(n))
        share = development["label"].iloc[fold.held_out].sum()
        assert share == pytest.approx(development["label"].sum() / N_FOLDS, abs=1), "each has its share of both labels"


def test_there_are_no_folds_where_so_many_reviews_are_alike_that_little_would_be_trained_on() -> None:
    others = pd.DataFrame(made_up_reviews(40))
    alike = "the very same long story of a lamp that came late and was returned at once number"
    copies = pd.DataFrame({"text": [f"{alike} {number}" for number in range(60)], "label": [0, 1] * 30})
    development = pd.concat([others[["text", "label"]], copies], ignore_index=True)
    assert folds_of(development, 0.7, "word") == ()
    assert len(folds_of(development, None, "word")) == N_FOLDS


def test_a_review_keeps_its_fold_wherever_it_stands() -> None:
    development = pd.DataFrame(made_up_reviews(50))
    shuffled = development.sample(frac=1, random_state=0)
    for fold, again in zip(folds_of(development, None, None), folds_of(shuffled, None, None), strict=True):
        assert set(development["text"].iloc[fold.held_out]) == set(shuffled["text"].iloc[again.held_out])


def test_near_duplicates_of_what_a_fold_holds_out_do_not_train_in_it() -> None:
    originals = pd.DataFrame(made_up_reviews(100))
    twins = originals.assign(text=originals["text"] + " again")
    development = pd.concat([originals, twins], ignore_index=True)
    for fold in folds_of(development, 0.5, None):
        assert not set(fold.held_out % 100) & set(fold.train % 100)
    assert any(set(fold.held_out % 100) & set(fold.train % 100) for fold in folds_of(development, None, None))


def test_where_nearly_all_reviews_are_alike_there_are_no_folds() -> None:
    """They would train on a handful, and what such models say is nothing to calibrate another one by."""
    templates = pd.DataFrame(made_up_reviews(2, positive_share=1)).assign(label=[0, 1])
    development = pd.concat([templates.assign(text=templates["text"] + f" {n}") for n in range(50)], ignore_index=True)
    assert folds_of(development, 0.7, None) == ()
    assert len(folds_of(development, None, None)) == N_FOLDS, "unless nobody minds"


def test_no_fold_trains_on_one_label_alone() -> None:
    assert folds_of(pd.DataFrame(made_up_reviews(20)).assign(label=[1] + 19 * [0]), None, None) == ()


def test_in_a_large_corpus_the_validation_split_is_the_only_fold(
    splits: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cross_fitting, "CROSS_VALIDATED_BELOW", splits["split"].isin(DEVELOPMENT).sum())
    features = build_features(splits, SETTINGS)
    [(train, held_out)] = features.of().folds
    assert (train, held_out) == (features.of().rows["train"], features.of().rows["validation"])
    candidate = train_candidate(features, "v1", SETS[0], mlflow_run_id="run")
    assert candidate.cross_validated_hinge_loss is None
    assert hinge_loss(candidate.cross_fitted_margins, held_out.labels) == pytest.approx(candidate.validation_hinge_loss)
    challenger = make_challenger({"one": candidate}, features, splits, metric="hinge_loss")
    validation = splits["split"] == "validation"
    n_test = (splits["split"] == "test").sum()
    assert challenger.held_out.labels[:-n_test].tolist() == splits.loc[validation, "label"].tolist()


def test_a_fold_has_the_rows_of_features_that_were_fitted_on_what_it_trains_on(
    features: Features, splits: pd.DataFrame
) -> None:
    development = splits[splits["split"].isin(DEVELOPMENT)]
    for fold, (train, held_out) in zip(folds_of(development, None, None), features.of().folds, strict=True):
        split = np.full(len(development), "train", object)
        split[fold.held_out] = "test"
        alone: FeatureRows = build_features(development.assign(split=split), SETTINGS).of()
        for own, expected in ((train, alone.rows["train"]), (held_out, alone.rows["test"])):
            assert own.labels.tolist() == expected.labels.tolist()
            assert own.indices.tolist() == expected.indices.tolist()
            assert own.data == pytest.approx(expected.data)


def test_folds_are_stored_with_the_features(every_set: Features) -> None:
    again = features_from_arrays(features_to_arrays(every_set))
    for name, built in every_set.sets.items():
        assert again.sets[name].held_out.tolist() == built.held_out.tolist()
        for ours, theirs in zip(again.sets[name].folds, built.folds, strict=True):
            for own, expected in zip(ours, theirs, strict=True):
                assert own.n_columns == expected.n_columns
                assert (own.rows != expected.rows).nnz == 0


def test_cross_fitted_margins_are_stored_with_the_candidate(features: Features) -> None:
    candidate = train_candidate(features, "v1", SETS[0], mlflow_run_id="run")
    again = candidate_from_bytes(candidate_to_bytes(candidate))
    assert again.cross_fitted_margins.tolist() == candidate.cross_fitted_margins.tolist()
    assert again.cross_fitted_length == candidate.cross_fitted_length
    assert again.cross_validated_hinge_loss == candidate.cross_validated_hinge_loss


def test_no_model_judges_a_review_that_it_was_trained_on() -> None:
    """Of labels by chance a model that has seen a review knows much, and one that has not knows nothing."""
    chance = np.random.default_rng(0)
    reviews = pd.DataFrame(made_up_reviews(600)).assign(label=chance.integers(0, 2, 600).astype("int8"), batch="b")
    split = np.resize(["train", "train", "train", "validation", "test"], 600)
    splits = reviews.assign(split=split, text_digest=np.arange(600, dtype=np.uint64))
    features = build_features(splits, SETTINGS.model_copy(update={"min_reviews": 1}))
    candidate = train_candidate(features, "v1", SETS[1], mlflow_run_id="run")
    challenger = make_challenger({"one": candidate}, features, splits, metric="hinge_loss")
    development = splits[splits["split"].isin(DEVELOPMENT)]
    held_out = slice(0, len(development))
    unseen = np.corrcoef(challenger.held_out.margins[held_out], challenger.held_out.labels[held_out])[0, 1]
    own = np.corrcoef(challenger.model.margins(development["text"]), development["label"])[0, 1]
    assert unseen == pytest.approx(0, abs=0.1)
    assert own > 0.9


def test_in_a_small_corpus_the_folds_choose_the_epoch(features: Features) -> None:
    asked = SETS[0].model_copy(update={"epochs": 12, "eta0": 3.0})
    candidate, built = train_candidate(features, "v1", asked, mlflow_run_id="run"), features.of()

    def loss_after(epochs: int) -> float:
        same, found = asked.model_copy(update={"epochs": epochs}), []
        for train, held_out in built.folds:
            trained = train_linear_classifier(train, same, seed=0)
            found.append(held_out.margins(trained.coefficients, trained.intercept) / trained.length)
        margins = np.concatenate(found)
        return hinge_loss(best_scale(margins, built.held_out_labels) * margins, built.held_out_labels)

    losses = [loss_after(epochs) for epochs in range(1, 13)]
    assert candidate.svc.best_epoch == 1 + int(np.argmin(losses)) != 12
    assert candidate.cross_validated_hinge_loss == pytest.approx(min(losses))
    assert hinge_loss(candidate.cross_fitted_margins, built.held_out_labels) == pytest.approx(min(losses))
    assert candidate.validation_hinge_loss == candidate.svc.validation_losses[candidate.svc.best_epoch - 1]


def test_it_is_trained_again_for_as_many_epochs_as_were_best(features: Features) -> None:
    wild = SETS[0].model_copy(update={"epochs": 20, "eta0": 100.0})
    candidate = train_candidate(features, "v1", wild, mlflow_run_id="run", patience=1)
    assert candidate.svc.best_epoch < len(candidate.svc.train_losses) < 20
    again, svc = train_again(candidate, features.of().rows["train"]), candidate.svc
    assert again.coefficients / again.length == pytest.approx(svc.coefficients / svc.length, abs=1e-6)


def test_the_champion_is_trained_on_validation_too(challenger: Challenger, splits: pd.DataFrame) -> None:
    development = splits[splits["split"].isin(DEVELOPMENT)]
    assert challenger.model.trained_on.tolist() == sorted(development["text_digest"])
    assert len(challenger.model.trained_signatures) == len(development)
    assert len(challenger.features.rows["train"].labels) == len(development)


def test_its_margins_have_the_units_of_those_that_it_was_chosen_by(
    challenger: Challenger, splits: pd.DataFrame
) -> None:
    """So the gate's hinge loss, and the calibration, mean the same for both."""
    n_test = (splits["split"] == "test").sum()
    cross_fitted, test = (np.abs(challenger.held_out.margins[part]) for part in (slice(-n_test), slice(-n_test, None)))
    assert test.mean() == pytest.approx(cross_fitted.mean(), rel=0.1)
