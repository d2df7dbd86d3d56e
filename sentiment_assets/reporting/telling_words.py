"""The words behind a report: what praise and complaint are made of, each with a review that says it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

_MOST = 12
_FEWEST_REVIEWS = 3


@dataclass(frozen=True)
class TellingWord:
    """An n-gram that moved many scores."""

    ngram: str
    reviews: int
    """The number of reviews in which it weighed."""
    mean_contribution: float
    """Its mean contribution to the margin of these reviews, exactly."""
    example: str
    """The review in which it weighed most."""
    review_id: str


def telling_words(reviews: pd.DataFrame) -> tuple[list[TellingWord], list[TellingWord]]:
    """Find the words of praise and of complaint that moved the sum of all margins most, each in at least three reviews.

    Columns review_id, text, words and contributions; the last two hold one list per review.
    """
    moves = pd.DataFrame({"ngram": reviews["words"].explode(), "by": reviews["contributions"].explode()}).dropna()
    moves = moves.rename_axis("row").reset_index().astype({"by": np.float64})
    sums = moves.groupby("ngram")["by"].agg(["sum", "mean", "count"])
    sums = sums[sums["count"] >= _FEWEST_REVIEWS].sort_values("sum", kind="stable")
    praise = sums[sums["sum"] > 0].iloc[::-1].head(_MOST)
    complaint = sums[sums["sum"] < 0].head(_MOST)
    return (
        [_word(str(ngram), row, moves, reviews) for ngram, row in praise.iterrows()],
        [_word(str(ngram), row, moves, reviews) for ngram, row in complaint.iterrows()],
    )


def _word(ngram: str, row: "pd.Series[float]", moves: pd.DataFrame, reviews: pd.DataFrame) -> TellingWord:
    of_it = moves[moves["ngram"] == ngram]
    review = reviews.loc[of_it["row"].to_numpy()[of_it["by"].abs().to_numpy().argmax()]]
    return TellingWord(
        ngram=ngram,
        reviews=int(row["count"]),
        mean_contribution=float(row["mean"]),
        example=str(review["text"]),
        review_id=str(review["review_id"]),
    )
