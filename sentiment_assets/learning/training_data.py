"""What people are told of the reviews that a model has learnt from and was measured on: how many, since when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from sentiment_assets.learning.splitting import SPLITS

_LABELS = {1: "positive", 0: "negative"}


@dataclass(frozen=True, kw_only=True)
class TrainingData:
    """The splits in numbers."""

    digest: str
    """The digest of the splits."""
    sizes: Mapping[str, Mapping[str, int]]
    """How many reviews each split has of each label, by the names of both."""
    batches: Sequence[str]
    """The batches that they came in, the first one first."""
    dates: tuple[str, str] | None
    """The first and the last date of a review, if any has one."""
    dated: float
    """The share of the reviews that have a date."""


def describe_training_data(splits: pd.DataFrame, digest: str, batch_keys: Sequence[str]) -> TrainingData:
    """Count what ``splits``, whose digest is given, hold; what was set aside is not counted.

    ``batch_keys`` are all batches there are, in their order.
    """
    used = splits.drop(columns="text")[splits["split"].isin(SPLITS)]
    there = set(used["batch"].unique())
    dates = used["created_at"].dropna() if "created_at" in used else pd.Series()
    return TrainingData(
        digest=digest,
        sizes={
            split: {
                name: int((used.loc[used["split"] == split, "label"] == label).sum()) for label, name in _LABELS.items()
            }
            for split in SPLITS
        },
        batches=[key for key in batch_keys if key in there],
        dates=(f"{dates.min():%Y-%m-%d}", f"{dates.max():%Y-%m-%d}") if len(dates) else None,
        dated=len(dates) / len(used),
    )
