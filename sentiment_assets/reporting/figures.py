"""The figures of a report, as one tidy table for people and other tools."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from sentiment_assets.reporting.intervals import ErrorRates, adjusted_sentiment, net_sentiment

ALL = "all"
COLUMNS = (
    "branch",
    "by",
    "value",
    "period",
    "reviews",
    "positive",
    "mean_score",
    "net_sentiment",
    "net_low",
    "net_high",
    "adjusted",
    "adjusted_low",
    "adjusted_high",
)
_MOST_PERIODS = 60
_PERIODS = {"D": "day", "W": "week", "M": "month"}
_MOST_VALUES = 12
_ANSWERS = ["score", "label", "words", "contributions", "model_version"]


@dataclass(frozen=True)
class ScoredReviews:
    """The reviews that a report is about, each once."""

    reviews: pd.DataFrame
    """Columns review_id, text, created_at (missing where unknown), batch, score, label, words, contributions,
    model_version, and those that the branch keeps."""
    out_of_date: tuple[str, ...]
    """Batches that were taken in again since they were scored: not counted."""
    repeated: int
    """Reviews that stand in a later batch again: counted once, as they were last."""


def join_scores(raw: Mapping[str, pd.DataFrame], scored: Mapping[str, pd.DataFrame]) -> ScoredReviews:
    """Put reviews and scores of batches together, both by batch, the oldest first."""
    joined, out_of_date = [], []
    for batch, scores in scored.items():
        reviews = raw.get(batch)
        if reviews is None or reviews["review_id"].tolist() != scores["review_id"].tolist():
            out_of_date.append(batch)
            continue
        answers = scores[_ANSWERS].reset_index(drop=True)
        about = reviews.drop(columns=["label", "split"]).reset_index(drop=True)
        joined.append(pd.concat([about.assign(batch=batch), answers], axis=1))
    if not joined:
        empty = pd.DataFrame(columns=["review_id", "text", "created_at", "batch", *_ANSWERS])
        return ScoredReviews(empty, tuple(out_of_date), 0)
    every = pd.concat(joined, ignore_index=True)
    once = every.drop_duplicates("review_id", keep="last", ignore_index=True)
    return ScoredReviews(once, tuple(out_of_date), len(every) - len(once))


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


def report_figures(branch: str, reviews: pd.DataFrame, kept: Sequence[str], rates: ErrorRates | None) -> pd.DataFrame:
    """Net sentiment of all reviews and of the twelve most frequent values of each kept column, whole and by period.

    Columns as in ``COLUMNS``; ``period`` is "all" for the whole.
    """
    period, _ = periods_of(reviews)
    rows = []
    for by in (ALL, *(name for name in kept if name in reviews)):  # no batch may have a column that is kept since
        values = pd.Series(ALL, reviews.index) if by == ALL else reviews[by]
        for value in values.value_counts().index[:_MOST_VALUES]:
            chosen = reviews[values == value]
            rows.append(_row(branch, by, str(value), ALL, chosen, rates))
            for moment, part in chosen.groupby(period[chosen.index], sort=False):
                rows.append(_row(branch, by, str(value), str(moment), part, rates))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(
    branch: str, by: str, value: str, period: str, reviews: pd.DataFrame, rates: ErrorRates | None
) -> tuple[object, ...]:
    n, positive = len(reviews), int((reviews["label"] == 1).sum())
    counted = net_sentiment(positive, n)
    adjusted = adjusted_sentiment(positive, n, rates) if rates else None
    corrected = (adjusted.value, adjusted.low, adjusted.high) if adjusted else (None, None, None)
    mean = float(reviews["score"].mean())
    return (branch, by, value, period, n, positive, mean, counted.value, counted.low, counted.high, *corrected)
