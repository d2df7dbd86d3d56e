"""When a branch is due for retraining, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import Field

from sentiment_assets.settings_base import Settings

_USUALLY_WANTED = 1_000
_WORTH_IT = 0.1
"""The share of the labelled reviews wanted that makes an old champion worth replacing: a handful changes nothing."""


class RetrainingPolicy(Settings):
    """When a train run starts by itself: only if labelled reviews have landed since the last one."""

    new_labelled: int | None = Field(
        default=_USUALLY_WANTED,
        ge=1,
        description="So many labelled reviews since the champion's data; `null`: never for that.",
    )
    failed_checks: bool = Field(
        default=True, description="A drift or degradation check of a batch that landed since the last train run failed."
    )
    champion_days: float | None = Field(
        default=30,
        gt=0,
        description="The champion is older than so many days, and a tenth of `new_labelled` has landed since its data; "
        "`null`: never for that.",
    )
    cool_down_hours: float = Field(
        default=12,
        ge=0,
        description="Hours after a train run in which none starts by itself, unless there is no champion.",
    )


@dataclass(frozen=True)
class TrainingState:
    """What a branch's history says."""

    champion_since: datetime | None
    """When the champion was registered, if there is one."""
    labelled_since_champion: int
    """Labelled reviews of the batches taken in since the champion's data were read."""
    labelled_since_training: int
    """Labelled reviews of the batches taken in since the last train run began, however it ended."""
    last_training: datetime | None
    """When it ended."""
    failed_checks: Sequence[str]
    """``check of batch``, of the batches taken in since the last train run began."""


@dataclass(frozen=True)
class Due:
    """Whether to train, and why or why not."""

    train: bool
    reason: str


def is_due(state: TrainingState, policy: RetrainingPolicy, now: datetime) -> Due:
    """Apply the policy. Without a new labelled review the same model would come out, so there is no reason then."""
    if not state.labelled_since_training:
        return Due(False, "no labelled review has landed since the last train run")
    if state.champion_since is None:
        return Due(True, f"no champion yet, and {state.labelled_since_training:,} labelled reviews")
    ready = state.last_training and state.last_training + timedelta(hours=policy.cool_down_hours)
    if ready and now < ready:
        return Due(False, f"cooling down until {ready:%Y-%m-%d %H:%M} UTC")
    reasons = _reasons(state, policy, now - state.champion_since)
    if reasons:
        return Due(True, "; ".join(reasons))
    return Due(False, f"{state.labelled_since_champion:,} labelled reviews since the champion's data, no check failed")


def _reasons(state: TrainingState, policy: RetrainingPolicy, age: timedelta) -> list[str]:
    reasons = []
    if policy.new_labelled is not None and state.labelled_since_champion >= policy.new_labelled:
        reasons.append(
            f"{state.labelled_since_champion:,} labelled reviews since the champion's data, "
            f"{policy.new_labelled:,} wanted"
        )
    if policy.failed_checks and state.failed_checks:
        reasons.append(f"failed: {', '.join(state.failed_checks)}")
    is_old = policy.champion_days is not None and age > timedelta(days=policy.champion_days)
    if is_old and state.labelled_since_champion >= _WORTH_IT * (policy.new_labelled or _USUALLY_WANTED):
        reasons.append(f"the champion is {age.days} days old, {policy.champion_days:g} allowed")
    return reasons
