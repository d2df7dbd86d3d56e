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
from testing.code_location import BRANCHES
from testing.corpus import made_up_reviews

ACME = BRANCHES["acme"]
REVIEWS = pd.DataFrame(made_up_reviews(600)).astype({"text": "str", "label": "Int8"}).assign(split=None)


def recipe_of(batch_keys: Sequence[str]) -> Recipe:
    return Recipe(
        settings=RecipeSettings(
            splits=ACME.splits,
            analyzer=ACME.features.tokens,
            features=ACME.features,
            feature_sets=ACME.feature_sets,
            patience=ACME.search.patience,
            metric=ACME.selection_metric,
        ),
        batches=dict.fromkeys(batch_keys, "digest"),
        sisters={"books@2": PinnedVersion("books", "2", "abc")},
        hyperparameters=ACME.candidates[0],
        splits_digest="s",
        model_digest="m",
        packages=packages_that_count(),
    )


def made_of(batches: Sequence[tuple[str, pd.DataFrame]], n_jobs: int = 1) -> Rebuilt:
    return rebuild(recipe_of([key for key, _ in batches]), batches, {}, n_jobs=n_jobs)


@pytest.fixture(scope="module")
def in_one_file() -> Rebuilt:
    return made_of([("all.csv", REVIEWS)])


def test_as_many_threads_as_one_likes_make_the_same_model(in_one_file: Rebuilt) -> None:
    assert made_of([("all.csv", REVIEWS)], n_jobs=3) == in_one_file


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_same_reviews_in_other_files_and_another_order_make_the_same_model(in_one_file: Rebuilt, seed: int) -> None:
    chance = np.random.default_rng(seed)
    shuffled = REVIEWS.iloc[chance.permutation(len(REVIEWS))]
    cuts = np.sort(chance.choice(len(REVIEWS), 4, replace=False))
    parts = np.split(np.arange(len(REVIEWS)), cuts)
    batches = [(f"{number}.csv", shuffled.iloc[part]) for number, part in enumerate(parts) if len(part)]
    assert made_of(batches).model_digest == in_one_file.model_digest


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
