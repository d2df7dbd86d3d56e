from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from sentiment_assets.learning import cross_fitting
from sentiment_assets.learning.calibration import CannotCalibrate
from sentiment_assets.learning.candidate import Candidate, train_candidate
from sentiment_assets.learning.challenger import Challenger, make_challenger
from sentiment_assets.learning.features import Features, build_features
from sentiment_assets.learning.hyperparameters import Hyperparameters, SearchSpace
from sentiment_assets.learning.labelled_rows import LabelledRows
from sentiment_assets.learning.leakage import measure_leakage
from sentiment_assets.learning.metrics import label_loss_of
from sentiment_assets.learning.near_duplicates import text_signatures
from sentiment_assets.learning.promotion import measure_champion
from sentiment_assets.learning.settings import FeatureSet, FeatureSettings, SplitSettings
from sentiment_assets.learning.splitting import split_reviews
from sentiment_assets_tests.learning.conftest import SETS, SETTINGS, with_rows
from testing.corpus import made_up_reviews


def test_the_challenger_has_the_smallest_validation_loss(challenger: Challenger) -> None:
    assert challenger.validation_losses[challenger.key] == min(challenger.validation_losses.values())
    assert challenger.metrics["test_accuracy"] > 0.9


def test_what_is_measured_is_what_is_served(challenger: Challenger, splits: pd.DataFrame) -> None:
    """Accuracy, confusion and gate count by the label that the model gives."""
    test = splits[splits["split"] == "test"]
    served = challenger.model.score(test["text"])
    assert (served["label"].to_numpy() == (challenger.test_margins > 0)).all()
    assert challenger.metrics["test_accuracy"] == pytest.approx(
        (served["label"].to_numpy() == test["label"].to_numpy()).mean()
    )


def test_its_margins_are_in_the_units_of_those_that_calibrated_it(
    challenger: Challenger, candidates: dict[str, Candidate]
) -> None:
    """Trained again, W has another length by chance, and the calibration would be of other margins."""
    length = np.linalg.norm(challenger.model.coefficients.astype(np.float64))
    assert length == pytest.approx(candidates[challenger.key].cross_fitted_length, rel=1e-5)


def test_on_unbalanced_data_measured_and_served_labels_are_the_same() -> None:
    """The threshold that calibration finds there is far from where SGD left it."""
    reviews = pd.DataFrame(made_up_reviews(3000, positive_share=0.93)).assign(split=None, batch="b")
    splits = split_reviews(reviews, SplitSettings()).reviews
    features = build_features(splits, SETTINGS)
    candidate = train_candidate(features, "v1", SETS[0], mlflow_run_id="run")
    challenger = make_challenger({"one": candidate}, features, splits, metric="hinge_loss")
    test = splits[splits["split"] == "test"]
    served = challenger.model.score(test["text"])["label"].to_numpy()
    assert challenger.model.intercept != pytest.approx(candidate.svc.intercept, abs=0.05)
    assert (served == (challenger.test_margins > 0)).all()
    standing = measure_champion(challenger.model, splits)
    assert ((standing.test_margins > 0) == served).all()
    served_p = challenger.model.calibration.probabilities(challenger.test_margins)
    assert served_p.mean() == pytest.approx(test["label"].mean(), abs=0.03), "its own b, in its own units"
    held_out = slice(0, -len(test))
    mean = challenger.model.calibration.probabilities(challenger.held_out.margins[held_out]).mean()
    assert mean == pytest.approx(challenger.held_out.labels[held_out].mean(), abs=0.01), "as Platt scaling leaves it"


def test_where_the_branch_is_judged_by_macro_f1_the_threshold_is_chosen_for_it() -> None:
    reviews = pd.DataFrame(made_up_reviews(3000, positive_share=0.95)).assign(split=None, batch="b")
    noisy = np.random.default_rng(0).random(len(reviews)) < 0.03
    reviews["label"] = np.where(noisy, 1 - reviews["label"], reviews["label"])
    splits = split_reviews(reviews, SplitSettings()).reviews
    features = build_features(splits, SETTINGS)
    candidates = {"one": train_candidate(features, "v1", SETS[0], mlflow_run_id="run")}
    ours, plain = (
        make_challenger(candidates, features, splits, metric=metric) for metric in ("macro_f1", "hinge_loss")
    )
    threshold = ours.metrics["decision_threshold"]
    assert plain.metrics["decision_threshold"] == 0.5 != threshold == ours.model.calibration.threshold
    assert ours.metrics["test_brier_score"] == pytest.approx(plain.metrics["test_brier_score"], abs=1e-6), "the same p"
    served = ours.model.score(splits.loc[splits["split"] == "test", "text"])
    assert (served["label"].to_numpy() == (ours.test_margins > 0)).all()
    assert (served["label"] == ((served["score"] + 1) / 2 > threshold)).all()
    held_out, labels = ours.held_out.margins[: -len(served)], ours.held_out.labels[: -len(served)]
    assert ours.validation_losses["one"] == pytest.approx(label_loss_of("macro_f1", held_out, labels)), "what is served"


def test_reviews_in_which_nothing_is_known_move_no_threshold(
    splits: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They stay at 0 whatever b is, and are as many as you like."""
    monkeypatch.setattr(cross_fitting, "CROSS_VALIDATED_BELOW", 0)
    features = build_features(splits, SETTINGS)
    candidate = train_candidate(features, "v1", SETS[0], mlflow_run_id="run")
    plain = make_challenger({"one": candidate}, features, splits, metric="error_rate")
    validation = features.of().rows["validation"]
    empty = sparse.csr_matrix((500, validation.n_columns), dtype=np.float32)
    with_unknown = with_rows(
        features,
        validation=LabelledRows.of(
            sparse.vstack([validation.rows, empty], format="csr"), np.append(validation.labels, np.ones(500, np.int8))
        ),
    )
    built = replace(with_unknown.of(), held_out=np.append(features.of().held_out, np.zeros(500, np.int64)))
    padded = replace(with_unknown, sets=dict.fromkeys(features.sets, built))
    unmoved = replace(candidate, cross_fitted_margins=np.append(candidate.cross_fitted_margins, np.zeros(500)))
    other = make_challenger({"one": unmoved}, padded, splits, metric="error_rate")
    assert other.model.intercept == pytest.approx(plain.model.intercept)
    assert other.model.calibration == plain.model.calibration


def test_where_nothing_is_known_of_any_review_the_error_says_what_to_do() -> None:
    """Each word stands in one review alone."""
    reviews = pd.DataFrame(made_up_reviews(60)).assign(split=None, batch="b")
    splits = split_reviews(
        reviews.assign(text=[f"only{number} here{number}" for number in range(60)]), SplitSettings()
    ).reviews
    features = build_features(splits, SETTINGS)
    candidate = train_candidate(features, "v1", SETS[0], mlflow_run_id="run")
    with pytest.raises(CannotCalibrate, match="of 0 held-out reviews in which the model knows a word 0 are positive"):
        make_challenger({"one": candidate}, features, splits, metric="hinge_loss")
    assert measure_leakage(candidate, features, "hinge_loss").figures["leakage_tax"] == 0


def test_what_was_held_out_decides_between_feature_sets(
    candidate_of_each_set: dict[FeatureSet, Candidate], every_set: Features, splits: pd.DataFrame
) -> None:
    """Each is judged on rows of its own; what is served is the one with the smallest loss."""
    candidates = {each.hyperparameters.key: each for each in candidate_of_each_set.values()}
    challenger = make_challenger(candidates, every_set, splits, metric="hinge_loss")
    losses = {key: each.cross_validated_hinge_loss for key, each in candidates.items()}
    assert challenger.validation_losses == losses
    assert challenger.key == min(losses, key=lambda key: challenger.validation_losses[key])
    best = candidates[challenger.key].hyperparameters.features
    fitted = every_set.of(best).fitted
    assert [part.ngrams for part in challenger.model.feature_set.parts] == [part.ngrams for part in fitted.parts]


def test_whatever_it_was_trained_on_what_is_measured_is_what_is_served(
    challenger_of_each_set: dict[FeatureSet, Challenger], splits: pd.DataFrame
) -> None:
    texts = splits.loc[splits["split"] == "test", "text"].tolist()
    for challenger in challenger_of_each_set.values():
        assert challenger.model.margins(texts) == pytest.approx(challenger.test_margins, abs=1e-5)
        assert challenger.metrics["test_accuracy"] > 0.9


def test_the_model_recognises_what_is_like_the_reviews_that_it_was_trained_on_alone(
    challenger: Challenger, splits: pd.DataFrame
) -> None:
    trained_on = splits.loc[splits["split"].isin(["train", "validation"]), "text"]
    assert np.array_equal(challenger.model.trained_signatures, text_signatures(trained_on))


def test_a_candidate_in_which_words_count_more_is_served_as_it_was_measured(
    every_set: Features, splits: pd.DataFrame
) -> None:
    tried = Hyperparameters(features="words+characters", word_share=0.9, epochs=2, eta0=1, l2=1e-5)
    candidate = train_candidate(every_set, "v1", tried, mlflow_run_id="run")
    challenger = make_challenger({"one": candidate}, every_set, splits, metric="hinge_loss")
    words, characters = challenger.model.feature_set.parts
    assert (words.length**2, characters.length**2) == (pytest.approx(0.9), pytest.approx(0.1))
    texts = splits.loc[splits["split"] == "test", "text"].tolist()
    assert challenger.model.margins(texts) == pytest.approx(challenger.test_margins, abs=1e-5)
    assert challenger.metrics["test_accuracy"] > 0.9


def test_where_words_have_no_spaces_between_them_characters_are_chosen() -> None:
    """The default, and no word of what language it is."""
    reviews = pd.DataFrame(made_up_reviews(600)).assign(split=None, batch="b")
    splits = split_reviews(
        reviews.assign(text=reviews["text"].str.replace(" ", "")), SplitSettings(near_duplicate_similarity=None)
    ).reviews
    features = build_features(splits, FeatureSettings())
    candidates = {
        each.key: train_candidate(features, "v1", each, mlflow_run_id="run")
        for each in SearchSpace().hyperparameter_sets()
    }
    challenger = make_challenger(candidates, features, splits, metric="hinge_loss")
    assert challenger.key.startswith(("features=characters|", "features=words+characters|"))
    assert challenger.metrics["test_accuracy"] > challenger.metrics["test_majority_accuracy"] + 0.2
