"""What a branch's other batches say about a batch's texts: which came before, and which were labelled since."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sentiment_assets.text_identity import text_digests


@dataclass(frozen=True)
class OtherBatches:
    """What other batches hold, in any order; texts are named by their uint64 digests (``text_digests``)."""

    earlier: np.ndarray
    """The texts of the batches before this one."""
    earlier_labels: "pd.Series[float]"
    """The last label that those batches gave a text, by its digest; only for texts that have one."""
    later_labels: "pd.Series[float]"
    """The last label that batches after this one gave a text, by digest: what came of a label budget, for example."""

    def came_before(self, digests: np.ndarray) -> np.ndarray:
        """True for texts that an earlier batch has."""
        return np.isin(digests, self.earlier)

    def bring_nothing(self, digests: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """True for texts that came before, and whose label (float64, nan: none) did too or is missing.

        Another label than before is a correction, and brings something.
        """
        same = labels == self.earlier_labels.reindex(digests).to_numpy(np.float64, na_value=np.nan)
        return same | (np.isnan(labels) & self.came_before(digests))

    def labels_since(self, digests: np.ndarray) -> np.ndarray:
        """Float64: the label that a later batch has for each text, or nan."""
        return self.later_labels.reindex(digests).to_numpy(np.float64, na_value=np.nan)


def digests_and_labels(reviews: pd.DataFrame) -> pd.DataFrame:
    """What is remembered of a batch: columns text_digest (uint64) and label (Int8), one row per review."""
    return pd.DataFrame({"text_digest": text_digests(reviews["text"]), "label": reviews["label"].array})


def look_at_others(earlier: Iterable[pd.DataFrame], later: Iterable[pd.DataFrame]) -> OtherBatches:
    """Put together what is remembered of the batches before and after one."""
    nothing = pd.DataFrame({"text_digest": np.empty(0, np.uint64), "label": pd.array([], "Int8")})
    before, after = pd.concat([nothing, *earlier]), pd.concat([nothing, *later])
    return OtherBatches(before["text_digest"].to_numpy(np.uint64), _last_labels(before), _last_labels(after))


def _last_labels(remembered: pd.DataFrame) -> "pd.Series[float]":
    labelled = remembered.dropna(subset="label").drop_duplicates("text_digest", keep="last")
    return labelled.set_index("text_digest")["label"].astype(np.float64)
