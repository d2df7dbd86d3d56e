"""What a branch is made of: its assets, checks, jobs, sensors and schedules."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from pathlib import Path

import dagster as dg

from sentiment_assets.assets.best_model import NAME as BEST_MODEL
from sentiment_assets.assets.best_model import best_model_asset
from sentiment_assets.assets.features import features_asset
from sentiment_assets.assets.published_scores import published_scores_asset
from sentiment_assets.assets.pulled import pulled_asset
from sentiment_assets.assets.raw_reviews import rules_version
from sentiment_assets.assets.sentiment_report import sentiment_report_asset
from sentiment_assets.assets.splits import splits_asset
from sentiment_assets.assets.suspicious_labels import suspicious_labels_asset
from sentiment_assets.assets.trained_candidates import trained_candidates_asset
from sentiment_assets.automation.alert_sensor import alert_sensor
from sentiment_assets.automation.expired_batches import Places
from sentiment_assets.automation.jobs import branch_jobs, publish_job, version_tags
from sentiment_assets.automation.landing_sensor import landing_sensor
from sentiment_assets.automation.period_report import period_report_job
from sentiment_assets.automation.publishing_sensor import publishing_sensor
from sentiment_assets.automation.retraining_sensor import retraining_sensor
from sentiment_assets.automation.schedules import branch_schedules, pull_schedules
from sentiment_assets.automation.scoring_sensor import scoring_sensor
from sentiment_assets.automation.settings import Freshness
from sentiment_assets.automation.tidying import Tidied, tidying
from sentiment_assets.automation.trial import trial_job
from sentiment_assets.branch.batches import batches_asset
from sentiment_assets.branch.settings import BranchSettings
from sentiment_assets.checks.open_warnings import open_warnings_check
from sentiment_assets.checks.suspicious_labels import suspicious_labels_check
from sentiment_assets.learning.about_branch import AboutBranch
from sentiment_assets.learning.behaviour_cases import NO_CASES, BehaviourCases
from sentiment_assets.learning.settings import RecipeSettings, SisterName, branch_and_version
from sentiment_assets.resources.urls import shown


def branch_definitions(
    name: str,
    settings: BranchSettings,
    behaviour: BehaviourCases = NO_CASES,
    folder: Path | None = None,
    *,
    pinned: Collection[str] = (),
) -> dg.Definitions:
    """What a branch is made of.

    ``folder`` holds its YAML file, and sources of its own; other branches start from the versions ``pinned``.
    """
    ingestion = settings.ingestion
    batch_partitions = dg.DynamicPartitionsDefinition(name=batch_partitions_name(name))
    sisters = settings.start_from
    if any(branch_and_version(each)[0] == name for each in sisters):
        raise ValueError(f"branch {name}: `start_from` names {name}: a branch cannot start from itself")
    candidates, feature_sets = settings.candidates, settings.feature_sets
    candidate_keys = [each.key for each in candidates]
    assets = [
        *(pulled_asset(name, each, settings.landing, folder) for each in settings.sources),
        batches_asset(name, batch_partitions, settings),
        splits_asset(name, batch_partitions, settings.splits, settings.features.tokens),
        features_asset(
            name,
            settings.features,
            feature_sets,
            settings.splits.near_duplicate_similarity,
            sisters=sisters,
            changes_with=_best_models(sisters),
        ),
        trained_candidates_asset(name, candidates, settings.search.patience, settings.selection_metric),
        best_model_asset(
            name,
            batch_partitions=batch_partitions,
            candidate_keys=candidate_keys,
            quorum=settings.search.quorum,
            settings=RecipeSettings(
                splits=settings.splits,
                analyzer=settings.features.tokens,
                features=settings.features,
                feature_sets=feature_sets,
                patience=settings.search.patience,
                metric=settings.selection_metric,
                rating_scale=settings.labels.rating_scale,
            ),
            promotion=settings.promotion,
            behaviour=behaviour,
            about=about_branch(name, settings),
            sisters=sisters,
        ),
        suspicious_labels_asset(name, settings.columns, settings.labels),
        sentiment_report_asset(name, batch_partitions, settings.columns.keep),
        *([published_scores_asset(name, batch_partitions, settings.publish)] if settings.publish else []),
    ]
    definitions = dg.Definitions(
        assets=dg.map_asset_specs(
            lambda spec: spec.replace_attributes(
                group_name=name, owners=settings.owners, freshness_policy=_freshness_policy(spec, settings.freshness)
            ),
            assets,
        ),
        asset_checks=[open_warnings_check(name, batch_partitions), suspicious_labels_check(name)],
        jobs=[
            *branch_jobs(name, [each.name for each in settings.sources]),
            trial_job(name, candidates, settings.selection_metric, version_tags()),
            period_report_job(name, batch_partitions, settings.columns.keep, version_tags()),
            *([publish_job(name)] if settings.publish else []),
        ],
        sensors=[
            landing_sensor(
                name,
                batch_partitions,
                settings.landing,
                rules_version(ingestion),
                settings=ingestion,
                files_per_run=settings.files_per_run,
            ),
            retraining_sensor(name, candidate_keys, settings.retraining, settings.search.quorum),
            scoring_sensor(
                name,
                batch_partitions,
                again=settings.score_again,
                files_per_run=settings.files_per_run,
                sisters=sisters,
            ),
            alert_sensor(name, settings.alerts, settings.freshness),
            *(
                [publishing_sensor(name, batch_partitions, settings.publish, files_per_run=settings.files_per_run)]
                if settings.publish
                else []
            ),
        ],
        schedules=[
            *branch_schedules(name, candidate_keys, settings.schedules),
            *pull_schedules(name, settings.sources),
        ],
    )
    sources = [each.name for each in settings.sources]
    places = Places(settings.landing, ingestion, batch_partitions_name(name), settings.publish)
    return dg.Definitions.merge(definitions, tidying(Tidied(name, settings.retention, sources, pinned, places=places)))


def about_branch(name: str, settings: BranchSettings) -> AboutBranch:
    """What the card of a model says of its branch."""
    pulled = f"; pulled from {', '.join(each.name for each in settings.sources)}" if settings.sources else ""
    return AboutBranch(
        name=name,
        label_rule=settings.labels.in_words,
        sources=f"files that land in {shown(settings.landing)}{pulled}",
        kept=settings.columns.keep,
        owners=settings.owners,
    )


def _best_models(sisters: Sequence[SisterName]) -> list[dg.AssetKey]:
    """The best models that the features change with: those of sisters that are not one version for good."""
    named = [branch_and_version(each) for each in sisters]
    return [dg.AssetKey([branch, BEST_MODEL]) for branch, version in named if version is None]


def _freshness_policy(spec: dg.AssetSpec, freshness: Freshness) -> dg.FreshnessPolicy | None:
    """Shown in the UI; Dagster's own word for stale is that the policy fails."""
    days = freshness.model_dump().get(spec.key.path[-1])
    return dg.FreshnessPolicy.time_window(fail_window=timedelta(days=days)) if days else None


def batch_partitions_name(branch: str) -> str:
    """The name of a branch's dynamic partitions."""
    return f"{branch}/batches"
