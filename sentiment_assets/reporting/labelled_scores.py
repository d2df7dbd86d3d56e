"""Neutral reviews between positive and negative ones: how many there are, and where the scores of each label lie."""

from dataclasses import dataclass

import pandas as pd

from sentiment_assets.reporting.figures import KNOWN_LABEL, NEUTRAL, ChampionTestScores, are_trained_on
from sentiment_assets.reporting.intervals import Band, mean_score, share_of


@dataclass(frozen=True)
class LabelledScores:
    """The reviews of one label, and the scores by which labels can be compared."""

    label: str
    """``positive``, ``neutral`` or ``negative``."""
    reviews: int
    share: Band
    """Their share of all reviews with a label."""
    compared: int
    """Reviews of them that the champion was not trained on, and in which it knows a word."""
    score: Band | None
    """The mean score of these; ``None`` where there are fewer than two."""


def scores_by_label(reviews: pd.DataFrame, champion: ChampionTestScores | None) -> tuple[LabelledScores, ...]:
    """How many reviews are positive, neutral and negative by their label, and where the scores of each lie.

    Nothing where no review is neutral. The champion is trained on positive and negative reviews and never on neutral
    ones, and what it knows by heart has scores near the ends; so those are not compared.
    """
    if not reviews[NEUTRAL].any():
        return ()
    of_label = {
        "positive": reviews[KNOWN_LABEL] == 1,
        "neutral": reviews[NEUTRAL],
        "negative": reviews[KNOWN_LABEL] == 0,
    }
    compared = (reviews["score"] != 0) & ~are_trained_on(reviews, champion)
    chosen = {name: flags.fillna(False).to_numpy(bool) for name, flags in of_label.items()}
    labelled = sum(int(flags.sum()) for flags in chosen.values())
    return tuple(
        LabelledScores(
            label=name,
            reviews=int(flags.sum()),
            share=share_of(int(flags.sum()), labelled),
            compared=int((flags & compared).sum()),
            score=mean_score(reviews["score"][flags & compared].to_numpy(float)),
        )
        for name, flags in chosen.items()
    )
