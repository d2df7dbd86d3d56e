"""What is asked and answered over HTTP, and how the answer to a wrong question names the field."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

MOST_TEXTS = 1_000
LONGEST_TEXT = 100_000
MOST_BYTES = 10_000_000


class ScoreRequest(BaseModel):
    """Texts to score."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"texts": ["Superb from start to end."]}]}
    )

    texts: list[Annotated[str, StringConstraints(max_length=LONGEST_TEXT)]] = Field(
        min_length=1, max_length=MOST_TEXTS, description="Raw texts; each is read as the branch reads one that lands."
    )


class Word(BaseModel):
    """A word of a text that weighed."""

    word: str
    contribution: float = Field(description="What it added to the margin, exactly; above 0 if towards positive.")


class TextScore(BaseModel):
    """The answer to one text."""

    score: float | None = Field(
        description="2p - 1, from -1 (surely negative) to 1, or with `scores_by_rating` the place on the scale of "
        "ratings; null where there is no text."
    )
    label: int | None = Field(description="1 if p is above the champion's threshold, else 0.")
    confidence: float | None = Field(description="Probability of the label; 0.5 where the champion knows nothing.")
    words: list[Word] | None = Field(default=None, description="The heaviest first; with `explain=true` only.")
    reason: str | None = Field(default=None, description="Why there is no score.")


class ScoreResponse(BaseModel):
    """One answer for each text, in order, all by one model version."""

    branch: str
    model_version: str = Field(description="The champion's version in MLflow's registry.")
    scores: list[TextScore]


class BranchState(BaseModel):
    """What serves a branch."""

    branch: str
    model_version: str | None = Field(description="The version that serves; null while there is no champion.")
    detail: str = Field(description="What is to do, if anything is; otherwise empty.")


class Readiness(BaseModel):
    """Whether scores can be asked for."""

    ready: bool
    registry: str = Field(description="`reachable`, or since when it is not, and why.")
    branches: list[BranchState]


class Refusal(BaseModel):
    """Why there is no answer, and what to do."""

    detail: str


class FieldFault(BaseModel):
    """What is wrong with one field."""

    field: str
    message: str


class Invalid(BaseModel):
    """Why a question cannot be answered, by field."""

    detail: list[FieldFault]


def field_faults(errors: Iterable[Mapping[str, Any]]) -> list[FieldFault]:
    """What pydantic says, without the text at fault, which is nobody's business but the asker's."""
    return [FieldFault(field=_name(each["loc"]) or "body", message=each["msg"]) for each in errors]


def _name(location: tuple[str | int, ...]) -> str:
    """The way to a field, as it is written in JSON; whether it stands in body or query is clear by its name."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in location[1:]).lstrip(".")
