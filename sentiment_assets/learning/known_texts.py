"""Which texts a model has learnt, about which it is surer than about any other."""

import numpy as np

from sentiment_assets.learning.model import SentimentModel
from sentiment_assets.learning.near_duplicates import resembles_any, text_signatures
from sentiment_assets.learning.ngrams import Texts
from sentiment_assets.text_identity import are_among


def are_known(
    model: SentimentModel, texts: Texts, digests: np.ndarray, *, similarity: float | None, n_jobs: int = 1
) -> np.ndarray:
    """True for each text that the model was trained on, or on a near-duplicate of it from ``similarity`` on.

    ``digests`` are those of the texts. Without a similarity near-duplicates are let be.
    """
    known = are_among(digests, model.trained_on)
    if similarity is not None:
        signatures = text_signatures(texts, model.feature_set.main_ngrams.analyzer, n_jobs)
        known |= resembles_any(signatures, model.trained_signatures, similarity)
    return known
