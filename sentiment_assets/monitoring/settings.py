"""What a branch says about its monitoring. Light to import, so that definitions load quickly."""

from typing import Literal, Self

from pydantic import Field, model_validator

from sentiment_assets.settings_base import Settings

DRIFT_CHECKS = {
    "text_drift": "Whether the batch's texts are like those that the champion was trained on: a classifier two-sample "
    "test on n-grams, and tests of length, characters, language and unknown words.",
    "label_drift": "Whether the share of positive labels is that of the reviews that the champion was trained on.",
}
"""The drift checks of ``raw_reviews``, and what each asks."""
DEGRADATION_CHECKS = {
    "prediction_drift": "Whether the champion's margins are distributed as on its test reviews.",
    "accuracy": "Whether accuracy on the batch's labelled reviews is that of the champion on test.",
    "estimated_accuracy": "Whether accuracy, estimated from calibrated scores without labels, is still what it was.",
}
"""The degradation checks of ``scored_reviews``, and what each asks."""
CHECKS_THAT_SHARE_ALPHA = tuple(name for name in (*DRIFT_CHECKS, *DEGRADATION_CHECKS) if name != "estimated_accuracy")
"""The checks that share one rate of false alarms: all that test something; an estimate has a band instead."""


class QualityLimits(Settings):
    """The limit of each quality check: the largest share of the reviews (0 to 1) that may have a fault, as a rule.

    A field registers the check of its name; see ``quality_checks``.
    """

    quarantined: float = Field(default=0.05, ge=0, le=1, description="Rows in quarantine, of all that have a text.")
    duplicates: float = Field(default=0.05, ge=0, le=1, description="Texts that stand earlier in the batch.")
    seen_before: float = Field(default=0.2, ge=0, le=1, description="Texts that stand in an earlier batch.")
    empty: float = Field(default=0.01, ge=0, le=1, description="Texts without a letter or digit.")
    truncated: float = Field(default=0.05, ge=0, le=1, description="Texts cut at one and the same length.")
    mojibake: float = Field(default=0.05, ge=0, le=1, description="Texts decoded with a wrong encoding.")
    html: float = Field(default=0.05, ge=0, le=1, description="Texts with tags or entities; `<br>` does not count.")
    wrong_language: float = Field(default=0.1, ge=0, le=1, description="Texts in a language that is not expected.")
    bot_like: float = Field(default=0.05, ge=0, le=1, description="Texts that repeat themselves, or one template.")
    future_dates: float = Field(default=0, ge=0, le=1, description="Dates after the moment of the check.")
    unread_dates: float = Field(
        default=0.05, ge=0, le=1, description="Dates that could not be read, of all reviews that have one."
    )
    unread_splits: float = Field(
        default=0.05, ge=0, le=1, description="Split names that could not be read, of all reviews that have one."
    )
    missing_columns: int = Field(
        default=0, ge=0, description="How many of the columns that the branch names a file may lack."
    )
    label_balance: float = Field(
        default=0.02, ge=0, le=0.5, description="The smallest share of the labelled reviews that the rarer label has."
    )
    labels_and_words: float = Field(
        default=2,
        ge=0,
        description="How many times as large the odds of being positive are, at least, for reviews with words of "
        "praise as for those with words of blame.",
    )


class PagingRule(Settings):
    """When warnings are worth waking somebody: in N of the last M batches."""

    warnings: int = Field(default=2, ge=1, description="N: how many of the last M batches must have warned.")
    of: int = Field(default=3, ge=1, description="M: how many of the last batches count, this one included.")

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.warnings > self.of:
            raise ValueError(f"warnings ({self.warnings}) must not exceed of ({self.of})")
        return self


class MonitoringSettings(Settings):
    """How a batch is compared with the champion's reference, and what is worth a warning."""

    alpha: float = Field(
        default=0.01,
        gt=0,
        lt=0.5,
        description="Share of harmless batches that may warn, all drift and degradation checks taken together, "
        "and all its quality checks once more.",
    )
    smallest_effect: float = Field(
        default=0.03,
        ge=0,
        lt=1,
        description="Share of a batch's reviews; a significant difference that is surely larger warns.",
    )
    accuracy_drop: float = Field(
        default=0.02,
        ge=0,
        lt=1,
        description="How far accuracy may fall below the champion's test accuracy before a sure fall warns.",
    )
    fewest_reviews: int = Field(default=50, ge=10, description="Fewer new reviews are not tested; the check says so.")
    pool_days: int = Field(
        default=180,
        ge=0,
        description="A smaller batch is judged together with batches before it whose reviews are at most so many days "
        "older, and with none if it is 0.",
    )
    languages: list[str] = Field(
        default=[], description="ISO 639-1 codes that are expected; empty: the most frequent language of the batch."
    )
    quality: QualityLimits = Field(default=QualityLimits(), description="Largest shares of faulty reviews.")
    severity: Literal["warn", "error"] = Field(
        default="warn", description="`error`: a quality or drift check of raw_reviews that fails blocks scoring."
    )
    paging: PagingRule = Field(default=PagingRule(), description="When warnings wake somebody.")
    label_budget: int = Field(default=50, ge=0, description="How many reviews to propose for labelling.")

    @property
    def quality_alpha(self) -> float:
        """The rate of false alarms of one quality check, so that all of them together have ``alpha`` (Bonferroni)."""
        return self.alpha / len(QualityLimits.model_fields)

    @property
    def test_alpha(self) -> float:
        """The rate of false alarms of one drift check, so that all of them together have ``alpha`` (Bonferroni)."""
        return self.alpha / len(CHECKS_THAT_SHARE_ALPHA)
