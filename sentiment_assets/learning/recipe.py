"""What a registered model was made from, kept with it, so that it can be made again from the same reviews."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import pandas as pd
from pydantic import BaseModel, ValidationError

from sentiment_assets.learning.candidate import train_candidate
from sentiment_assets.learning.challenger import make_challenger
from sentiment_assets.learning.features import build_features
from sentiment_assets.learning.hyperparameters import Hyperparameters
from sentiment_assets.learning.mapped_texts import joined_with_mapped_texts
from sentiment_assets.learning.model import PinnedVersion
from sentiment_assets.learning.ratings import NeutralRatings, Ratings
from sentiment_assets.learning.settings import RecipeSettings
from sentiment_assets.learning.sister import Sister, set_known_aside
from sentiment_assets.learning.splitting import split_reviews

RECIPE_FILE = "recipe.json"
_THAT_COUNT = ("sentiment-assets", "numpy", "pandas", "scipy", "scikit-learn")
"""The packages whose release may change what comes out."""


class Recipe(BaseModel, frozen=True):
    """What made a model: settings, reviews by the digests of their batches, and the candidate that was selected."""

    settings: RecipeSettings
    batches: Mapping[str, str]
    """The digest of what each batch held, by its key, in the order in which they were read."""
    sisters: Mapping[str, PinnedVersion]
    """The model that each sister was, by her name in ``start_from``."""
    hyperparameters: Hyperparameters
    splits_digest: str
    model_digest: str
    packages: Mapping[str, str]
    """The releases of the packages that count."""


class NoRecipe(ValueError):
    """What is kept is no recipe that this release can read; the message says what is the matter."""


def recipe_from_bytes(content: bytes) -> Recipe:
    """Read a stored recipe. Raises ``NoRecipe``."""
    try:
        return Recipe.model_validate_json(content)
    except ValidationError as error:
        raise NoRecipe(f"{RECIPE_FILE} is of another release: {error}") from error


def recipe_to_bytes(recipe: Recipe) -> bytes:
    """A recipe as a JSON file that people can read."""
    return json.dumps(recipe.model_dump(mode="json"), indent=2, ensure_ascii=False).encode()


def packages_that_count() -> dict[str, str]:
    """The releases of the packages that may change what comes out, as they are now."""
    return {name: version(name) for name in _THAT_COUNT}


@dataclass(frozen=True)
class Rebuilt:
    """What the recipe led to this time."""

    splits_digest: str
    model_digest: str


def rebuild(
    recipe: Recipe,
    batches: Iterable[tuple[str, pd.DataFrame]],
    sisters: Mapping[str, Sister],
    *,
    neutral: Callable[[pd.DataFrame], NeutralRatings],
    n_jobs: int = 1,
    folder: Path | None = None,
) -> Rebuilt:
    """Make the model again from its batches, given in the recipe's order, and the models that its sisters were.

    Only the candidate that was selected is trained. ``neutral`` gathers the neutral reviews beside the splits, and is
    asked where scores were calibrated to ratings. Large texts and rows are mapped files in ``folder``.
    """
    settings = recipe.settings
    corpus = joined_with_mapped_texts((reviews.assign(batch=key) for key, reviews in batches), folder)
    outcome = split_reviews(corpus, settings.splits, settings.analyzer, n_jobs=n_jobs, folder=folder)
    similarity = settings.splits.near_duplicate_similarity
    splits = set_known_aside(outcome.reviews, sisters.values(), similarity, n_jobs)
    features = build_features(
        splits,
        settings.features,
        settings.feature_sets,
        similarity=similarity,
        sisters=sisters,
        n_jobs=n_jobs,
        folder=folder,
    )
    candidate = train_candidate(features, "", recipe.hyperparameters, mlflow_run_id="", patience=settings.patience)
    challenger = make_challenger(
        {candidate.hyperparameters.key: candidate},
        features,
        splits,
        metric=settings.metric,
        sisters=sisters,
        ratings=Ratings(scale, neutral(splits), settings.splits) if (scale := settings.rating_scale) else None,
        n_jobs=n_jobs,
        folder=folder,
    )
    return Rebuilt(features.splits_digest, challenger.digest)
