"""The tables of the warehouse, each column with its type and what it means: what analysts read in their tools.

``batches`` is the root: a row of it and the rows of the same batch in the tables below it are replaced together, in one
transaction. ``reports`` and ``models`` have keys of their own.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

Kind = Literal["text", "bigint", "double", "bool", "timestamp", "date", "json"]
"""Types as dlt names them."""


@dataclass(frozen=True)
class Column:
    """A column: its type, and what analysts read about it."""

    kind: Kind
    meaning: str


@dataclass(frozen=True)
class WarehouseTable:
    """A table: what a row is, its columns, and which rows a publication replaces."""

    meaning: str
    columns: Mapping[str, Column]
    primary_key: tuple[str, ...] = ()
    """No two rows have the same values; a row that is published again replaces it."""
    merge_key: tuple[str, ...] = ()
    """All rows with these values are replaced together."""
    parent: str = ""
    """The table whose row, by ``BATCH_DIGEST``, is replaced together with rows of this one."""
    numbered_by: str = ""
    """A column that every row has, which dlt wants of a table with a parent."""


BATCH_DIGEST = "batch_digest"
TEXT_DIGEST = "text_digest"
FIRST_TAKEN_IN_AT = "first_taken_in_at"
BATCHES, REVIEWS, SCORES, WORDS, CHECKS, REPORTS, MODELS = (
    "batches",
    "reviews",
    "scores",
    "words",
    "checks",
    "reports",
    "models",
)

_BATCH = {
    BATCH_DIGEST: Column("text", "Sixteen characters that name a batch of a branch: join tables by it, and by row."),
    "branch": Column("text", "The branch: a client, market or language."),
    "batch": Column("text", "The batch: the file that landed, by its name in the landing place."),
}
_ROW = _BATCH | {"row": Column("bigint", "The number of the review in its batch; the first is 0.")}
_REVIEW = _ROW | {"review_id": Column("text", "The client's id of the review, or a digest of the row.")}

TABLES: Mapping[str, WarehouseTable] = {
    BATCHES: WarehouseTable(
        "A row for each batch of reviews: how many there are, what they say on the whole, and what its checks found.",
        _BATCH
        | {
            "taken_in_at": Column("timestamp", "When the batch was taken in last."),
            FIRST_TAKEN_IN_AT: Column(
                "timestamp",
                "When it was taken in first: batches come in this order, also if an old one is taken in again. Empty "
                "if it was published by a former release.",
            ),
            "scored_at": Column("timestamp", "When it was scored last; empty if it has no scores."),
            "published_at": Column("timestamp", "When it was published."),
            "model_version": Column(
                "text",
                "The version of the branch's model that scored it; with a branch and a slash before it, it is one of "
                "a sister.",
            ),
            "reviews": Column("bigint", "How many reviews it has."),
            "scored": Column(
                "bigint", "How many of them have a score: all or none. None: its content was replaced and not scored."
            ),
            "labelled": Column("bigint", "How many have a label, positive or negative."),
            "neutral": Column("bigint", "How many are neutral by their label; they are in no share and no mean."),
            "unrecognised": Column(
                "bigint", "How many of the others the model knows no word of; they are in no share either."
            ),
            "positive": Column("bigint", "How many the model calls positive."),
            "mean_score": Column("double", "The mean of their scores."),
            "net_sentiment": Column(
                "double",
                "Share positive less share negative, -1 to 1, as the model counts; not corrected for its errors.",
            ),
            "net_low": Column("double", "The lower end of its 95 % band."),
            "net_high": Column("double", "The upper end of its 95 % band."),
            "accuracy": Column("double", "The model's accuracy as measured on labels, where nearly all have one."),
            "estimated_accuracy": Column("double", "Its accuracy as estimated without labels, or with few."),
            "estimated_low": Column("double", "The lower end of the band of the estimate."),
            "estimated_high": Column("double", "The upper end of the band of the estimate."),
            "worst_verdict": Column("text", "`warn` if a check warns, `ok` if none does, `unknown`: none can tell."),
            "warnings": Column("bigint", "How many of its checks warn."),
        },
        primary_key=("branch", "batch"),
    ),
    REVIEWS: WarehouseTable(
        "A row for each review, as it was written.",
        _REVIEW
        | {
            "text": Column(
                "text",
                "The review; a NUL character, which PostgreSQL cannot hold, is written as U+FFFD. Missing where the "
                "branch keeps reviews for some days only (`retention: reviews`) and these are over.",
            ),
            TEXT_DIGEST: Column("text", "The MD5 of a text that is missing; nothing where there is a text."),
            "label": Column("text", "What the rater said: `positive`, `negative`, `neutral`, or nothing."),
            "created_at": Column("timestamp", "When it was written, where that is known."),
            "created_on": Column("date", "The day of created_at, in UTC."),
            "split": Column("text", "The official split, where the source has one."),
            "kept": Column("json", "The columns that the branch keeps, by name: `kept->>'product'` is one as text."),
        },
        parent=BATCHES,
        numbered_by="row",
    ),
    SCORES: WarehouseTable(
        "A row for each review that has a score: what the model says of it.",
        _REVIEW
        | {
            "score": Column(
                "double",
                "From -1 (surely negative) to 1 (surely positive), or with `scores_by_rating` from the lowest rating "
                "to the highest; 0: see recognised.",
            ),
            "label": Column("text", "What the model calls it: `positive` or `negative`."),
            "confidence": Column("double", "The probability of that label, as the model sees it."),
            "recognised": Column("bool", "False where the model knows no word of the text: such a score says nothing."),
            "model_version": Column("text", "The version of the model; see batches."),
            "scored_at": Column("timestamp", "When it was scored."),
        },
        parent=BATCHES,
        numbered_by="row",
    ),
    WORDS: WarehouseTable(
        "A row for each word, or group of words, that weighed most in a score; none where the text is missing.",
        _ROW
        | {
            "rank": Column("bigint", "1 for the one that weighed most in this review."),
            "word": Column("text", "The word, or the words one after the other."),
            "contribution": Column("double", "What it added to the margin: below 0 towards negative."),
        },
        parent=BATCHES,
        numbered_by="row",
    ),
    CHECKS: WarehouseTable(
        "A row for each check of a batch: its latest verdict on what the batch holds now.",
        _BATCH
        | {
            "kind": Column(
                "text",
                "What the check looks at: `rows` (none is lost), `quality` of the reviews, `drift` of the texts, "
                "`degradation` of the scores.",
            ),
            "check_name": Column("text", "The name of the check."),
            "verdict": Column("text", "`ok`, `warn`, or `unknown`: there is too little to judge by."),
            "sentence": Column("text", "What it found, in a sentence."),
            "effect": Column("double", "How large the effect is, in the unit of threshold."),
            "threshold": Column("double", "What the effect is compared with."),
            "p_value": Column("double", "How likely chance alone makes such an effect, where that was asked."),
            "champion": Column("text", "The version of the model that the batch was compared with."),
            "checked_at": Column("timestamp", "When it was asked."),
        },
        parent=BATCHES,
        numbered_by="check_name",
    ),
    REPORTS: WarehouseTable(
        "The figures of the branch's reports: a row for each value of a column in a period, of the last report of a "
        "day. Reviews that stand in several batches count once.",
        {
            "branch": Column("text", "The branch."),
            "day": Column("date", "The day on which the report was written, in UTC; its last one counts."),
            "column_name": Column("text", "The kept column; `all`: whatever its value; `batch`: a batch."),
            "value": Column("text", "The value of the column; `all` for everything."),
            "period": Column("text", "The first day of the period; `all` for the whole time."),
            "reviews": Column("bigint", "How many reviews."),
            "unrecognised": Column("bigint", "How many of those that are not neutral the model knows no word of."),
            "positive": Column("bigint", "How many the model calls positive."),
            "mean_score": Column("double", "The mean of their scores."),
            "net_sentiment": Column("double", "Share positive less share negative, as counted."),
            "net_low": Column("double", "The lower end of its 95 % band."),
            "net_high": Column("double", "The upper end of its 95 % band."),
            "labelled": Column("bigint", "How many have a label, positive or negative."),
            "adjusted": Column("double", "Net sentiment corrected for the model's errors; empty where it cannot be."),
            "adjusted_low": Column("double", "The lower end of its 95 % band."),
            "adjusted_high": Column("double", "The upper end of its 95 % band."),
            "neutral": Column("bigint", "How many are neutral by their label; they are in no other figure."),
            "neutral_mean_score": Column("double", "The mean score of the neutral ones."),
            "neutral_low": Column("double", "The lower end of its 95 % band."),
            "neutral_high": Column("double", "The upper end of its 95 % band."),
            "mixed": Column("bigint", "How many without a label have a mixed score; empty without a neutral band."),
            "by_sister": Column("bigint", "How many a sister scored because there was no champion yet."),
        },
        merge_key=("branch", "day"),
    ),
    MODELS: WarehouseTable(
        "A row for each registered version of a branch's model.",
        {
            "branch": Column("text", "The branch."),
            "version": Column("text", "The number of the version in MLflow's registry."),
            "registered_at": Column("timestamp", "When it was registered."),
            "promoted_at": Column("timestamp", "When it became the champion last by a train run; empty if it did not."),
            "is_champion": Column("bool", "Whether it was the champion when this was published."),
            "decision": Column("text", "What was decided about it, in a sentence."),
            "test_accuracy": Column("double", "Its accuracy on the reviews of the test split."),
            "figures": Column("json", "All figures of its train run, by name."),
        },
        merge_key=("branch",),
    ),
}


def layout_version() -> str:
    """Eight hexadecimal digits that change with tables, columns and comments."""
    said = {
        name: (table.meaning, {column: (each.kind, each.meaning) for column, each in table.columns.items()})
        for name, table in TABLES.items()
    }
    return sha256(json.dumps(said).encode()).hexdigest()[:8]
