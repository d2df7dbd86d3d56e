"""The restatement: how reports of the past would change if the challenger scored again what the champion has scored."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from sentiment_assets.learning.decision import Decision, Outcome
from sentiment_assets.learning.model import SentimentModel
from sentiment_assets.learning.periods import periods_of
from sentiment_assets.learning.pictures import draw_restatement
from sentiment_assets.learning.review_identity import is_neutral, labels_said
from sentiment_assets.learning.settings import PromotionRule
from sentiment_assets.presentation.spreadsheet import table_to_csv
from sentiment_assets.presentation.wording import counted, percent, points
from sentiment_assets.text_identity import text_digests

MOST_REVIEWS = 10_000
"""Reviews that both models are asked about at most: their cost is bounded, however many have come."""
_ENOUGH = 50
"""A period with fewer reviews moves by chance, and is not named in the decision."""
_LOT = "lot"
_NO_REVIEWS = pd.DataFrame(
    {
        "review_id": pd.Series(dtype="str"),
        "text": pd.Series(dtype="str"),
        "created_at": pd.Series(dtype="datetime64[us, UTC]"),
        "batch": pd.Series(dtype="str"),
        _LOT: pd.Series(dtype="uint64"),
    }
)


@dataclass(frozen=True)
class PastReviews:
    """The reviews that have come so far, or a sample of them."""

    reviews: pd.DataFrame
    """Columns review_id, text, created_at (missing where unknown) and batch; neutral reviews, which are in no net
    sentiment, are left out."""
    n_all: int
    """How many there are."""


def gather_past_reviews(batches: Iterable[tuple[str, pd.DataFrame]], most: int = MOST_REVIEWS) -> PastReviews:
    """Up to ``most`` reviews of all batches, which come as key and reviews and are looked at one after the other.

    A row with the id and the text of a former one is the same review. The lot that draws them is a digest of both, so
    the same reviews are drawn every time, in whatever batches they come.
    """
    lots, parts = [np.empty(0, np.uint64)], [_NO_REVIEWS]
    for key, frame in batches:
        reviews = frame[~is_neutral(labels_said(frame))]
        lot = pd.util.hash_array(reviews["review_id"].to_numpy(object)) ^ text_digests(reviews["text"])
        lots.append(lot)
        parts.append(reviews[["review_id", "text", "created_at"]].assign(batch=key, **{_LOT: lot}))
        if sum(map(len, parts)) > 2 * most:  # now and then, since there may be thousands of small batches
            parts = [_drawn(parts, most)]
    return PastReviews(_drawn(parts, most).drop(columns=_LOT), len(np.unique(np.concatenate(lots))))


def _drawn(parts: Sequence[pd.DataFrame], most: int) -> pd.DataFrame:
    """The reviews with the lowest lots, each once, in the order in which they came."""
    there = [part for part in parts if len(part)] or [_NO_REVIEWS]
    each_once = pd.concat(there, ignore_index=True).drop_duplicates(_LOT, ignore_index=True)
    lowest = np.sort(np.argsort(each_once[_LOT].to_numpy(np.uint64), kind="stable")[:most])
    return each_once.iloc[lowest].reset_index(drop=True)


@dataclass(frozen=True)
class Restatement:
    """Net sentiment of past reviews under champion and challenger."""

    periods: pd.DataFrame
    """A row for each period in order: period, reviews, champion_net_sentiment, challenger_net_sentiment, change (of net
    sentiment, -2 to 2) and share_changed (of labels). Net sentiment is missing where a model recognises nothing."""
    kind: str
    """What a period is: day, week, month or batch."""
    n_reviews: int
    """How many reviews both models were asked about, those without a date too."""
    n_all: int
    share_changed: float
    """The share of these to which the challenger gives another label than the champion."""

    @property
    def largest(self) -> "pd.Series | None":
        """The row of the period with enough reviews whose net sentiment changes most, if there is one."""
        enough = self.periods[(self.periods["reviews"] >= _ENOUGH) & self.periods["change"].notna()]
        return None if enough.empty else enough.iloc[int(enough["change"].abs().argmax())]

    @property
    def sentence(self) -> str:
        """What people are told of it."""
        sample = f" (a sample of {self.n_all:,})" if self.n_reviews < self.n_all else ""
        said = f"Of {counted(self.n_reviews, 'past review')}{sample}, {percent(self.share_changed)} would change label"
        largest = self.largest
        if largest is None:
            return f"{said}."
        before, after = (points(largest[f"{model}_net_sentiment"]) for model in ("champion", "challenger"))
        return (
            f"{said}; net sentiment would move most in the {self.kind} {largest['period']}, from {before} to {after}."
        )

    @property
    def figures(self) -> dict[str, float]:
        """The figures as they are tracked."""
        largest = self.largest
        change = {} if largest is None else {"restatement_largest_change": float(abs(largest["change"]))}
        return {"restatement_share_changed": self.share_changed, **change}

    @cached_property
    def files(self) -> dict[str, bytes]:
        """Picture and table by file name."""
        return {"restatement.png": draw_restatement(self.periods), "restatement.csv": table_to_csv(self.periods)}


def restate(past: PastReviews, *, champion: SentimentModel, challenger: SentimentModel) -> Restatement:
    """Ask both models about past reviews."""
    ours, theirs = _margins(challenger, champion, past.reviews["text"])
    return compare_answers(past, champion=theirs, challenger=ours)


def _margins(one: SentimentModel, other: SentimentModel, texts: "pd.Series[str]") -> tuple[np.ndarray, np.ndarray]:
    """The margins of two models; the n-grams, which take most of the time, are found once if both have the same."""
    kinds = [[part.ngrams for part in model.feature_set.parts] for model in (one, other)]
    if kinds[0] != kinds[1] or texts.empty:
        return one.margins(texts), other.margins(texts)
    chunks = [
        [model.margins_of_rows(model.feature_set.rows_of(found)) for model in (one, other)]
        for found in one.feature_set.find(texts)
    ]
    ours, theirs = zip(*chunks, strict=True)
    return np.concatenate(ours), np.concatenate(theirs)


def compare_answers(past: PastReviews, *, champion: np.ndarray, challenger: np.ndarray) -> Restatement:
    """Compare what two models say of past reviews, by their margins, shape (n_reviews,)."""
    period, kind = periods_of(past.reviews)
    changed = (champion > 0) != (challenger > 0)
    answers = pd.DataFrame({"champion": champion, "challenger": challenger, "changed": changed, "period": period})
    rows = [
        {
            "period": name,
            "reviews": len(part),
            "champion_net_sentiment": _net_sentiment(part["champion"].to_numpy()),
            "challenger_net_sentiment": _net_sentiment(part["challenger"].to_numpy()),
            "share_changed": float(part["changed"].mean()),
        }
        for name, part in answers.groupby("period", sort=kind != "batch")
    ]
    names = ["period", "reviews", "champion_net_sentiment", "challenger_net_sentiment", "share_changed"]
    periods = pd.DataFrame(rows, columns=names)
    periods.insert(4, "change", periods["challenger_net_sentiment"] - periods["champion_net_sentiment"])
    share_changed = float(changed.mean()) if len(changed) else 0.0
    return Restatement(periods, kind=kind, n_reviews=len(past.reviews), n_all=past.n_all, share_changed=share_changed)


def _net_sentiment(margins: np.ndarray) -> float:
    """The share of positive reviews less that of negative ones, among those in which a model recognises something."""
    recognised = margins[margins != 0]
    return float(np.sign(recognised).mean()) if len(recognised) else np.nan


def with_restatement(decision: Decision, restatement: Restatement, rule: PromotionRule) -> Decision:
    """The decision with what the restatement says; a promotion that would change too many labels is held."""
    told = replace(decision, reason=f"{decision.reason} {restatement.sentence}")
    limit = rule.largest_restatement
    if not decision.promote or limit is None or restatement.share_changed <= limit:
        return told
    return Decision(
        Outcome.NOT_PROMOTED,
        f"Not promoted: held for a person, because {percent(restatement.share_changed)} of the labels of past reviews "
        f"would change, and largest_restatement is {percent(limit)}. Look at `restatement`, and promote it by hand if "
        f"that may be (`sentiment-assets rollback BRANCH VERSION`, or the alias in MLflow). Otherwise: {told.reason}",
    )
