"""A batch that is checked, and the reviews by which it is judged: its new ones, and of a small batch some before them.

A batch with few new reviews says nothing for sure. So it is judged together with the latest batches before it, as many
as it takes; each brings what was new when it came, so no review counts twice. All of them are compared with today's
champion anew, whichever was there when they came.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from itertools import islice
from typing import Protocol

import numpy as np
import pandas as pd

from sentiment_assets.ingestion.content import content_digest
from sentiment_assets.learning.model import SentimentModel
from sentiment_assets.monitoring.check_record import CheckRecord
from sentiment_assets.monitoring.finding import Finding
from sentiment_assets.monitoring.other_batches import OtherBatches
from sentiment_assets.monitoring.reference import Reference
from sentiment_assets.monitoring.settings import MonitoringSettings
from sentiment_assets.text_identity import are_among, text_digests

_MOST_POOLED = 30
"""So many batches before a small one are looked at, however small they are: the past must not make a check slow."""


class ComparedChampion(Protocol):
    """A champion as the checks need it: with its model and with what travels beside it."""

    @property
    def version(self) -> str:
        """The version of the registered model."""

    @property
    def model(self) -> SentimentModel:
        """The model itself."""

    @property
    def reference(self) -> Reference | None:
        """What travels with it; models registered by another release may have none."""


@dataclass(frozen=True)
class BatchToCheck:
    """A batch, and everything that it is compared with."""

    key: str
    reviews: pd.DataFrame
    """Columns review_id, text and label, 0 rows or more."""
    champion: ComparedChampion | None
    others: OtherBatches
    checked_at: str
    """ISO 8601, UTC."""
    before: "Callable[[], Iterable[BatchBefore]]" = tuple
    """The batches before it, the latest first; they are read one by one, if it is too small to be judged alone."""

    @cached_property
    def content(self) -> str:
        """The digest of the reviews, by which a record is known to be of this very content."""
        return content_digest(self.reviews)

    def record(self, findings: tuple[Finding, ...]) -> CheckRecord:
        """Return a record of the batch with these findings."""
        version = self.champion.version if self.champion else None
        return CheckRecord(self.key, self.checked_at, version, findings, content=self.content)


@dataclass(frozen=True)
class BatchBefore:
    """An earlier batch, and the other batches as they are seen from it."""

    reviews: pd.DataFrame
    others: OtherBatches


@dataclass(frozen=True)
class NewReviews:
    """The reviews by which a batch is judged: nobody had them before, and the champion was not trained on them."""

    reviews: pd.DataFrame
    digests: np.ndarray
    """uint64, shape (n,), of their texts."""
    labels_since: np.ndarray
    """float64, shape (n,): the last label that a later batch has for each; nan where there is none."""
    neutral_since: np.ndarray
    """bool, shape (n,): True where that last label is neutral."""
    of_its_own: int
    """How many of them are the batch's own; the others came in the batches before it."""
    batches_before: int = 0

    def told_in(self, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
        """The findings, which say if they are of several batches."""
        if not self.batches_before:
            return findings
        before = "the batch" if self.batches_before == 1 else f"the {self.batches_before} batches"
        said = (
            f" Judged together with {before} before it, {len(self.reviews):,} new reviews in all, because "
            f"{self.of_its_own:,} of its own are too few."
        )
        return tuple(replace(each, sentence=each.sentence + said) for each in findings)


def find_new_reviews(batch: BatchToCheck, model: SentimentModel, settings: MonitoringSettings) -> NewReviews:
    """Find the reviews by which a batch is judged, the oldest batch first.

    Where it brings some, but fewer distinct ones than ``fewest_reviews``, those before it are looked at too, one by one
    until there are enough: at most 30, and none whose latest review is more than ``pool_days`` older than its own.
    """
    found = [_new_reviews(batch.reviews, batch.others, model)]
    n = len(np.unique(found[0].digests))
    latest = _latest_date(batch.reviews)
    if settings.pool_days and 0 < n < settings.fewest_reviews:
        for each in islice(batch.before(), _MOST_POOLED):
            if _days_between(latest, _latest_date(each.reviews)) > settings.pool_days:
                break
            earlier = _new_reviews(each.reviews, each.others, model)
            found = [earlier, *found] if earlier.of_its_own else found
            n += len(np.unique(earlier.digests))
            if n >= settings.fewest_reviews:
                break
    return NewReviews(
        reviews=pd.concat([each.reviews for each in found], ignore_index=True) if len(found) > 1 else found[0].reviews,
        digests=np.concatenate([each.digests for each in found]),
        labels_since=np.concatenate([each.labels_since for each in found]),
        neutral_since=np.concatenate([each.neutral_since for each in found]),
        of_its_own=found[-1].of_its_own,
        batches_before=len(found) - 1,
    )


def _new_reviews(reviews: pd.DataFrame, others: OtherBatches, model: SentimentModel) -> NewReviews:
    """The reviews of a batch whose texts neither an earlier batch nor the champion's training reviews have."""
    digests = text_digests(reviews["text"])
    new = ~(are_among(digests, model.trained_on) | others.came_before(digests))
    return NewReviews(
        reviews=reviews[new],
        digests=digests[new],
        labels_since=others.labels_since(digests[new]),
        neutral_since=others.neutral_since(digests[new]),
        of_its_own=int(new.sum()),
    )


def _latest_date(reviews: pd.DataFrame) -> datetime | None:
    """The date of the latest review; ``None`` where no date is known."""
    latest = reviews["created_at"].max() if "created_at" in reviews else pd.NaT
    return None if pd.isna(latest) else latest.to_pydatetime()


def _days_between(one: datetime | None, other: datetime | None) -> float:
    """The days between two dates; 0 where one is not known."""
    return abs(one - other) / timedelta(days=1) if one and other else 0.0
