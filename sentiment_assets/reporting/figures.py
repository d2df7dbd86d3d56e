"""The figures of a report, as one tidy table for people and other tools."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sentiment_assets.ingestion.content import content_digest
from sentiment_assets.learning.periods import periods_of
from sentiment_assets.learning.review_identity import is_neutral, label_of_said, labels_said, review_numbers
from sentiment_assets.learning.scored_batch import SCORED_FROM
from sentiment_assets.learning.settings import is_of_sister
from sentiment_assets.reporting.intervals import (
    Band,
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
_TRAINED_ON = "trained_on"
_MOST_VALUES = 12
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
    threshold: float = 0.5
    """The p above which it calls a review positive."""
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


def report_figures(
    branch: str,
    reviews: pd.DataFrame,
    kept: Sequence[str],
    champion: ChampionTestScores | None,
) -> pd.DataFrame:
    """Net sentiment of all reviews and of the twelve most frequent values of each kept column, whole and by period.

    Columns as in ``COLUMNS``; ``period`` is "all" for the whole.
    """
    period, _ = periods_of(reviews)
    reviews = reviews.assign(**{_TRAINED_ON: are_trained_on(reviews, champion)})
    rows = []
    for by in (ALL, *(name for name in kept if name in reviews)):  # no batch may have a column that is kept since
        values = pd.Series(ALL, reviews.index) if by == ALL else reviews[by]
        for value in values.value_counts().index[:_MOST_VALUES]:
            chosen = reviews[values == value]
            rows.append((branch, by, str(value), ALL, *_figures(chosen, champion)))
            for moment, part in chosen.groupby(period[chosen.index], sort=False):
                rows.append((branch, by, str(value), str(moment), *_figures(part, champion)))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def figures_of_all(reviews: pd.DataFrame) -> dict[str, object]:
    """The figures of all reviews in one row, by the names in ``COLUMNS``, as counted: nothing is corrected."""
    figures = _figures(reviews.assign(**{_TRAINED_ON: are_trained_on(reviews, None)}), None)
    return dict(zip(COLUMNS[len(TEXT_COLUMNS) :], figures, strict=True))


def are_trained_on(reviews: pd.DataFrame, champion: ChampionTestScores | None) -> np.ndarray:
    """True for each review that the champion was trained on; all False without a champion."""
    return np.isin(text_digests(reviews["text"]), champion.trained_on if champion else [])


def _figures(reviews: pd.DataFrame, champion: ChampionTestScores | None) -> tuple[object, ...]:
    """The figures of some reviews. Neutral ones are in none of them but their own and two numbers of all.

    The second of these, the last figure, is how many reviews a sister scored, and not the champion.
    """
    neutral, others = reviews[reviews[NEUTRAL]], reviews[~reviews[NEUTRAL]]
    unlearned = neutral[(neutral["score"] != 0) & ~neutral[_TRAINED_ON]]
    of_neutral = _ends(mean_score(unlearned["score"].to_numpy(float)))
    return (
        len(reviews),
        *_figures_of_others(others, champion),
        len(neutral),
        *of_neutral,
        _mixed(others, champion),
        int(are_by_sister(reviews).sum()),
    )


def _mixed(reviews: pd.DataFrame, champion: ChampionTestScores | None) -> int | None:
    """How many reviews without a label have a mixed score."""
    if champion is None or champion.neutral_band is None:
        return None
    unlabelled = reviews[KNOWN_LABEL].isna().to_numpy()
    return int((unlabelled & champion.neutral_band.is_mixed(reviews["score"].to_numpy(float))).sum())


def are_by_sister(reviews: pd.DataFrame) -> np.ndarray:
    """True for each review that a sister scored, because there was no champion yet."""
    return np.array([is_of_sister(str(version)) for version in reviews["model_version"]], bool)


def _figures_of_others(reviews: pd.DataFrame, champion: ChampionTestScores | None) -> tuple[object, ...]:
    recognised = reviews[reviews["score"] != 0]
    positive, n = _positive(recognised["label"]), len(recognised)
    counted = _ends(net_sentiment(positive, n) if n else None)
    labelled = int(reviews[KNOWN_LABEL].notna().sum())
    mean = float(recognised["score"].mean()) if n else None
    unrecognised = len(reviews) - n
    return (unrecognised, positive, mean, *counted, labelled, *_ends(_corrected(reviews, champion)))


def _corrected(reviews: pd.DataFrame, champion: ChampionTestScores | None) -> Band | None:
    """Each review by the best that is known of it: its label, or else what the champion says.

    The champion's error rates on test are not those on its own training reviews, which it knows by heart: only what it
    says of others is corrected, by its errors on test reviews that are as doubtful as these (``weights_as_left``).
    ``None`` if that is needed and cannot be done.
    """
    known = reviews[KNOWN_LABEL].notna()
    answered = ~known & (reviews["score"] != 0)
    by_heart, others = answered & reviews[_TRAINED_ON], answered & ~reviews[_TRAINED_ON]
    parts = [
        (int(chosen.sum()), net_sentiment(_positive(labels[chosen]), int(chosen.sum())))
        for chosen, labels in ((known, reviews[KNOWN_LABEL]), (by_heart, reviews["label"]))
        if chosen.any()
    ]
    if others.any():
        n = int(others.sum())
        unlearned = reviews[~reviews[_TRAINED_ON] & (reviews["score"] != 0)]
        adjusted = None
        if champion:
            left = unlearned[KNOWN_LABEL].isna().to_numpy()
            weights = weights_as_left(unlearned["score"].to_numpy(float), left, champion.scores)
            rates = error_rates(champion.margins, champion.labels, weights)
            adjusted = adjusted_sentiment(_positive(reviews["label"][others]), n, rates)
        if adjusted is None:
            return None
        parts.append((n, adjusted))
    return join_bands(parts) if parts else None


def _positive(labels: "pd.Series[int]") -> int:
    return int((labels == 1).sum())


def _ends(band: Band | None) -> tuple[float | None, float | None, float | None]:
    return (band.value, band.low, band.high) if band else (None, None, None)
