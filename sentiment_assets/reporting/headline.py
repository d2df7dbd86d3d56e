"""What a report says first: which way reviewers lean, and whether that has changed, as far as the bands can tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

import numpy as np
import pandas as pd

from sentiment_assets.reporting.figures import ALL
from sentiment_assets.reporting.intervals import Band, difference

Lean = Literal["even", "unclear", "positive", "negative", "mostly_positive", "mostly_negative"]
_FREQUENCIES = {"day": "D", "week": "W", "month": "M"}
_NEAR = pd.Timedelta(days=100)
"""So far apart two periods that are compared begin at most: what is older is no news."""
_ENOUGH = 30
"""Reviews from which a period is compared with another."""
_NARROW = 0.1
"""How far the band of an even split reaches from 0 at most; a wider one says too little."""
_MOST = 0.5
"""Net sentiment from which three of four reviews are positive."""


@dataclass(frozen=True)
class Change:
    """A period beside the one before that can be compared with it."""

    now: str
    before: str
    """Both as in the figures: the first day."""
    value: Band
    """How much net sentiment is above that of before."""

    @property
    def is_sure(self) -> bool:
        """Whether chance does not explain it."""
        return self.value.low > 0 or self.value.high < 0


@dataclass(frozen=True)
class Headline:
    """The first sentence in numbers."""

    lean: Lean | None
    """``None`` where there is no net sentiment."""
    band: Band | None
    corrected: bool
    """Whether the band is corrected for the model's errors, and not as counted."""
    change: Change | None
    """``None`` where no two complete periods with enough reviews lie one after the other."""


def headline_of(figures: pd.DataFrame, kind: str, now: datetime, days: tuple[date, date] | None = None) -> Headline:
    """What the figures of one value, whole and by period, say; ``kind`` is the periods' kind, "" without any.

    With ``days``, the first and the last one that are looked at, a period that these cut is not compared.
    """
    wholes = figures[figures["period"] == ALL]
    if not len(wholes):
        return Headline(None, None, corrected=False, change=None)
    adjusted, counted = bands_of(wholes)
    band = adjusted[0] or counted[0]
    periods = figures[(figures["period"] != ALL)].sort_values("period")
    change = _change(periods, kind, now, days) if kind else None
    return Headline(_lean(band) if band else None, band, adjusted[0] is not None, change)


def bands_of(figures: pd.DataFrame) -> tuple[list[Band | None], list[Band | None]]:
    """Net sentiment of each row, corrected and as counted."""
    adjusted, counted = (
        [_band(ends) for ends in figures[list(names)].itertuples(index=False)]
        for names in (("adjusted", "adjusted_low", "adjusted_high"), ("net_sentiment", "net_low", "net_high"))
    )
    return adjusted, counted


def is_complete(period: str, kind: str, now: datetime) -> bool:
    """Whether a period, named by its first day, has ended."""
    return bool(pd.Period(period, _FREQUENCIES[kind]).end_time < pd.Timestamp(now).tz_localize(None))


def _is_within(period: str, kind: str, days: tuple[date, date] | None) -> bool:
    found = pd.Period(period, _FREQUENCIES[kind])
    return days is None or (days[0] <= found.start_time.date() and found.end_time.date() <= days[1])


def places_in_time(periods: Sequence[str], kind: str) -> list[int]:
    """How many periods each is after the first."""
    numbers = [pd.Period(period, _FREQUENCIES[kind]).ordinal for period in periods]
    return [number - numbers[0] for number in numbers]


def _change(periods: pd.DataFrame, kind: str, now: datetime, days: tuple[date, date] | None) -> Change | None:
    """The last complete period with enough reviews, compared with the one before that has enough, if it is near."""
    said = periods["reviews"] - periods["neutral"] - periods["unrecognised"]
    whole = [is_complete(str(each), kind, now) and _is_within(str(each), kind, days) for each in periods["period"]]
    compared = periods[(said >= _ENOUGH) & pd.Series(whole, periods.index, dtype=bool)].tail(2)
    if len(compared) < 2 or np.ptp(pd.to_datetime(compared["period"])) > _NEAR:
        return None
    adjusted, counted = bands_of(compared)
    before, after = adjusted if all(adjusted) else counted
    if before is None or after is None:
        return None
    names = compared["period"].tolist()
    return Change(now=str(names[1]), before=str(names[0]), value=difference(after, before))


def _lean(band: Band) -> Lean:
    if band.low > 0:
        return "mostly_positive" if band.low >= _MOST else "positive"
    if band.high < 0:
        return "mostly_negative" if band.high <= -_MOST else "negative"
    return "even" if band.high - band.low <= 2 * _NARROW else "unclear"


def _band(ends: Sequence[float | None]) -> Band | None:
    return None if any(pd.isna(end) for end in ends) else Band(*map(float, ends))  # type: ignore[arg-type]
