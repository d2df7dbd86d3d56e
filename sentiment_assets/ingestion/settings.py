"""What a branch says about its files: columns, labels, encoding, and when a file is refused as a whole."""

import codecs
import math
import re
from collections import Counter
from collections.abc import Iterable
from functools import cached_property
from typing import Annotated, Any, Literal, NoReturn, Self

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, field_validator, model_validator

from sentiment_assets.settings_base import Settings

_DECIMAL_COMMA = re.compile(r"^([+-]?\d{1,2}),(\d{1,2})$")


def label_key(value: object) -> str:
    """The form in which label values are compared: ``+1``, ``1``, ``1.0`` and ``1,0`` are one value, as are cases."""
    text = str(value).strip().casefold()
    try:
        number = float(_DECIMAL_COMMA.sub(r"\1.\2", text))
    except ValueError:
        return text
    return str(int(number)) if number.is_integer() else str(number)


def _as_written(value: Any) -> Any:
    """YAML reads yes, no, on, off and null as something else than the words."""
    if isinstance(value, bool) or value is None:
        words = {True: "yes, on and true", False: "no, off and false", None: "null, ~ and nothing at all"}[value]
        raise ValueError(f'YAML reads {words} as {value}; put the word in quotes: "…"')
    return value


def _column_name(value: Any) -> Any:
    _as_written(value)
    return value if isinstance(value, str) else _not_quoted(value)


def _not_quoted(value: Any) -> NoReturn:
    raise ValueError(f'YAML reads {value} as {type(value).__name__}, not as a name; put it in quotes: "{value}"')


def _not_empty(name: str) -> str:
    if not name:
        raise ValueError("a column's name has at least 1 character")
    return name


ColumnName = Annotated[str, BeforeValidator(_column_name)]
NamedColumn = Annotated[ColumnName, AfterValidator(_not_empty)]
LabelValue = Annotated[str | int, BeforeValidator(_as_written)]


def _known_encoding(encoding: str) -> str:
    try:
        codecs.lookup(encoding)
    except LookupError:
        raise ValueError(
            f"{encoding!r} is not an encoding that Python knows; try utf-8, cp1252, gb18030, utf-16-le"
        ) from None
    return encoding


Encoding = Annotated[str, AfterValidator(_known_encoding)]


DateOrder = Literal["day_first", "month_first", "year_first"]


class DateColumn(Settings):
    """The column that says when a review was written, and how it says so."""

    column: ColumnName = Field(description="Its name.")
    format: str | None = Field(
        default=None,
        description="How a date is written, in the codes of Python's `strptime` (`%d-%b-%y`), or `epoch_seconds`, "
        "`epoch_milliseconds`, `epoch_microseconds` or `epoch_nanoseconds`; found from the column if left out.",
    )
    order: DateOrder | None = Field(
        default=None, description="Which part of 03/04/2024 comes first, where the column itself does not tell."
    )


class ReviewColumns(Settings):
    """Which column of a landed file holds what. Only the text must be there; `""` says that there is no such column."""

    text: Annotated[
        Annotated[NamedColumn, Tag("name")] | Annotated[list[NamedColumn], Field(min_length=1), Tag("list")],
        Discriminator(lambda given: "list" if isinstance(given, list) else "name"),
    ] = Field(
        default="text",
        description="The review itself; what several columns hold, such as `[title, body]`, is joined by line ends.",
    )
    review_id: ColumnName = Field(
        default="review_id", description="The client's own id; without one, a digest of the row stands in."
    )
    label: ColumnName = Field(default="label", description="Sentiment or rating, read by the label rule.")
    created_at: Annotated[
        Annotated[ColumnName, Tag("name")] | Annotated[DateColumn, Tag("column")],
        Discriminator(lambda given: "column" if isinstance(given, dict | DateColumn) else "name"),
    ] = Field(
        default="created_at",
        description="Date or time, UTC unless it names an offset. How it is written is found from the whole column, or "
        'said: `{column: date, format: "%d.%m.%y"}`, `{column: date, order: day_first}`.',
    )
    split: ColumnName = Field(default="split", description="Official split: train, validation or test.")
    keep: list[NamedColumn] = Field(
        default=[], description="More columns to keep as text, such as product, brand or source."
    )

    renamed: dict[NamedColumn, NamedColumn] = Field(
        default={},
        description="Columns that newer files call otherwise, by their new name: `{review_body: comment}`. A file that "
        "has the former name, too, keeps both.",
    )

    @property
    def texts(self) -> tuple[str, ...]:
        """The columns of the text, in order."""
        return (self.text,) if isinstance(self.text, str) else tuple(self.text)

    @property
    def date(self) -> DateColumn:
        """The column of the date, and how it is written as far as the branch says so."""
        return self.created_at if isinstance(self.created_at, DateColumn) else DateColumn(column=self.created_at)

    def of_role(self, role: str) -> tuple[str, ...]:
        """The columns of a role (text, review_id, label, created_at or split); none where there is no such column."""
        if role == "text":
            return self.texts
        name = self.date.column if role == "created_at" else getattr(self, role)
        return (name,) if name else ()

    @property
    def named(self) -> tuple[str, ...]:
        """The columns that the branch's YAML names itself, so that a file that lacks one is worth a word."""
        roles = [name for role in _ROLES if role in self.model_fields_set for name in self.of_role(role)]
        return tuple(dict.fromkeys([*roles, *self.keep]))

    @property
    def wanted(self) -> frozenset[str]:
        """The columns of the text, and all others that the branch names: what a file should have."""
        return frozenset({*self.texts, *self.named})

    def known_as(self, names: Iterable[str]) -> dict[str, str]:
        """The name by which the branch knows each column of a row or a header."""
        known = {name: name for name in names}
        for new, name in self.renamed.items():
            if new in known and name not in known.values():
                known[new] = name
        return known

    @model_validator(mode="after")
    def _renamed_to_a_column_that_is_named(self) -> Self:
        there = {*self.keep, *(name for role in _ROLES for name in self.of_role(role))}
        unknown = sorted(set(self.renamed.values()) - there)
        if unknown:
            raise ValueError(
                f"renamed: {', '.join(unknown)} is no column of the branch; write new name: name in columns"
            )
        return self

    @field_validator("keep")
    @classmethod
    def _no_reserved_names(cls, keep: list[str]) -> list[str]:
        reserved = sorted(set(keep) & set(RESERVED_COLUMNS))
        if reserved:
            raise ValueError(f"{', '.join(reserved)}: names the platform uses itself; rename them in the export")
        repeated = sorted(name for name, count in Counter(keep).items() if count > 1)
        if repeated:
            raise ValueError(f"{', '.join(repeated)}: named more than once")
        return keep

    @model_validator(mode="after")
    def _a_column_for_each(self) -> Self:
        roles: dict[str, list[str]] = {}
        for role in _ROLES:
            for column in self.of_role(role):
                roles.setdefault(column, []).append(role)
        for column, several in roles.items():
            if len(several) > 1:
                raise ValueError(
                    f"{' and '.join(several)} are one column, {column!r}; name another for one of them, "
                    'or "" if there is none'
                )
        return self


_ROLES = ("text", "review_id", "label", "created_at", "split")
RESERVED_COLUMNS = (
    *("review_id", "text", "label", "neutral", "created_at", "split", "batch", "text_digest", "rating_position"),
    *("score", "confidence", "words", "contributions", "model_version", "known_label", "trained_on", "period", "all"),
)
"""What assets, checks and reports call their own columns, and the value of ``by`` for a report's total."""


class LabelRule(Settings):
    """How the label column becomes positive, negative or neutral (kept, but unlabelled).

    Either by values, or by a rating scale with two bounds; what lies between the bounds is neutral.
    """

    positive: list[LabelValue] = Field(
        default=["1", "positive", "pos", "true"], min_length=1, description="Values of a positive review."
    )
    negative: list[LabelValue] = Field(
        default=["0", "-1", "negative", "neg", "false"],
        min_length=1,
        description="Values of a negative review.",
    )
    neutral: list[LabelValue] = Field(default=["neutral"], description="Values of a review that is neither.")
    positive_from: float | None = Field(
        default=None, allow_inf_nan=False, description="Ratings from here up are positive."
    )
    negative_to: float | None = Field(default=None, allow_inf_nan=False, description="Ratings up to here are negative.")
    lowest: float = Field(default=float("-inf"), description="Ratings below are an error.")
    highest: float = Field(default=float("inf"), description="Ratings above are an error.")
    scores_by_rating: bool = Field(
        default=False,
        description="Whether scores are calibrated to the ratings: a score then says where on the scale from `lowest` "
        "to `highest` a review stands, and the middle of the scale has a score of about 0.",
    )

    @property
    def rating_scale(self) -> tuple[float, float] | None:
        """The lowest and the highest rating, where scores are calibrated to ratings."""
        return (self.lowest, self.highest) if self.scores_by_rating else None

    @property
    def rating_bounds(self) -> tuple[float, float] | None:
        """Up to the first a rating is negative, from the second on positive; ``None`` for values."""
        if self.negative_to is None or self.positive_from is None:
            return None
        return self.negative_to, self.positive_from

    @property
    def is_default_for_numbers(self) -> bool:
        """Whether the branch leaves it to the defaults which numbers are positive and which negative."""
        return not {"positive", "negative", "positive_from", "negative_to"} & self.model_fields_set

    @cached_property
    def label_of_value(self) -> dict[str, int | None]:
        """The label of each value, 1, 0 or None for neutral, by ``label_key`` of the value."""
        groups = ((1, self.positive), (0, self.negative), (None, self.neutral))
        return {label_key(value): label for label, values in groups for value in values}

    @property
    def in_words(self) -> str:
        """A sentence that says which labels are positive, negative and neutral."""
        if self.rating_bounds:
            negative, positive = self.rating_bounds
            return f"ratings from {positive:g} up are positive, up to {negative:g} negative, neutral between."
        groups = (("positive", self.positive), ("negative", self.negative), ("neutral", self.neutral))
        return "; ".join(f"{name}: {', '.join(map(str, values))}" for name, values in groups if values) + "."

    def value_of(self, label: int) -> str:
        """A value that means positive (1) or negative (0) by this rule, for people to write."""
        if self.rating_bounds:
            return f"{self.rating_bounds[label]:g}"
        return str((self.positive if label else self.negative)[0])

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
    def _a_scale_for_scores(self) -> Self:
        if self.scores_by_rating and not (self.rating_bounds and math.isfinite(self.highest - self.lowest)):
            raise ValueError("scores_by_rating needs ratings: positive_from, negative_to, lowest and highest")
        return self

    @model_validator(mode="after")
    def _values_are_distinct(self) -> Self:
        groups = [{label_key(value) for value in values} for values in (self.positive, self.negative, self.neutral)]
        shared = (groups[0] & groups[1]) | (groups[0] & groups[2]) | (groups[1] & groups[2])
        if shared:
            raise ValueError(f"{', '.join(sorted(shared))}: stands under more than one label")
        return self


class FormatSettings(Settings):
    """How a file is written, where the file itself does not tell. Everything may be left out."""

    delimiter: str | None = Field(
        default=None,
        min_length=1,
        max_length=1,
        description="Between two fields of delimited text; found from the file.",
    )
    quoting: Literal["double", "none"] = Field(
        default="double",
        description="`double`: a field in double quotes may hold anything; `none`: quotes are characters like others.",
    )
    escape: str | None = Field(
        default=None, min_length=1, max_length=1, description="The character that takes the meaning from the next one."
    )
    names: list[NamedColumn] = Field(
        default=[],
        description="The columns' names by position, for a file without a header: its first row is a review.",
    )
    header: int | None = Field(
        default=None,
        ge=1,
        description="The row, as people see it, that names the columns: what stands above it is passed over. Found "
        "where it is below titles, or has the columns that the branch names.",
    )
    ignore_from: str | None = Field(
        default=None, min_length=1, description="What a line or row begins with that is no row, such as `#`."
    )
    records: str | None = Field(
        default=None,
        min_length=1,
        description="The way to the list of reviews in a JSON object, such as `data.reviews`.",
    )
    sheet: str | None = Field(default=None, min_length=1, description="The sheet of a spreadsheet.")
    one_review: Literal["line", "file"] | None = Field(
        default=None,
        description="What a review is in plain text: `line`, each line of a .txt; `file`, each .txt of a folder, which "
        "is called by their label. Found where names say it.",
    )

    @model_validator(mode="after")
    def _names_or_a_header(self) -> Self:
        if self.names and self.header:
            raise ValueError("names are for a file without a header, and header says which row it is: give one of them")
        return self


DEFAULT_FORMAT = FormatSettings()


class UnpackingLimits(Settings):
    """How large a compressed file may become: a small one that expands without end must not fill the memory."""

    times: int = Field(
        default=100, ge=1, description="How many times its own size it may become; 64 MB are always allowed."
    )
    megabytes: int = Field(
        default=1000, ge=1, description="The most megabytes that it may become, whatever its own size."
    )


DEFAULT_LIMITS = UnpackingLimits()
DEFAULT_PLACEHOLDERS = (
    *("nan", "null", "none", "na", "n/a", "<na>", "#n/a", r"\N"),
    *("no negative", "no positive", "[deleted]", "[removed]"),
)
Html = Literal["text", "keep"]
Kind = Literal["email", "phone", "url", "iban", "card"]


def _known_region(region: str) -> str:
    from phonenumbers import SUPPORTED_REGIONS

    if region not in SUPPORTED_REGIONS:
        raise ValueError(f"{region!r} is no region with telephone numbers: write two capital letters, such as DE or US")
    return region


class PrivacySettings(Settings):
    """What becomes of personal data in reviews."""

    redact: list[Kind] = Field(
        default=[],
        description="Kinds of values that a word such as `_email_` takes the place of when a file is taken in, before "
        "anything is stored: `email`, `phone`, `url`, `iban`, `card`.",
    )
    regions: list[Annotated[str, AfterValidator(_known_region)]] = Field(
        default=[],
        description="Where telephone numbers without a country's code are dialled, such as `[DE, AT]`; numbers that "
        "begin with a plus are found without it.",
    )


NO_PRIVACY = PrivacySettings()


class IngestionSettings(Settings):
    """Everything that turns a landed file into a batch."""

    format: FormatSettings = DEFAULT_FORMAT
    columns: ReviewColumns = ReviewColumns()
    labels: LabelRule = LabelRule()
    encoding: Encoding = "utf-8"
    placeholders: tuple[str, ...] = DEFAULT_PLACEHOLDERS
    html: Html = "text"
    privacy: PrivacySettings = NO_PRIVACY
    languages: tuple[str, ...] = ()
    largest_quarantine: float = Field(default=0.9, ge=0, le=1)
    unpacking: UnpackingLimits = DEFAULT_LIMITS
