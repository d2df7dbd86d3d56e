"""What a branch says about its model. Light to import, so that definitions load quickly."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator

from sentiment_assets.settings_base import Settings

Weighting = Literal["naive_bayes_idf", "naive_bayes", "tfidf", "presence"]
Analyzer = Literal["word", "char", "char_blank"]
FeatureSet = Literal["words", "characters", "words+characters"]
LabelMetric = Literal["error_rate", "balanced_error_rate", "macro_f1"]
SelectionMetric = Literal["hinge_loss", LabelMetric]
BEST: Mapping[SelectionMetric, str] = {
    "hinge_loss": "smallest hinge loss",
    "error_rate": "smallest error rate",
    "balanced_error_rate": "smallest balanced error rate",
    "macro_f1": "largest macro-F1",
}
"""What is best by each metric, in the words of messages and descriptions."""
SisterName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(@[1-9][0-9]*)?$")]
"""A branch, which stands for its champion, or one of its versions as `branch@version`."""
FEWEST_TO_RECALIBRATE = 50
"""So many labels of the branch's own move threshold and slope of a sister's scores."""


def branch_and_version(sister: SisterName) -> tuple[str, str | None]:
    """The branch that a sister's name names, and its version; ``None``: whichever is the champion."""
    branch, _, version = sister.partition("@")
    return branch, version or None


def version_of_sister(branch: str, version: str) -> str:
    """What a branch without a champion calls the version of a sister that scores: ``movies/3``."""
    return f"{branch}/{version}"


def is_of_sister(version: str) -> bool:
    """Whether a ``model_version`` is of a sister; the branch's own are numbers."""
    return "/" in version


class SplitSettings(Settings):
    """Percentages of the labelled reviews; an official split column wins for the rows that have it."""

    train: int = Field(default=80, gt=0, lt=100, description="Per cent of reviews to train on.")
    validation: int = Field(default=10, gt=0, lt=100, description="Per cent for selection and calibration.")
    test: int = Field(default=10, gt=0, lt=100, description="Per cent read once per challenger.")
    near_duplicate_similarity: float | None = Field(
        default=0.7,
        ge=0.5,
        le=1,
        description="A review that shares so much of its three-token shingles with a test review, or a training review "
        "that does so with a validation review, is set aside; `null`: it trains.",
    )

    last_days: int | None = Field(
        default=None,
        ge=1,
        description="Labelled reviews that are so many days older than the newest dated one are left out; `null`: none "
        "are. Reviews without a date stay.",
    )

    @model_validator(mode="after")
    def _make_a_hundred(self) -> Self:
        total = self.train + self.validation + self.test
        if total != 100:
            raise ValueError(f"train + validation + test must make 100, they make {total}")
        return self


class NgramSettings(Settings):
    """Which n-grams of a text count, and into how many columns they are hashed."""

    analyzer: Analyzer = Field(
        default="word",
        description="`word`; `char`, characters without white space; or `char_blank`, characters with white space as "
        "one blank, and a blank before and after the text.",
    )
    shortest: int = Field(default=1, ge=1, le=8, description="Shortest n-gram, in tokens.")
    longest: int = Field(default=3, ge=1, le=8, description="Longest n-gram, in tokens.")
    columns_log2: int = Field(default=24, ge=8, le=26, description="n-grams are hashed into 2^columns_log2 columns.")
    values: Literal["presence", "counts"] = Field(
        default="presence", description="Whether an n-gram is in a review, or how often."
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.shortest > self.longest:
            raise ValueError(f"shortest ({self.shortest}) must not exceed longest ({self.longest})")
        return self


WORDS = NgramSettings(analyzer="word", shortest=1, longest=3)
CHARACTERS = NgramSettings(analyzer="char_blank", shortest=1, longest=5)


class FeatureSettings(Settings):
    """How a text becomes a row of features."""

    ngrams: NgramSettings | None = Field(
        default=None,
        description="The n-grams of the only feature set. Left out: there are several, and the search says by its "
        "candidates which; words are then taken one to three in a row, characters one to five.",
    )
    weighting: Weighting = Field(
        default="naive_bayes_idf",
        description="`naive_bayes` log-count ratio, that ratio with inverse document frequency (`naive_bayes_idf`), "
        "`tfidf`, or plain `presence`.",
    )
    min_reviews: int = Field(default=3, ge=1, description="Columns in fewer training reviews carry no weight.")

    @property
    def feature_sets(self) -> tuple[FeatureSet, ...]:
        """The feature sets that candidates can ask for; one that asks for none gets the first."""
        if self.ngrams is None:
            return ("words", "characters", "words+characters")
        return ("words",) if self.ngrams.analyzer == "word" else ("characters",)

    @property
    def tokens(self) -> Analyzer | None:
        """What texts are compared by when near-duplicates are looked for; ``None``: their language decides."""
        return self.ngrams.analyzer if self.ngrams else None


class PromotionRule(Settings):
    """When a challenger becomes the champion."""

    rule: Literal["if_not_worse", "if_better", "manual"] = Field(
        default="if_not_worse",
        description="`if_not_worse`: unless it is significantly worse than the champion; `if_better`: only if it "
        "is significantly better; `manual`: never by itself.",
    )
    alpha: float = Field(
        default=0.05,
        ge=0.001,
        lt=0.5,
        description="How often models that are alike may be called worse, and how often better.",
    )
    fewest_test_reviews: int = Field(
        default=20,
        ge=1,
        description="With fewer test reviews the champion stays, or there is none: a tenth of the labelled reviews are "
        "test reviews, unless `splits` says otherwise.",
    )
    largest_restatement: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="A challenger that would change the labels of a larger share of past reviews is held for a person, "
        "who can promote it by hand; `null`: none is. A branch's first model is never held.",
    )


class RecipeSettings(BaseModel, frozen=True):
    """The settings of a branch that decide what becomes of a candidate."""

    splits: SplitSettings
    analyzer: Analyzer | None
    features: FeatureSettings
    feature_sets: tuple[FeatureSet, ...]
    patience: int | None
    metric: SelectionMetric
    rating_scale: tuple[float, float] | None = None
    """The lowest and the highest rating, where scores are calibrated to ratings."""
