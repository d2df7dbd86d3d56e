"""MLflow without Dagster: a client that many processes may open at once, and the champion of a branch."""

import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from sentiment_assets.resources.home import keep_mlflow_quiet

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

    from sentiment_assets.learning.model import SentimentModel
    from sentiment_assets.monitoring.reference import Reference

CHAMPION = "champion"
MODEL_DIGEST = "sentiment_assets.model_digest"
REFERENCE_FILE = "reference.npz"
SQLITE = "sqlite:///"


@dataclass(frozen=True)
class ChampionVersion:
    """What the registry says about a champion, without loading it."""

    version: str
    registered_at: datetime
    root_run_id: str
    """Of the Dagster run that trained it, or the one that was executed again."""


@dataclass(frozen=True)
class Champion:
    """The model version that the alias ``champion`` points to."""

    version: str
    digest: str
    run_id: str
    model: "SentimentModel"
    reference: "Reference | None"
    """What batches are compared with; models registered by another release may have none."""


def open_client(uri: str) -> "MlflowClient":
    """A client of an MLflow server or database.

    The first client makes the tables of a new SQLite file, and processes that do so at once crash one another
    (MLflow 3.17 locks its other stores, but not this one), so they take turns.
    """
    keep_mlflow_quiet()
    from mlflow import MlflowClient

    if not uri.startswith(SQLITE):
        return MlflowClient(tracking_uri=uri)
    with FileLock(uri.removeprefix(SQLITE) + ".lock"):
        return MlflowClient(tracking_uri=uri)


def champion_of(branch: str, uri: str) -> Champion | None:
    """The branch's champion, loaded, or ``None`` while there is none."""
    client = open_client(uri)

    from mlflow.artifacts import download_artifacts

    from sentiment_assets.learning.model import load_model
    from sentiment_assets.monitoring.reference import reference_from_bytes

    found = aliased(client, branch)
    if found is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        local = download_artifacts(artifact_uri=found.source, dst_path=folder, tracking_uri=uri)
        data = Path(local) / "data" / "model"
        model, kept = load_model(data), data / REFERENCE_FILE
        reference = reference_from_bytes(kept.read_bytes()) if kept.exists() else None
    return Champion(str(found.version), found.tags.get(MODEL_DIGEST, ""), found.run_id or "", model, reference)


class NoSuchVersion(ValueError):
    """A model has no such version; the message names those there are."""


def make_champion(branch: str, version: str, uri: str) -> str | None:
    """Move the alias ``champion``; returns the version that had it. Raises ``NoSuchVersion``."""
    client = open_client(uri)
    versions = sorted(int(each.version) for each in client.search_model_versions(f"name = '{branch}'"))
    if version not in map(str, versions):
        there = ", ".join(map(str, versions)) or "none"
        raise NoSuchVersion(f"branch {branch!r} has no version {version!r} in the registry; it has: {there}")
    former = aliased(client, branch)
    client.set_registered_model_alias(branch, CHAMPION, version)
    return str(former.version) if former else None


def aliased(client: "MlflowClient", branch: str) -> "ModelVersion | None":
    """The version that the alias ``champion`` names."""
    from mlflow.exceptions import MlflowException

    try:
        return client.get_model_version_by_alias(branch, CHAMPION)
    except MlflowException as error:
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            return None
        raise
