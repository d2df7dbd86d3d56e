"""Hyperparameter sets and the search space that lists them, each with a readable, stable key."""

from collections.abc import Sequence
from itertools import product
from math import ceil
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sentiment_assets.learning.settings import FeatureSet, FeatureSettings
from sentiment_assets.settings_base import Settings

Schedule = Literal["constant", "invscaling", "optimal"]
ClassWeight = Literal["balanced", "none"]
FEATURES = FeatureSettings()
_ROUNDING = 1e-9
Epochs = Annotated[int, Field(gt=0, le=1000)]
Eta0 = Annotated[float, Field(gt=0, allow_inf_nan=False)]
L2 = Annotated[float, Field(ge=0, allow_inf_nan=False)]
WordShare = Annotated[float, Field(gt=0, lt=1)]
BOTH: FeatureSet = "words+characters"
EQUAL_SHARES = 0.5
_OF_BOTH_ALONE = f"word_share is for the feature set {BOTH}, in which words and characters stand side by side"


class Hyperparameters(Settings):
    """One hyperparameter set: what one candidate is trained with."""

    features: FeatureSet | None = Field(
        default=None,
        description="Feature set: `words`, `characters` or `words+characters`. Left out: words, or the branch's own "
        "n-grams.",
    )
    start_from: str | None = Field(
        default=None,
        description="Sister whose margin is one more column: one of those that `start_from` of the branch names. Left "
        "out: none.",
    )
    word_share: WordShare = Field(
        default=EQUAL_SHARES,
        description="How much words count in `words+characters`: their share of the squared length of a row.",
    )
    epochs: Epochs = Field(description="Passes over the training split; W is that after the best of them.")
    eta0: Eta0 = Field(description="Initial learning rate.")
    l2: L2 = Field(description="Strength of the L2 penalty on W.")
    schedule: Schedule = Field(
        default="constant",
        description="Learning rate over time: `constant`, `invscaling` (eta0 / sqrt(t)) or "
        "`optimal` (1 / (l2 * (t + t0)), which ignores eta0).",
    )
    class_weight: ClassWeight = Field(
        default="balanced",
        description="`balanced`: both labels weigh the same in training, however many reviews have each; `none`: every "
        "review weighs the same.",
    )

    @model_validator(mode="after")
    def _optimal_needs_l2(self) -> Self:
        if self.schedule == "optimal" and self.l2 == 0:
            raise ValueError("schedule 'optimal' needs l2 above 0")
        return self

    @model_validator(mode="after")
    def _share_is_of_both(self) -> Self:
        if self.word_share != EQUAL_SHARES and self.features != BOTH:
            raise ValueError(_OF_BOTH_ALONE)
        return self

    @property
    def key(self) -> str:
        """The partition key: readable, and the same for equal values however they were written."""
        sister = f"start_from={self.start_from}|" if self.start_from else ""
        features = f"features={self.features}|" if self.features else ""
        share = "" if self.word_share == EQUAL_SHARES else f"word_share={self.word_share:.12g}|"
        named = f"{sister}{features}{share}epochs={self.epochs}|eta0={self.eta0:.12g}|l2={self.l2:.12g}"
        schedule = "" if self.schedule == "constant" else f"|schedule={self.schedule}"
        class_weight = "" if self.class_weight == "balanced" else f"|class_weight={self.class_weight}"
        return f"{named}{schedule}{class_weight}"

    @property
    def rows(self) -> tuple[str, float, str]:
        """What is the same for all candidates that were trained on the same rows (``Features.asked_by``)."""
        return self.features or "", self.word_share, self.start_from or ""

    @property
    def told(self) -> dict[str, object]:
        """The values by their names, without the share of words where nothing is shared."""
        return self.model_dump(exclude=None if self.features == BOTH else {"word_share"})

    @property
    def short_name(self) -> str:
        """A name for lists, in which what tells candidates apart comes first: ``words 12ep eta0=1 l2=1e-06``."""
        values = [
            self.features,
            None if self.word_share == EQUAL_SHARES else f"word_share={self.word_share:g}",
            f"{self.epochs}ep",
            f"eta0={self.eta0:g}",
            f"l2={self.l2:g}",
            None if self.schedule == "constant" else self.schedule,
            None if self.class_weight == "balanced" else f"class_weight={self.class_weight}",
            self.start_from and f"from {self.start_from}",
        ]
        return " ".join(filter(None, values))


class Grid(Settings):
    """Every combination of these values is a candidate."""

    features: list[FeatureSet] | None = Field(
        default=None,
        min_length=1,
        description="Feature sets to try. Left out: words, or the branch's own n-grams.",
    )
    word_share: list[WordShare] = Field(
        default=[EQUAL_SHARES],
        min_length=1,
        description="Shares of words to try in `words+characters`; other feature sets have none.",
    )
    epochs: list[Epochs] = Field(
        min_length=1, description="Most epochs of a candidate. The best is kept, so one number is enough."
    )
    eta0: list[Eta0] = Field(min_length=1, description="Initial learning rates to try.")
    l2: list[L2] = Field(min_length=1, description="L2 strengths to try.")
    schedule: list[Schedule] = Field(default=["constant"], min_length=1, description="Learning-rate schedules to try.")
    class_weight: list[ClassWeight] = Field(default=["balanced"], min_length=1, description="Class weights to try.")

    @model_validator(mode="after")
    def _shares_are_of_both(self) -> Self:
        if self.word_share != [EQUAL_SHARES] and BOTH not in (self.features or ()):
            raise ValueError(_OF_BOTH_ALONE)
        return self

    @property
    def feature_sets(self) -> list[tuple[FeatureSet | None, float]]:
        """The feature sets to try, each with the shares of words to try in it."""
        asked: list[FeatureSet] | list[None] = self.features or [None]
        return [(each, share) for each in asked for share in (self.word_share if each == BOTH else [EQUAL_SHARES])]


DEFAULT_GRID = Grid(features=["words", "characters", BOTH], epochs=[12], eta0=[0.3, 1.0], l2=[1e-06])
GRID_OF_ONE_SET = Grid(epochs=[20], eta0=[0.1, 0.3, 1.0], l2=[1e-06, 1e-05])
"""The search of a branch that says which n-grams it wants, and not how to search."""


class SearchSpace(Settings):
    """The candidates of a branch: a grid, an explicit list, or both. Left out: a grid of six."""

    grid: Grid | None = Field(default=None, description="Every combination of these values.")
    candidates: list[Hyperparameters] = Field(default=[], description="Hyperparameter sets listed one by one.")
    patience: int | None = Field(
        default=None,
        ge=1,
        description="Stop a candidate after so many epochs without a smaller hinge loss on held-out reviews. Left out: "
        "every epoch is run. Its best epoch is kept either way.",
    )

    quorum: float = Field(
        default=1.0,
        gt=0,
        le=1,
        description="The share of the candidates that must have been trained for the best of them to be chosen.",
    )

    @model_validator(mode="after")
    def _candidates_are_valid_and_distinct(self) -> Self:
        if self._is_default():
            return self
        named = {each.start_from: None for each in self.candidates if each.start_from}
        keys = [each.key for each in self.hyperparameter_sets(sisters=list(named))]
        if not keys:
            raise ValueError("the search is empty: give a grid, a list of candidates, or neither")
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise ValueError(f"listed more than once: {', '.join(twice)}")
        return self

    def hyperparameter_sets(
        self, features: FeatureSettings = FEATURES, sisters: Sequence[str] = ()
    ) -> Sequence[Hyperparameters]:
        """The grid's combinations in the order they are written, then the listed ones.

        Those of the grid come without a sister, then with each of ``sisters``, the names that a branch starts from; a
        listed one says itself. Raises ``ValueError`` for a feature set that ``features`` do not have, and for a sister
        that is none of these.
        """
        default = DEFAULT_GRID if features.ngrams is None else GRID_OF_ONE_SET
        combined = _combinations(default if self._is_default() else self.grid)
        started = [each.model_copy(update={"start_from": name}) for name in sisters for each in combined]
        sets = [*combined, *started, *self.candidates]
        strange = {each.start_from for each in sets if each.start_from} - set(sisters)
        if strange:
            raise ValueError(
                f"`search` asks for the sister {', '.join(sorted(strange))}, which `start_from` of the branch does not "
                f"name; it names {', '.join(sisters) or 'none'}"
            )
        unknown = {each.features for each in sets if each.features} - set(features.feature_sets)
        if unknown:
            raise ValueError(
                f"`search` asks for {', '.join(sorted(unknown))}, but with `ngrams` under `features` there are only "
                f"{features.feature_sets[0]}: leave out one or the other"
            )
        return sets

    def feature_sets(self, features: FeatureSettings) -> tuple[FeatureSet, ...]:
        """The feature sets that some candidate asks for."""
        named = [each.start_from for each in self.candidates if each.start_from]
        sets = self.hyperparameter_sets(features, named)
        asked = {each.features or features.feature_sets[0] for each in sets}
        return tuple(each for each in features.feature_sets if each in asked)

    def _is_default(self) -> bool:
        return not self.model_fields_set - {"patience", "quorum"}


def fewest_candidates(n: int, quorum: float) -> int:
    """How many of ``n`` candidates must be there to choose among them."""
    return ceil(n * quorum - _ROUNDING)


def _combinations(grid: Grid | None) -> list[Hyperparameters]:
    if grid is None:
        return []
    values = product(grid.feature_sets, grid.class_weight, grid.schedule, grid.epochs, grid.eta0, grid.l2)
    return [
        Hyperparameters(
            features=features,
            word_share=share,
            epochs=epochs,
            eta0=eta0,
            l2=l2,
            schedule=schedule,
            class_weight=class_weight,
        )
        for (features, share), class_weight, schedule, epochs, eta0, l2 in values
    ]
