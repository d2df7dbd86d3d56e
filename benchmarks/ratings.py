"""Scores by rating beside scores by label: where they put a middling review, and how far they are from the stars.

    python -m benchmarks.ratings --folder FOLDER [--reviews N] [--draws N]

FOLDER has Parquet files with columns text and rating; those whose ratings are no whole numbers from 1 to 5 or 10, or
never in the middle, are left out. Of each file so many reviews are drawn, neutral ones among them, for a branch with
default settings and the label rule that ``preview`` would propose; up to 4,000 others are scored, once by 2p - 1 and
once with ``scores_by_rating``. Prints one Markdown table of means over the draws: the mean score of the reviews in the
middle of the scale, the mean absolute error in ratings, with each fifth of the scale counted alike and as ratings came,
beside that of the one answer that errs least, and Spearman's correlation of scores and ratings.
"""

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from benchmarks.corpora import search_on
from sentiment_assets.learning.challenger import make_challenger
from sentiment_assets.learning.model import SentimentModel
from sentiment_assets.learning.ratings import RatedReviews, Ratings, measure_ratings
from sentiment_assets.learning.settings import SplitSettings
from sentiment_assets.monitoring.neutral_reviews import gather_neutral_reviews

_MOST_UNSEEN = 4_000
_HIGHEST = (5, 10)
_MIDDLE = 0.2
_COLUMNS = {
    "mean score in the middle": "middle_mean_score",
    "each fifth alike": "balanced_rating_error",
    "error": "rating_error",
    "of the median": "rating_error_of_median",
    "correlation": "rating_correlation",
}


def main() -> None:
    """Measure every file and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, help="folder of Parquet files of rated reviews")
    parser.add_argument("--reviews", type=int, default=4_000, help="how many to draw, at most three quarters of all")
    parser.add_argument("--draws", type=int, default=3, help="draws of each file")
    chosen = parser.parse_args()
    columns = ("corpus", "reviews", "scores by", *_COLUMNS)
    print(f"| {' | '.join(columns)} |\n|{' --- |' * len(columns)}", flush=True)
    for file in sorted(chosen.folder.glob("*.parquet")):
        rated = _rated(file)
        if rated is None:
            continue
        n = min(chosen.reviews, 3 * len(rated) // 4)
        draws = Parallel(n_jobs=2)(delayed(_measure)(rated, n, draw) for draw in range(chosen.draws))
        for by, figures in zip(("label", "rating"), np.mean(draws, axis=0), strict=True):
            print(f"| {file.stem} | {n:,} | {by} | {' | '.join(f'{each:.2f}' for each in figures)} |", flush=True)


def _rated(file: Path) -> pd.DataFrame | None:
    """The reviews as a branch stores them, whose lowest quarter of the scale is negative and highest positive."""
    frame = pd.read_parquet(file, columns=["text", "rating"]).drop_duplicates("text").reset_index(drop=True)
    ratings = pd.to_numeric(frame["rating"], errors="coerce")
    highest = next((each for each in _HIGHEST if ratings.between(1, each).all()), None)
    if highest is None or not (ratings % 1 == 0).all():
        return None
    positions = 2 * (ratings - 1) / (highest - 1) - 1
    if not (positions.abs() < _MIDDLE).any():
        return None
    frame["rating_position"], frame["highest"] = positions, highest
    frame["label"] = pd.Series(np.select([positions >= 0.5, positions <= -0.5], [1, 0], -1)).replace(-1, pd.NA)
    frame["neutral"] = frame["label"].isna()
    return frame.astype({"label": "Int8", "text": "str"}).assign(
        review_id=[str(number) for number in range(len(frame))], split=None, batch="b"
    )


def _measure(reviews: pd.DataFrame, n: int, draw: int) -> list[list[float]]:
    """The figures of one draw, by label and by rating."""
    shuffled = reviews.sample(frac=1, random_state=draw)
    drawn, unseen = shuffled.iloc[:n], shuffled.iloc[n : n + _MOST_UNSEEN]
    scale = 1.0, float(reviews["highest"].iloc[0])
    splits, features, candidates = search_on(drawn)
    ratings = Ratings(scale, gather_neutral_reviews([drawn], splits).with_ratings, SplitSettings())
    by_rating = make_challenger(candidates, features, splits, metric="hinge_loss", ratings=ratings).model
    by_label = replace(by_rating, calibration=replace(by_rating.calibration, rating_curve=None))
    rated = RatedReviews(by_rating.margins(unseen["text"]), unseen["rating_position"].to_numpy(np.float64))
    return [list(_figures(model, rated, scale)) for model in (by_label, by_rating)]


def _figures(model: SentimentModel, reviews: RatedReviews, scale: tuple[float, float]) -> Iterator[float]:
    figures = measure_ratings(model, reviews, scale)
    yield from (figures[name] for name in _COLUMNS.values())


if __name__ == "__main__":
    main()
