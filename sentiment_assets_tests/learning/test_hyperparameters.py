import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sentiment_assets.learning.hyperparameters import Grid, Hyperparameters, SearchSpace
from sentiment_assets.learning.settings import FeatureSettings, NgramSettings


def test_the_default_search_is_a_grid_of_six() -> None:
    assert len(SearchSpace().hyperparameter_sets()) == 6


def test_the_default_search_tries_every_feature_set_alike() -> None:
    keys = [each.key for each in SearchSpace().hyperparameter_sets()]
    assert keys[0] == "features=words|epochs=12|eta0=0.3|l2=1e-06"
    assert [key.partition("|")[0] for key in keys] == [
        f"features={each}" for each in ("words", "characters", "words+characters") for _ in range(2)
    ]


def test_a_branch_that_names_its_ngrams_searches_among_them_alone() -> None:
    settings = FeatureSettings(ngrams=NgramSettings(analyzer="char"))
    keys = [each.key for each in SearchSpace().hyperparameter_sets(settings)]
    assert len(keys) == 6
    assert keys[0] == "epochs=20|eta0=0.1|l2=1e-06"
    assert SearchSpace().feature_sets(settings) == ("characters",)


def test_a_feature_set_that_no_candidate_asks_for_is_not_built() -> None:
    grid = {"epochs": [5], "eta0": [1], "l2": [0]}
    silent = SearchSpace.model_validate({"grid": grid})
    asking = SearchSpace.model_validate({"grid": grid | {"features": ["words+characters", "words"]}})
    assert silent.feature_sets(FeatureSettings()) == ("words",)
    assert asking.feature_sets(FeatureSettings()) == ("words", "words+characters")
    assert SearchSpace().feature_sets(FeatureSettings()) == ("words", "characters", "words+characters")


def test_a_feature_set_that_the_branch_does_not_have_is_refused() -> None:
    search = SearchSpace.model_validate({"candidates": [{"features": "characters", "epochs": 1, "eta0": 1, "l2": 0}]})
    with pytest.raises(
        ValueError, match="asks for characters, but with `ngrams` under `features` there are only words"
    ):
        search.hyperparameter_sets(FeatureSettings(ngrams=NgramSettings()))


def test_class_weights_are_searched_like_other_hyperparameters_and_stand_in_the_key_unless_balanced() -> None:
    grid = {"epochs": [5], "eta0": [1.0], "l2": [0.0], "class_weight": ["balanced", "none"]}
    sets = SearchSpace.model_validate({"grid": grid}).hyperparameter_sets()
    assert [each.key for each in sets] == ["epochs=5|eta0=1|l2=0", "epochs=5|eta0=1|l2=0|class_weight=none"]


def test_shares_of_words_are_tried_where_words_and_characters_stand_side_by_side() -> None:
    grid = {"features": ["words", "words+characters"], "word_share": [0.5, 0.9], "epochs": [5], "eta0": [1], "l2": [0]}
    keys = [each.key for each in SearchSpace.model_validate({"grid": grid}).hyperparameter_sets()]
    assert keys == [
        "features=words|epochs=5|eta0=1|l2=0",
        "features=words+characters|epochs=5|eta0=1|l2=0",
        "features=words+characters|word_share=0.9|epochs=5|eta0=1|l2=0",
    ]


@pytest.mark.parametrize(
    "search",
    [
        {"candidates": [{"features": "words", "word_share": 0.9, "epochs": 1, "eta0": 1, "l2": 0}]},
        {"candidates": [{"word_share": 0.9, "epochs": 1, "eta0": 1, "l2": 0}]},
        {"grid": {"features": ["words"], "word_share": [0.9], "epochs": [1], "eta0": [1], "l2": [0]}},
        {"grid": {"word_share": [0.9], "epochs": [1], "eta0": [1], "l2": [0]}},
    ],
)
def test_a_share_of_words_where_there_are_words_alone_is_refused(search: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=re.escape("word_share is for the feature set words+characters")):
        SearchSpace.model_validate(search)


def test_a_grid_that_is_written_in_full_is_the_same_grid() -> None:
    grid = Grid(features=["words"], epochs=[1], eta0=[1], l2=[0])
    assert Grid.model_validate(grid.model_dump()) == grid


def test_a_grid_and_a_list_are_joined() -> None:
    search = SearchSpace.model_validate(
        {
            "grid": {"epochs": [5], "eta0": [0.1, 1], "l2": [0]},
            "candidates": [{"epochs": 20, "eta0": 0.1, "l2": 3e-05, "schedule": "optimal"}],
        }
    )
    assert [each.key for each in search.hyperparameter_sets()] == [
        "epochs=5|eta0=0.1|l2=0",
        "epochs=5|eta0=1|l2=0",
        "epochs=20|eta0=0.1|l2=3e-05|schedule=optimal",
    ]


@pytest.mark.parametrize(
    ("search", "says"),
    [
        ({"candidates": []}, "the search is empty"),
        ({"grid": None}, "the search is empty"),
        ({"grid": {"epochs": [], "eta0": [1], "l2": [0]}}, "at least 1 item"),
        ({"grid": {"features": ["bytes"], "epochs": [1], "eta0": [1], "l2": [0]}}, "words+characters"),
        ({"grid": {"epochs": [-1], "eta0": [1], "l2": [0]}}, "greater than 0"),
        ({"grid": {"epochs": [1], "eta0": [0], "l2": [0]}}, "greater than 0"),
        ({"grid": {"epochs": [1], "eta0": [float("nan")], "l2": [0]}}, "finite number"),
        ({"grid": {"epochs": [1], "eta0": [1], "l2": [-1]}}, "greater than or equal to 0"),
        ({"grid": {"epochs": [1, 1], "eta0": [1], "l2": [0]}}, "listed more than once: epochs=1"),
        ({"candidates": [{"epochs": 1, "eta0": 1, "l2": 0, "schedule": "optimal"}]}, "needs l2 above 0"),
        (
            {"candidates": [{"epochs": 1, "eta0": 1, "l2": 0, "lr": 1}]},
            "unknown: lr; allowed: features, start_from, word_share, epochs",
        ),
    ],
)
def test_a_wrong_search_is_refused(search: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(says)):
        SearchSpace.model_validate(search)


@given(
    st.builds(
        Hyperparameters,
        features=st.sampled_from([None, "words", "words+characters"]),
        epochs=st.integers(1, 1000),
        eta0=st.floats(1e-9, 1e9),
        l2=st.floats(0, 1e3),
        class_weight=st.sampled_from(["balanced", "none"]),
    )
)
def test_a_key_is_stable_and_fit_for_dagster(hyperparameters: Hyperparameters) -> None:
    written = hyperparameters.model_dump_json()
    assert Hyperparameters.model_validate_json(written).key == hyperparameters.key
    assert "," not in hyperparameters.key
    assert "..." not in hyperparameters.key


def test_a_share_of_words_is_told_where_words_share_a_row() -> None:
    of_words, of_both = (
        Hyperparameters(features=each, epochs=2, eta0=1, l2=0).told for each in ("words", "words+characters")
    )
    assert "word_share" not in of_words
    assert of_both["word_share"] == 0.5
    assert {**of_words, "word_share": 0.5, "features": "words+characters"} == of_both


def test_a_short_name_begins_with_what_tells_candidates_apart() -> None:
    names = [each.short_name for each in SearchSpace().hyperparameter_sets()]
    assert names[0] == "words 12ep eta0=0.3 l2=1e-06"
    assert len(set(names)) == len(names)
    odd = Hyperparameters(epochs=2, eta0=1, l2=1e-4, schedule="optimal", class_weight="none", start_from="films")
    assert odd.short_name == "2ep eta0=1 l2=0.0001 optimal class_weight=none from films"
