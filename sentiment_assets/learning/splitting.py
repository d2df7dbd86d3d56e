"""Which split a review belongs to: by the hash of its normalised text, so that it never changes."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b, sha256
from typing import Final

import numpy as np
import pandas as pd

from sentiment_assets.learning.near_duplicates import find_near_duplicates
from sentiment_assets.learning.settings import Analyzer, SplitSettings

TRAIN: Final = "train"
VALIDATION: Final = "validation"
TEST: Final = "test"
SPLITS: Final = (TRAIN, VALIDATION, TEST)
NEAR_DUPLICATE: Final = "near_duplicate"
"""Training reviews that are set aside, because they say nearly the same as a test or validation review."""


@dataclass(frozen=True)
class Splits:
    """The labelled corpus, each distinct text once, and what was left out."""

    reviews: pd.DataFrame
    """Columns review_id, text, label (int8), split, batch, text_digest (uint64)."""
    n_unlabelled: int
    n_duplicate_texts: int
    n_conflicting_labels: int
    """Of the duplicates: those whose label differs from the kept review's."""
    near_duplicates: pd.DataFrame
    """One row a review set aside: columns review_id, twin_review_id, twin_split, similarity, text, twin_text."""

    @property
    def digest(self) -> str:
        """The same for equal splits: 16 hexadecimal digits of SHA-256."""
        values = pd.util.hash_pandas_object(self.reviews, index=False).to_numpy()
        return sha256(values.tobytes()).hexdigest()[:16]


def normalise(text: str) -> str:
    """The form in which two texts count as equal: Unicode NFKC, case folded, white space collapsed."""
    if text.isascii():  # the same, sooner
        return " ".join(text.lower().split())
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def text_digests(texts: Iterable[str]) -> np.ndarray:
    """A 64-bit digest of each normalised text, uint64; equal texts have equal digests on any machine."""
    digests = (blake2b(normalise(text).encode(), digest_size=8).digest() for text in texts)
    return np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64)


def split_of_digests(digests: np.ndarray, shares: SplitSettings) -> np.ndarray:
    """Split names of text digests. Test takes the lowest hundredths, validation the next, train the rest."""
    hundredth = digests % np.uint64(100)
    return np.select(
        [hundredth < shares.test, hundredth < shares.test + shares.validation],
        [TEST, VALIDATION],
        default=TRAIN,
    ).astype(object)


def split_reviews(
    reviews: pd.DataFrame, settings: SplitSettings, analyzer: Analyzer = "word", n_jobs: int = 1
) -> Splits:
    """Assign every labelled review to a split, drop repeated texts, and set near-duplicates aside.

    ``reviews`` holds all batches in batch order, with columns review_id, text, label (missing: unlabelled),
    split (official, may be missing) and batch. Of equal texts the earliest is kept, unless they fall in several
    splits: then test wins, then validation. Training reviews that are near-duplicates of a test or validation review
    move to the split ``near_duplicate``; ``analyzer`` says what their shingles are made of.
    """
    labels = reviews["label"]
    labelled = np.flatnonzero(labels.notna())
    corpus = pd.DataFrame({"place": labelled, "label": labels.iloc[labelled].to_numpy("int8")})
    corpus["text_digest"] = text_digests(reviews["text"].iloc[labelled])
    official = reviews["split"].iloc[labelled].astype(object).reset_index(drop=True)
    corpus["split"] = official.where(official.notna(), split_of_digests(corpus["text_digest"].to_numpy(), settings))
    precedence = corpus["split"].map({TEST: 0, VALIDATION: 1, TRAIN: 2})
    ordered = corpus.iloc[np.lexsort((np.arange(len(corpus)), precedence))]
    repeated = ordered.duplicated("text_digest")
    unique = ordered[~repeated].sort_index()
    kept_label = ordered["text_digest"].map(unique.set_index("text_digest")["label"])
    chosen = reviews.iloc[unique["place"].to_numpy()]
    kept = pd.DataFrame(
        {
            "review_id": chosen["review_id"].array,
            "text": chosen["text"].array,
            "label": unique["label"].to_numpy(),
            "split": unique["split"].astype("str").array,
            "batch": chosen["batch"].array,
            "text_digest": unique["text_digest"].to_numpy(),
        }
    )
    near_duplicates = _near_duplicates(kept, settings.near_duplicate_similarity, analyzer, n_jobs)
    kept.loc[near_duplicates.index, "split"] = NEAR_DUPLICATE
    return Splits(
        reviews=kept,
        n_unlabelled=len(reviews) - len(corpus),
        n_duplicate_texts=int(repeated.sum()),
        n_conflicting_labels=int((kept_label != ordered["label"]).sum()),
        near_duplicates=near_duplicates,
    )


def _near_duplicates(reviews: pd.DataFrame, similarity: float | None, analyzer: Analyzer, n_jobs: int) -> pd.DataFrame:
    """The training reviews to set aside, with the index that they have in ``reviews``."""
    train = reviews[reviews["split"] == TRAIN]
    held_out = reviews[reviews["split"].isin([VALIDATION, TEST])]
    if similarity is None:
        train, held_out = train.iloc[:0], held_out.iloc[:0]
    found = find_near_duplicates(train["text"], held_out["text"], similarity or 1.0, analyzer, n_jobs)
    twins = held_out.iloc[found.twins]
    return train.iloc[found.texts][["review_id", "text"]].assign(
        twin_review_id=twins["review_id"].to_numpy(),
        twin_split=twins["split"].to_numpy(),
        twin_text=twins["text"].to_numpy(),
        similarity=found.similarities,
    )


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
            "Land more labelled reviews, or check the branch's label rule."
        )
