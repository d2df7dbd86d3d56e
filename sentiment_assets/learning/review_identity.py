"""Which rows of several batches are versions of one review: by id and text together.

An id alone does not say it: clients number the rows of each file from 1. A text alone does not either: many people
write "Great!". A row with the id of a former one is the same review if its text is the same, or an edit of it.
"""

import numpy as np
import pandas as pd
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from sentiment_assets.text_identity import normalise, text_digests

_END = 12
"""Characters at the beginning or at the end that an edit leaves as they were."""
_LEAST_IN_COMMON = 0.8
"""Share of the character trigrams of the one of two texts that has fewer which the other one has too."""
_NEUTRAL = -1


def review_numbers(reviews: pd.DataFrame) -> np.ndarray:
    """The number of the review that each row is a version of, int64 of shape (n_rows,).

    ``reviews`` has columns review_id and text. Numbers begin at 0, in the order of the rows in which each review
    stands first. A row is a version of another with its id if their normalised texts are equal, or if they begin or end
    with the same twelve characters and the one that says less has four fifths of its character trigrams from the other:
    an edit adds, cuts or mends, and another review with the same beginning says something else.
    """
    ids = pd.factorize(reviews["review_id"])[0]
    rows = pd.DataFrame({"id": ids, "digest": text_digests(reviews["text"])})
    versions = rows.drop_duplicates()
    edits = _edits(versions[versions["id"].duplicated(keep=False)], reviews["text"])
    place = rows.groupby(["id", "digest"], sort=False).ngroup().to_numpy()
    ones = np.ones(len(edits), np.int8)
    links = coo_matrix((ones, (place[edits[:, 0]], place[edits[:, 1]])), shape=(len(versions), len(versions)))
    return pd.factorize(connected_components(links, directed=False)[1][place])[0]


def labels_said(reviews: pd.DataFrame) -> "pd.Series[int]":
    """Each row's label as Int8: 1, 0, -1 for neutral, missing where it says nothing; see ``label_of_said``.

    Batches of a former release have no column ``neutral``.
    """
    if "neutral" not in reviews:
        return reviews["label"]
    return reviews["label"].mask(reviews["neutral"].fillna(False).astype(bool), _NEUTRAL)


def label_of_said(said: "pd.Series[int]") -> "pd.Series[int]":
    """1 or 0, missing for neutral and where nothing was said."""
    return said.mask(said == _NEUTRAL)


def is_neutral(said: "pd.Series[int]") -> "pd.Series[bool]":
    """True where the label is neutral; where nothing was said, it is not."""
    return (said == _NEUTRAL).fillna(False).astype(bool)


def _edits(versions: pd.DataFrame, texts: "pd.Series[str]") -> np.ndarray:
    """Pairs of rows that are edits of one another, int64 of shape (n_pairs, 2).

    ``versions`` has columns id and digest, and the row of each as its index.
    """
    pairs = []
    last: dict[tuple[int, int, str], int] = {}
    for row, number in zip(versions.index, versions["id"], strict=True):
        plain = normalise(texts.iloc[row])
        for side, end in enumerate((plain[:_END], plain[-_END:])):
            former = last.get((side, number, end))
            if former is not None and _similarity(normalise(texts.iloc[former]), plain) >= _LEAST_IN_COMMON:
                pairs.append((former, row))
            last[side, number, end] = row
    return np.array(pairs, np.int64).reshape(-1, 2)


def _similarity(one: str, other: str) -> float:
    ours, theirs = _trigrams(one), _trigrams(other)
    return len(ours & theirs) / min(len(ours), len(theirs))


def _trigrams(text: str) -> set[str]:
    return {text[start : start + 3] for start in range(len(text) - 2)}
