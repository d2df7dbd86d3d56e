"""``SentimentBranch``: one client, market or language, as one YAML file."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import dagster as dg
from pydantic import BaseModel, Field, field_validator

from sentiment_assets.assets.best_model import best_model_asset
from sentiment_assets.assets.features import features_asset
from sentiment_assets.assets.raw_reviews import raw_reviews_asset
from sentiment_assets.assets.scored_reviews import scored_reviews_asset
from sentiment_assets.assets.splits import splits_asset
from sentiment_assets.assets.trained_candidates import trained_candidates_asset
from sentiment_assets.automation.jobs import branch_jobs
from sentiment_assets.checks.row_identity import row_identity_check
from sentiment_assets.ingestion.settings import IngestionSettings, LabelRule, ReviewColumns
from sentiment_assets.learning.hyperparameters import SearchSpace
from sentiment_assets.learning.settings import (
    FeatureSettings,
    PromotionRule,
    SelectionMetric,
    SplitShares,
)
from sentiment_assets.resources.home import below_home

_NAME = re.compile(r"[a-z][a-z0-9_]*")


if TYPE_CHECKING:
    _Model = TypeVar("_Model", bound=BaseModel)
    _Settings = Annotated[_Model, None]
else:

    class _Settings:
        """``_Settings[Model]``: that pydantic model is the YAML schema, and its instance the value.

        Dagster refuses a plain pydantic model whose fields carry constraints; given as a resolver's schema it is
        validated where it stands in the file, so an error names file, line and field.
        """

        def __class_getitem__(cls, model: type[BaseModel]) -> object:
            return Annotated[Any, dg.Resolver(lambda _, value: value, model_field_type=model)]


class SentimentBranch(dg.Component, dg.Model, dg.Resolvable):
    """One client, market or language: its landing place, its model, its jobs.

    The folder that holds this file names the branch. Only `landing` must be given.
    """

    landing: str = Field(
        description="Folder or fsspec URL where review files land; a relative path lies below SENTIMENT_HOME."
    )
    owners: list[str] = Field(
        default=[], description="E-mail addresses, or teams as `team:name`, shown on every asset."
    )
    columns: _Settings[ReviewColumns] = Field(
        default=ReviewColumns(), description="Which column of a landed file holds what."
    )
    labels: _Settings[LabelRule] = Field(
        default=LabelRule(), description="How the label column becomes positive or negative."
    )
    encoding: str = Field(default="utf-8", description="Encoding of text files without a byte order mark.")
    splits: _Settings[SplitShares] = Field(
        default=SplitShares(), description="Percentages of train, validation and test."
    )
    features: _Settings[FeatureSettings] = Field(
        default=FeatureSettings(), description="How a text becomes a row of features."
    )
    search: _Settings[SearchSpace] = Field(
        default=SearchSpace(), description="The hyperparameter sets, one candidate each."
    )
    selection_metric: SelectionMetric = Field(
        default="hinge_loss", description="What the candidates are compared by on validation."
    )
    promotion: _Settings[PromotionRule] = Field(
        default=PromotionRule(), description="When a challenger becomes the champion."
    )

    @field_validator("landing")
    @classmethod
    def _parsable(cls, landing: str) -> str:
        below_home(landing)
        return landing

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The branch's assets, checks and jobs."""
        name = _branch_name(context.path, context.defs_module_path)
        ingestion = IngestionSettings(columns=self.columns, labels=self.labels, encoding=self.encoding)
        batches = dg.DynamicPartitionsDefinition(name=batches_name(name))
        candidates = self.search.hyperparameter_sets()
        assets = dg.Definitions(
            assets=[
                raw_reviews_asset(name, batches, self.landing, ingestion),
                splits_asset(name, batches, self.splits),
                features_asset(name, self.features),
                trained_candidates_asset(name, candidates),
                best_model_asset(
                    name,
                    [each.key for each in candidates],
                    self.features.ngrams,
                    self.selection_metric,
                    self.promotion,
                ),
                scored_reviews_asset(name, batches),
            ]
        ).map_asset_specs(func=lambda spec: spec.replace_attributes(group_name=name, owners=self.owners))
        checks = dg.Definitions(asset_checks=[row_identity_check(name, batches)])
        return dg.Definitions.merge(assets, checks, branch_jobs(name))


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
    same = [
        other
        for other in sorted(defs_folder.rglob("defs.yaml"))
        for text in [other.read_text()]
        if other.parent.name == name
        for _ in range(text.count("sentiment_assets.SentimentBranch"))
    ]
    if len(same) > 1:
        raise ValueError(
            f"{file}: there are {len(same)} branches named {name!r} ({', '.join(map(str, same))}); a branch is "
            "named by its folder, so give each a folder with a name of its own"
        )
    return name
