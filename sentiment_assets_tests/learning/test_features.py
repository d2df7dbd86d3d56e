import io

import numpy as np
import pandas as pd
import pytest

from sentiment_assets.learning.features import (
    Features,
    StaleFeatures,
    build_features,
    features_from_arrays,
    features_to_arrays,
    require_current,
)
from sentiment_assets.learning.settings import FeatureSettings
from sentiment_assets_tests.learning.conftest import SETTINGS


def test_nothing_is_fitted_on_validation_or_test(splits: pd.DataFrame, features: Features) -> None:
    elsewhere = splits.assign(text=splits["text"].where(splits["split"] == "train", "words never seen before"))
    refitted = build_features(elsewhere, SETTINGS).column_weights
    assert np.array_equal(refitted.columns, features.column_weights.columns)
    assert np.array_equal(refitted.weights, features.column_weights.weights)


def test_features_survive_storage_as_arrays(features: Features) -> None:
    again = features_from_arrays(features_to_arrays(features))
    for name, labelled in features.rows.items():
        assert (labelled.rows != again.rows[name].rows).nnz == 0
        assert np.array_equal(labelled.labels, again.rows[name].labels)
    assert (again.settings, again.splits_digest) == (features.settings, features.splits_digest)


def test_features_are_current_for_the_splits_that_they_were_built_from(
    features: Features, splits: pd.DataFrame
) -> None:
    require_current(features, splits, SETTINGS)
    require_current(features, pd.read_parquet(io.BytesIO(splits.to_parquet())), SETTINGS)


def test_features_of_other_splits_are_refused(features: Features, splits: pd.DataFrame) -> None:
    for other in (splits.assign(label=1 - splits["label"]), splits.iloc[:-1], splits.assign(split="train")):
        with pytest.raises(StaleFeatures, match="other splits .*: materialize features, then trained_candidates, then"):
            require_current(features, other, SETTINGS)


def test_features_built_with_other_settings_are_refused(features: Features, splits: pd.DataFrame) -> None:
    """A model would hash the texts that it scores otherwise than those that it was trained on."""
    with pytest.raises(StaleFeatures, match="other settings"):
        require_current(features, splits, FeatureSettings(ngrams=SETTINGS.ngrams.model_copy(update={"longest": 1})))


def test_features_that_do_not_say_what_they_were_built_from_are_refused(features: Features) -> None:
    arrays = features_to_arrays(features)
    del arrays["facts"]
    with pytest.raises(StaleFeatures, match="former release"):
        features_from_arrays(arrays)


def test_threads_do_not_show(splits: pd.DataFrame, features: Features) -> None:
    again = build_features(splits, SETTINGS, n_jobs=3)
    for name, labelled in features.rows.items():
        assert (labelled.rows != again.rows[name].rows).nnz == 0


def test_near_duplicates_have_rows_of_their_own_and_teach_nothing(splits: pd.DataFrame) -> None:
    aside = (
        splits["split"].mask(splits.index % 7 == 0, "near_duplicate").where(splits["split"] == "train", splits["split"])
    )
    with_aside = build_features(splits.assign(split=aside), SETTINGS)
    without = build_features(splits[aside != "near_duplicate"], SETTINGS)
    assert len(with_aside.rows["near_duplicate"].labels) == (aside == "near_duplicate").sum() > 0
    assert np.array_equal(with_aside.column_weights.weights, without.column_weights.weights)
