"""The periods by which net sentiment is told over time."""

import pandas as pd

_MOST_PERIODS = 60
_PERIODS = {"D": "day", "W": "week", "M": "month"}


def periods_of(reviews: pd.DataFrame) -> tuple["pd.Series[str]", str]:
    """The period of each review, and what kind it is: day, week or month, or its batch where no review has a date.

    Reviews without a date among others that have one get a missing period.
    """
    dated = reviews["created_at"].dropna()
    if dated.empty:
        return reviews["batch"].astype(object), "batch"
    span = (dated.max() - dated.min()).days
    kind = "D" if span <= _MOST_PERIODS else "W" if span <= 7 * _MOST_PERIODS else "M"
    starts = reviews["created_at"].dt.tz_localize(None).dt.to_period(kind).dt.start_time
    return starts.dt.strftime("%Y-%m-%d").astype(object), _PERIODS[kind]
