"""The neutral reviews beside a champion's training data: no model learns from them, but batches hold them too."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
import pandas as pd

from sentiment_assets.learning.review_identity import is_neutral, labels_said
from sentiment_assets.monitoring.sample import MOST_LOOKED_AT, order_by_lot
from sentiment_assets.monitoring.text_columns import repeats
from sentiment_assets.text_identity import are_among, text_digests


@dataclass(frozen=True)
class NeutralReviews:
    """Distinct neutral reviews that came with the reviews of ``splits``."""

    texts: "pd.Series[str]"
    """Up to 10,000 of them, in an order that was drawn by lot."""
    share: float
    """Share of neutral reviews among them all and those of ``splits``, 0 to 1."""

    @property
    def digest(self) -> str:
        """The same for equal reviews: 8 hexadecimal digits of SHA-256, or an empty string where there are none."""
        if self.texts.empty:
            return ""
        return sha256(text_digests(self.texts).tobytes() + str(self.share).encode()).hexdigest()[:8]


def no_neutral_reviews() -> NeutralReviews:
    """What there is where nobody calls a review neutral."""
    return NeutralReviews(pd.Series([], dtype="str"), 0.0)


def gather_neutral_reviews(batches: Iterable[pd.DataFrame], splits: pd.DataFrame) -> NeutralReviews:
    """The neutral reviews of batches, which are looked at one after the other.

    A batch has columns text, label and neutral; batches of a former release have no column ``neutral``, and so no
    neutral review. A text that ``splits`` (column text_digest) hold counts as it does there, as positive or negative.
    """
    labelled = np.sort(splits["text_digest"].to_numpy(np.uint64))
    seen, kept = np.empty(0, np.uint64), pd.Series([], dtype="str")
    for batch in batches:
        texts = batch["text"][is_neutral(labels_said(batch)).to_numpy()]
        digests = text_digests(texts)
        new = ~(repeats(digests) | are_among(digests, labelled) | are_among(digests, seen))
        seen = np.sort(np.concatenate([seen, digests[new]]))
        kept = _some_by_lot(pd.concat([kept, texts[new]], ignore_index=True))
    together = len(seen) + len(labelled)
    return NeutralReviews(kept, len(seen) / together if together else 0.0)


def _some_by_lot(texts: "pd.Series[str]") -> "pd.Series[str]":
    """Up to ``MOST_LOOKED_AT`` of distinct texts: the same of all of them, whatever parts they came in."""
    return texts.iloc[order_by_lot(text_digests(texts))[:MOST_LOOKED_AT]]
