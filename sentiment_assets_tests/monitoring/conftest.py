"""A champion with its reference on made-up reviews."""

from dataclasses import dataclass

import pandas as pd
import pytest

from sentiment_assets.learning.candidate import train_candidate
from sentiment_assets.learning.challenger import make_challenger
from sentiment_assets.learning.features import build_features
from sentiment_assets.learning.hyperparameters import Hyperparameters
from sentiment_assets.learning.model import SentimentModel
from sentiment_assets.learning.settings import FeatureSettings, NgramSettings, SplitSettings
from sentiment_assets.learning.splitting import split_reviews
from sentiment_assets.monitoring.neutral_reviews import gather_neutral_reviews
from sentiment_assets.monitoring.reference import Reference, make_reference
from testing.batches import batch, middling

_SETTINGS = FeatureSettings(ngrams=NgramSettings(longest=2, columns_log2=16))
_CHARACTERS = FeatureSettings(ngrams=NgramSettings(analyzer="char_blank", longest=4, columns_log2=16))


@dataclass(frozen=True)
class ComparedChampion:
    """What the checks ask of a champion."""

    version: str
    model: SentimentModel
    reference: Reference | None


def _champion(reviews: pd.DataFrame, settings: FeatureSettings = _SETTINGS) -> ComparedChampion:
    splits = split_reviews(reviews.assign(split=None, batch="b"), SplitSettings()).reviews
    features = build_features(splits, settings)
    candidate = train_candidate(features, "v1", Hyperparameters(epochs=4, eta0=1, l2=1e-5), mlflow_run_id="run")
    challenger = make_challenger({"one": candidate}, features, splits, metric="hinge_loss")
    model = challenger.model
    neutral = gather_neutral_reviews([reviews], splits)
    return ComparedChampion("1", model, make_reference(challenger, splits, neutral))


@pytest.fixture(scope="session")
def champion() -> ComparedChampion:
    return _champion(batch(3000, seed=0))


@pytest.fixture(scope="session")
def champion_beside_neutral() -> ComparedChampion:
    """The same, of batches of which a fifth of the reviews was neutral."""
    return _champion(pd.concat([batch(3000, seed=0).assign(neutral=False), middling(750, seed=0)], ignore_index=True))


@pytest.fixture(scope="session")
def champion_of_characters() -> ComparedChampion:
    """One whose model sees characters alone; a tenth of the reviews was neutral."""
    reviews = pd.concat([batch(1500, seed=0).assign(neutral=False), middling(170, seed=0)], ignore_index=True)
    return _champion(reviews, _CHARACTERS)


@pytest.fixture(scope="session")
def model(champion: ComparedChampion) -> SentimentModel:
    return champion.model


@pytest.fixture(scope="session")
def reference(champion: ComparedChampion) -> Reference:
    assert champion.reference is not None
    return champion.reference
