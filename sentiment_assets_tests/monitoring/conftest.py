"""A champion with its reference on made-up reviews."""

from dataclasses import dataclass

import pytest

from sentiment_assets.learning.candidate import train_candidate
from sentiment_assets.learning.challenger import make_challenger
from sentiment_assets.learning.features import build_features
from sentiment_assets.learning.hyperparameters import Hyperparameters
from sentiment_assets.learning.model import SentimentModel
from sentiment_assets.learning.settings import FeatureSettings, NgramSettings, SplitSettings
from sentiment_assets.learning.splitting import split_reviews
from sentiment_assets.monitoring.reference import Reference, make_reference
from testing.batches import batch

_SETTINGS = FeatureSettings(ngrams=NgramSettings(longest=2, columns_log2=16))


@dataclass(frozen=True)
class ComparedChampion:
    """What the checks ask of a champion."""

    version: str
    model: SentimentModel
    reference: Reference | None


@pytest.fixture(scope="session")
def champion() -> ComparedChampion:
    reviews = batch(3000, seed=0).assign(split=None, batch="b")
    splits = split_reviews(reviews, SplitSettings()).reviews
    features = build_features(splits, _SETTINGS)
    candidate = train_candidate(features, "v1", Hyperparameters(epochs=4, eta0=1, l2=1e-5), mlflow_run_id="run")
    model = make_challenger({"one": candidate}, features, splits, metric="hinge_loss").model
    return ComparedChampion("1", model, make_reference(model, features.of(), splits))


@pytest.fixture(scope="session")
def model(champion: ComparedChampion) -> SentimentModel:
    return champion.model


@pytest.fixture(scope="session")
def reference(champion: ComparedChampion) -> Reference:
    assert champion.reference is not None
    return champion.reference
