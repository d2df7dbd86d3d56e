"""What a branch's other batches say about a batch's texts: which came before, and which were labelled since."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sentiment_assets.learning.review_identity import is_neutral, label_of_said, labels_said
from sentiment_assets.monitoring.text_table import NEUTRAL, NO_LABEL, TextTable, make_table
from sentiment_assets.text_identity import text_digests

_BEFORE, _AFTER = -1, 1


@dataclass(frozen=True)
class PlacedTable:
    """A table of texts, and where its batches stand in the order of the branch, seen from one batch."""

    table: TextTable
    places: np.ndarray
    """int64, by the number of a batch: below 0 for those before this one, above 0 for those after it, in their order;
    0 for what does not count: this batch, and what a batch held before it was replaced."""


@dataclass(frozen=True)
class OtherBatches:
    """What other batches hold; texts are named by their uint64 digests (``text_digests``)."""

    tables: tuple[PlacedTable, ...]

    def came_before(self, digests: np.ndarray) -> np.ndarray:
        """True for texts that an earlier batch has."""
        positions, places, _ = self._find(digests)
        came = np.zeros(len(digests), bool)
        came[positions[places < 0]] = True
        return came

    def bring_nothing(self, digests: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """True for texts that came before, and whose label (``labels_remembered``) did too or is missing.

        Another label than before is a correction, and brings something.
        """
        same = labels == self._last_labels(digests, _BEFORE)
        return same | (np.isnan(labels) & self.came_before(digests))

    def labels_since(self, digests: np.ndarray) -> np.ndarray:
        """Float64: the last label that later batches have for each text, of a label budget, for example.

        It is 1 or 0, and nan where there is none, or where it is neutral (``neutral_since``).
        """
        last = self._last_labels(digests, _AFTER)
        return np.where(last == NEUTRAL, np.nan, last)

    def neutral_since(self, digests: np.ndarray) -> np.ndarray:
        """True for texts that the last of the later batches with a label for them calls neutral."""
        return self._last_labels(digests, _AFTER) == NEUTRAL

    def seen_from(self, steps: int, reviews: pd.DataFrame) -> "OtherBatches":
        """What the others are to the batch that came so many ``steps``, at least 1, before this one, of ``reviews``."""
        moved = (PlacedTable(each.table, np.where(each.places == 0, 0, each.places + steps)) for each in self.tables)
        this = PlacedTable(make_table([digests_and_labels(reviews)]), np.array([steps]))
        return OtherBatches((*moved, this))

    def _last_labels(self, digests: np.ndarray, side: int) -> np.ndarray:
        positions, places, labels = self._find(digests)
        told = np.flatnonzero((np.sign(places) == side) & (labels != NO_LABEL))
        told = told[np.argsort(places[told], kind="stable")]
        last = np.full(len(digests), np.nan)
        last[positions[told]] = labels[told]  # where a text is told several times, the last one stays
        return last

    def _find(self, digests: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Position in ``digests``, place and label of every time that a batch has one of the texts."""
        found = [(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int8))]
        for each in self.tables:
            positions, rows = each.table.rows_of(digests)
            found.append((positions, each.places[each.table.batches[rows]], each.table.labels[rows]))
        positions, places, labels = (np.concatenate(arrays) for arrays in zip(*found, strict=True))
        return positions, places, labels


def digests_and_labels(reviews: pd.DataFrame) -> pd.DataFrame:
    """What is remembered of a batch: columns text_digest (uint64) and label (Int8), one row per review."""
    labels = pd.array(labels_remembered(reviews), "Int8")
    return pd.DataFrame({"text_digest": text_digests(reviews["text"]), "label": labels})


def labels_remembered(reviews: pd.DataFrame) -> np.ndarray:
    """Float64: the label of each review as a ``TextTable`` has it, nan where there is none."""
    said = labels_said(reviews)
    return np.where(is_neutral(said), NEUTRAL, label_of_said(said).to_numpy(np.float64, na_value=np.nan))


def look_at_others(earlier: Iterable[pd.DataFrame], later: Iterable[pd.DataFrame]) -> OtherBatches:
    """Put together what is remembered of the batches before and after one, each in the order of the branch."""
    before, after = list(earlier), list(later)
    return OtherBatches((PlacedTable(make_table([*before, *after]), places_around(len(before), len(after))),))


def places_around(before: int, after: int) -> np.ndarray:
    """The places of so many batches before a batch and after it, as ``PlacedTable`` has them."""
    return np.concatenate([np.arange(-before, 0), np.arange(1, after + 1)])
