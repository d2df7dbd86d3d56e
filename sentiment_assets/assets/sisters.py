"""The sisters of a branch: which registered models they are, and whether the branch may start from them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import dagster as dg

from sentiment_assets.learning.settings import SisterName, branch_and_version
from sentiment_assets.resources.registry import LoadedChampion, NoSuchVersion
from sentiment_assets.resources.tracking import Tracking

if TYPE_CHECKING:
    from sentiment_assets.learning.features import Features
    from sentiment_assets.learning.ngrams import Texts
    from sentiment_assets.learning.sister import Sister


def find_sisters(branch: str, names: Sequence[SisterName], texts: "Texts", tracking: Tracking) -> "dict[str, Sister]":
    """The models that a branch's sisters are now, loaded; ``texts`` are some of the branch's own.

    Raises ``dg.Failure`` for one that is not there, that started from this very branch, or of another language.
    """
    from sentiment_assets.learning.model import PinnedVersion
    from sentiment_assets.learning.sister import Sister

    found = {}
    for name in names:
        try:
            loaded = registered_sister(name, tracking)
        except NoSuchVersion as error:
            raise dg.Failure(
                f"{branch}: `start_from` names {name}, and {error}. Train that branch first, or take the name out.",
                allow_retries=False,
            ) from error
        pinned = PinnedVersion(branch_and_version(name)[0], loaded.version, loaded.digest)
        if fault := fault_of_sister(branch, str(pinned), loaded, texts):
            raise dg.Failure(f"{branch}: {fault}.", allow_retries=False)
        found[name] = Sister(pinned, loaded.model)
    return found


def find_pinned_sisters(branch: str, features: "Features", tracking: Tracking) -> "dict[str, Sister]":
    """The very models whose margins are in the features. Raises ``dg.Failure`` if one of them is there no more."""
    from sentiment_assets.learning.sister import Sister

    found = {}
    for name, column in features.sisters.items():
        pinned = column.pinned
        try:
            loaded = tracking.registered(pinned.branch, pinned.version)
        except NoSuchVersion as error:
            raise _gone(branch, f"{pinned}, a sister, is gone: {error}") from error
        if loaded.digest != pinned.digest:
            raise _gone(branch, f"{pinned} is another model than the features were built with")
        found[name] = Sister(pinned, loaded.model)
    return found


def registered_sister(name: SisterName, tracking: Tracking) -> LoadedChampion:
    """The model that a sister is now. Raises ``NoSuchVersion``."""
    sister, version = branch_and_version(name)
    return tracking.registered(sister, version)


def fault_of_sister(branch: str, told: str, sister: LoadedChampion, texts: "Texts") -> str:
    """Why a branch with such texts may not start from a sister, as a sentence without its end; empty if it may.

    ``told`` is how people are told of her, such as ``movies/3``.
    """
    from sentiment_assets.monitoring.sister_language import language_fault

    if any(each.branch == branch for each in sister.model.started_from):
        return (
            f"{told}, a sister, has itself started from {branch}, and a branch cannot start from itself, by way of "
            "another neither. Name another version in `start_from`, or take it out"
        )
    return f"{told}, a sister, {fault}" if (fault := language_fault(texts, sister.reference)) else ""


def sisters_told(sisters: "Mapping[str, Sister]") -> list[dict[str, str]]:
    """Which models the sisters are, as the rows of a table."""
    return [
        {"start_from": name, "model": str(each.pinned), "digest": each.pinned.digest} for name, each in sisters.items()
    ]


def _gone(branch: str, what: str) -> dg.Failure:
    return dg.Failure(
        f"{branch}: {what}. Materialize features, then trained_candidates, then this asset.", allow_retries=False
    )
