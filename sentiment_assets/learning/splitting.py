"""Which split a review belongs to: the official one, or else by the hash of its normalised text, so that it stays."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from sentiment_assets.learning.mapped_texts import mapped_texts, reviews_at
from sentiment_assets.learning.near_duplicates import TEXTS_AT_ONCE, find_near_duplicates, shingle_analyzer
from sentiment_assets.learning.ngrams import chunks_of, texts_at
from sentiment_assets.learning.review_identity import label_of_said, labels_said, review_numbers
from sentiment_assets.learning.settings import Analyzer, SplitSettings
from sentiment_assets.text_identity import text_digests

TRAIN: Final = "train"
VALIDATION: Final = "validation"
TEST: Final = "test"
SPLITS: Final = (TRAIN, VALIDATION, TEST)
NEAR_DUPLICATE: Final = "near_duplicate"
"""Reviews that are set aside because they say nearly the same as one of test, or of validation if they are of train."""
_RATING = "rating_position"
_ROWS_AT_ONCE = 20_000


@dataclass(frozen=True)
class Splits:
    """The labelled corpus, each distinct text once, and what was left out."""

    reviews: pd.DataFrame
    """Columns review_id, text, label (int8), split, batch, created_at (missing where unknown), text_digest (uint64).

    Where the reviews have one, ``rating_position`` follows."""
    n_unlabelled: int
    n_too_old: int
    """Labelled reviews that are older than ``SplitSettings.last_days`` allows."""
    n_corrected: int
    """Rows whose review came again later with another label or an edited text: the latest version counts."""
    n_duplicate_texts: int
    n_conflicting_labels: int
    """The duplicates whose label differs from the kept review's."""
    near_duplicates: pd.DataFrame
    """One row a review set aside: columns review_id, twin_review_id, twin_split, similarity, text, twin_text."""


def digest_of_splits(reviews: pd.DataFrame) -> str:
    """The same for equal splits, stored or not: 16 hexadecimal digits of SHA-256 over ``Splits.reviews``."""
    digest = sha256()
    for start in range(0, len(reviews), _ROWS_AT_ONCE):
        values = pd.util.hash_pandas_object(reviews.iloc[start : start + _ROWS_AT_ONCE], index=False)
        digest.update(values.to_numpy().tobytes())
    return digest.hexdigest()[:16]


def reviews_of(splits: pd.DataFrame, split: str) -> pd.DataFrame:
    """The reviews of one split, without a copy of the texts of all."""
    return reviews_at(splits, np.flatnonzero(splits["split"] == split))


def split_of_digests(digests: np.ndarray, shares: SplitSettings) -> np.ndarray:
    """Split names of text digests. Test takes the lowest hundredths, validation the next, train the rest."""
    hundredth = digests % np.uint64(100)
    return np.select(
        [hundredth < shares.test, hundredth < shares.test + shares.validation],
        [TEST, VALIDATION],
        default=TRAIN,
    ).astype(object)


def split_reviews(
    reviews: pd.DataFrame,
    settings: SplitSettings,
    analyzer: Analyzer | None = None,
    *,
    now: datetime | None = None,
    n_jobs: int = 1,
    folder: Path | None = None,
) -> Splits:
    """Assign every labelled review to a split, drop repeated texts, and set near-duplicates aside.

    ``reviews`` holds all batches in batch order, with columns review_id, text, label (missing: neutral or unlabelled),
    neutral (may be left out), split (official, may be missing), created_at and rating_position (both may be left out)
    and batch. Dates after ``now`` are wrong, and no review is old beside them. Of several versions of a review
    (``review_numbers``) the latest counts, with the latest label that there is. Of equal texts the earliest is kept,
    unless they fall in several splits: then test wins, then validation. Validation reviews that are near-duplicates of
    a test review, and training reviews that are near-duplicates of either, move to the split ``near_duplicate``;
    ``analyzer`` says what their shingles are made of. Without it these are words, or characters where most reviews are
    in a language that is written without spaces. The texts of ``Splits.reviews`` are a mapped file in ``folder``
    (``mapped_texts``). Reviews are in the order of their texts' digests, so that the same ones make the same model,
    whatever files they came in, and when.
    """
    reviews, latest, n_corrected = _latest_versions(reviews)
    labels = reviews["label"]
    labelled = np.flatnonzero(labels.notna() & latest)
    n_labelled = len(labelled)
    labelled = labelled[_recent(reviews, labelled, settings.last_days, now or datetime.now(UTC))]
    corpus = pd.DataFrame({"place": labelled, "label": labels.iloc[labelled].to_numpy("int8")})
    corpus["text_digest"] = _digests(reviews["text"])[labelled]
    official = reviews["split"].iloc[labelled].astype(object).reset_index(drop=True)
    corpus["split"] = official.where(official.notna(), split_of_digests(corpus["text_digest"].to_numpy(), settings))
    precedence = corpus["split"].map({TEST: 0, VALIDATION: 1, TRAIN: 2})
    ordered = corpus.iloc[np.lexsort((np.arange(len(corpus)), precedence))]
    repeated = ordered.duplicated("text_digest")
    unique = ordered[~repeated].sort_values("text_digest")
    kept_label = ordered["text_digest"].map(unique.set_index("text_digest")["label"])
    places = unique["place"].to_numpy()
    kept = pd.DataFrame(
        {
            "review_id": reviews["review_id"].array.take(places),
            "text": mapped_texts(texts_at(reviews["text"], places), folder),
            "label": unique["label"].to_numpy(),
            "split": unique["split"].astype("str").array,
            "batch": reviews["batch"].array.take(places),
            "created_at": _dates(reviews).array.take(places),
            "text_digest": unique["text_digest"].to_numpy(),
        }
    )
    if _RATING in reviews:
        kept[_RATING] = reviews[_RATING].array.take(places)
    tokens = shingle_analyzer(kept["text"], analyzer)
    near_duplicates = _near_duplicates(kept, settings.near_duplicate_similarity, tokens, n_jobs)
    kept.loc[near_duplicates.index, "split"] = NEAR_DUPLICATE
    return Splits(
        reviews=kept,
        n_unlabelled=int(latest.sum()) - n_labelled,
        n_too_old=n_labelled - len(labelled),
        n_corrected=n_corrected,
        n_duplicate_texts=int(repeated.sum()),
        n_conflicting_labels=int((kept_label != ordered["label"]).sum()),
        near_duplicates=near_duplicates,
    )


def _recent(reviews: pd.DataFrame, places: np.ndarray, last_days: int | None, now: datetime) -> np.ndarray:
    """Which of the reviews at these places are at most so many days older than the newest of them, or have no date."""
    if last_days is None:
        return np.ones(len(places), bool)
    dates = _dates(reviews).iloc[places]
    newest = dates[dates <= now].max()
    return ~(dates < newest - timedelta(days=last_days)).to_numpy(bool)


def _dates(reviews: pd.DataFrame) -> "pd.Series[pd.Timestamp]":
    if "created_at" in reviews:
        return reviews["created_at"]
    return pd.Series(pd.NaT, reviews.index, "datetime64[us, UTC]")


def _latest_versions(reviews: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray, int]:
    """The reviews, which of them are the latest version of theirs, and how many of the others a later one corrects.

    What a later version does not say, its label and rating or its official split, the last one that says it does; the
    date is that of the first one that has one. Texts are looked at where they are.
    """
    if reviews["review_id"].is_unique:
        return reviews, np.ones(len(reviews), bool), 0
    numbers = review_numbers(reviews)
    own = labels_said(reviews).reset_index(drop=True)
    said, splits = (each.groupby(numbers).ffill() for each in (own, reviews["split"].reset_index(drop=True)))
    latest = ~pd.Series(numbers).duplicated(keep="last").to_numpy()
    place_of_latest = np.empty(numbers.max() + 1, np.int64)
    place_of_latest[numbers[latest]] = np.flatnonzero(latest)
    former = np.flatnonzero(~latest)
    instead = place_of_latest[numbers[former]]
    now = said.iloc[instead].array
    relabelled = own.iloc[former].notna() & (own.iloc[former] != now).fillna(False)
    texts = reviews[["text"]]
    edited = reviews_at(texts, former)["text"].to_numpy() != reviews_at(texts, instead)["text"].to_numpy()
    dates = _dates(reviews).reset_index(drop=True).groupby(numbers).transform("first")
    merged = reviews.assign(label=label_of_said(said).array, split=splits.array, created_at=dates.array)
    if _RATING in reviews:
        labels_so_far = own.notna().groupby(numbers).cumsum()  # a label without a rating has none, not a former one's
        merged[_RATING] = reviews[_RATING].reset_index(drop=True).groupby([numbers, labels_so_far]).ffill().array
    return merged, latest, int((relabelled.to_numpy(bool) | edited).sum())


def _near_duplicates(reviews: pd.DataFrame, similarity: float | None, analyzer: Analyzer, n_jobs: int) -> pd.DataFrame:
    """The reviews to set aside, with the index that they have in ``reviews``."""
    train, validation, test = ((reviews["split"] == name).to_numpy(bool) for name in SPLITS)
    of_test = _like(reviews, validation, test, similarity=similarity, analyzer=analyzer, n_jobs=n_jobs)
    stays = ~reviews.index.isin(of_test.index)
    held_out = (validation & stays) | test
    of_either = _like(reviews, train, held_out, similarity=similarity, analyzer=analyzer, n_jobs=n_jobs)
    return pd.concat([of_test, of_either]) if len(of_test) else of_either


def _like(
    reviews: pd.DataFrame,
    asked: np.ndarray,
    there: np.ndarray,
    *,
    similarity: float | None,
    analyzer: Analyzer,
    n_jobs: int,
) -> pd.DataFrame:
    """The reviews that are ``asked`` for and are near-duplicates of one of those that are ``there``; both are masks."""
    if similarity is None:
        asked = there = np.zeros(len(reviews), bool)
    pairs = find_near_duplicates(
        chunks_of(reviews["text"], asked, TEXTS_AT_ONCE),
        chunks_of(reviews["text"], there, TEXTS_AT_ONCE),
        similarity=similarity or 1.0,
        analyzer=analyzer,
        n_jobs=n_jobs,
    )
    twins = reviews_at(reviews, np.flatnonzero(there)[pairs.twins])
    return reviews_at(reviews[["review_id", "text"]], np.flatnonzero(asked)[pairs.texts]).assign(
        twin_review_id=twins["review_id"].to_numpy(),
        twin_split=twins["split"].to_numpy(),
        twin_text=twins["text"].to_numpy(),
        similarity=pairs.similarities,
    )


def _digests(texts: "pd.Series[str]") -> np.ndarray:
    """The digest of each text, some texts at a time, so that they are never all Python's own strings."""
    parts = (text_digests(texts.iloc[start : start + _ROWS_AT_ONCE]) for start in range(0, len(texts), _ROWS_AT_ONCE))
    return np.concatenate([np.empty(0, np.uint64), *parts])


class UnusableSplits(ValueError):
    """The labelled reviews cannot train, select and test a model."""


def require_usable(splits: pd.DataFrame) -> None:
    """Raise ``UnusableSplits`` unless every split has reviews of both labels."""
    counts = splits.groupby(["split", "label"]).size()
    missing = [
        f"{name} has no {word} review"
        for name in SPLITS
        for label, word in ((1, "positive"), (0, "negative"))
        if counts.get((name, label), 0) == 0
    ]
    if missing:
        raise UnusableSplits(
            f"{len(splits):,} distinct labelled reviews are not enough to train on: {'; '.join(missing)}. "
            "Land more labelled reviews, or check the branch's label rule, and for how long `retention: reviews` keeps "
            "them."
        )
