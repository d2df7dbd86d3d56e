"""The figures of a report, as one tidy table for people and other tools."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta

import numpy as np
import pandas as pd

from sentiment_assets.ingestion.content import content_digest
from sentiment_assets.learning.periods import periods_of
from sentiment_assets.learning.review_identity import is_neutral, label_of_said, labels_said, review_numbers
from sentiment_assets.learning.scored_batch import SCORED_FROM
from sentiment_assets.learning.settings import is_of_sister
from sentiment_assets.reporting.intervals import (
    Band,
    about_even,
    adjusted_sentiment,
    error_rates,
    join_bands,
    mean_score,
    net_sentiment,
    weights_as_left,
)
from sentiment_assets.reporting.neutral_band import NeutralBand
from sentiment_assets.text_identity import text_digests

ALL = "all"
COLUMNS = (
    "branch",
    "by",
    "value",
    "period",
    "reviews",
    "unrecognised",
    "positive",
    "mean_score",
    "net_sentiment",
    "net_low",
    "net_high",
    "labelled",
    "adjusted",
    "adjusted_low",
    "adjusted_high",
    "neutral",
    "neutral_mean_score",
    "neutral_low",
    "neutral_high",
    "mixed",
    "by_sister",
)
TEXT_COLUMNS = ("branch", "by", "value", "period")
KNOWN_LABEL = "known_label"
NEUTRAL = "neutral"
BATCH = "batch"
"""What ``by`` says where a row is about one batch."""
MOST_VALUES = 50
"""The values of a kept column that have figures."""
_ANSWERS = ["score", "label", "words", "contributions", "model_version"]


@dataclass(frozen=True)
class ChampionTestScores:
    """What a report asks of the champion: its answers on its test split, and what it was trained on."""

    version: str
    margins: np.ndarray
    """float64, shape (n,), n at least 1: what decides its labels."""
    scores: np.ndarray
    """float64, of the same."""
    labels: np.ndarray
    """int8, of the same: 1 or 0."""
    trained_on: np.ndarray
    """uint64, sorted: digests of the texts that it was trained on, about which its error rates on test say nothing."""
    least_positive_score: float = 0.0
    """The score above which it calls a review positive."""
    even_score: float = 0.0
    """The score at which it finds both labels as likely."""
    scores_by_rating: bool = False
    """Whether its scores say where on the scale of ratings a review stands."""
    neutral_band: NeutralBand | None = None
    """Which of its scores are mixed; ``None`` where there are too few neutral reviews to say."""


@dataclass(frozen=True)
class ScoredReviews:
    """The reviews that a report is about, each once."""

    reviews: pd.DataFrame
    """Columns review_id, text, created_at (missing where unknown), batch, known_label (Int8, missing where unknown and
    for neutral), neutral (bool), score, label, words, contributions, model_version, and those that the branch keeps."""
    out_of_date: tuple[str, ...]
    """Batches that were taken in again since they were scored: not counted."""
    repeated: int
    """Scored reviews that stand in several batches: counted once."""


def written_between(scored: ScoredReviews, first: date, last: date) -> ScoredReviews:
    """The same of the reviews that were written from the first day to the last one, both included, in UTC."""
    written = pd.to_datetime(scored.reviews["created_at"], utc=True)
    start, end = (pd.Timestamp(day, tz="UTC") for day in (first, last + timedelta(days=1)))
    return ScoredReviews(scored.reviews[(written >= start) & (written < end)], out_of_date=(), repeated=0)


def join_scores(raw: Mapping[str, pd.DataFrame], scored: Mapping[str, pd.DataFrame]) -> ScoredReviews:
    """Put reviews and scores of batches together, both by batch, the oldest first.

    A review that stands in several batches (``review_numbers``) has the date, the batch and the kept columns of the
    first that has them, the text and score of the last one that is scored, and the last label that anybody gave it:
    so a file of labels alone, a filled-in label budget, adds labels and displaces nothing.
    """
    current = {batch: scores for batch, scores in scored.items() if are_of(scores, raw.get(batch))}
    out_of_date = tuple(batch for batch in scored if batch not in current)
    if not current:
        empty = pd.DataFrame(columns=["review_id", "text", "created_at", "batch", KNOWN_LABEL, *_ANSWERS])
        empty[NEUTRAL] = pd.Series(dtype="bool")
        return ScoredReviews(empty, out_of_date, 0)
    every = pd.concat(
        [_with_answers(batch, reviews, current.get(batch)) for batch, reviews in raw.items()], ignore_index=True
    )
    numbers = review_numbers(every)
    answered = every[every["score"].notna()]
    last = answered[~pd.Series(numbers[answered.index]).duplicated(keep="last").to_numpy()]
    versions = every.drop(columns=["review_id", "text", *_ANSWERS]).groupby(numbers)
    said = versions[KNOWN_LABEL].last()
    whole = versions.first().assign(**{KNOWN_LABEL: label_of_said(said)}).assign(**{NEUTRAL: is_neutral(said)})
    whole = whole.loc[numbers[last.index]]
    once = pd.concat(
        [last[["review_id", "text", *_ANSWERS]].reset_index(drop=True), whole.reset_index(drop=True)], axis=1
    )
    once = once.astype({"score": "float64", "label": "int8"})
    return ScoredReviews(once, out_of_date, len(answered) - len(once))


def are_of(scores: pd.DataFrame, reviews: pd.DataFrame | None) -> bool:
    """Whether scores are of these very reviews; those of a former release say so by their ids alone."""
    if reviews is None or len(reviews) != len(scores):
        return False
    if SCORED_FROM in scores.attrs:
        return bool(scores.attrs[SCORED_FROM] == content_digest(reviews))
    return reviews["review_id"].tolist() == scores["review_id"].tolist()


def _with_answers(batch: str, reviews: pd.DataFrame, scores: pd.DataFrame | None) -> pd.DataFrame:
    said = reviews.assign(label=labels_said(reviews)).rename(columns={"label": KNOWN_LABEL})
    about = said.drop(columns=["split", NEUTRAL], errors="ignore").reset_index(drop=True)
    answers = pd.DataFrame(index=about.index, columns=_ANSWERS) if scores is None else scores[_ANSWERS]
    return pd.concat([about.assign(batch=batch), answers.reset_index(drop=True).astype(object)], axis=1)


def periods_where_it_is_time(reviews: pd.DataFrame) -> tuple["pd.Series[str]", str]:
    """The period of each review, missing where it has no date, and what kind it is: day, week or month.

    Where no review has a date, there are no periods, and their kind is "": files are no time.
    """
    period, kind = periods_of(reviews)
    return (pd.Series(None, reviews.index, dtype=object), "") if kind == "batch" else (period, kind)


def report_figures(
    branch: str,
    reviews: pd.DataFrame,
    kept: Sequence[str],
    champion: ChampionTestScores | None,
) -> pd.DataFrame:
    """Net sentiment of all reviews and of the 50 most frequent values of each kept column, whole and by period.

    The batches follow, each as a whole. Columns as in ``COLUMNS``; ``period`` is "all" for the whole.
    """
    period, _ = periods_where_it_is_time(reviews)
    rows, everything = _rows_of(reviews, champion), np.arange(len(reviews))
    figures = []
    if len(reviews):
        figures += _whole_and_periods((branch, ALL, ALL), everything, period, (rows, champion))
    for by in (name for name in kept if name in reviews):  # no batch may have a column that is kept since
        for value, places in _most_frequent(reviews[by]).items():
            figures += _whole_and_periods((branch, by, str(value)), places, period, (rows, champion))
    for batch, places in _places_by(reviews["batch"]).items():
        figures.append((branch, BATCH, str(batch), ALL, *_figures(rows.at(places), champion)))
    return pd.DataFrame(figures, columns=list(COLUMNS))


def _whole_and_periods(
    names: tuple[str, str, str],
    places: np.ndarray,
    period: "pd.Series[str]",
    of: "tuple[_Rows, ChampionTestScores | None]",
) -> list[tuple[object, ...]]:
    """The whole of some reviews and each of their periods, the earliest first."""
    rows, champion = of
    parts = sorted(_places_by(period.iloc[places]).items())
    return [
        (*names, ALL, *_figures(rows.at(places), champion)),
        *((*names, str(moment), *_figures(rows.at(places[part]), champion)) for moment, part in parts),
    ]


def _most_frequent(values: "pd.Series[str]") -> dict[str, np.ndarray]:
    """Where the most frequent values stand, by value."""
    places = _places_by(values)
    return {str(value): places[value] for value in values.value_counts().index[:MOST_VALUES]}


def _places_by(values: "pd.Series[str]") -> dict[str, np.ndarray]:
    """Where each value that is not missing stands, in the order of their first places."""
    codes, names = pd.factorize(values)
    order = np.argsort(codes, kind="stable")
    ends = np.searchsorted(codes[order], np.arange(-1, len(names)), side="right")
    return {names[number]: order[ends[number] : ends[number + 1]] for number in range(len(names))}


def figures_of_all(reviews: pd.DataFrame) -> dict[str, object]:
    """The figures of all reviews in one row, by the names in ``COLUMNS``, as counted: nothing is corrected."""
    return dict(zip(COLUMNS[len(TEXT_COLUMNS) :], _figures(_rows_of(reviews, None), None), strict=True))


@dataclass(frozen=True)
class _Rows:
    """What figures are made of: arrays with an element for each review."""

    score: np.ndarray
    label: np.ndarray
    known: np.ndarray
    """float64: the label that raters gave, nan where it is unknown or neutral."""
    neutral: np.ndarray
    trained_on: np.ndarray
    by_sister: np.ndarray

    def at(self, places: np.ndarray) -> "_Rows":
        """Some of the reviews."""
        return _Rows(**{each.name: getattr(self, each.name)[places] for each in fields(self)})


def _rows_of(reviews: pd.DataFrame, champion: ChampionTestScores | None) -> _Rows:
    return _Rows(
        score=reviews["score"].to_numpy(float),
        label=reviews["label"].to_numpy(),
        known=reviews[KNOWN_LABEL].astype("Float64").to_numpy(float, na_value=np.nan),
        neutral=reviews[NEUTRAL].to_numpy(bool),
        trained_on=are_trained_on(reviews, champion),
        by_sister=are_by_sister(reviews),
    )


def are_trained_on(reviews: pd.DataFrame, champion: ChampionTestScores | None) -> np.ndarray:
    """True for each review that the champion was trained on; all False without a champion."""
    return np.isin(text_digests(reviews["text"]), champion.trained_on if champion else [])


def _figures(rows: _Rows, champion: ChampionTestScores | None) -> tuple[object, ...]:
    """The figures of some reviews. Neutral ones are in none of them but their own and two numbers of all.

    The second of these, the last figure, is how many reviews a sister scored, and not the champion.
    """
    others = rows.at(np.flatnonzero(~rows.neutral)) if rows.neutral.any() else rows
    unlearned = rows.score[rows.neutral & (rows.score != 0) & ~rows.trained_on]
    return (
        len(rows.score),
        *_figures_of_others(others, champion),
        int(rows.neutral.sum()),
        *_ends(mean_score(unlearned)),
        _mixed(others, champion),
        int(rows.by_sister.sum()),
    )


def _mixed(rows: _Rows, champion: ChampionTestScores | None) -> int | None:
    """How many reviews without a label have a mixed score."""
    if champion is None or champion.neutral_band is None:
        return None
    return int((np.isnan(rows.known) & champion.neutral_band.is_mixed(rows.score)).sum())


def are_by_sister(reviews: pd.DataFrame) -> np.ndarray:
    """True for each review that a sister scored, because there was no champion yet."""
    codes, versions = pd.factorize(reviews["model_version"])
    return np.array([*(is_of_sister(str(version)) for version in versions), False])[codes]


def _figures_of_others(rows: _Rows, champion: ChampionTestScores | None) -> tuple[object, ...]:
    recognised = rows.score != 0
    positive, n = _positive(rows.label[recognised]), int(recognised.sum())
    counted = _ends(net_sentiment(positive, n) if n else None)
    labelled = int((~np.isnan(rows.known)).sum())
    mean = float(rows.score[recognised].mean()) if n else None
    unrecognised = len(rows.score) - n
    return (unrecognised, positive, mean, *counted, labelled, *_ends(_corrected(rows, champion)))


def _corrected(rows: _Rows, champion: ChampionTestScores | None) -> Band | None:
    """Each review by the best that is known of it: its label, or else what the champion says.

    The champion's error rates on test are not those on its own training reviews, which it knows by heart: only what it
    says of others is corrected, by its errors on test reviews that are as doubtful as these (``weights_as_left``).
    Where test tells nothing of such reviews, they may be anything beside those with a label: a few of them widen the
    band of the many a little. ``None`` where no review has a label and the errors are not known.
    """
    known = ~np.isnan(rows.known)
    answered = ~known & (rows.score != 0)
    by_heart, others = answered & rows.trained_on, answered & ~rows.trained_on
    parts = [
        (int(chosen.sum()), net_sentiment(_positive(labels[chosen]), int(chosen.sum())))
        for chosen, labels in ((known, rows.known), (by_heart, rows.label))
        if chosen.any()
    ]
    if others.any():
        n = int(others.sum())
        unlearned = ~rows.trained_on & (rows.score != 0)
        adjusted = None
        if champion:
            left = ~known[unlearned]
            scores, test_scores = (
                about_even(each, champion.even_score) for each in (rows.score[unlearned], champion.scores)
            )
            weights = weights_as_left(scores, left, test_scores)
            rates = error_rates(champion.margins, champion.labels, weights)
            adjusted = adjusted_sentiment(_positive(rows.label[others]), n, rates)
            if adjusted is None and known.any():
                adjusted = Band(net_sentiment(_positive(rows.label[others]), n).value, -1.0, 1.0)
        if adjusted is None:
            return None
        parts.append((n, adjusted))
    return join_bands(parts) if parts else None


def _positive(labels: np.ndarray) -> int:
    return int((labels == 1).sum())


def _ends(band: Band | None) -> tuple[float | None, float | None, float | None]:
    return (band.value, band.low, band.high) if band else (None, None, None)
