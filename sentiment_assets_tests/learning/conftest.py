"""One small train run on made-up reviews, shared by the tests of what follows it."""

from dataclasses import replace

import pandas as pd
import pytest

from sentiment_assets.learning.candidate import Candidate, train_candidate
from sentiment_assets.learning.challenger import Challenger, make_challenger
from sentiment_assets.learning.features import Features, build_features
from sentiment_assets.learning.hyperparameters import Hyperparameters
from sentiment_assets.learning.labelled_rows import LabelledRows
from sentiment_assets.learning.model import SentimentModel
from sentiment_assets.learning.settings import FeatureSet, FeatureSettings, NgramSettings, SplitSettings
from sentiment_assets.learning.splitting import split_reviews
from testing.corpus import made_up_reviews

SETTINGS = FeatureSettings(ngrams=NgramSettings(longest=2, columns_log2=16))
SETS = [Hyperparameters(epochs=4, eta0=eta0, l2=1e-5) for eta0 in (0.1, 1)]


def with_rows(features: Features, **rows: LabelledRows) -> Features:
    """The same features with other rows in some splits."""
    return replace(
        features, sets={name: replace(each, rows={**each.rows, **rows}) for name, each in features.sets.items()}
    )


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


@pytest.fixture(scope="session")
def every_set(splits: pd.DataFrame) -> Features:
    """Words, characters, and both: what a branch has that does not say which n-grams it wants."""
    return build_features(splits, FeatureSettings())


@pytest.fixture(scope="session")
def candidate_of_each_set(every_set: Features) -> dict[FeatureSet, Candidate]:
    """One candidate of each feature set."""
    return {
        each: train_candidate(
            every_set, "v1", Hyperparameters(features=each, epochs=2, eta0=1, l2=1e-5), mlflow_run_id="run"
        )
        for each in every_set.sets
    }


@pytest.fixture(scope="session")
def challenger_of_each_set(
    candidate_of_each_set: dict[FeatureSet, Candidate], every_set: Features, splits: pd.DataFrame
) -> dict[FeatureSet, Challenger]:
    """The challenger that each of these is when it is alone."""
    return {
        each: make_challenger({candidate.hyperparameters.key: candidate}, every_set, splits, metric="hinge_loss")
        for each, candidate in candidate_of_each_set.items()
    }
