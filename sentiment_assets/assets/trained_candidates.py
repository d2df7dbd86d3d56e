"""``trained_candidates``: one partition per hyperparameter set, one run, one process each.

The shape leans on facts about Dagster that ``sentiment_assets_tests/characterisation`` pins; see
``docs/decisions/0001-candidates-in-one-run.md``.
"""

import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import dagster as dg

from sentiment_assets.assets.features import NAME as FEATURES
from sentiment_assets.assets.live_losses import LiveLosses
from sentiment_assets.assets.ui_metadata import rounded, table
from sentiment_assets.assets.versions import code_version
from sentiment_assets.learning.hyperparameters import Hyperparameters
from sentiment_assets.learning.settings import SelectionMetric
from sentiment_assets.resources.dagster_runs import has_ended, range_tags
from sentiment_assets.resources.mlflow_settings import MlflowAway
from sentiment_assets.resources.storage import Storage, StoredArrays
from sentiment_assets.resources.tracking import Tracking
from sentiment_assets.resources.written_files import write_atomically

if TYPE_CHECKING:
    from sentiment_assets.learning.candidate import Candidate

NAME = "trained_candidates"
_TRAIN = "train_candidate"
POOL = "candidates"
"""The concurrency pool of all branches' candidates; a limit is set in the UI or in `dagster.yaml`."""


def trained_candidates_asset(
    branch: str, hyperparameter_sets: Sequence[Hyperparameters], patience: int | None, metric: SelectionMetric
) -> dg.AssetsDefinition:
    """The asset ``<branch>/trained_candidates``; ``metric`` is what the candidates will be compared by."""
    candidates = {mapping_key(each.key): each for each in hyperparameter_sets}
    asset_key = dg.AssetKey([branch, NAME])

    def train_and_store(
        context: dg.AssetExecutionContext,
        features: StoredArrays,
        hyperparameters: Hyperparameters,
        *,
        storage: Storage,
        tracking: Tracking,
    ) -> "Candidate":
        from sentiment_assets.learning.candidate import candidate_to_bytes, train_candidate
        from sentiment_assets.learning.candidate_figures import candidate_figures
        from sentiment_assets.learning.features import features_from_arrays

        key = hyperparameters.key
        parent = tracking.parent_run(branch, features.version, context.run, joins_newest=True)
        run_id = tracking.start_candidate(
            parent, key, hyperparameters.told, context.run, name=hyperparameters.short_name
        )
        losses = LiveLosses(tracking, run_id, context.log)
        try:
            rows = features_from_arrays(features.arrays, storage.folder_of_unfinished)
            candidate = train_candidate(
                rows,
                features.version,
                hyperparameters,
                mlflow_run_id=run_id,
                patience=patience,
                on_epoch=losses.after_epoch,
            )
            write_atomically(storage.candidate_path(branch, key), candidate_to_bytes(candidate))
        except MlflowAway:
            raise  # to tell MLflow would wait once more; what is left RUNNING there is closed as after a kill
        except BaseException:
            tracking.mark("FAILED", run_id, parent)
            raise
        losses.tell()
        tracking.finish_candidate(run_id, candidate_figures(candidate, rows, metric))
        told = _figures(candidate, tracking, parent)
        context.log_event(dg.AssetMaterialization(asset_key, partition=key, metadata=told))
        return candidate

    @dg.op(
        name=f"{branch}__plan_candidates",
        out=dg.DynamicOut(dg.Nothing),
        description="Makes sure that MLflow's experiment and parent run exist; one output per candidate.",
    )
    def plan_candidates(
        context: dg.AssetExecutionContext, features: StoredArrays, tracking: Tracking
    ) -> Iterator[dg.DynamicOutput[None]]:
        ended = partial(has_ended, context.instance)
        if abandoned := tracking.close_abandoned(branch, ended):
            context.log.warning(f"Left RUNNING in MLflow by runs that were killed, now FAILED: {', '.join(abandoned)}.")
        alone = len(context.partition_keys) == 1
        parent = tracking.parent_run(branch, features.version, context.run, joins_newest=alone)
        tracking.take_up(parent, context.run, ended)
        for key in context.partition_keys:
            yield dg.DynamicOutput(None, mapping_key=mapping_key(key))

    @dg.op(
        name=f"{branch}__{_TRAIN}",
        ins={"planned": dg.In(dg.Nothing)},
        out=dg.Out(dg.Nothing),
        pool=POOL,
        description="Trains one candidate in a process of its own and stores it.",
    )
    def train_one_candidate(
        context: dg.AssetExecutionContext,
        features: StoredArrays,
        storage: Storage,
        tracking: Tracking,
    ) -> None:
        hyperparameters = candidates[str(context.op_execution_context.get_mapping_key())]
        train_and_store(context, features, hyperparameters, storage=storage, tracking=tracking)

    @dg.op(
        name=f"{branch}__gather_candidates",
        ins={"trained": dg.In(dg.Nothing)},
        out=dg.Out(dg.Nothing),
        description="Sees that every candidate of the run is there, trains what no step of it has begun, and shows the "
        "figures of each.",
    )
    def gather_candidates(
        context: dg.AssetExecutionContext,
        features: StoredArrays,
        storage: Storage,
        tracking: Tracking,
    ) -> None:
        parent = tracking.parent_run(branch, features.version, context.run, joins_newest=True)
        for key in context.partition_keys:
            candidate = read_candidate(storage, branch, key)
            if candidate is None or candidate.features_version != features.version:
                # Dagster leaves out what had not begun when the run was killed from which this one goes on
                context.log.warning(f"No step of this run trains candidate {key}, so it is trained in this one.")
                hyperparameters = candidates[mapping_key(key)]
                candidate = train_and_store(context, features, hyperparameters, storage=storage, tracking=tracking)
            context.add_asset_metadata(_figures(candidate, tracking, parent), partition_key=key)
        tracking.mark("FINISHED", parent)

    @dg.graph_asset(
        name=NAME,
        key_prefix=branch,
        ins={FEATURES: dg.AssetIn([branch, FEATURES])},
        partitions_def=dg.StaticPartitionsDefinition([each.key for each in candidates.values()]),
        backfill_policy=dg.BackfillPolicy.single_run(),
        code_version=code_version(__name__, str(patience)),
        kinds={"scikitlearn", "mlflow"},
        description=(
            f"{len(candidates)} linear SVCs of {branch}, one partition per hyperparameter set, trained side by side by "
            "SGD on hinge loss. A failed one leaves the others green; re-execute from failure trains it alone."
        ),
    )
    def trained_candidates(features: StoredArrays) -> None:
        trained = plan_candidates(features).map(lambda planned: train_one_candidate(features, planned=planned))
        return gather_candidates(features, trained=trained.collect())

    return trained_candidates


def read_candidate(storage: Storage, branch: str, key: str) -> "Candidate | None":
    """The stored candidate, or ``None`` when it has not been trained yet."""
    from sentiment_assets.learning.candidate import candidate_from_bytes

    path = storage.candidate_path(branch, key)
    return candidate_from_bytes(path.read_bytes()) if path.exists() else None


def is_candidate_step(branch: str, step_key: str) -> bool:
    """Whether a step of a run trains one candidate."""
    return f"{branch}__{_TRAIN}[" in step_key


def all_candidates_tags(keys: Sequence[str]) -> dict[str, str]:
    """The tags of a run over every candidate."""
    return range_tags(keys[0], keys[-1])


def mapping_key(key: str) -> str:
    """A partition key in the alphabet that Dagster allows in step keys: letters, digits and ``_``."""
    spelled = key.replace(".", "p").replace("-", "m").replace("+", "").replace("|", "__")
    return re.sub(r"\W", "_", spelled)


def _figures(candidate: "Candidate", tracking: Tracking, parent: str) -> dict[str, Any]:
    loss = candidate.cross_validated_hinge_loss
    return {
        **({} if loss is None else rounded({"cross_validated_hinge_loss": loss})),
        **rounded({"validation_hinge_loss": candidate.validation_hinge_loss}),
        **rounded({"train_hinge_loss": candidate.train_hinge_loss}),
        "epochs_kept": candidate.svc.best_epoch,
        "compare": tracking.comparison_link(parent),
        "mlflow_run": tracking.run_link(candidate.mlflow_run_id),
        **rounded(vars(candidate.cost)),
        "loss_per_epoch": table(candidate.loss_per_epoch),
        "features_version": candidate.features_version,
    }
