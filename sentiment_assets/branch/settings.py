"""``BranchSettings``: everything that a branch's YAML file may say."""

from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from sentiment_assets.automation.retraining_policy import RetrainingPolicy
from sentiment_assets.automation.settings import Freshness, Retention, ScheduledSource, Schedules
from sentiment_assets.ingestion.settings import (
    DEFAULT_FORMAT,
    DEFAULT_LIMITS,
    DEFAULT_PLACEHOLDERS,
    NO_PRIVACY,
    Encoding,
    FormatSettings,
    Html,
    IngestionSettings,
    LabelRule,
    PrivacySettings,
    ReviewColumns,
    UnpackingLimits,
)
from sentiment_assets.learning.hyperparameters import Hyperparameters, SearchSpace
from sentiment_assets.learning.settings import (
    FeatureSet,
    FeatureSettings,
    PromotionRule,
    SelectionMetric,
    SisterName,
    SplitSettings,
)
from sentiment_assets.monitoring.settings import MonitoringSettings
from sentiment_assets.publishing.settings import Destination, each_place_once
from sentiment_assets.resources.alert_targets import AlertTarget
from sentiment_assets.resources.home import below_home
from sentiment_assets.resources.urls import shown
from sentiment_assets.settings_base import ONE_AS_A_LIST, Settings

_TEMPLATE = "{{"


class ServeSettings(Settings):
    """What the scoring service does beside answering."""

    keep: bool = Field(
        default=False,
        description="Whether texts that it is asked about land as a file a day, so that monitoring sees them, too.",
    )


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
    format: FormatSettings = Field(
        default=DEFAULT_FORMAT, description="How a file is written, where the file itself does not tell."
    )
    encoding: Encoding = Field(default="utf-8", description="Encoding of text files without a byte order mark.")
    placeholders: list[str] = Field(
        default=list(DEFAULT_PLACEHOLDERS),
        description="Words, in any case, by which an export says that there is no text, label, date, split or id. A "
        "list of your own takes the place of the default one.",
    )
    html: Html = Field(
        default="text",
        description="What becomes of tags and entities in a text: `text` is what a browser shows, `keep` leaves them.",
    )
    privacy: PrivacySettings = Field(default=NO_PRIVACY, description="What becomes of personal data in reviews.")
    largest_quarantine: float = Field(
        default=0.9,
        ge=0,
        le=1,
        description="A file fails as a whole, and its former batch stays, when more than this share of its rows with a "
        "text cannot be used.",
    )
    files_per_run: int = Field(
        default=50,
        ge=1,
        description="The most landed files that one run takes in, or batches that it scores, one after the other; runs "
        "go side by side.",
    )
    sources: list[ScheduledSource] = Field(
        default=[], description="Where reviews are pulled from into the landing place."
    )
    unpacking: UnpackingLimits = Field(default=DEFAULT_LIMITS, description="How large a compressed file may become.")
    splits: SplitSettings = Field(default=SplitSettings(), description="How the corpus is split.")
    features: FeatureSettings = Field(default=FeatureSettings(), description="How a text becomes a row of features.")
    start_from: Annotated[list[SisterName], ONE_AS_A_LIST] = Field(
        default=[],
        description="Sisters, other branches of the same language: one, or a list. A sister is a branch (`movies`), "
        "whose champion is taken, or one of its versions (`movies@3`). The search tries every candidate of the grid "
        "without and with the margin of each; until there is a champion, the first of them scores.",
    )
    search: SearchSpace = Field(default=SearchSpace(), description="The hyperparameter sets, one candidate each.")
    selection_metric: SelectionMetric = Field(
        default="hinge_loss",
        description="What the branch is judged by: candidates on reviews that were held out, and the challenger beside "
        "the champion. `balanced_error_rate` and `macro_f1` count the rare label as much as the frequent one, and have "
        "a decision threshold that suits them.",
    )
    promotion: PromotionRule = Field(default=PromotionRule(), description="When a challenger becomes the champion.")
    monitoring: MonitoringSettings = Field(default=MonitoringSettings(), description="When a batch is worth a warning.")
    retraining: RetrainingPolicy = Field(default=RetrainingPolicy(), description="When a train run starts by itself.")
    score_again: bool = Field(
        default=False, description="Whether a new champion scores every batch again, or only those without scores."
    )
    serve: ServeSettings = Field(default=ServeSettings(), description="What the scoring service keeps.")
    schedules: Schedules = Field(default=Schedules(), description="What happens by the clock.")
    freshness: Freshness = Field(default=Freshness(), description="When an asset counts as stale, in days.")
    retention: Retention = Field(default=Retention(), description="How long what grows with every day is kept.")
    publish: list[Destination] = Field(
        default=[], description="Warehouses that scores, checks, reports and models are published to, for analysts."
    )
    alerts: list[AlertTarget] = Field(default=[], description="Who is told about failures, warnings and promotions.")

    @property
    def ingestion(self) -> IngestionSettings:
        """What turns a landed file into a batch."""
        shared = {
            name: getattr(self, name) for name in IngestionSettings.model_fields if name in type(self).model_fields
        }
        return IngestionSettings(**shared, languages=tuple(self.monitoring.languages))

    @property
    def candidates(self) -> Sequence[Hyperparameters]:
        """The hyperparameter sets that a train run tries."""
        return self.search.hyperparameter_sets(self.features, self.start_from)

    @property
    def feature_sets(self) -> tuple[FeatureSet, ...]:
        """The feature sets that some candidate asks for."""
        return self.search.feature_sets(self.features)

    @field_validator("start_from")
    @classmethod
    def _each_sister_once(cls, names: list[SisterName]) -> list[SisterName]:
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"listed more than once: {', '.join(twice)}")
        return names

    @field_validator("sources")
    @classmethod
    def _each_source_once(cls, sources: list[ScheduledSource]) -> list[ScheduledSource]:
        names = [each.name for each in sources]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"named more than once: {', '.join(twice)}; what a source has pulled is kept by its name")
        return sources

    @model_validator(mode="after")
    def _what_is_searched_is_there(self) -> Self:
        _ = self.candidates
        return self

    @field_validator("publish")
    @classmethod
    def _each_warehouse_once(cls, destinations: list[Destination]) -> list[Destination]:
        return each_place_once(destinations)

    @field_validator("landing")
    @classmethod
    def _parsable(cls, landing: str) -> str:
        """What pydantic says of a value quotes it, so one with a password is looked at by ``SentimentBranch``."""
        if _TEMPLATE not in landing and shown(landing) == landing:
            below_home(landing)
        return landing
