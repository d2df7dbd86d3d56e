"""What every check says: a frozen result with a sentence a person understands."""

from dataclasses import dataclass, replace
from functools import cached_property
from math import inf
from typing import Literal

Verdict = Literal["ok", "warn", "unknown"]
"""``unknown``: there is too little to judge by, or nothing to compare with. It neither passes judgement nor warns."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """The outcome of one test."""

    name: str
    verdict: Verdict
    sentence: str
    statistic: float | None = None
    effect: float | None = None
    """The effect in the unit of ``threshold``: a share of the reviews, 0 to 1, unless the sentence says otherwise."""
    p_value: float | None = None
    """Corrected for all tests of its family."""
    threshold: float | None = None
    """What the effect is compared with."""
    surely: float | None = None
    """How large the effect surely is: the end of its interval that is nearest to harmless, 0 where chance explains it.
    ``None`` where nothing can be said."""
    too_little: bool = False
    """Whether it warns of an effect that lies surely below the threshold, not above it."""
    parts: "tuple[Finding, ...]" = ()
    """The tests it is made of, if they are several."""

    @property
    def warns(self) -> bool:
        """Whether somebody should look."""
        return self.verdict == "warn"

    def would_warn(self, threshold: float) -> bool:
        """Whether it warns if that is the threshold; the one rule, also behind its own verdict (``judged``)."""
        highest, lowest = self.reach
        return highest > threshold or lowest < threshold

    @cached_property
    def reach(self) -> tuple[float, float]:
        """The thresholds at which it begins to warn: it does below the first, and above the second.

        Each is that of the test that warns most readily; -inf and inf where none of its tests warns so.
        """
        if self.parts:
            highest, lowest = zip(*(part.reach for part in self.parts), strict=True)
            return max(highest), min(lowest)
        if self.surely is None:
            return -inf, inf
        return (-inf, self.surely) if self.too_little else (self.surely, inf)


def judged(finding: Finding) -> Finding:
    """The finding with its verdict, ``warn`` or else what it says already: its effect against its threshold."""
    warns = finding.threshold is not None and finding.would_warn(finding.threshold)
    return replace(finding, verdict="warn") if warns else finding


def unknown(name: str, reason: str) -> Finding:
    """A finding that says why nothing can be said."""
    return Finding(name=name, verdict="unknown", sentence=reason)
