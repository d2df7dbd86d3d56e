"""``SentimentBranch``: one client, market or language, as one YAML file."""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Self

import dagster as dg
import yaml
from pydantic import BaseModel, Field, ValidationError, field_validator

from sentiment_assets.assets.best_model import best_model_asset
from sentiment_assets.assets.features import features_asset
from sentiment_assets.assets.raw_reviews import raw_reviews_asset, rules_version
from sentiment_assets.assets.scored_reviews import scored_reviews_asset
from sentiment_assets.assets.sentiment_report import NAME as SENTIMENT_REPORT
from sentiment_assets.assets.sentiment_report import sentiment_report_asset
from sentiment_assets.assets.splits import splits_asset
from sentiment_assets.assets.trained_candidates import trained_candidates_asset
from sentiment_assets.automation.alert_sensor import alert_sensor
from sentiment_assets.automation.jobs import branch_jobs
from sentiment_assets.automation.landing_sensor import landing_sensor
from sentiment_assets.automation.retraining_sensor import retraining_sensor
from sentiment_assets.automation.schedules import branch_schedules
from sentiment_assets.automation.scoring_sensor import scoring_sensor
from sentiment_assets.automation.settings import Freshness, Schedules
from sentiment_assets.checks.drift import drift_checks
from sentiment_assets.checks.open_warnings import open_warnings_check
from sentiment_assets.checks.degradation import performance_checks
from sentiment_assets.checks.quality import quality_checks
from sentiment_assets.checks.row_identity import row_identity_check
from sentiment_assets.checks.scoring_gate import scoring_gate
from sentiment_assets.ingestion.settings import (
    DEFAULT_LIMITS,
    Encoding,
    IngestionSettings,
    LabelRule,
    ReviewColumns,
    UnpackingLimits,
)
from sentiment_assets.learning.behaviour_cases import NO_CASES, BehaviourCases
from sentiment_assets.learning.hyperparameters import SearchSpace
from sentiment_assets.learning.settings import (
    FeatureSettings,
    PromotionRule,
    SelectionMetric,
    SplitSettings,
)
from sentiment_assets.automation.retraining_policy import RetrainingPolicy
from sentiment_assets.monitoring.settings import MonitoringSettings
from sentiment_assets.resources.home import below_home
from sentiment_assets.resources.notifications import AlertTarget
from sentiment_assets.settings_base import Settings

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_TEMPLATE = "{{"
BEHAVIOUR_FILE = "behaviour.yaml"


class BranchSettings(Settings):
    """The YAML schema of a branch: only ``landing`` must be given."""

    landing: str = Field(
        min_length=1,
        description="Folder or fsspec URL where review files land; a relative path lies below SENTIMENT_HOME. "
        "`{{ env.NAME }}` is replaced from the environment.",
    )
    owners: list[str] = Field(
        default=[], description="E-mail addresses, or teams as `team:name`, shown on every asset."
    )
    columns: ReviewColumns = Field(default=ReviewColumns(), description="Which column of a landed file holds what.")
    labels: LabelRule = Field(default=LabelRule(), description="How the label column becomes positive or negative.")
    encoding: Encoding = Field(default="utf-8", description="Encoding of text files without a byte order mark.")
    largest_quarantine: float = Field(
        default=0.9,
        ge=0,
        le=1,
        description="A file fails as a whole, and its former batch stays, when more than this share of its rows with a "
        "text cannot be used.",
    )
    unpacking: UnpackingLimits = Field(default=DEFAULT_LIMITS, description="How large a compressed file may become.")
    splits: SplitSettings = Field(default=SplitSettings(), description="How the corpus is split.")
    features: FeatureSettings = Field(default=FeatureSettings(), description="How a text becomes a row of features.")
    search: SearchSpace = Field(default=SearchSpace(), description="The hyperparameter sets, one candidate each.")
    selection_metric: SelectionMetric = Field(
        default="hinge_loss", description="What the candidates are compared by on validation."
    )
    promotion: PromotionRule = Field(default=PromotionRule(), description="When a challenger becomes the champion.")
    monitoring: MonitoringSettings = Field(default=MonitoringSettings(), description="When a batch is worth a warning.")
    retraining: RetrainingPolicy = Field(default=RetrainingPolicy(), description="When a train run starts by itself.")
    score_again: bool = Field(
        default=False, description="Whether a new champion scores every batch again, or only those without scores."
    )
    schedules: Schedules = Field(default=Schedules(), description="What happens by the clock.")
    freshness: Freshness = Field(default=Freshness(), description="When an asset counts as stale, in days.")
    alerts: list[AlertTarget] = Field(default=[], description="Who is told about failures, warnings and promotions.")

    @field_validator("landing")
    @classmethod
    def _parsable(cls, landing: str) -> str:
        if _TEMPLATE not in landing:
            below_home(landing)
        return landing


class SentimentBranchScaffolder(dg.Scaffolder):
    """Writes a ``defs.yaml`` that loads as it is."""

    def scaffold(self, request: dg.ScaffoldRequest) -> None:
        """A landing folder with the branch's name, below SENTIMENT_HOME."""
        dg.scaffold_component(request, {"landing": f"landing/{request.target_path.name}"})


@dg.scaffold_with(SentimentBranchScaffolder)
@dataclass(frozen=True)
class SentimentBranch(dg.Component, dg.Resolvable):
    """One client, market or language: its landing place, its model, its jobs.

    The folder that holds the YAML file names the branch. Only `landing` must be given.
    """

    settings: BranchSettings = field(default_factory=lambda: BranchSettings.model_validate({}))
    """Without any given, pydantic says which are missing."""

    @classmethod
    def model(cls) -> type[BaseModel]:
        """The YAML schema, validated where it stands in the file, so that an error names file and line."""
        return BranchSettings

    @classmethod
    def resolve_from_model(cls, context: dg.ResolutionContext, model: BaseModel) -> Self:
        """The branch of a validated YAML file; the landing place may be a template."""
        landing = context.resolve_value(model.landing, as_type=str)
        return cls(BranchSettings.model_validate(dict(model) | {"landing": landing}))

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The branch's assets, checks and jobs."""
        name = _branch_name(context.path, context.defs_module_path)
        return branch_definitions(name, self.settings, _behaviour_cases(context.path / BEHAVIOUR_FILE))


def branch_definitions(name: str, settings: BranchSettings, behaviour: BehaviourCases = NO_CASES) -> dg.Definitions:
    """What a branch is made of."""
    ingestion = IngestionSettings(**{name: getattr(settings, name) for name in IngestionSettings.model_fields})
    batches = dg.DynamicPartitionsDefinition(name=batches_name(name))
    candidates = settings.search.hyperparameter_sets()
    candidate_keys = [each.key for each in candidates]
    assets = [
        raw_reviews_asset(name, batches, settings.landing, ingestion),
        splits_asset(name, batches, settings.splits, settings.features.ngrams.analyzer),
        features_asset(name, settings.features),
        trained_candidates_asset(name, candidates, settings.search.patience),
        best_model_asset(
            name,
            candidate_keys,
            settings.features,
            settings.splits.near_duplicate_similarity,
            settings.selection_metric,
            settings.promotion,
            behaviour,
        ),
        scored_reviews_asset(name, batches, scoring_gate(name, batches, settings.monitoring)),
        sentiment_report_asset(name, batches, settings.columns.keep),
    ]
    return dg.Definitions(
        assets=dg.map_asset_specs(
            lambda spec: spec.replace_attributes(
                group_name=name, owners=settings.owners, freshness_policy=_freshness_policy(spec, settings.freshness)
            ),
            assets,
        ),
        asset_checks=[
            row_identity_check(name, batches),
            quality_checks(name, batches, settings.monitoring),
            drift_checks(name, batches, settings.monitoring),
            performance_checks(name, batches, settings.columns, settings.monitoring),
            open_warnings_check(name, batches),
        ],
        jobs=branch_jobs(name),
        sensors=[
            landing_sensor(name, batches, settings.landing, rules_version(ingestion)),
            retraining_sensor(name, candidate_keys, settings.retraining),
            scoring_sensor(name, batches, again=settings.score_again),
            alert_sensor(name, settings.alerts, settings.freshness),
        ],
        schedules=branch_schedules(name, candidate_keys, settings.schedules),
    )


def _freshness_policy(spec: dg.AssetSpec, freshness: Freshness) -> dg.FreshnessPolicy | None:
    """Shown in the UI; Dagster's own word for stale is that the policy fails."""
    days = freshness.model_dump().get(spec.key.path[-1])
    return dg.FreshnessPolicy.time_window(fail_window=timedelta(days=days)) if days else None


def _behaviour_cases(file: Path) -> BehaviourCases:
    """The branch's behavioural cases; none if it has no such file. Raises ``ValueError`` that names file and field."""
    if not file.exists():
        return NO_CASES
    try:
        return BehaviourCases.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")) or {})
    except (yaml.YAMLError, ValidationError) as error:
        raise ValueError(f"{file}: {error}") from error


def batches_name(branch: str) -> str:
    """The name of a branch's dynamic partitions."""
    return f"{branch}/batches"


def _branch_name(path: Path, defs_folder: Path) -> str:
    """The name of the folder that holds ``defs.yaml``. Raises ``ValueError`` if it is unfit or not unique."""
    name = path.name
    file = path / "defs.yaml"
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"{file}: the folder's name {name!r} names the branch and may hold lower-case letters, digits and _ only, "
            "beginning with a letter; rename the folder"
        )
    if name == SENTIMENT_REPORT:
        raise ValueError(f"{file}: {name!r} is the name of the report that joins all branches; rename the folder")
    same = [
        other
        for other in sorted(defs_folder.rglob("defs.yaml"))
        if other.parent.name == name
        for _ in range(other.read_text().count(f"sentiment_assets.{SentimentBranch.__name__}"))
    ]
    if len(same) > 1:
        raise ValueError(
            f"{file}: there are {len(same)} branches named {name!r} ({', '.join(map(str, same))}); a branch is "
            "named by its folder, so give each a folder with a name of its own"
        )
    return name
