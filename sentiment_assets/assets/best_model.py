"""``best_model``: the challenger, registered in MLflow, and champion if it passes the gate."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

from sentiment_assets.assets.current_features import current_features, stale
from sentiment_assets.assets.event_metadata import SELECTED_CANDIDATE, decision_metadata, read_decision
from sentiment_assets.assets.features import NAME as FEATURES
from sentiment_assets.assets.raw_reviews import NAME as RAW_REVIEWS
from sentiment_assets.assets.splits import NAME as SPLITS
from sentiment_assets.assets.trained_candidates import NAME as TRAINED_CANDIDATES
from sentiment_assets.assets.trained_candidates import read_candidate
from sentiment_assets.assets.ui_metadata import rounded, rows_of, table
from sentiment_assets.assets.versions import code_version
from sentiment_assets.learning.about_branch import AboutBranch
from sentiment_assets.learning.behaviour_cases import BehaviourCases
from sentiment_assets.learning.decision import Decision, Outcome
from sentiment_assets.learning.hyperparameters import fewest_candidates
from sentiment_assets.learning.settings import (
    BEST,
    PromotionRule,
    RecipeSettings,
    SisterName,
)
from sentiment_assets.resources.report_folders import TRAININGS
from sentiment_assets.resources.storage import MAPPED_TEXTS, Frame, Storage, StoredArrays, read_each
from sentiment_assets.resources.tracking import Tracking
from sentiment_assets.resources.urls import shown
from sentiment_assets.resources.written_files import write_atomically

if TYPE_CHECKING:
    from sentiment_assets.learning.candidate import Candidate
    from sentiment_assets.resources.registry import LoadedChampion

NAME = "best_model"


def best_model_asset(
    branch: str,
    *,
    batch_partitions: dg.DynamicPartitionsDefinition,
    candidate_keys: Sequence[str],
    quorum: float,
    settings: RecipeSettings,
    promotion: PromotionRule,
    behaviour: BehaviourCases,
    about: AboutBranch,
    sisters: Sequence[SisterName] = (),
) -> dg.AssetsDefinition:
    """The asset ``<branch>/best_model``; ``about`` is what the card of a model says of the branch."""
    metric, similarity = settings.metric, settings.splits.near_duplicate_similarity

    @dg.asset(
        name=NAME,
        key_prefix=branch,
        ins={
            SPLITS: dg.AssetIn([branch, SPLITS], metadata={MAPPED_TEXTS: True}),
            FEATURES: dg.AssetIn([branch, FEATURES]),
        },
        deps=[[branch, TRAINED_CANDIDATES]],
        code_version=code_version(__name__, metric, promotion, behaviour, str(similarity), str(settings.rating_scale)),
        kinds={"scikitlearn", "mlflow"},
        description=(
            f"The candidate of {branch} with the {BEST[metric]} on validation (in a small corpus: "
            "cross-validated), trained again on train and validation together, calibrated, evaluated once on test, "
            f"registered as `{branch}` in MLflow and compared with the champion (rule "
            f"`{promotion.rule}`; it may pass no fewer of the branch's behavioural cases). The alias `champion` moves "
            "only if the gate passes."
        ),
    )
    def best_model(  # noqa: PLR0917  Dagster gives them by name
        context: dg.AssetExecutionContext,
        splits: Frame,
        features: StoredArrays,
        storage: Storage,
        tracking: Tracking,
    ) -> dg.MaterializeResult[Any]:
        from joblib import cpu_count

        from sentiment_assets.assets.registration import register_challenger
        from sentiment_assets.learning.calibration import CannotCalibrate
        from sentiment_assets.learning.challenger import make_challenger
        from sentiment_assets.learning.features import StaleFeatures, require_built_with
        from sentiment_assets.learning.measured_challenger import measure_challenger
        from sentiment_assets.learning.model_card import accuracy_in_words, summary
        from sentiment_assets.learning.promotion import decide
        from sentiment_assets.learning.ratings import Ratings
        from sentiment_assets.learning.restatement import gather_past_reviews, restate, with_restatement
        from sentiment_assets.learning.train_report_page import PAGE_FILE, TrainReportPage, render_train_report_page
        from sentiment_assets.learning.training_data import describe_training_data
        from sentiment_assets.monitoring.neutral_reviews import gather_neutral_reviews
        from sentiment_assets.monitoring.reference import REFERENCE_FORMAT

        current = current_features(branch, features, splits, storage=storage, tracking=tracking)
        rows, splits = current.rows, current.splits
        try:
            require_built_with(rows, settings.features, settings.feature_sets, similarity=similarity, sisters=sisters)
        except StaleFeatures as error:
            raise stale(branch, error) from error
        candidates = current_candidates(storage, branch, candidate_keys, features.version)
        missing = [key for key in candidate_keys if key not in candidates]
        _require_quorum(context, branch, missing, n_candidates=len(candidate_keys), quorum=quorum)
        batches = read_each(storage, branch, RAW_REVIEWS, list(splits["batch"].unique()))
        neutral = gather_neutral_reviews((reviews for _, reviews in batches), splits)
        scale = settings.rating_scale
        try:
            challenger = make_challenger(
                candidates,
                rows,
                splits,
                metric=metric,
                sisters=current.sisters,
                ratings=Ratings(scale, neutral.with_ratings, settings.splits) if scale else None,
                n_jobs=cpu_count(),
                folder=storage.folder_of_unfinished,
            )
        except CannotCalibrate as error:
            raise dg.Failure(f"{branch}: {error}.", allow_retries=False) from error

        parent = tracking.parent_run(branch, features.version, context.run, joins_newest=True)
        champion = tracking.champion(branch)
        every = context.instance.get_dynamic_partitions(str(batch_partitions.name))
        measured = measure_challenger(
            challenger,
            champion.model if champion else None,
            candidates=candidates,
            features=rows,
            splits=splits,
            cases=behaviour,
            batch_keys=every,
        )
        tracking.log_report(parent, measured.report.files, measured.figures)
        data = describe_training_data(splits, rows.splits_digest, every)
        hyperparameters = candidates[challenger.key].hyperparameters
        tracking.describe_training(parent, challenger.key, hyperparameters.told, data)

        digest = "-".join(filter(None, (challenger.digest, REFERENCE_FORMAT, neutral.digest)))
        restatement = None
        if champion and champion.digest == digest:
            decision, version = _decided_before(context.instance, branch, tracking, champion), champion.version
        else:
            decision = decide(
                challenger,
                champion=measured.champion,
                comparison=measured.comparison,
                splits=splits,
                rule=promotion,
                cases=behaviour,
            )
            if champion:
                past = gather_past_reviews(read_each(storage, branch, RAW_REVIEWS, every))
                restatement = restate(past, champion=champion.model, challenger=challenger.model)
                decision = with_restatement(decision, restatement, promotion)
                tracking.log_report(parent, restatement.files, restatement.figures)
            version = register_challenger(
                challenger,
                decision,
                digest=digest,
                tracking=tracking,
                storage=storage,
                run_id=parent,
                settings=settings,
                hyperparameters=hyperparameters,
                current=current,
                neutral=neutral,
                about=about,
                data=data,
                behaviour=measured.behaviour,
                batch_keys=every,
                log=context.log,
            )
        if decision.promote:
            tracking.promote(branch, version)
        champion_version = version if decision.promote else champion.version if champion else "none yet"

        context.log.info(decision.reason)
        said = summary(decision, challenger_version=version, champion_version=champion.version if champion else None)
        accuracy = accuracy_in_words(challenger)
        figures = {**challenger.metrics, **measured.figures, **(restatement.figures if restatement else {})}
        page = render_train_report_page(
            TrainReportPage(
                title=f"{branch}: version {version}",
                summary=f"{said} Accuracy {accuracy}.",
                reason=decision.reason,
                figures=figures,
                files={**measured.report.pictures, **(restatement.files if restatement else {})},
                tables={**measured.report.tables, **({"restatement": restatement.periods} if restatement else {})},
            )
        )
        tracking.log_report(parent, {PAGE_FILE: page}, {})
        file = storage.path(branch, TRAININGS, parent, PAGE_FILE)
        write_atomically(file, page)
        return dg.MaterializeResult(
            data_version=dg.DataVersion(f"{branch}-version-{champion_version}"),
            metadata={
                "summary": said,
                "accuracy": accuracy,
                "train_report": tracking.report_link(parent, PAGE_FILE),
                "train_report_file": shown(file),
                **decision_metadata(
                    decision,
                    challenger_version=version,
                    champion_version=champion_version,
                    model_link=tracking.version_link(branch, version),
                ),
                SELECTED_CANDIDATE: challenger.key,
                **({"candidates_missing": missing} if missing else {}),
                **({"started_from": table(map(vars, started))} if (started := challenger.model.started_from) else {}),
                **rounded(figures),
                **{f"{name}_table": rows_of(frame) for name, frame in measured.report.tables.items()},
                **({"restatement_table": rows_of(restatement.periods)} if restatement else {}),
                "mlflow_run": tracking.run_link(parent),
            },
        )

    return best_model


def _require_quorum(
    context: dg.AssetExecutionContext, branch: str, missing: Sequence[str], *, n_candidates: int, quorum: float
) -> None:
    """See that enough candidates are there to choose among; which are missing is said either way."""
    n_there = n_candidates - len(missing)
    if n_there < fewest_candidates(n_candidates, quorum):
        raise dg.Failure(
            f"{len(missing)} of {n_candidates} candidates are not trained on the current features: "
            f"{', '.join(missing)}. Materialize these partitions of {branch}/{TRAINED_CANDIDATES}, then this asset.",
            allow_retries=False,
        )
    if missing:
        context.log.warning(
            f"Chosen among {n_there} of {n_candidates} candidates, as `quorum` allows; not trained on the current "
            f"features: {', '.join(missing)}."
        )


def _decided_before(
    instance: dg.DagsterInstance, branch: str, tracking: Tracking, champion: "LoadedChampion"
) -> Decision:
    """What is to be said of a challenger that is the champion already: that nothing changes.

    But where no event has told of this version, a process was killed between its promotion and the event, and what it
    had decided is told now, so that its message is sent.
    """
    from sentiment_assets.learning.promotion import decide_unchanged

    last = instance.get_latest_materialization_event(dg.AssetKey([branch, NAME]))
    told = last.asset_materialization if last else None
    if told and int(read_decision(told.metadata).challenger_version) >= int(champion.version):
        return decide_unchanged(champion.version)
    [registered] = [each for each in tracking.versions(branch) if each.version == champion.version]
    return Decision(Outcome.PROMOTED, registered.reason)


def current_candidates(
    storage: Storage, branch: str, keys: Sequence[str], features_version: str
) -> "dict[str, Candidate]":
    """The candidates of the search that are trained on the current features."""
    stored = {key: read_candidate(storage, branch, key) for key in keys}
    return {
        key: candidate
        for key, candidate in stored.items()
        if candidate is not None
        and candidate.features_version == features_version
        and candidate.hyperparameters.key == key
    }
