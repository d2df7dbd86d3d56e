"""A batch with the scores of a model, and from which content it was scored."""

import pandas as pd

from sentiment_assets.learning.model import SentimentModel

SCORED_FROM = "scored_from"
"""The attribute of a scored batch that holds the version of the reviews that it was scored from."""


def score_batch(model: SentimentModel, version: str, reviews: pd.DataFrame, content: str) -> pd.DataFrame:
    """One row for each of ``reviews`` (columns review_id and text): what the model says, and which version it is.

    ``content`` is the version of the reviews (``content_digest``). Whoever puts reviews and scores together compares
    it, because a replaced batch may have the same ids.
    """
    scored = model.explain(reviews["text"].tolist()).assign(model_version=version)
    scored.insert(0, "review_id", reviews["review_id"])
    scored.attrs = {SCORED_FROM: content}
    return scored
