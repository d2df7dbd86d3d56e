"""Whether labels go with what reviews say: a rule turned round would train a model that is wrong about everything."""

import pandas as pd

from sentiment_assets.ingestion.praise_and_blame import count_praise_and_blame
from sentiment_assets.presentation.wording import counted, percent

_RISK, _LEAST = 0.001, 2.0
"""The odds of being positive are twice as large, at least, for reviews that praise: surely less is odd."""
_NEUTRAL = "neutral"


def told_of_labels(reviews: pd.DataFrame) -> str:
    """What is odd about the labels of reviews beside their words; empty if nothing is.

    Looked at are the columns text, label and, if there, neutral.
    """
    if _NEUTRAL in reviews and set(reviews["label"].dropna()) == {0} and reviews[_NEUTRAL].any():
        return _told_of_none_positive(reviews)
    found = count_praise_and_blame(reviews)
    _, highest = found.odds_ratio(_RISK)
    if highest >= _LEAST:
        return ""
    turned = highest < 1
    meant = "they seem to be upside down" if turned else "they seem to say something else than how people feel"
    praised, blamed = map(percent, found.shares)
    return (
        f"labels do not go with words: of {counted(found.praising, 'review')} with words of praise {praised} are "
        f"positive, of {found.blaming:,} with words of blame {blamed}; {meant}: look at `labels`, and at its column"
    )


def _told_of_none_positive(reviews: pd.DataFrame) -> str:
    """What is odd where reviews are negative and neutral: as if 1 were the worst mark of a scale that goes up to 10."""
    found = count_praise_and_blame(reviews.assign(label=reviews["label"].mask(reviews[_NEUTRAL], 1)))
    _, highest = found.odds_ratio(_RISK)
    if highest >= 1:
        return ""
    praised, blamed = map(percent, found.shares)
    return (
        f"labels do not go with words: none is positive, and of {counted(found.praising, 'review')} with words of "
        f"praise {praised} are neutral, of {found.blaming:,} with words of blame {blamed}; they seem to be upside "
        "down: look at `labels`, and at its column"
    )
