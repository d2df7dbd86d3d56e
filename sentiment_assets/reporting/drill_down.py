"""The reviews behind every number: a table that a browser filters without a server, and the same rows as files.

A browser may not read a file beside a page that it opened from a disk, but it may run one. So rows are JavaScript files
that hold nothing but JSON: one with what is filtered by, for all reviews, and one for some hundred texts each, which is
loaded when these are shown or searched. The address says what is chosen, so that each number is a link.
"""

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pandas as pd

from sentiment_assets.presentation.html import html_environment
from sentiment_assets.presentation.spreadsheet import table_to_csv
from sentiment_assets.reporting.figures import KNOWN_LABEL, NEUTRAL
from sentiment_assets.reporting.messages import Messages
from sentiment_assets.reporting.neutral_band import NeutralBand
from sentiment_assets.reporting.telling_words import FoundWords, Word

PAGE = "reviews.html"
TABLE, EVERY_REVIEW = "reviews.csv", "reviews.parquet"
PERIOD, SOURCE, LABEL, RATED, WORD, MIXED = "period", "source", "label", "rated", "word", "mixed"
"""What a table of reviews is filtered by, beside the kept columns."""
POSITIVE, NEGATIVE, NEUTRAL_LABEL, UNRECOGNISED, NONE = "positive", "negative", "neutral", "unrecognised", "none"
_KEPT = "kept."
_INDEX, _TEXTS = "reviews-data/index.js", "reviews-data/texts-{:03}.js"
_SCRIPT = "reviews.js"
_HELD = 20_000
"""Reviews that the page holds: of long ones, 20 MB in files of which a browser loads some."""
_TEXTS_OF_A_FILE = 250


@dataclass(frozen=True)
class TableOfReviews:
    """What a table of reviews is made of."""

    branch: str
    reviews: pd.DataFrame
    period: "pd.Series[str]"
    kind: str
    """The kind of the periods; "" without any."""
    kept: Sequence[str]
    found: FoundWords
    told: Sequence[Word]
    """The words that a report names."""
    neutral_band: NeutralBand | None
    messages: Messages

    @property
    def held(self) -> int:
        """How many reviews the page holds."""
        return held_of(self.reviews)


def held_of(reviews: pd.DataFrame) -> int:
    """How many of the reviews the page holds."""
    return min(len(reviews), _HELD)


def link(**chosen: str | Sequence[str]) -> str:
    """The address of the reviews that are chosen: ``period``, ``source``, ``label``, ``rated``, ``word``, ``mixed``."""
    return f"{PAGE}#{urlencode(chosen, doseq=True)}"


def kept_key(column: str) -> str:
    """What a kept column is called in an address."""
    return _KEPT + column


def reviews_files(table: TableOfReviews) -> dict[str, bytes]:
    """The page of reviews and all that lies beside it, by name: the newest reviews, and the Parquet file with all."""
    newest = _newest_first(table.reviews)[:_HELD]
    rows, every = _rows(table), io.BytesIO()
    rows.to_parquet(every, index=False, compression="zstd")
    words = _words_of(table)
    held = table.reviews.iloc[newest]
    texts = [_texts(held.iloc[start : start + _TEXTS_OF_A_FILE]) for start in range(0, len(held), _TEXTS_OF_A_FILE)]
    environment = html_environment(Path(__file__).parent)
    page = environment.get_template("reviews.html.j2").render(
        table=table, t=table.messages, fields=_filters(table), names=_names(table)
    )
    return {
        **{_TEXTS.format(n): _script(f"reviewsTexts[{n}]", each) for n, each in enumerate(texts)},
        _INDEX: _script("reviewsIndex", _index(table, rows, newest, words)),
        _SCRIPT: environment.get_template("reviews.js.j2").render().encode(),
        TABLE: table_to_csv(rows.iloc[newest].drop(columns=["words", "contributions"])),
        EVERY_REVIEW: every.getvalue(),
        PAGE: page.encode(),
    }


def _newest_first(reviews: pd.DataFrame) -> np.ndarray:
    """The places of the reviews: by date, and where there is none those of the last batches first."""
    days = reviews["created_at"].astype("datetime64[us, UTC]")
    dates = np.where(days.notna(), days.astype("int64"), np.iinfo(np.int64).min)
    batches = pd.factorize(reviews["batch"])[0]
    return np.lexsort((np.arange(len(reviews)), -batches, -(dates // 2)))


def _rows(table: TableOfReviews) -> pd.DataFrame:
    """Every review as a row of plain columns, as the page says it."""
    reviews, known = table.reviews, table.reviews[KNOWN_LABEL]
    neutral = reviews[NEUTRAL].to_numpy(bool)
    said = np.where(reviews["label"].to_numpy() == 1, POSITIVE, NEGATIVE)
    score = reviews["score"].to_numpy(float)
    counted = np.select([neutral, score == 0], [NEUTRAL_LABEL, UNRECOGNISED], said)
    positive = (known == 1).fillna(False).to_numpy(bool)
    negative = (known == 0).fillna(False).to_numpy(bool)
    rated = np.select([neutral, positive, negative], [NEUTRAL_LABEL, POSITIVE, NEGATIVE], NONE)
    rows = pd.DataFrame(
        {
            "review_id": reviews["review_id"],
            "created_at": reviews["created_at"],
            SOURCE: reviews["batch"],
            PERIOD: table.period,
            "score": score,
            LABEL: counted,
            RATED: rated,
            MIXED: _mixed(table, counted, rated),
        }
    )
    for column in _kept_columns(table):
        rows[kept_key(column)] = reviews[column]
    return rows.assign(
        text=reviews["text"],
        model_version=reviews["model_version"],
        words=reviews["words"],
        contributions=reviews["contributions"],
    )


def _mixed(table: TableOfReviews, counted: np.ndarray, rated: np.ndarray) -> np.ndarray:
    if table.neutral_band is None:
        return np.full(len(counted), "no")
    score = table.reviews["score"].to_numpy(float)
    mixed = table.neutral_band.is_mixed(score) & (rated == NONE)
    return np.where(mixed, "yes", "no")


def _kept_columns(table: TableOfReviews) -> list[str]:
    return [column for column in table.kept if column in table.reviews]


def _words_of(table: TableOfReviews) -> dict[int, list[int]]:
    """The told words of each review, by their numbers among these."""
    number = {id(word): place for place, word in enumerate(table.told)}
    told = {own: number[id(word)] for own, word in enumerate(table.found.words) if id(word) in number}
    return {
        row: [told[each] for each in numbers.tolist() if each in told] for row, numbers in table.found.by_review.items()
    }


def _index(
    table: TableOfReviews, rows: pd.DataFrame, newest: np.ndarray, words: Mapping[int, Sequence[int]]
) -> dict[str, Any]:
    """What is filtered by: for each field its values, and the number of that of each review, the newest first."""
    held = rows.iloc[newest]
    fields: dict[str, Any] = {}
    for name in (PERIOD, SOURCE, LABEL, RATED, MIXED, *map(kept_key, _kept_columns(table))):
        codes, values = pd.factorize(held[name].astype(object))
        fields[name] = {"values": [str(each) for each in values], "of": codes.tolist()}
    fields[WORD] = {"values": [each.key for each in table.told], "of": [words.get(row, []) for row in newest.tolist()]}
    return {
        "all": len(rows),
        "perFile": _TEXTS_OF_A_FILE,
        "fields": fields,
        "score": (held["score"] * 100).round().astype(int).tolist(),
    }


def _texts(reviews: pd.DataFrame) -> list[list[Any]]:
    """What is shown of some reviews: id, day, text, score, words, and what these added."""
    days = reviews["created_at"].dt.strftime("%Y-%m-%d").fillna("").tolist()
    words = [list(map(str, each)) for each in reviews["words"]]
    added = [[round(float(each), 3) for each in values] for values in reviews["contributions"]]
    ids, texts = reviews["review_id"].map(str), reviews["text"].map(str)
    scores = reviews["score"].round(3).tolist()
    return [list(each) for each in zip(ids, days, texts, scores, words, added, strict=True)]


def _filters(table: TableOfReviews) -> list[tuple[str, str]]:
    """The fields that a reader chooses by, each with what it is called."""
    t = table.messages
    own = [(LABEL, t("filter_label")), (RATED, t("filter_rated")), (SOURCE, t("filter_source"))]
    times = [(PERIOD, t("filter_period"))] if table.kind else []
    kept = [(kept_key(column), column) for column in _kept_columns(table)]
    mixed = [(MIXED, t("mixed_only"))] if table.neutral_band else []
    return [*times, *own, *kept, (WORD, t("filter_word")), *mixed]


def _names(table: TableOfReviews) -> dict[str, str]:
    """What values are called, by field and value, where that is not the value itself."""
    t = table.messages
    labels = (POSITIVE, NEGATIVE, NEUTRAL_LABEL, UNRECOGNISED)
    rated = (POSITIVE, NEGATIVE, NEUTRAL_LABEL, NONE)
    periods = table.period.dropna().unique().tolist() if table.kind else []
    return {
        **{f"{LABEL} {each}": str(t(f"label_{each}")) for each in labels},
        **{f"{RATED} {each}": str(t(f"rated_{each}")) for each in rated},
        **{f"{PERIOD} {each}": t.period(str(each), table.kind) for each in periods},
        **{f"{WORD} {each.key}": each.shown for each in table.told},
    }


def _script(name: str, value: object) -> bytes:
    """A JavaScript file that gives a value a name; the value could stand in a page as well, and would end no tag."""
    written = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character in "<>\u2028\u2029":
        written = written.replace(character, f"\\u{ord(character):04x}")
    return f"window.{name}={written};\n".encode(errors="replace")
