"""MLflow without Dagster: a client that many processes may open at once, and the champion of a branch."""

import tempfile
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from filelock import FileLock

from sentiment_assets.resources.mlflow_settings import MlflowAway, asking_mlflow, keep_mlflow_quiet

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

    from sentiment_assets.learning.model import SentimentModel
    from sentiment_assets.monitoring.reference import Reference

CHAMPION = "champion"
CHAMPION_BEFORE = "sentiment_assets.champion_before"
"""The tag of a version with the number of the older one that it took over from, to which a rollback returns."""
MODEL_DIGEST = "sentiment_assets.model_digest"
REFERENCE_DIGEST = "sentiment_assets.reference_digest"
REFERENCE_FILE = "reference.npz"
ROLE = "sentiment_assets.role"
"""The tag of a run in MLflow that says what it is: ``train_run``, ``candidate``, ``trial`` or ``monitoring``."""
SQLITE = "sqlite:///"
_MODELS_AT_ONCE = 100


@dataclass(frozen=True)
class ChampionRegistration:
    """What the registry says about a champion, without loading it."""

    version: str
    registered_at: datetime
    root_run_id: str
    """The Dagster run that trained it, or the one that was executed again."""


@dataclass(frozen=True)
class LoadedChampion:
    """The model version that the alias ``champion`` points to, or that stands in for it."""

    version: str
    """Its number; of a sister that scores because there is no champion yet, her branch before it: ``movies/3``."""
    digest: str
    run_id: str
    model: "SentimentModel"
    reference: "Reference | None"
    """What batches are compared with; models registered by another release may have none."""
    recalibrated_on: int = 0
    """So many labelled reviews of the branch a sister's scores were recalibrated on."""
    labels_seen: int = 0
    """So many labelled reviews the branch had then, of whatever use they were."""


def open_client(uri: str) -> "MlflowClient":
    """A client of an MLflow server or database.

    The first client makes the tables of a new SQLite file, and processes that do so at once crash one another
    (MLflow 3.17 locks its other stores, but not this one), so they take turns. This, and every call of the client,
    raises ``MlflowAway`` once MLflow has waited in vain.
    """
    keep_mlflow_quiet()
    from mlflow import MlflowClient

    turn = FileLock(uri.removeprefix(SQLITE) + ".lock") if uri.startswith(SQLITE) else nullcontext()
    with turn, asking_mlflow(uri):
        client: Any = _Asked(MlflowClient(tracking_uri=uri), uri)
    return cast("MlflowClient", client)


@dataclass(frozen=True)
class _Asked:
    """A client whose every call says by ``MlflowAway`` that MLflow was asked in vain."""

    client: "MlflowClient"
    uri: str

    def __getattr__(self, name: str) -> Any:
        """What the client has by this name."""
        called = getattr(self.client, name)

        def ask(*given: object, **named: object) -> object:
            with asking_mlflow(self.uri):
                return called(*given, **named)

        return ask if callable(called) else called


class ChangedModel(ValueError):
    """The files of a registered version are not those that were registered; the message says what to do."""


def champion_of(branch: str, uri: str, known: LoadedChampion | None = None) -> LoadedChampion | None:
    """The branch's champion, loaded, or ``None`` while there is none. Raises ``ChangedModel``.

    It is not loaded again if it is ``known``, since what a version holds never changes.
    """
    version = aliased(open_client(uri), branch)
    if version and known and known.version == str(version.version):
        return known
    return _loaded(version, uri) if version else None


def _loaded(version: "ModelVersion", uri: str) -> LoadedChampion:
    """A registered version, its files compared with what the registry says of them."""
    from mlflow.artifacts import download_artifacts

    from sentiment_assets.learning.model import load_model
    from sentiment_assets.monitoring.reference import reference_from_bytes

    with tempfile.TemporaryDirectory() as folder:
        with asking_mlflow(uri):
            local = download_artifacts(artifact_uri=version.source, dst_path=folder, tracking_uri=uri)
        data = Path(local) / "data" / "model"
        _require_unchanged(version, data)
        model, kept = load_model(data), data / REFERENCE_FILE
        reference = reference_from_bytes(kept.read_bytes()) if kept.exists() else None
    return LoadedChampion(
        version=str(version.version),
        digest=version.tags[MODEL_DIGEST],
        run_id=version.run_id or "",
        model=model,
        reference=reference,
    )


def _require_unchanged(version: "ModelVersion", data: Path) -> None:
    """Raise ``ChangedModel`` unless the files are those that were registered.

    Versions of a former release have no digest of their reference.
    """
    from sentiment_assets.learning.model import stored_digest

    registered, reference = version.tags.get(MODEL_DIGEST, ""), data / REFERENCE_FILE
    try:
        same = registered.partition("-")[0] == stored_digest(data)
    except (OSError, ValueError):  # a file is missing, or is none of ours
        same = False
    if same and REFERENCE_DIGEST in version.tags:
        same = reference.exists() and version.tags[REFERENCE_DIGEST] == reference_digest(reference.read_bytes())
    if not same:
        raise ChangedModel(
            f"version {version.version} of {version.name} was registered with the digest {registered or '(none)'}, and "
            f"the files at {version.source} are others: they were changed since. It is not used. Make another version "
            f"the champion (sentiment-assets rollback {version.name} VERSION), or delete the alias `{CHAMPION}` of "
            f"{version.name} in MLflow and train again"
        )


def reference_digest(content: bytes) -> str:
    """Sixteen hexadecimal digits of SHA-256 of a reference as it is stored."""
    return sha256(content).hexdigest()[:16]


@dataclass(frozen=True)
class RegisteredVersion:
    """What the registry says about a version, without loading it."""

    version: str
    registered_at: datetime
    is_champion: bool
    description: str
    figures: Mapping[str, float]
    """The figures of its train run, by name."""

    @property
    def reason(self) -> str:
        """What the gate said of it: the first line of the description, which goes on with the model card."""
        return unescape(self.description.partition("\n")[0])


def registered_versions(branch: str, uri: str) -> list[RegisteredVersion]:
    """Every registered version of a branch, the first one first; none if it has no model yet."""
    client = open_client(uri)
    champion = aliased(client, branch)
    return [
        RegisteredVersion(
            version=str(each.version),
            registered_at=datetime.fromtimestamp(each.creation_timestamp / 1_000, UTC),
            is_champion=champion is not None and champion.version == each.version,
            description=each.description or "",
            figures=dict(client.get_run(each.run_id).data.metrics) if each.run_id else {},
        )
        for each in versions_in_order(client, branch)
    ]


class NoSuchVersion(ValueError):
    """A model has no such version, or there is no such model; the message names those there are."""


def kept_beside(branch: str, version: str, file: str, uri: str) -> bytes:
    """A file that ``Tracking.register`` has kept beside the model of a version.

    Raises ``NoSuchVersion``, and ``FileNotFoundError`` where the version has no such file.
    """
    from mlflow.artifacts import download_artifacts
    from mlflow.exceptions import MlflowException

    source = f"{_registered(open_client(uri), branch, version).source}/{file}"
    with tempfile.TemporaryDirectory() as folder:
        try:
            with asking_mlflow(uri):
                return Path(download_artifacts(artifact_uri=source, dst_path=folder, tracking_uri=uri)).read_bytes()
        except MlflowAway:
            raise
        except (MlflowException, OSError) as error:
            raise FileNotFoundError(f"version {version} of {branch} has no {file}") from error


def make_champion(branch: str, version: str, uri: str) -> str | None:
    """Move the alias ``champion``; returns the version that had it. Raises ``NoSuchVersion`` and ``ChangedModel``."""
    client = open_client(uri)
    _loaded(_registered(client, branch, version), uri)
    return set_champion(client, branch, version)


def set_champion(client: "MlflowClient", branch: str, version: str) -> str | None:
    """Move the alias ``champion``; returns the version that had it, which is kept with a newer one that took over."""
    former = aliased(client, branch)
    if former and int(former.version) < int(version):
        client.set_model_version_tag(branch, version, CHAMPION_BEFORE, str(former.version))
    client.set_registered_model_alias(branch, CHAMPION, version)
    return str(former.version) if former else None


def champion_before(branch: str, uri: str) -> str:
    """The version that was the champion before the one that is. Raises ``NoSuchVersion`` where nobody knows."""
    client = open_client(uri)
    champion, there = aliased(client, branch), _versions(client, branch)
    if champion is None or CHAMPION_BEFORE not in champion.tags:
        now = f"before version {champion.version}" if champion else "of it"
        others = ", ".join(each for each in there if champion is None or each != str(champion.version))
        what_to_do = f"name one of the versions {others}" if others else "there is no other version"
        raise NoSuchVersion(f"branch {branch!r} has no champion {now} that is known; {what_to_do}")
    return str(champion.tags[CHAMPION_BEFORE])


class Registered(NamedTuple):
    """A version, by its number and by what it holds."""

    version: str
    digest: str


def registered_champions(uri: str) -> dict[str, Registered]:
    """The champion of each branch that has one, by branch, without loading any; models of others are passed over."""
    client, token = open_client(uri), None
    names: list[str] = []
    while True:
        page = client.search_registered_models(max_results=_MODELS_AT_ONCE, page_token=token)
        names += [each.name for each in page if CHAMPION in each.aliases]
        if not (token := page.token):
            break
    versions = {name: aliased(client, name) for name in names}
    return {
        branch: Registered(str(version.version), version.tags[MODEL_DIGEST])
        for branch, version in versions.items()
        if version and MODEL_DIGEST in version.tags
    }


def version_of(branch: str, version: str | None, uri: str) -> LoadedChampion:
    """A version of a branch, loaded; without ``version`` its champion.

    Raises ``NoSuchVersion``, also if there is no champion, and ``ChangedModel``.
    """
    client = open_client(uri)
    found = aliased(client, branch) if version is None else _registered(client, branch, version)
    if found is None:
        there = ", ".join(_versions(client, branch))
        raise NoSuchVersion(f"branch {branch!r} has no champion yet, but the versions {there}")
    return _loaded(found, uri)


def _registered(client: "MlflowClient", branch: str, version: str) -> "ModelVersion":
    versions = _versions(client, branch)
    if version not in versions:
        there = ", ".join(versions)
        raise NoSuchVersion(f"branch {branch!r} has no version {version!r} in the registry; it has: {there}")
    return versions[version]


def _versions(client: "MlflowClient", branch: str) -> "dict[str, ModelVersion]":
    """The registered versions of a branch by their numbers, the first one first. Raises ``NoSuchVersion``."""
    found = versions_in_order(client, branch)
    if not found:
        models = ", ".join(sorted(each.name for each in client.search_registered_models())) or "none yet"
        raise NoSuchVersion(f"there is no registered model {branch!r}; there are: {models}")
    return {str(each.version): each for each in found}


def versions_in_order(client: "MlflowClient", branch: str) -> "list[ModelVersion]":
    """Every registered version of a branch as MLflow has it, the first one first."""
    return sorted(client.search_model_versions(f"name = '{branch}'"), key=lambda each: int(each.version))


def aliased(client: "MlflowClient", branch: str) -> "ModelVersion | None":
    """The version that the alias ``champion`` names."""
    from mlflow.exceptions import MlflowException

    try:
        return client.get_model_version_by_alias(branch, CHAMPION)
    except MlflowException as error:
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            return None
        raise
