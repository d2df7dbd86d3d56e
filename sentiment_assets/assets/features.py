"""``features``: the sparse matrices that every candidate trains on, shared by memory mapping."""

from collections.abc import Sequence
from typing import Any

import dagster as dg

from sentiment_assets.assets.sisters import find_sisters, sisters_told
from sentiment_assets.assets.splits import NAME as SPLITS
from sentiment_assets.assets.ui_metadata import table
from sentiment_assets.assets.versions import code_version
from sentiment_assets.learning.settings import FeatureSet, FeatureSettings, SisterName
from sentiment_assets.resources.storage import MAPPED_TEXTS, Frame, Storage, arrays_version
from sentiment_assets.resources.tracking import Tracking

NAME = "features"


def features_asset(
    branch: str,
    settings: FeatureSettings,
    feature_sets: Sequence[FeatureSet],
    similarity: float | None,
    *,
    sisters: Sequence[SisterName] = (),
    changes_with: Sequence[dg.AssetKey] = (),
) -> dg.AssetsDefinition:
    """The asset ``<branch>/features``; it is stale when one of the assets ``changes_with`` has changed."""

    @dg.asset(
        name=NAME,
        key_prefix=branch,
        ins={SPLITS: dg.AssetIn([branch, SPLITS], metadata={MAPPED_TEXTS: True})},
        deps=changes_with,
        io_manager_key="arrays",
        code_version=code_version(__name__, settings, *feature_sets, str(similarity), *sisters),
        kinds={"python", "numpy"},
        description=(
            f"Hashed n-grams of {branch} reviews ({', '.join(feature_sets)}), weighted by {settings.weighting}, fitted "
            "on train only; each row has length 1. A feature set is built once, and mapped by all candidates with it."
            + (f" Beside them the margins of {', '.join(sisters)}." if sisters else "")
        ),
    )
    def features(
        context: dg.AssetExecutionContext, splits: Frame, storage: Storage, tracking: Tracking
    ) -> dg.MaterializeResult[Any]:
        from joblib import cpu_count

        from sentiment_assets.learning.features import build_features, features_to_arrays
        from sentiment_assets.learning.sister import KNOWN_TO_SISTER, set_known_aside
        from sentiment_assets.learning.splitting import UnusableSplits, require_usable

        found = find_sisters(branch, sisters, splits["text"], tracking)
        used = set_known_aside(splits, found.values(), similarity, cpu_count())
        known_to_sisters = int((used["split"] == KNOWN_TO_SISTER).sum())
        if known_to_sisters:
            context.log.warning(f"{known_to_sisters:,} reviews are set aside: a sister was trained on them, or nearly.")
        try:
            require_usable(used)
        except UnusableSplits as error:
            raise dg.Failure(f"{branch}: {_without(known_to_sisters)}{error}", allow_retries=False) from error
        built = build_features(
            used,
            settings,
            feature_sets,
            similarity=similarity,
            sisters=found,
            n_jobs=cpu_count(),
            folder=storage.folder_of_unfinished,
        )
        arrays = features_to_arrays(built)
        return dg.MaterializeResult(
            value=arrays,
            data_version=dg.DataVersion(arrays_version(arrays)),
            metadata={
                "feature_sets": ", ".join(built.sets),
                "matrices": table(built.summary),
                **({"sisters": table(sisters_told(found)), "known_to_sisters": known_to_sisters} if found else {}),
            },
        )

    return features


def _without(known_to_sisters: int) -> str:
    return f"{known_to_sisters:,} reviews are left out because a sister knows them. " if known_to_sisters else ""
