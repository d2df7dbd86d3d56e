"""The job ``<branch>_trial``: one hyperparameter set of one's own on the current features. It changes nothing else.

It writes no asset, registers no model and keeps no candidate, so nothing that looks at the branch takes it for a train
run (docs/decisions/0037-a-trial-is-a-job-of-its-own.md).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field, ValidationError

from sentiment_assets.assets.best_model import current_candidates
from sentiment_assets.assets.current_features import current_features
from sentiment_assets.assets.features import NAME as FEATURES
from sentiment_assets.assets.live_losses import LiveLosses
from sentiment_assets.assets.splits import NAME as SPLITS
from sentiment_assets.assets.ui_metadata import rows_of
from sentiment_assets.automation.jobs import train_job_name, trial_job_name
from sentiment_assets.learning.hyperparameters import EQUAL_SHARES, Hyperparameters
from sentiment_assets.learning.settings import SelectionMetric
from sentiment_assets.resources.storage import Frame, Storage, StoredArrays, read_arrays, read_with_mapped_texts
from sentiment_assets.resources.tracking import Tracking

if TYPE_CHECKING:
    from sentiment_assets.learning.features import Features


def _described(name: str) -> str:
    return str(Hyperparameters.model_fields[name].description)


class TrialSettings(dg.Config):
    """What a trial is trained with: a hyperparameter set, and what else decides what comes of it."""

    features: str | None = Field(default=None, description=_described("features"))
    start_from: str | None = Field(default=None, description=_described("start_from"))
    word_share: float = Field(default=EQUAL_SHARES, description=_described("word_share"))
    epochs: int = Field(description=_described("epochs"))
    eta0: float = Field(description=_described("eta0"))
    l2: float = Field(description=_described("l2"))
    schedule: str = Field(default="constant", description=_described("schedule"))
    class_weight: str = Field(default="balanced", description=_described("class_weight"))
    seed: int = Field(default=0, ge=0, description="What decides in which order reviews are taken; candidates have 0.")
    patience: int | None = Field(
        default=None, ge=1, description="Stop after so many epochs without a smaller hinge loss on held-out reviews."
    )


def trial_job(
    branch: str, search: Sequence[Hyperparameters], metric: SelectionMetric, tags: dict[str, str]
) -> dg.JobDefinition:
    """The job ``<branch>_trial``; its launchpad begins with the first set of the branch's own ``search``."""

    @dg.op(
        name=f"{branch}__trial",
        out=dg.Out(dg.Nothing),
        description="Trains one hyperparameter set on the current features, measures it on the reviews held out, and "
        "shows it in MLflow beside the candidates.",
    )
    def trial(context: dg.OpExecutionContext, config: TrialSettings, storage: Storage, tracking: Tracking) -> None:
        from sentiment_assets.learning.candidate import train_candidate
        from sentiment_assets.learning.trial import judge_trial

        splits, features = _current(branch, storage)
        rows = current_features(branch, features, splits, storage=storage, tracking=tracking).rows
        hyperparameters = _hyperparameters(config, rows)
        run_id = tracking.start_trial(
            branch,
            features.version,
            {**hyperparameters.told, "seed": config.seed, "patience": config.patience},
            context.run,
            name=f"trial {hyperparameters.short_name}",
        )
        losses = LiveLosses(tracking, run_id, context.log)
        try:
            candidate = train_candidate(
                rows,
                features.version,
                hyperparameters,
                mlflow_run_id=run_id,
                patience=config.patience,
                seed=config.seed,
                on_epoch=losses.after_epoch,
            )
            others = current_candidates(storage, branch, [each.key for each in search], features.version)
            result = judge_trial(candidate, others, rows, metric)
        except BaseException:
            tracking.mark("FAILED", run_id)
            raise
        losses.tell()
        tracking.finish_candidate(run_id, result.figures)
        context.log.info(result.sentence)
        context.add_output_metadata(
            {
                "result": result.sentence,
                "mlflow_run": tracking.run_link(run_id),
                **result.figures,
                "beside_the_candidates": rows_of(result.beside),
            }
        )

    @dg.job(
        name=trial_job_name(branch),
        config=dg.RunConfig(ops={trial.name: TrialSettings(**search[0].model_dump())}),
        tags=tags,
        executor_def=dg.in_process_executor,
        description="Tries one hyperparameter set of your own: set it in the launchpad. It registers nothing, and the "
        "champion stays.",
    )
    def try_one_set() -> None:
        trial()

    return try_one_set


def _current(branch: str, storage: Storage) -> tuple[Frame, StoredArrays]:
    """The splits and features that there are. Raises ``dg.Failure`` if there are none yet."""
    try:
        splits = read_with_mapped_texts(storage.path(branch, f"{SPLITS}.parquet"))
        return splits, read_arrays(storage.path(branch, FEATURES))
    except FileNotFoundError as error:
        raise dg.Failure(
            f"{branch} has no features yet: run the job {train_job_name(branch)} first.", allow_retries=False
        ) from error


def _hyperparameters(config: TrialSettings, features: "Features") -> Hyperparameters:
    """Return what is to be tried. Raises ``dg.Failure`` if that is no hyperparameter set, or these features lack it."""
    asked: dict[str, Any] = {name: getattr(config, name) for name in Hyperparameters.model_fields}
    try:
        found = Hyperparameters.model_validate(asked)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, each['loc'])) or 'the set'}: {each['msg']}" for each in error.errors())
        raise _refused(faults) from error
    wanted = found.features or features.settings.feature_sets[0]
    if wanted not in features.sets:
        raise _refused(f"features: the branch has no {wanted}, it has {', '.join(features.sets)}")
    if found.start_from and found.start_from not in features.sisters:
        named = ", ".join(features.sisters) or "none"
        raise _refused(f"start_from: {found.start_from} is no sister of the branch's features; there are: {named}")
    return found


def _refused(why: str) -> dg.Failure:
    return dg.Failure(f"No trial can be trained with this. {why}. Set it in the launchpad.", allow_retries=False)
