"""Quotes: reviews that say a word, drawn over files and time, and never against what their raters said."""

import re
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sentiment_assets.reporting.figures import KNOWN_LABEL
from sentiment_assets.reporting.telling_words import TellingWord, patterns_of

QUOTES = 3
_SURE = 0.5
"""The absolute score from which a review is quoted, if there is any."""
_LOOKED_AT = 100
"""Reviews of a third in which the word is looked for."""
_AROUND = 110
"""Characters before and behind the word."""


@dataclass(frozen=True)
class Quote:
    """What a review says around a word."""

    before: str
    said: str
    """The word as the review has it."""
    after: str
    review_id: str
    day: str
    """Empty where it is unknown."""
    source: str
    score: float
    text: str
    """The review as a whole."""


@dataclass(frozen=True)
class Quotable:
    """Reviews that can be quoted; one element of each array a review."""

    columns: dict[str, np.ndarray]
    """What is said of a quoted review: text, review_id, batch and created_at."""
    score: np.ndarray
    label: np.ndarray
    """What the champion calls each, 1 or 0: where its threshold is another than one half, not the score's sign."""
    known: np.ndarray
    """float64: 1 or 0, nan where it is unknown."""
    rank: np.ndarray
    """int64: the place in the order of dates, and of files where there are none."""

    @classmethod
    def of(cls, reviews: pd.DataFrame) -> "Quotable":
        """The reviews of a report."""
        dates = reviews["created_at"].astype("datetime64[us, UTC]").astype("int64").to_numpy()
        rank = np.empty(len(reviews), np.int64)
        rank[np.lexsort((pd.factorize(reviews["batch"], sort=True)[0], dates))] = np.arange(len(reviews))
        known = reviews[KNOWN_LABEL].astype("Float64").to_numpy(float, na_value=np.nan)
        said = {name: reviews[name].to_numpy(object) for name in ("text", "review_id", "batch", "created_at")}
        return cls(said, reviews["score"].to_numpy(float), reviews["label"].to_numpy(int), known, rank)


def quotes_of(word: TellingWord, among: Quotable, used: Collection[str] = ()) -> list[Quote]:
    """Up to three quotes of a word: one from each third of its reviews in time and by file, by where it weighs most.

    Quoted are reviews that the champion is sure of, in the word's own direction, and whose label says nothing else.
    ``used`` are texts that are not quoted.
    """
    wanted = 1 if word.word.is_praise else -1
    scores, known = among.score[word.places], among.known[word.places]
    agreed = (
        (scores * wanted > 0) & (among.label[word.places] == (wanted > 0)) & (np.isnan(known) | (known == (wanted > 0)))
    )
    sure = agreed & (np.abs(scores) >= _SURE)
    places = word.places[sure if sure.any() else agreed]
    third = np.empty(len(places), np.int64)
    third[np.argsort(among.rank[places])] = np.arange(len(places)) * QUOTES // max(len(places), 1)
    patterns, texts = patterns_of(word.word), among.columns["text"]
    found: list[Quote] = []
    taken = set(used)
    for number in (*range(QUOTES), *range(QUOTES)):
        for place in places[third == number][:_LOOKED_AT].tolist():
            text = str(texts[place])
            if len(found) == QUOTES or text in taken:
                continue
            in_one_line = " ".join(text.split())
            match = next(filter(None, (each.search(in_one_line) for each in patterns)), None)
            if match:
                taken.add(text)
                found.append(_quote(match, among, place))
                break
    return found


def _quote(match: re.Match[str], among: Quotable, place: int) -> Quote:
    text, (start, end) = match.string, match.span()
    first, last = max(start - _AROUND, 0), min(end + _AROUND, len(text))
    before, after = text[first:start], text[end:last]
    if first:
        before = "…" + (before.partition(" ")[2] if " " in before else before)
    if last < len(text):
        after = (after.rpartition(" ")[0] if " " in after else after) + "…"
    review = {name: values[place] for name, values in among.columns.items()}
    day = review["created_at"]
    return Quote(
        before=before,
        said=text[start:end],
        after=after,
        review_id=str(review["review_id"]),
        day="" if pd.isna(day) else f"{day:%Y-%m-%d}",
        source=str(review["batch"]),
        score=float(among.score[place]),
        text=str(review["text"]),
    )
