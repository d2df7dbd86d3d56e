"""What the gate decides about a challenger. Light to import, so that sensors can read it."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What the gate decides about a challenger; alerts and metadata go by it, never by the words of the reason."""

    PROMOTED = "promoted"
    NOT_PROMOTED = "not_promoted"
    UNCHANGED = "unchanged"
    """The challenger is the champion itself: the same data and settings made the same model again."""


@dataclass(frozen=True)
class Decision:
    """The outcome, and the sentence that says why."""

    outcome: Outcome
    reason: str

    @property
    def promote(self) -> bool:
        """Whether the challenger becomes the champion."""
        return self.outcome is Outcome.PROMOTED
