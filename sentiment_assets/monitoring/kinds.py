"""Which reviews of a batch are compared with the reference, and with how many neutral ones in it.

A batch is compared with as many neutral reviews as it is expected to hold itself. Those that its labels call neutral
count as they are. Where nothing is said, the reference's own share is expected: a batch without labels is compared with
what came, a batch whose neutral reviews were dropped with positive and negative ones, and of a batch with some labels
each part counts as its own kind. Neutral reviews of which the reference has too few to compare with are left out.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sentiment_assets.learning.review_identity import is_neutral
from sentiment_assets.monitoring.reference import Reference
from sentiment_assets.monitoring.sample import order_by_lot


@dataclass(frozen=True)
class ComparedKinds:
    """The reviews of a batch that are compared, and what with."""

    kept: np.ndarray
    """bool, shape (n,): False for neutral reviews that are left out."""
    neutral_share: float
    """The share of those kept that is neutral, by its label or as expected; the reference's share is to be the same."""


def choose_kinds(said: "pd.Series[int]", digests: np.ndarray, reference: Reference) -> ComparedKinds:
    """Choose what is compared of n reviews with those labels (``labels_said``) and digests, uint64 of shape (n,)."""
    neutral = np.flatnonzero(is_neutral(said))
    others = len(said) - len(neutral)
    expected = reference.neutral.share * int(said.isna().sum())
    most = reference.largest_neutral_share
    room = int((most * others - expected) / (1 - most))
    left_out = neutral[order_by_lot(digests[neutral])[max(room, 0) :]]
    kept = np.ones(len(said), bool)
    kept[left_out] = False
    n_kept = int(kept.sum())
    return ComparedKinds(kept, (n_kept - others + expected) / n_kept if n_kept else 0.0)
