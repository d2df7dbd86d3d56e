"""MLflow: one experiment and one registered model per branch, one parent run per train run, one child per candidate."""

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

import dagster as dg

from sentiment_assets.resources.home import local_home
from sentiment_assets.resources.mlflow_settings import require_mlflow, tracking_uri
from sentiment_assets.resources.registry import (
    MODEL_DIGEST,
    REFERENCE_DIGEST,
    REFERENCE_FILE,
    SQLITE,
    ChampionRegistration,
    LoadedChampion,
    RegisteredVersion,
    aliased,
    champion_of,
    open_client,
    reference_digest,
    registered_versions,
    set_champion,
    version_of,
)

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run
    from mlflow.entities.model_registry import ModelVersion

    from sentiment_assets.learning.model import SentimentModel

_LOADER = "sentiment_assets.learning.model"
_MODEL_TRAINING = {"mlflow.experimentKind": "custom_model_development"}  # which of its two faces MLflow's UI shows
_DAGSTER_RUN = "dagster.run_id"
_ROLE, _BRANCH, _FEATURES, _ROOT_RUN = (
    f"sentiment_assets.{name}" for name in ("role", "branch", "features_version", "root_run_id")
)


class Tracking(dg.ConfigurableResource[Any]):
    """A thin face of ``MlflowClient``: no global active run, no autologging, no pickles."""

    mlflow_ui: str
    """Where people open MLflow, for links."""
    dagster_ui: str
    """Where people open Dagster, for links back."""

    def client(self) -> "MlflowClient":
        """A client of the configured server or database."""
        return open_client(self.uri())

    def uri(self) -> str:
        """The tracking address in use; it is no field, since Dagster shows and stores those."""
        return tracking_uri()

    def parent_run(self, branch: str, features_version: str, run: dg.DagsterRun, *, joins_newest: bool) -> str:
        """The id of the MLflow parent of a train run, found by its tags or created.

        With ``joins_newest`` a run that has no parent of its own joins the newest one of the same features, as a
        candidate materialized by itself does.
        """
        client = self.client()
        experiment = self._experiment(client, branch)
        own = f"tags.`{_ROOT_RUN}` = '{run.root_run_id or run.run_id}'"
        parents = self._parents(client, experiment, features_version, own)
        if not parents and joins_newest:
            parents = self._parents(client, experiment, features_version)
        if parents:
            return parents[0].info.run_id
        tags = self._tags(branch, features_version, run) | {_ROLE: "train_run"}
        name = f"train {branch} {features_version[:8]}"
        return client.create_run(experiment, run_name=name, tags=tags).info.run_id

    def take_up(self, parent_run_id: str, run: dg.DagsterRun, has_ended: Callable[[str], bool]) -> None:
        """Mark a parent as RUNNING, and note which Dagster run works on it, unless the one before has not ended."""
        client = self.client()
        if has_ended(client.get_run(parent_run_id).data.tags.get(_DAGSTER_RUN, "")):
            for name, value in self._origin(run).items():
                client.set_tag(parent_run_id, name, value)
        self.mark("RUNNING", parent_run_id)

    def close_abandoned(self, branch: str, has_ended: Callable[[str], bool]) -> list[str]:
        """Mark as FAILED what Dagster runs have left RUNNING, and return the names of these MLflow runs.

        ``has_ended`` says of the id of a Dagster run whether this Dagster has seen its end: what a killed process
        began, no other ends. Runs that somebody else has begun are left alone.
        """
        client = self.client()
        experiment = client.get_experiment_by_name(branch)
        if experiment is None:
            return []
        running = client.search_runs([experiment.experiment_id], "attributes.status = 'RUNNING'")
        abandoned = [each for each in running if has_ended(each.data.tags.get(_DAGSTER_RUN, ""))]
        self.mark("FAILED", *(each.info.run_id for each in abandoned))
        return [each.info.run_name for each in abandoned]

    def mark(self, status: Literal["RUNNING", "FINISHED", "FAILED"], *run_ids: str) -> None:
        """Set the status of runs; why one FAILED is in the Dagster step that it links to."""
        client = self.client()
        for run_id in run_ids:
            if status == "RUNNING":
                client.update_run(run_id, status=status)
            else:
                client.set_terminated(run_id, status)

    def start_candidate(self, parent_run_id: str, key: str, params: Mapping[str, object], run: dg.DagsterRun) -> str:
        """Start a candidate's child run and return its id."""
        from mlflow.entities import Param

        client = self.client()
        parent = client.get_run(parent_run_id)
        tags = self._tags(parent.data.tags[_BRANCH], parent.data.tags[_FEATURES], run) | {
            "mlflow.parentRunId": parent_run_id,
            "dagster.partition": key,
            _ROLE: "candidate",
        }
        child = client.create_run(parent.info.experiment_id, run_name=key, tags=tags)
        client.log_batch(child.info.run_id, params=[Param(name, str(value)) for name, value in params.items()])
        return child.info.run_id

    def finish_candidate(self, run_id: str, losses: Mapping[str, Sequence[float]]) -> None:
        """Log each loss after every epoch (epoch 1 is step 1) and mark the run FINISHED."""
        from mlflow.entities import Metric

        now = _now()
        metrics = [
            Metric(name, value, now, step)
            for name, values in losses.items()
            for step, value in enumerate(values, start=1)
        ]
        client = self.client()
        for start in range(0, len(metrics), 1000):
            client.log_batch(run_id, metrics=metrics[start : start + 1000])
        self.mark("FINISHED", run_id)

    def champion(self, branch: str, known: LoadedChampion | None = None) -> LoadedChampion | None:
        """The branch's champion, loaded, or ``None`` while there is none; ``known``, if it still is the one."""
        return champion_of(branch, self.uri(), known)

    def registered(self, branch: str, version: str | None = None) -> LoadedChampion:
        """A registered version of a branch, loaded; without ``version`` its champion. Raises ``NoSuchVersion``."""
        return version_of(branch, version, self.uri())

    def versions(self, branch: str) -> list[RegisteredVersion]:
        """Every registered version of a branch, the first one first, without loading it. Raises ``MlflowAway``."""
        require_mlflow(self.uri())
        return registered_versions(branch, self.uri())

    def champion_version(self, branch: str) -> ChampionRegistration | None:
        """What the registry says about the champion, without loading it; for sensors, so it does not wait.

        Raises ``MlflowAway``.
        """
        require_mlflow(self.uri())
        client = self.client()
        version = aliased(client, branch)
        if version is None:
            return None
        registered_at = datetime.fromtimestamp(version.creation_timestamp / 1_000, UTC)
        tags = client.get_run(version.run_id).data.tags if version.run_id else {}
        return ChampionRegistration(str(version.version), registered_at, tags.get(_ROOT_RUN, ""))

    def register(
        self,
        branch: str,
        run_id: str,
        *,
        model: "SentimentModel",
        reference: bytes,
        digest: str,
        metrics: Mapping[str, float],
        description: str,
    ) -> str:
        """Log a model and its reference to a run and register it, once for equal models. Returns the version.

        The files of a version lie in a folder named by its digest, which no other version shares and nothing is written
        to again. When two runs register equal models at one moment, the first version stays and the other is removed.
        """
        from mlflow.entities import Metric

        client = self.client()
        registered = self._version_of_digest(client, branch, digest)
        if registered is None:
            with tempfile.TemporaryDirectory() as folder:
                saved = Path(folder) / "model"
                _save_pyfunc(model, reference, saved)
                client.log_artifacts(run_id, str(saved), f"model/{digest}")
            measured = [Metric(name, value, _now(), 0) for name, value in metrics.items()]
            client.log_batch(run_id, metrics=measured)
            _require_registered_model(client, branch)
            source = f"{client.get_run(run_id).info.artifact_uri}/model/{digest}"
            tags = {MODEL_DIGEST: digest, REFERENCE_DIGEST: reference_digest(reference)}
            made = client.create_model_version(branch, source, run_id, tags=tags, description=description)
            registered = self._version_of_digest(client, branch, digest) or made
            if registered.version == made.version:
                return str(made.version)
            client.delete_model_version(branch, made.version)  # another run was a moment faster
        client.update_model_version(branch, registered.version, description)
        return str(registered.version)

    def log_report(self, run_id: str, files: "Mapping[str, bytes]", metrics: "Mapping[str, float]") -> None:
        """Keep pictures and tables with a run, below ``report``, and its figures."""
        from mlflow.entities import Metric

        client = self.client()
        with tempfile.TemporaryDirectory() as folder:
            for name, content in files.items():
                (Path(folder) / name).write_bytes(content)
            client.log_artifacts(run_id, folder, "report")
        client.log_batch(run_id, metrics=[Metric(name, value, _now(), 0) for name, value in metrics.items()])

    def publish_page(self, branch: str, name: str, content: bytes) -> dg.UrlMetadataValue:
        """Put a page where the branch's people look, as an artifact of its one monitoring run; a link to it."""
        client = self.client()
        experiment = self._experiment(client, branch)
        run_id = self._monitoring_run(client, experiment)
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / name).write_bytes(content)
            client.log_artifact(run_id, str(Path(folder) / name))
        return self._page_link(experiment, run_id, name)

    def page_link(self, branch: str, name: str) -> dg.UrlMetadataValue:
        """A link to a page that is, or will be, put there by ``publish_page``."""
        client = self.client()
        experiment = self._experiment(client, branch)
        return self._page_link(experiment, self._monitoring_run(client, experiment), name)

    def _page_link(self, experiment: str, run_id: str, name: str) -> dg.UrlMetadataValue:
        return dg.MetadataValue.url(f"{self.mlflow_ui}/#/experiments/{experiment}/runs/{run_id}/artifacts/{name}")

    def promote(self, branch: str, version: str) -> None:
        """Move the alias ``champion``."""
        set_champion(self.client(), branch, version)

    def run_link(self, run_id: str) -> dg.UrlMetadataValue:
        """A link to a run in MLflow's UI."""
        experiment = self.client().get_run(run_id).info.experiment_id
        return dg.MetadataValue.url(f"{self.mlflow_ui}/#/experiments/{experiment}/runs/{run_id}")

    def version_link(self, branch: str, version: str) -> dg.UrlMetadataValue:
        """A link to a model version in MLflow's UI."""
        return dg.MetadataValue.url(f"{self.mlflow_ui}/#/models/{quote(branch)}/versions/{version}")

    def _tags(self, branch: str, features_version: str, run: dg.DagsterRun) -> dict[str, str]:
        return {
            _BRANCH: branch,
            _FEATURES: features_version,
            _ROOT_RUN: run.root_run_id or run.run_id,
            **self._origin(run),
        }

    def _origin(self, run: dg.DagsterRun) -> dict[str, str]:
        return {
            _DAGSTER_RUN: run.run_id,
            "mlflow.note.content": f"Dagster run: [{run.run_id}]({self.dagster_ui}/runs/{run.run_id})",
        }

    def _experiment(self, client: "MlflowClient", branch: str) -> str:
        from mlflow.exceptions import MlflowException

        existing = client.get_experiment_by_name(branch)
        if existing is not None:
            return existing.experiment_id
        on_disk = self.uri().startswith(SQLITE)  # a server has a place for artifacts of its own
        place = (local_home() / "mlartifacts").as_uri() if on_disk else None
        try:
            return client.create_experiment(branch, artifact_location=place, tags=_MODEL_TRAINING)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
            faster = client.get_experiment_by_name(branch)  # another run was a moment faster
            if faster is None:  # or somebody has deleted it: MLflow keeps the name, and does not find it by that
                raise
            return faster.experiment_id

    def _monitoring_run(self, client: "MlflowClient", experiment: str) -> str:
        """The oldest, if runs that began at the same time have made more than one."""
        wanted = [experiment], f"tags.`{_ROLE}` = 'monitoring'"
        runs = client.search_runs(*wanted, order_by=["attributes.start_time"], max_results=1)
        if not runs:
            made = client.create_run(experiment, run_name="monitoring", tags={_ROLE: "monitoring"}).info.run_id
            self.mark("FINISHED", made)
            runs = client.search_runs(*wanted, order_by=["attributes.start_time"], max_results=1)
            if runs[0].info.run_id != made:
                client.delete_run(made)
        return runs[0].info.run_id

    def _parents(
        self, client: "MlflowClient", experiment: str, features_version: str, *conditions: str
    ) -> "Sequence[Run]":
        wanted = [
            f"tags.`{_ROLE}` = 'train_run'",
            f"tags.`{_FEATURES}` = '{features_version}'",
            *conditions,
        ]
        return client.search_runs([experiment], " and ".join(wanted), order_by=["attributes.start_time DESC"])

    def _version_of_digest(self, client: "MlflowClient", branch: str, digest: str) -> "ModelVersion | None":
        """The first one, if runs that ended at the same time have made more than one."""
        versions = client.search_model_versions(f"name = '{branch}' and tags.`{MODEL_DIGEST}` = '{digest}'")
        return min(versions, key=lambda each: int(each.version), default=None)


def _require_registered_model(client: "MlflowClient", branch: str) -> None:
    from mlflow.exceptions import MlflowException

    if client.search_registered_models(f"name = '{branch}'"):
        return
    try:
        client.create_registered_model(branch, description=f"Sentiment of {branch} reviews")
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":  # then another run was a moment faster
            raise


def _now() -> int:
    """Milliseconds since 1970, as MLflow wants them."""
    return time.time_ns() // 1_000_000


def _save_pyfunc(model: "SentimentModel", reference: bytes, folder: Path) -> None:
    """MLflow's ``python_function`` flavour around the model's own two files and its reference."""
    import mlflow
    import pandas as pd
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, Schema

    from sentiment_assets.learning.model import save_model

    scores = {"score": DataType.double, "label": DataType.integer, "confidence": DataType.double}
    signature = ModelSignature(
        inputs=Schema([ColSpec(DataType.string, "text")]),
        outputs=Schema([ColSpec(kind, name) for name, kind in scores.items()]),
    )
    with tempfile.TemporaryDirectory() as scratch:
        data = Path(scratch) / "model"
        save_model(model, data)
        (data / REFERENCE_FILE).write_bytes(reference)
        mlflow.pyfunc.save_model(
            folder,
            loader_module=_LOADER,
            data_path=str(data),
            signature=signature,
            input_example=pd.DataFrame({"text": ["Good from start to end.", "Not worth the time!"]}),
            pip_requirements=["sentiment-assets"],
        )
