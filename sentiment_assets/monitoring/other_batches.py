"""What a branch's other batches say about a batch's texts: which came before, and which were labelled since."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sentiment_assets.learning.splitting import text_digests


@dataclass(frozen=True)
class OtherBatches:
    """Digests of the texts of other batches, uint64, in any order."""

    earlier: np.ndarray
    """Texts of the batches before this one ..."""
    earlier_labelled: np.ndarray
    """... and those of them that had a label."""
    later_labels: "pd.Series[float]"
    """Label by digest, of the batches after this one: what came of a label budget, for example."""

    def came_before(self, texts: Iterable[str]) -> np.ndarray:
        """True for texts that an earlier batch has."""
        return np.isin(text_digests(texts), self.earlier)

    def bring_nothing(self, reviews: pd.DataFrame) -> np.ndarray:
        """True for reviews, columns text and label, whose text came before, and whose label did too or is missing."""
        digests = text_digests(reviews["text"])
        unlabelled = reviews["label"].isna().to_numpy()
        return np.isin(digests, self.earlier_labelled) | (unlabelled & np.isin(digests, self.earlier))

    def labels_since(self, texts: Iterable[str]) -> np.ndarray:
        """Float64: the label that a later batch has for each text, or nan."""
        return self.later_labels.reindex(text_digests(texts)).to_numpy(np.float64, na_value=np.nan)


def digests_and_labels(reviews: pd.DataFrame) -> pd.DataFrame:
    """What is remembered of a batch: columns text_digest (uint64) and label (Int8), one row a review."""
    return pd.DataFrame({"text_digest": text_digests(reviews["text"]), "label": reviews["label"].array})


def look_at_others(earlier: Iterable[pd.DataFrame], later: Iterable[pd.DataFrame]) -> OtherBatches:
    """Put together what is remembered of the batches before and after one."""
    nothing = pd.DataFrame({"text_digest": np.empty(0, np.uint64), "label": pd.array([], "Int8")})
    before, after = pd.concat([nothing, *earlier]), pd.concat([nothing, *later])
    labelled = after.dropna(subset="label").drop_duplicates("text_digest").set_index("text_digest")
    return OtherBatches(
        before["text_digest"].to_numpy(np.uint64),
        before.loc[before["label"].notna(), "text_digest"].to_numpy(np.uint64),
        labelled["label"].astype(np.float64),
    )
