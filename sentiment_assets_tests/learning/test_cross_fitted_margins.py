from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from sentiment_assets.learning import cross_fitting
from sentiment_assets.learning.candidate import train_candidate
from sentiment_assets.learning.cross_fitted_margins import cross_fit
from sentiment_assets.learning.cross_fitting import DEVELOPMENT
from sentiment_assets.learning.features import Features, build_features
from sentiment_assets.learning.hyperparameters import Hyperparameters
from sentiment_assets.learning.linear_svc import TrainingDiverged
from sentiment_assets.learning.settings import FeatureSet, FeatureSettings
from sentiment_assets_tests.learning.conftest import SETS, SETTINGS
from testing.corpus import made_up_reviews


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every corpus counts as a large one, whose candidates have no folds."""
    monkeypatch.setattr(cross_fitting, "CROSS_VALIDATED_BELOW", 0)


def labels_by_chance() -> pd.DataFrame:
    chance = np.random.default_rng(0)
    reviews = pd.DataFrame(made_up_reviews(600)).assign(label=chance.integers(0, 2, 600).astype("int8"), batch="b")
    split = np.resize(["train", "train", "train", "validation", "test"], 600)
    return reviews.assign(split=split, text_digest=np.arange(600, dtype=np.uint64))


def test_a_small_corpus_has_the_margins_already(features: Features, splits: pd.DataFrame) -> None:
    candidate = train_candidate(features, "v1", SETS[0], mlflow_run_id="run")
    fitted = cross_fit(candidate, features, splits)
    assert fitted.margins is candidate.cross_fitted_margins
    assert splits["label"].to_numpy()[fitted.places].tolist() == features.of().held_out_labels.tolist()
    assert sorted(fitted.places) == np.flatnonzero(splits["split"].isin(DEVELOPMENT)).tolist()


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize(
    ("feature_set", "word_share"),
    [("words", 0.5), ("characters", 0.5), ("words+characters", 0.5), ("words+characters", 0.9)],
)
def test_models_tell_positive_from_negative_reviews_that_they_have_not_seen(
    splits: pd.DataFrame, feature_set: FeatureSet, word_share: float
) -> None:
    features = build_features(splits, FeatureSettings(), [feature_set])
    assert not features.of(feature_set).is_cross_validated
    settings = Hyperparameters(features=feature_set, word_share=word_share, epochs=2, eta0=1, l2=1e-5)
    fitted = cross_fit(train_candidate(features, "v1", settings, mlflow_run_id="run"), features, splits)
    assert sorted(fitted.places) == np.flatnonzero(splits["split"].isin(DEVELOPMENT)).tolist()
    assert (fitted.known_ngrams > 0).all()
    labels = splits["label"].to_numpy()[fitted.places]
    assert ((fitted.margins > 0) == labels).mean() > 0.9


@pytest.mark.usefixtures("large")
def test_models_learn_for_as_many_epochs_as_the_candidate_keeps(splits: pd.DataFrame) -> None:
    features = build_features(splits, SETTINGS)
    candidate = train_candidate(features, "v1", SETS[1], mlflow_run_id="run")
    margins = []
    for kept, epochs in ((2, 4), (2, 2), (4, 4)):
        settings = candidate.hyperparameters.model_copy(update={"epochs": epochs})
        same = replace(candidate, svc=replace(candidate.svc, best_epoch=kept), hyperparameters=settings)
        margins.append(cross_fit(same, features, splits).margins)
    np.testing.assert_array_equal(margins[0], margins[1])
    assert not np.allclose(margins[0], margins[2])


@pytest.mark.usefixtures("large")
def test_words_count_as_much_as_for_the_candidate(splits: pd.DataFrame) -> None:
    features = build_features(splits, FeatureSettings(), ["words+characters"])
    tried = [
        Hyperparameters(features="words+characters", word_share=share, epochs=2, eta0=1, l2=1e-5)
        for share in (0.1, 0.9)
    ]
    more_characters, more_words = (
        cross_fit(train_candidate(features, "v1", each, mlflow_run_id="run"), features, splits) for each in tried
    )
    assert not np.allclose(more_characters.margins, more_words.margins, rtol=0.01)


@pytest.mark.usefixtures("large")
def test_of_labels_by_chance_no_model_knows_anything() -> None:
    """Neither W nor the weights of columns have seen the label of a review that is held out."""
    splits = labels_by_chance()
    features = build_features(splits, SETTINGS.model_copy(update={"min_reviews": 1}))
    candidate = train_candidate(features, "v1", SETS[1], mlflow_run_id="run")
    fitted = cross_fit(candidate, features, splits)
    labels = splits["label"].to_numpy()[fitted.places]
    assert ((fitted.margins > 0) == labels).mean() == pytest.approx(0.5, abs=0.08)


@pytest.mark.usefixtures("large")
def test_a_review_has_its_margin_wherever_it_stands(splits: pd.DataFrame) -> None:
    shuffled = splits.sample(frac=1, random_state=0).reset_index(drop=True)
    margins = []
    for each in (splits, shuffled):
        features = build_features(each, SETTINGS)
        fitted = cross_fit(train_candidate(features, "v1", SETS[0], mlflow_run_id="run"), features, each)
        margins.append(pd.Series(fitted.margins, each["text"].iloc[fitted.places]))
    ours, theirs = margins
    correlation = np.corrcoef(ours, theirs[ours.index])[0, 1]
    assert correlation > 0.95, "SGD takes them in another order, and each is held out by the same fold"


@pytest.mark.usefixtures("large")
def test_folds_that_are_trained_side_by_side_say_the_same(splits: pd.DataFrame) -> None:
    features = build_features(splits, SETTINGS)
    candidate = train_candidate(features, "v1", SETS[0], mlflow_run_id="run")
    alone, together = (cross_fit(candidate, features, splits, n_jobs=n_jobs) for n_jobs in (1, 2))
    assert together.margins.tobytes() == alone.margins.tobytes()
    assert together.known_ngrams.tolist() == alone.known_ngrams.tolist()


@pytest.mark.usefixtures("large")
def test_a_fold_that_diverges_beside_others_says_so(splits: pd.DataFrame) -> None:
    features = build_features(splits, SETTINGS)
    candidate = train_candidate(features, "v1", SETS[0], mlflow_run_id="run")
    wild = replace(candidate, hyperparameters=SETS[0].model_copy(update={"eta0": 1e300, "l2": 10}))
    with pytest.raises(TrainingDiverged, match="Take a smaller eta0"):
        cross_fit(wild, features, splits, n_jobs=2)
