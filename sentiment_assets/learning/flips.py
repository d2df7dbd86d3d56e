"""The flip review: which test reviews change sign between champion and challenger, and through which n-grams."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd

from sentiment_assets.learning.metrics import errors
from sentiment_assets.learning.model import SentimentModel

_COLUMNS = ["review_id", "text", "label", "champion_margin", "challenger_margin", "now", "ngram", "ngram_change"]


def flip_review(
    *,
    challenger: SentimentModel,
    challenger_margins: np.ndarray,
    champion: SentimentModel,
    champion_margins: np.ndarray,
    reviews: pd.DataFrame,
) -> pd.DataFrame:
    """The reviews whose sign changes, each with the n-gram whose contribution moved most towards the new sign.

    ``reviews`` has columns review_id, text and label (0 or 1); the margins are theirs, shape (n_reviews,). Returns
    columns review_id, text, label,
    champion_margin, challenger_margin, now (right or wrong), ngram and ngram_change: the n-gram's contribution to the
    challenger's margin less that to the champion's.
    """
    ours, theirs = challenger_margins, champion_margins
    flipped = np.flatnonzero((ours > 0) != (theirs > 0))
    if not len(flipped):
        return pd.DataFrame(columns=_COLUMNS)
    flips = reviews.iloc[flipped][["review_id", "text", "label"]].reset_index(drop=True)
    wrong = errors(ours[flipped], flips["label"].to_numpy())
    directions = np.sign(ours[flipped] - theirs[flipped])
    responsible = _responsible(challenger, champion, flips["text"].tolist(), directions)
    return flips.assign(
        champion_margin=theirs[flipped],
        challenger_margin=ours[flipped],
        now=np.where(wrong, "wrong", "right"),
        ngram=[ngram for ngram, _ in responsible],
        ngram_change=[change for _, change in responsible],
    )


def flips_by_ngram(flips: pd.DataFrame) -> pd.DataFrame:
    """Flips grouped by the n-gram responsible, most frequent first.

    Columns: ngram, reviews, now_right, now_wrong, mean_change, example (the text of one of them).
    """
    grouped = flips.groupby("ngram", sort=False)
    summary = pd.DataFrame(
        {
            "reviews": grouped.size(),
            "now_right": grouped["now"].agg(lambda now: int((now == "right").sum())),
            "now_wrong": grouped["now"].agg(lambda now: int((now == "wrong").sum())),
            "mean_change": grouped["ngram_change"].mean(),
            "example": grouped["text"].first(),
        }
    )
    return summary.sort_values("reviews", ascending=False, kind="stable").reset_index(names="ngram")


def _responsible(
    challenger: SentimentModel, champion: SentimentModel, texts: Sequence[str], directions: np.ndarray
) -> list[tuple[str, float]]:
    """Find for each text the n-gram whose contribution changed most in the direction of the flip, and that change."""
    answers = []
    for ours, theirs, direction in zip(
        challenger.contributions(texts), champion.contributions(texts), directions, strict=True
    ):
        changes = Counter(ours)
        changes.subtract(theirs)
        answers.append(max(changes.items(), key=lambda item: direction * item[1], default=("", 0.0)))
    return answers
