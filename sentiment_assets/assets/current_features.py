"""Features as assets after ``features`` take them up: with the sisters and the splits that they were built from."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import dagster as dg

from sentiment_assets.assets.sisters import find_pinned_sisters
from sentiment_assets.resources.storage import Frame, Storage, StoredArrays
from sentiment_assets.resources.tracking import Tracking

if TYPE_CHECKING:
    from sentiment_assets.learning.features import Features
    from sentiment_assets.learning.sister import Sister


@dataclass(frozen=True)
class CurrentFeatures:
    """Features that were built from the splits as they are."""

    rows: "Features"
    sisters: "dict[str, Sister]"
    """The models whose margins are in the features."""
    splits: Frame
    """The splits, with the reviews set aside that these know."""


def current_features(
    branch: str, stored: StoredArrays, splits: Frame, *, storage: Storage, tracking: Tracking
) -> CurrentFeatures:
    """Take up stored features. Raises ``dg.Failure`` if they are of other splits, or one of the sisters is gone."""
    from joblib import cpu_count

    from sentiment_assets.learning.features import StaleFeatures, features_from_arrays, require_built_from
    from sentiment_assets.learning.sister import set_known_aside

    try:
        rows = features_from_arrays(stored.arrays, storage.folder_of_unfinished)
        sisters = find_pinned_sisters(branch, rows, tracking)
        used = set_known_aside(splits, sisters.values(), rows.similarity, cpu_count())
        require_built_from(rows, used)
    except StaleFeatures as error:
        raise stale(branch, error) from error
    return CurrentFeatures(rows, sisters, used)


def stale(branch: str, error: Exception) -> dg.Failure:
    """The failure of a step by features that are not current, which trying again would not mend."""
    return dg.Failure(f"{branch}: {error}.", allow_retries=False)
