"""Champions on the reviews of a Parquet file, with their neutral reviews, for what measures monitoring."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from sentiment_assets.learning.candidate import Candidate, train_candidate
from sentiment_assets.learning.challenger import Challenger, make_challenger
from sentiment_assets.learning.features import Features, build_features
from sentiment_assets.learning.hyperparameters import Hyperparameters, SearchSpace
from sentiment_assets.learning.model import SentimentModel
from sentiment_assets.learning.settings import FeatureSet, FeatureSettings, SelectionMetric, SplitSettings
from sentiment_assets.learning.splitting import split_reviews
from sentiment_assets.monitoring.batch_checks import check_degradation, check_drift
from sentiment_assets.monitoring.batch_to_check import BatchToCheck
from sentiment_assets.monitoring.check_record import CheckRecord
from sentiment_assets.monitoring.finding import Finding
from sentiment_assets.monitoring.neutral_reviews import gather_neutral_reviews, no_neutral_reviews
from sentiment_assets.monitoring.other_batches import look_at_others
from sentiment_assets.monitoring.reference import Reference, make_reference
from sentiment_assets.monitoring.settings import MonitoringSettings

SETTINGS = MonitoringSettings()
DEFAULT_SEARCH = SearchSpace()
ALONE = look_at_others([], [])
_HYPERPARAMETERS = Hyperparameters(epochs=20, eta0=0.3, l2=1e-6)


@dataclass(frozen=True)
class Champion:
    """What the checks ask of a champion."""

    version: str
    model: SentimentModel
    reference: Reference


def read_corpora(folder: Path) -> Mapping[str, pd.DataFrame]:
    """Every Parquet file of the folder as a batch of distinct texts, shuffled: neutral where there is no label."""
    frames = {}
    for file in sorted(folder.glob("*.parquet")):
        frame = pd.read_parquet(file).drop_duplicates("text").sample(frac=1, random_state=0)
        frames[file.stem] = pd.DataFrame(
            {
                "review_id": [str(each) for each in range(len(frame))],
                "text": frame["text"].astype("str").array,
                "label": frame["label"].astype("Int8").array,
                "neutral": frame["label"].isna().to_numpy(),
                "split": pd.Series(None, range(len(frame)), "str"),
                "created_at": pd.to_datetime(frame.get("created_at"), utc=True).array
                if "created_at" in frame
                else pd.Series(pd.NaT, range(len(frame)), "datetime64[us, UTC]"),
            }
        )
    return frames


def train_champion(reviews: pd.DataFrame, *, with_neutral: bool = True, feature_set: FeatureSet = "words") -> Champion:
    """A champion on the labelled ones of these reviews, with the neutral ones in its reference or without."""
    splits = split_reviews(reviews.assign(batch="all"), SplitSettings(), n_jobs=2).reviews
    features = build_features(splits, FeatureSettings(), [feature_set], n_jobs=2)
    hyperparameters = _HYPERPARAMETERS.model_copy(update={"features": feature_set})
    candidate = train_candidate(features, "benchmark", hyperparameters, mlflow_run_id="none")
    challenger = make_challenger({hyperparameters.key: candidate}, features, splits, metric="hinge_loss")
    model = challenger.model
    neutral = gather_neutral_reviews([reviews], splits) if with_neutral else no_neutral_reviews()
    return Champion("1", model, make_reference(challenger, splits, neutral))


def as_reviews(labelled: pd.DataFrame) -> pd.DataFrame:
    """Reviews with columns text and label as those of one batch, as ``split_reviews`` takes them."""
    return pd.DataFrame(
        {
            "review_id": [str(number) for number in range(len(labelled))],
            "text": labelled["text"].to_numpy(str),
            "label": labelled["label"].to_numpy(np.int8),
            "split": None,
            "batch": "b",
        }
    )


def search_on(
    reviews: pd.DataFrame, space: SearchSpace = DEFAULT_SEARCH
) -> tuple[pd.DataFrame, Features, dict[str, Candidate]]:
    """The splits, features and candidates of a branch with default settings, but for the search, on the reviews."""
    splitting, settings = SplitSettings(), FeatureSettings()
    splits = split_reviews(reviews, splitting).reviews
    features = build_features(splits, settings, similarity=splitting.near_duplicate_similarity)
    sets = space.hyperparameter_sets()
    candidates = {each.key: train_candidate(features, "benchmark", each, mlflow_run_id="none") for each in sets}
    return splits, features, candidates


def train_on(
    labelled: pd.DataFrame, space: SearchSpace = DEFAULT_SEARCH, *metrics: SelectionMetric
) -> dict[SelectionMetric, Challenger]:
    """The challenger of a branch with default settings, but for the search, on reviews with columns text and label.

    There is one for each of the metrics that the branch may be judged by, hinge loss among them.
    """
    splits, features, candidates = search_on(as_reviews(labelled), space)
    judged_by: list[SelectionMetric] = ["hinge_loss", *metrics]
    return {each: make_challenger(candidates, features, splits, metric=each) for each in judged_by}


def without_neutral(champion: Champion) -> Champion:
    """The same champion as a client who drops neutral reviews would have it."""
    empty = {"share": 0.0, "margins": champion.reference.margins[:0]}
    for name in ("unknown_words", "known_ngrams", "mean_columns", "mean_values"):
        empty[name] = getattr(champion.reference.neutral, name)[:0]
    columns = champion.reference.columns
    nothing = replace(columns, **{name: value[:0] for name, value in vars(columns).items()})
    neutral = replace(champion.reference.neutral, rows=champion.reference.rows[:0], columns=nothing, **empty)
    return replace(champion, reference=replace(champion.reference, neutral=neutral))


def ask(champion: Champion, reviews: pd.DataFrame) -> tuple[list[Finding], CheckRecord]:
    """What all drift and degradation checks find in a batch, and the record of the latter."""
    batch = BatchToCheck(key="b.csv", reviews=reviews, champion=champion, others=ALONE, checked_at="now")
    texts = check_drift(batch, SETTINGS)
    answers = check_degradation(batch, SETTINGS, drift_record=texts, past=[]).record
    return [*texts.findings, *answers.findings], answers
