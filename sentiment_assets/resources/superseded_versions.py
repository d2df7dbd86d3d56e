"""Old versions of a branch's model, which are removed from MLflow with the train runs that made them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sentiment_assets.resources.registry import CHAMPION_BEFORE, ROLE, aliased, open_client, versions_in_order

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run
    from mlflow.entities.model_registry import ModelVersion


@dataclass(frozen=True)
class Removed:
    """What was removed from MLflow."""

    versions: list[str]
    """The numbers of model versions."""
    train_runs: list[str]
    """The ids of train runs, which went with their candidates."""


def remove_superseded_versions(branch: str, uri: str, *, newest: int, pinned: Collection[str] = ()) -> Removed:
    """Remove old versions of a branch, and then the older train runs with their candidates and files.

    Kept are the ``newest`` ones, the champion, those that rollbacks lead to from it, and the numbers ``pinned``, with
    their train runs. MLflow marks a run as deleted, and ``mlflow gc`` forgets its rows; its files are gone at once.
    """
    client = open_client(uri)
    versions = {str(each.version): each for each in versions_in_order(client, branch)}
    if len(versions) < newest:
        return Removed([], [])
    latest = list(versions)[-newest:]
    champion = aliased(client, branch)
    kept = {*latest, *pinned, *_rolled_back_to(str(champion.version) if champion else None, versions)}
    superseded = [number for number in versions if number not in kept]
    for number in superseded:
        client.delete_model_version(branch, number)
    of_kept = {versions[number].run_id for number in kept if number in versions}
    before = min(versions[number].creation_timestamp for number in latest)
    old = [run for run in _train_runs_before(client, branch, before) if run.info.run_id not in of_kept]
    for run in old:
        candidates = client.search_runs(
            [run.info.experiment_id], f"tags.`mlflow.parentRunId` = '{run.info.run_id}'", max_results=1_000
        )
        for each in (*candidates, run):  # the train run last: if this is killed, it is found again
            _remove(client, each, uri)
    return Removed(superseded, [run.info.run_id for run in old])


def _rolled_back_to(number: str | None, versions: "Mapping[str, ModelVersion]") -> set[str]:
    """A version, and those that one rollback after another leads to."""
    found: set[str] = set()
    while number is not None and number in versions and number not in found:
        found.add(number)
        number = versions[number].tags.get(CHAMPION_BEFORE)
    return found


def _train_runs_before(client: "MlflowClient", branch: str, moment: int) -> "list[Run]":
    """The train runs that had begun before a moment in milliseconds, and have ended; the first thousand of them."""
    experiment = client.get_experiment_by_name(branch)
    if experiment is None:
        return []
    ended = f"attributes.start_time < {moment} and attributes.status != 'RUNNING'"
    wanted = f"tags.`{ROLE}` = 'train_run' and {ended}"
    return list(client.search_runs([experiment.experiment_id], wanted, max_results=1_000))


def _remove(client: "MlflowClient", run: "Run", uri: str) -> None:
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    get_artifact_repository(run.info.artifact_uri, tracking_uri=uri).delete_artifacts()  # type: ignore[no-untyped-call]
    client.delete_run(run.info.run_id)
