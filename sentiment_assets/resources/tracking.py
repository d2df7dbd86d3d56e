"""MLflow: one experiment and one registered model per branch, one parent run per train run, one child per candidate."""

import json
import tempfile
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote, urlencode

import dagster as dg

from sentiment_assets.resources.home import local_home
from sentiment_assets.resources.mlflow_settings import require_mlflow, tracking_uri
from sentiment_assets.resources.registry import (
    MODEL_DIGEST,
    REFERENCE_DIGEST,
    REFERENCE_FILE,
    ROLE,
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
from sentiment_assets.resources.superseded_versions import Removed, remove_superseded_versions

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Param, Run, RunTag
    from mlflow.entities.model_registry import ModelVersion

    from sentiment_assets.learning.model import SentimentModel
    from sentiment_assets.learning.training_data import TrainingData

_LOADER = "sentiment_assets.learning.model"
_MODEL_TRAINING = {"mlflow.experimentKind": "custom_model_development"}  # which of its two faces MLflow's UI shows
_FACE = "workflowType=machine_learning"
"""Links say which face they mean, too: whoever has once looked at traces would be shown that one again."""
_MOST_AT_ONCE = 1_000
"""Metrics that MLflow takes in one request."""
_LONGEST_DIGEST = 36
_DAGSTER_RUN = "dagster.run_id"
_BRANCH, _FEATURES, _ROOT_RUN = (f"sentiment_assets.{name}" for name in ("branch", "features_version", "root_run_id"))


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
        tags = self._tags(branch, features_version, run) | {ROLE: "train_run"}
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

    def start_candidate(
        self, parent_run_id: str, key: str, params: Mapping[str, object], run: dg.DagsterRun, *, name: str
    ) -> str:
        """Start a candidate's child run, which is shown as ``name``, and return its id."""
        client = self.client()
        parent = client.get_run(parent_run_id)
        tags = self._tags(parent.data.tags[_BRANCH], parent.data.tags[_FEATURES], run) | {
            "mlflow.parentRunId": parent_run_id,
            "dagster.partition": key,
            ROLE: "candidate",
        }
        child = client.create_run(parent.info.experiment_id, run_name=name, tags=tags)
        client.log_batch(child.info.run_id, params=_logged(params))
        return child.info.run_id

    def start_trial(
        self, branch: str, features_version: str, params: Mapping[str, object], run: dg.DagsterRun, *, name: str
    ) -> str:
        """Start the run of a trial, which has no parent and registers nothing, and return its id."""
        client = self.client()
        tags = self._tags(branch, features_version, run) | {ROLE: "trial"}
        started = client.create_run(self._experiment(client, branch), run_name=name, tags=tags).info.run_id
        client.log_batch(started, params=_logged(params))
        return started

    def log_losses(self, run_id: str, losses: Mapping[str, Sequence[float]], *, first: int) -> None:
        """Log losses after each epoch (epoch 1 is step 1), those of epoch ``first`` being the first ones given."""
        from mlflow.entities import Metric

        now = _now()
        metrics = [
            Metric(name, value, now, step)
            for name, values in losses.items()
            for step, value in enumerate(values, start=first)
        ]
        client = self.client()
        for start in range(0, len(metrics), _MOST_AT_ONCE):
            client.log_batch(run_id, metrics=metrics[start : start + _MOST_AT_ONCE])

    def finish_candidate(self, run_id: str, figures: Mapping[str, float]) -> None:
        """Log the figures of a candidate, or of a trial, and mark its run FINISHED."""
        self.client().log_batch(run_id, metrics=_metrics(figures))
        self.mark("FINISHED", run_id)

    def describe_training(self, run_id: str, key: str, params: Mapping[str, object], data: "TrainingData") -> None:
        """Say on a train run which candidate was selected, and which data set it learnt from.

        Parameters cannot be changed in MLflow, so a run that is executed again, and selects another candidate, keeps
        those of the first; the tag is right in any case.
        """
        from mlflow.entities import Dataset, DatasetInput, InputTag

        client = self.client()
        run = client.get_run(run_id)
        client.log_batch(
            run_id, params=[] if run.data.params else _logged(params), tags=[_tag("selected_candidate", key)]
        )
        first, last = data.dates or ("none", "none")
        sizes = {f"{split}_{label}": n for split, of_label in data.sizes.items() for label, n in of_label.items()}
        profile = {"num_rows": sum(sizes.values()), **sizes, "first_date": first, "last_date": last}
        dataset = Dataset(
            name=f"{run.data.tags[_BRANCH]} reviews",
            digest=data.digest[:_LONGEST_DIGEST],
            source_type="landed files",
            source=json.dumps({"batches": len(data.batches), "last": data.batches[-1] if data.batches else None}),
            profile=json.dumps(profile),
        )
        client.log_inputs(run_id, [DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])])

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
        beside: Mapping[str, bytes] | None = None,
    ) -> str:
        """Log a model and its reference to a run and register it, once for equal models. Returns the version.

        Files that are kept ``beside`` the model, by name, are the version's own too (``kept_beside``). The files of a
        version lie in a folder named by its digest, which no other version shares and nothing is written to again. When
        two runs register equal models at one moment, the first version stays and the other is removed.
        """
        client = self.client()
        registered = self._version_of_digest(client, branch, digest)
        if registered is None:
            with tempfile.TemporaryDirectory() as folder:
                saved = Path(folder) / "model"
                _save_pyfunc(model, reference, saved)
                for name, content in (beside or {}).items():
                    (saved / name).write_bytes(content)
                client.log_artifacts(run_id, str(saved), f"model/{digest}")
            client.log_batch(run_id, metrics=_metrics(metrics))
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
        client = self.client()
        with tempfile.TemporaryDirectory() as folder:
            for name, content in files.items():
                (Path(folder) / name).write_bytes(content)
            client.log_artifacts(run_id, folder, "report")
        client.log_batch(run_id, metrics=_metrics(metrics))

    def report_link(self, run_id: str, name: str) -> dg.UrlMetadataValue:
        """A link to a file that ``log_report`` has kept with a run."""
        experiment = self.client().get_run(run_id).info.experiment_id
        return self._page_link(experiment, run_id, f"report/{name}")

    def comparison_link(self, parent_run_id: str) -> dg.UrlMetadataValue:
        """A link to the candidates of a train run side by side, the one with the smallest validation loss first."""
        experiment = self.client().get_run(parent_run_id).info.experiment_id
        asked = {
            "searchFilter": f"tags.`{ROLE}` = 'candidate' and tags.`mlflow.parentRunId` = '{parent_run_id}'",
            "orderByKey": "metrics.`validation_loss`",
            "orderByAsc": "true",
            "compareRunsMode": "CHART",
        }
        query = f"{_FACE}&{urlencode(asked, quote_via=quote)}"
        return dg.MetadataValue.url(f"{self.mlflow_ui}/#/experiments/{experiment}/runs?{query}")

    def publish_page(self, branch: str, name: str, content: bytes) -> dg.UrlMetadataValue:
        """Put a page where the branch's people look, as an artifact of its one monitoring run; a link to it."""
        client = self.client()
        experiment, run_id = self._monitoring_run(client, branch)
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / name).write_bytes(content)
            client.log_artifact(run_id, str(Path(folder) / name))
        return self._page_link(experiment, run_id, name)

    def page_link(self, branch: str, name: str) -> dg.UrlMetadataValue:
        """A link to a page that is, or will be, put there by ``publish_page``."""
        return self._page_link(*self._monitoring_run(self.client(), branch), name)

    def _page_link(self, experiment: str, run_id: str, name: str) -> dg.UrlMetadataValue:
        return dg.MetadataValue.url(
            f"{self.mlflow_ui}/#/experiments/{experiment}/runs/{run_id}/artifacts/{name}?{_FACE}"
        )

    def promote(self, branch: str, version: str) -> None:
        """Move the alias ``champion``."""
        set_champion(self.client(), branch, version)

    def remove_superseded(self, branch: str, *, newest: int, pinned: Collection[str]) -> Removed:
        """Remove old versions and train runs, as ``remove_superseded_versions`` does. Raises ``MlflowAway``."""
        require_mlflow(self.uri())
        return remove_superseded_versions(branch, self.uri(), newest=newest, pinned=pinned)

    def run_link(self, run_id: str) -> dg.UrlMetadataValue:
        """A link to a run in MLflow's UI."""
        experiment = self.client().get_run(run_id).info.experiment_id
        return dg.MetadataValue.url(f"{self.mlflow_ui}/#/experiments/{experiment}/runs/{run_id}?{_FACE}")

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

    def _experiment(self, client: "MlflowClient", name: str) -> str:
        from mlflow.exceptions import MlflowException

        existing = client.get_experiment_by_name(name)
        if existing is not None:
            return existing.experiment_id
        on_disk = self.uri().startswith(SQLITE)  # a server has a place for artifacts of its own
        place = (local_home() / "mlartifacts").as_uri() if on_disk else None
        try:
            return client.create_experiment(name, artifact_location=place, tags=_MODEL_TRAINING)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
            faster = client.get_experiment_by_name(name)  # another run was a moment faster
            if faster is None:  # or somebody has deleted it: MLflow keeps the name, and does not find it by that
                raise
            return faster.experiment_id

    def _monitoring_run(self, client: "MlflowClient", branch: str) -> tuple[str, str]:
        """Experiment and run of a branch's pages; the oldest, if some that began at once have made more than one.

        They lie beside the experiment of the branch, so that what is compared there are train runs. The run in which
        former releases kept pages stays as it is, and says where they are written to now.
        """
        experiment = self._experiment(client, f"{branch}-monitoring")
        wanted = f"tags.`{ROLE}` = 'monitoring'"

        def oldest() -> "Sequence[Run]":
            return client.search_runs([experiment], wanted, order_by=["attributes.start_time"], max_results=1)

        runs = oldest()
        if not runs:
            made = client.create_run(experiment, run_name="monitoring", tags={ROLE: "monitoring"}).info.run_id
            self.mark("FINISHED", made)
            runs = oldest()
            if runs[0].info.run_id != made:
                client.delete_run(made)
            former = client.get_experiment_by_name(branch)
            for each in client.search_runs([former.experiment_id], wanted) if former else []:
                now = f"These pages are as they were before an update. Now: {self.run_link(runs[0].info.run_id).value}"
                client.set_tag(each.info.run_id, "mlflow.note.content", now)
        return experiment, runs[0].info.run_id

    def _parents(
        self, client: "MlflowClient", experiment: str, features_version: str, *conditions: str
    ) -> "Sequence[Run]":
        wanted = [
            f"tags.`{ROLE}` = 'train_run'",
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


def _metrics(figures: Mapping[str, float]) -> "list[Metric]":
    from mlflow.entities import Metric

    now = _now()
    return [Metric(name, value, now, 0) for name, value in figures.items()]


def _logged(params: Mapping[str, object]) -> "list[Param]":
    from mlflow.entities import Param

    return [Param(name, str(value)) for name, value in params.items()]


def _tag(name: str, value: str) -> "RunTag":
    from mlflow.entities import RunTag

    return RunTag(f"sentiment_assets.{name}", value)


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
