"""A registered version made again from the reviews and settings it was made from, and compared by digests."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from sentiment_assets.assets.raw_reviews import NAME as RAW_REVIEWS
from sentiment_assets.assets.stored_batch import stored_digests
from sentiment_assets.definitions import resources
from sentiment_assets.learning.recipe import RECIPE_FILE, NoRecipe, Recipe, packages_that_count, recipe_from_bytes
from sentiment_assets.learning.recipe import rebuild as rebuild_from
from sentiment_assets.learning.sister import Sister
from sentiment_assets.monitoring.neutral_reviews import gather_neutral_reviews
from sentiment_assets.presentation.wording import counted
from sentiment_assets.resources.mlflow_settings import MlflowAway, require_mlflow, tracking_uri
from sentiment_assets.resources.registry import ChangedModel, NoSuchVersion, kept_beside, version_of
from sentiment_assets.resources.storage import Storage, read_frame

if TYPE_CHECKING:
    import pandas as pd

_NAMED = 5
_WHY_GONE = "Batches are removed once they are older than `retention: reviews` says. "


class CannotRebuild(ValueError):
    """What the version was made from is not there any more; the message says what is missing."""


@dataclass(frozen=True)
class Compared:
    """One digest of then and of now."""

    then: str
    now: str

    @property
    def same(self) -> bool:
        """Whether they are equal."""
        return self.then == self.now


@dataclass(frozen=True)
class RebuiltVersion:
    """A version beside what was made from its recipe."""

    branch: str
    version: str
    batches: int
    splits: Compared
    model: Compared
    other_packages: Mapping[str, Compared]
    """The packages of another release than then."""

    @property
    def same(self) -> bool:
        """Whether it is the same model, to the last bit."""
        return self.model.same


def rebuild(branch: str, version: str) -> RebuiltVersion:
    """Make a version again, and compare it with what was registered; nothing is stored. Raises ``CannotRebuild``."""
    from joblib import cpu_count

    uri, storage = tracking_uri(), resources()["storage"]
    try:
        require_mlflow(uri)
        recipe = recipe_from_bytes(kept_beside(branch, version, RECIPE_FILE, uri))
        sisters = {name: _sister(name, recipe, uri) for name in recipe.sisters}
    except (ChangedModel, MlflowAway, NoRecipe, NoSuchVersion) as error:
        raise CannotRebuild(str(error)) from error
    except FileNotFoundError as error:
        raise CannotRebuild(f"{error}: it was registered by a former release, which did not keep one") from error
    _require_same_batches(storage, branch, recipe)
    made = rebuild_from(
        recipe,
        ((key, _read(storage, branch, key)) for key in recipe.batches),
        sisters,
        neutral=lambda splits: (
            gather_neutral_reviews(
                (_read(storage, branch, key) for key in splits["batch"].unique()), splits
            ).with_ratings
        ),
        n_jobs=cpu_count(),
        folder=storage.folder_of_unfinished,
    )
    now = packages_that_count()
    return RebuiltVersion(
        branch=branch,
        version=version,
        batches=len(recipe.batches),
        splits=Compared(recipe.splits_digest, made.splits_digest),
        model=Compared(recipe.model_digest, made.model_digest),
        other_packages={
            name: Compared(then, now[name]) for name, then in recipe.packages.items() if now.get(name) != then
        },
    )


def _read(storage: Storage, branch: str, key: str) -> "pd.DataFrame":
    return read_frame(storage.frame_path(branch, RAW_REVIEWS, key))


def _sister(name: str, recipe: Recipe, uri: str) -> Sister:
    pinned = recipe.sisters[name]
    loaded = version_of(pinned.branch, pinned.version, uri)
    if loaded.digest != pinned.digest:
        raise NoSuchVersion(f"{pinned}, the sister {name}, is another model than it was then")
    return Sister(pinned, loaded.model)


def _require_same_batches(storage: Storage, branch: str, recipe: Recipe) -> None:
    """Raise ``CannotRebuild`` unless every batch still holds what it held; those that came later do not count."""
    stored = stored_digests(storage, branch, list(recipe.batches))
    gone = [key for key in recipe.batches if key not in stored]
    replaced = [key for key, digest in recipe.batches.items() if key in stored and stored[key] != digest]
    faults = [f"{_some(keys)} {what}" for keys, what in ((gone, "gone"), (replaced, "replaced since")) if keys]
    if faults:
        raise CannotRebuild(
            f"what it was made from is not there any more: {'; '.join(faults)}. {_WHY_GONE if gone else ''}Land the "
            "former files again to make it from them"
        )


def _some(keys: list[str]) -> str:
    named = ", ".join(keys[:_NAMED])
    return f"{named} and {len(keys) - _NAMED:,} others are" if len(keys) > _NAMED else f"{named} {_is(keys)}"


def _is(keys: list[str]) -> str:
    return "is" if len(keys) == 1 else "are"


def as_json(rebuilt: RebuiltVersion) -> str:
    """One JSON object, for programs."""
    return json.dumps(asdict(rebuilt) | {"same": rebuilt.same}, indent=2)


def show(console: Console, rebuilt: RebuiltVersion) -> None:
    """Print it for people."""
    outcome = "the same model, to the last bit" if rebuilt.same else "another model"
    batches = counted(rebuilt.batches, "batch", "batches")
    console.print(f"{rebuilt.branch}, version {rebuilt.version}, made again from {batches}: {outcome}", highlight=False)
    table = Table("", "then", "now", box=None)
    rows = {"splits": rebuilt.splits, "model": rebuilt.model, **rebuilt.other_packages}
    for name, each in rows.items():
        table.add_row(name, each.then, each.now if not each.same else "the same")
    console.print(table)
