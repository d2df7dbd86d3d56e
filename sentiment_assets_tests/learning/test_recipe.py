"""The same reviews and settings make the same model, bit for bit, in whatever files they came, and when."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from sentiment_assets.learning.model import PinnedVersion
from sentiment_assets.learning.recipe import (
    NoRecipe,
    Rebuilt,
    Recipe,
    packages_that_count,
    rebuild,
    recipe_from_bytes,
    recipe_to_bytes,
)
from sentiment_assets.learning.settings import RecipeSettings
from sentiment_assets.monitoring.neutral_reviews import gather_neutral_reviews
from testing.code_location import BRANCHES
from testing.corpus import made_up_reviews

ACME = BRANCHES["acme"]
REVIEWS = pd.DataFrame(made_up_reviews(600)).astype({"text": "str", "label": "Int8"}).assign(split=None)


def recipe_of(batch_keys: Sequence[str], rating_scale: tuple[float, float] | None = None) -> Recipe:
    return Recipe(
        settings=RecipeSettings(
            splits=ACME.splits,
            analyzer=ACME.features.tokens,
            features=ACME.features,
            feature_sets=ACME.feature_sets,
            patience=ACME.search.patience,
            metric=ACME.selection_metric,
            rating_scale=rating_scale,
        ),
        batches=dict.fromkeys(batch_keys, "digest"),
        sisters={"books@2": PinnedVersion("books", "2", "abc")},
        hyperparameters=ACME.candidates[0],
        splits_digest="s",
        model_digest="m",
        packages=packages_that_count(),
    )


def made_of(
    batches: Sequence[tuple[str, pd.DataFrame]], n_jobs: int = 1, rating_scale: tuple[float, float] | None = None
) -> Rebuilt:
    recipe = recipe_of([key for key, _ in batches], rating_scale)
    frames = [reviews for _, reviews in batches]
    return rebuild(
        recipe, batches, {}, neutral=lambda splits: gather_neutral_reviews(frames, splits).with_ratings, n_jobs=n_jobs
    )


def in_parts(reviews: pd.DataFrame, seed: int) -> list[tuple[str, pd.DataFrame]]:
    """The reviews in another order, in up to five files."""
    chance = np.random.default_rng(seed)
    shuffled = reviews.iloc[chance.permutation(len(reviews))]
    cuts = np.sort(chance.choice(len(reviews), 4, replace=False))
    parts = np.split(np.arange(len(reviews)), cuts)
    return [(f"{number}.csv", shuffled.iloc[part]) for number, part in enumerate(parts) if len(part)]


@pytest.fixture(scope="module")
def in_one_file() -> Rebuilt:
    return made_of([("all.csv", REVIEWS)])


def test_as_many_threads_as_one_likes_make_the_same_model(in_one_file: Rebuilt) -> None:
    assert made_of([("all.csv", REVIEWS)], n_jobs=3) == in_one_file


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_same_reviews_in_other_files_and_another_order_make_the_same_model(in_one_file: Rebuilt, seed: int) -> None:
    assert made_of(in_parts(REVIEWS, seed)).model_digest == in_one_file.model_digest


def test_scores_by_rating_are_the_same_too_and_make_another_model(in_one_file: Rebuilt) -> None:
    positions = np.where(REVIEWS["label"] == 1, 0.5, -1.0)
    neutral = np.arange(len(REVIEWS)) % 3 == 0
    rated = REVIEWS.assign(
        label=REVIEWS["label"].mask(neutral), neutral=neutral, rating_position=np.where(neutral, 0.0, positions)
    )
    at_once, apart, by_label = (
        made_of([("all.csv", rated)], rating_scale=(1, 5)),
        made_of(in_parts(rated, seed=4), rating_scale=(1, 5)),
        made_of([("all.csv", rated)]),
    )
    assert at_once.model_digest == apart.model_digest != by_label.model_digest
    assert at_once.splits_digest == by_label.splits_digest


def test_other_reviews_make_another_model(in_one_file: Rebuilt) -> None:
    assert made_of([("all.csv", REVIEWS.iloc[1:])]).model_digest != in_one_file.model_digest


def test_a_recipe_is_kept_as_json_and_comes_back_as_it_was() -> None:
    recipe = recipe_of(["b.csv", "a.csv"])
    again = recipe_from_bytes(recipe_to_bytes(recipe))
    assert again == recipe
    assert list(again.batches) == ["b.csv", "a.csv"], "in their order"


def test_what_is_no_recipe_of_this_release_is_said() -> None:
    with pytest.raises(NoRecipe, match=r"recipe.json is of another release"):
        recipe_from_bytes(b'{"batches": {}}')
