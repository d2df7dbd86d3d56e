"""``features``: the sparse matrices that every candidate trains on, shared by memory mapping."""

from typing import Any

import dagster as dg

from sentiment_assets.assets.splits import NAME as SPLITS
from sentiment_assets.assets.ui_metadata import table
from sentiment_assets.assets.versions import code_version
from sentiment_assets.learning.settings import FeatureSettings
from sentiment_assets.resources.storage import Frame, arrays_version

NAME = "features"


def features_asset(branch: str, settings: FeatureSettings) -> dg.AssetsDefinition:
    """The asset ``<branch>/features``."""

    @dg.asset(
        name=NAME,
        key_prefix=branch,
        ins={SPLITS: dg.AssetIn([branch, SPLITS])},
        io_manager_key="arrays",
        code_version=code_version(__name__, settings),
        kinds={"python", "numpy"},
        description=(
            f"n-grams of {branch} reviews ({settings.ngrams.analyzer}s, {settings.ngrams.shortest} to "
            f"{settings.ngrams.longest}) hashed to 2^{settings.ngrams.columns_log2} columns, weighted by "
            f"{settings.weighting}, fitted on train only; each row has length 1."
        ),
    )
    def features(splits: Frame) -> dg.MaterializeResult[Any]:
        from joblib import cpu_count

        from sentiment_assets.learning.features import build_features, features_to_arrays

        built = build_features(splits, settings, n_jobs=cpu_count())
        arrays = features_to_arrays(built)
        return dg.MaterializeResult(
            value=arrays,
            data_version=dg.DataVersion(arrays_version(arrays)),
            metadata={
                "columns_with_weight": len(built.column_weights.columns),
                "matrices": table(built.summary),
            },
        )

    return features
