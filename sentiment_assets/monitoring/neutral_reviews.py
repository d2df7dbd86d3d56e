"""The neutral reviews beside a champion's training data: no model learns from them, but batches hold them too."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
import pandas as pd

from sentiment_assets.learning.ratings import NeutralRatings
from sentiment_assets.learning.review_identity import is_neutral, labels_said
from sentiment_assets.monitoring.sample import MOST_LOOKED_AT, order_by_lot
from sentiment_assets.monitoring.text_columns import repeats
from sentiment_assets.text_identity import are_among, text_digests


@dataclass(frozen=True)
class NeutralReviews:
    """Distinct neutral reviews that came with the reviews of ``splits``."""

    texts: "pd.Series[str]"
    """Up to 10,000 of them, in an order that was drawn by lot."""
    rating_positions: np.ndarray
    """Where each one's rating lies on its scale, from -1 to 1, if scores are calibrated to ratings, or nan; float64."""
    share: float
    """Share of neutral reviews among them all and those of ``splits``, 0 to 1."""

    @property
    def with_ratings(self) -> NeutralRatings:
        """The reviews that have a rating."""
        rated = ~np.isnan(self.rating_positions)
        return NeutralRatings(self.texts[rated], self.rating_positions[rated], self.share)

    @property
    def digest(self) -> str:
        """The same for equal reviews: 8 hexadecimal digits of SHA-256, or an empty string where there are none."""
        if self.texts.empty:
            return ""
        return sha256(text_digests(self.texts).tobytes() + str(self.share).encode()).hexdigest()[:8]


def no_neutral_reviews() -> NeutralReviews:
    """What there is where nobody calls a review neutral."""
    return NeutralReviews(pd.Series([], dtype="str"), np.empty(0), 0.0)


def gather_neutral_reviews(batches: Iterable[pd.DataFrame], splits: pd.DataFrame) -> NeutralReviews:
    """The neutral reviews of batches, which are looked at one after the other.

    A batch has columns text, label and neutral, and rating_position where scores are calibrated to ratings; batches of
    a former release have no column ``neutral``, and so no neutral review. A text that ``splits`` (column text_digest)
    hold counts as it does there, as positive or negative.
    """
    labelled = np.sort(splits["text_digest"].to_numpy(np.uint64))
    seen = np.empty(0, np.uint64)
    kept = pd.DataFrame({"text": pd.Series([], dtype="str"), "rating_position": pd.Series([], dtype="float64")})
    for batch in batches:
        neutral = batch[is_neutral(labels_said(batch)).to_numpy()].reindex(columns=list(kept))
        digests = text_digests(neutral["text"])
        new = ~(repeats(digests) | are_among(digests, labelled) | are_among(digests, seen))
        seen = np.sort(np.concatenate([seen, digests[new]]))
        kept = _some_by_lot(pd.concat([kept, neutral[new]], ignore_index=True))
    together = len(seen) + len(labelled)
    share = len(seen) / together if together else 0.0
    return NeutralReviews(kept["text"], kept["rating_position"].to_numpy(np.float64), share)


def _some_by_lot(reviews: pd.DataFrame) -> pd.DataFrame:
    """Up to ``MOST_LOOKED_AT`` reviews with distinct texts: the same of all of them, whatever parts they came in."""
    return reviews.iloc[order_by_lot(text_digests(reviews["text"]))[:MOST_LOOKED_AT]]
