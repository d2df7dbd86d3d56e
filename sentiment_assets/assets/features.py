"""``features``: the sparse matrices that every candidate trains on, shared by memory mapping."""

from collections.abc import Sequence
from typing import Any

import dagster as dg

from sentiment_assets.assets.splits import NAME as SPLITS
from sentiment_assets.assets.ui_metadata import table
from sentiment_assets.assets.versions import code_version
from sentiment_assets.learning.settings import FeatureSet, FeatureSettings
from sentiment_assets.resources.storage import MAPPED_TEXTS, Frame, Storage, arrays_version

NAME = "features"


def features_asset(
    branch: str, settings: FeatureSettings, feature_sets: Sequence[FeatureSet], similarity: float | None
) -> dg.AssetsDefinition:
    """The asset ``<branch>/features``."""

    @dg.asset(
        name=NAME,
        key_prefix=branch,
        ins={SPLITS: dg.AssetIn([branch, SPLITS], metadata={MAPPED_TEXTS: True})},
        io_manager_key="arrays",
        code_version=code_version(__name__, settings, *feature_sets, str(similarity)),
        kinds={"python", "numpy"},
        description=(
            f"Hashed n-grams of {branch} reviews ({', '.join(feature_sets)}), weighted by {settings.weighting}, fitted "
            "on train only; each row has length 1. A feature set is built once, and mapped by all candidates with it."
        ),
    )
    def features(splits: Frame, storage: Storage) -> dg.MaterializeResult[Any]:
        from joblib import cpu_count

        from sentiment_assets.learning.features import build_features, features_to_arrays

        folder = storage.folder_of_unfinished
        built = build_features(splits, settings, feature_sets, similarity=similarity, n_jobs=cpu_count(), folder=folder)
        arrays = features_to_arrays(built)
        return dg.MaterializeResult(
            value=arrays,
            data_version=dg.DataVersion(arrays_version(arrays)),
            metadata={
                "feature_sets": ", ".join(built.sets),
                "matrices": table(built.summary),
            },
        )

    return features
