"""One small train run on made-up reviews, shared by the tests of what follows it."""

import pandas as pd
import pytest

from sentiment_assets.learning.candidate import Candidate, train_candidate
from sentiment_assets.learning.challenger import Challenger, make_challenger
from sentiment_assets.learning.features import Features, build_features
from sentiment_assets.learning.hyperparameters import Hyperparameters
from sentiment_assets.learning.model import SentimentModel
from sentiment_assets.learning.settings import FeatureSettings, NgramSettings, SplitSettings
from sentiment_assets.learning.splitting import split_reviews
from testing.corpus import made_up_reviews

SETTINGS = FeatureSettings(ngrams=NgramSettings(longest=2, columns_log2=16))
SETS = [Hyperparameters(epochs=epochs, eta0=1, l2=1e-5) for epochs in (1, 4)]


@pytest.fixture(scope="session")
def splits() -> pd.DataFrame:
    reviews = pd.DataFrame(made_up_reviews(1500)).assign(split=None, batch="b")
    return split_reviews(reviews, SplitSettings()).reviews


@pytest.fixture(scope="session")
def features(splits: pd.DataFrame) -> Features:
    return build_features(splits, SETTINGS)


@pytest.fixture(scope="session")
def candidates(features: Features) -> dict[str, Candidate]:
    return {each.key: train_candidate(features, "v1", each, mlflow_run_id="run") for each in SETS}


@pytest.fixture(scope="session")
def challenger(candidates: dict[str, Candidate], features: Features, splits: pd.DataFrame) -> Challenger:
    return make_challenger(candidates, features, splits, metric="hinge_loss")


@pytest.fixture(scope="session")
def model(challenger: Challenger) -> SentimentModel:
    return challenger.model
