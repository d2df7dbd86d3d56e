"""What a branch says about its files: columns, labels, encoding."""

import codecs
from functools import cached_property
from typing import Annotated, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from sentiment_assets.schema import Settings


def label_key(value: object) -> str:
    """The form in which label values are compared: ``+1``, ``1`` and ``1.0`` are one value, as are cases."""
    text = str(value).strip().casefold()
    try:
        return f"{float(text):g}"
    except ValueError:
        return text


def _known_encoding(encoding: str) -> str:
    try:
        codecs.lookup(encoding)
    except LookupError:
        raise ValueError(
            f"{encoding!r} is not an encoding that Python knows; try utf-8, cp1252, gb18030, utf-16-le"
        ) from None
    return encoding


Encoding = Annotated[str, AfterValidator(_known_encoding)]


class ReviewColumns(Settings):
    """Which column of a landed file holds what. Only the text must be there."""

    text: str = Field(default="text", min_length=1, description="The review itself.")
    review_id: str = Field(default="review_id", description="The client's own id; without one, a digest stands in.")
    label: str = Field(default="label", description="Sentiment or rating, read by the label rule.")
    created_at: str = Field(default="created_at", description="ISO 8601 date or time; UTC unless it names an offset.")
    split: str = Field(default="split", description="Official split: train, validation or test.")
    keep: list[str] = Field(default=[], description="More columns to keep as text, such as product, brand or source.")

    @field_validator("keep")
    @classmethod
    def _no_reserved_names(cls, keep: list[str]) -> list[str]:
        reserved = sorted(set(keep) & set(RESERVED_COLUMNS))
        if reserved:
            raise ValueError(f"{', '.join(reserved)}: names the batch uses itself; leave them out")
        return keep


RESERVED_COLUMNS = ("review_id", "text", "label", "created_at", "split", "batch")


class LabelRule(Settings):
    """How the label column becomes positive, negative or neutral (kept, but unlabelled).

    Either by values, or by a rating scale with two bounds; what lies between the bounds is neutral.
    """

    positive: list[str | int] = Field(
        default=["1", "positive", "pos", "true"], min_length=1, description="Values of a positive review."
    )
    negative: list[str | int] = Field(
        default=["0", "-1", "negative", "neg", "false"],
        min_length=1,
        description="Values of a negative review.",
    )
    neutral: list[str | int] = Field(default=["neutral"], description="Values of a review that is neither.")
    positive_from: float | None = Field(
        default=None, allow_inf_nan=False, description="Ratings from here up are positive."
    )
    negative_to: float | None = Field(default=None, allow_inf_nan=False, description="Ratings up to here are negative.")
    lowest: float = Field(default=float("-inf"), description="Ratings below are an error.")
    highest: float = Field(default=float("inf"), description="Ratings above are an error.")

    @property
    def rating_bounds(self) -> tuple[float, float] | None:
        """Up to the first a rating is negative, from the second on positive; ``None`` for values."""
        if self.negative_to is None or self.positive_from is None:
            return None
        return self.negative_to, self.positive_from

    @cached_property
    def label_of_value(self) -> dict[str, int | None]:
        """By ``label_key`` of the value: 1, 0 or None for neutral."""
        groups = ((1, self.positive), (0, self.negative), (None, self.neutral))
        return {label_key(value): label for label, values in groups for value in values}

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        ratings = {"positive_from", "negative_to", "lowest", "highest"} & self.model_fields_set
        values = {"positive", "negative", "neutral"} & self.model_fields_set
        if ratings and values:
            raise ValueError(
                f"give values ({', '.join(sorted(values))}) or ratings ({', '.join(sorted(ratings))}), not both"
            )
        if ratings and (self.positive_from is None or self.negative_to is None):
            raise ValueError("a rating rule needs both positive_from and negative_to")
        if self.positive_from is None or self.negative_to is None:
            return self
        if not self.lowest <= self.negative_to < self.positive_from <= self.highest:
            raise ValueError(
                "it must hold that lowest <= negative_to < positive_from <= highest; they are "
                f"{self.lowest}, {self.negative_to}, {self.positive_from}, {self.highest}"
            )
        return self

    @model_validator(mode="after")
    def _values_are_distinct(self) -> Self:
        groups = [{label_key(value) for value in values} for values in (self.positive, self.negative, self.neutral)]
        shared = (groups[0] & groups[1]) | (groups[0] & groups[2]) | (groups[1] & groups[2])
        if shared:
            raise ValueError(f"{', '.join(sorted(shared))}: stands under more than one label")
        return self


class IngestionSettings(Settings):
    """Everything that turns a landed file into a batch."""

    columns: ReviewColumns = ReviewColumns()
    labels: LabelRule = LabelRule()
    encoding: Encoding = "utf-8"
