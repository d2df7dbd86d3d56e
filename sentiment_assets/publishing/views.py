"""The views on the tables, for what people ask first, and the comments; in the SQL of both kinds of warehouses."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from sentiment_assets.publishing.layout import TABLES, layout_version

Dialect = Literal["duckdb", "postgres"]


@dataclass(frozen=True)
class View:
    """A view: what a row is, its columns with what they mean, and the query."""

    meaning: str
    columns: Mapping[str, str]
    query: str
    """``{s}`` stands for the schema, ``{each_kept}`` for the kept columns of ``r.kept`` as rows of key and value, and
    ``{merged_kept}`` for all that are in ``each_kept``, each with its last value."""


_COUNTED = (
    "count(*) AS reviews, "
    "count(*) FILTER (WHERE rater_label = 'neutral') AS neutral, "
    "count(*) FILTER (WHERE NOT recognised AND coalesce(rater_label, '') <> 'neutral') AS unrecognised, "
    "count(*) FILTER (WHERE counts AND label = 'positive') AS positive, "
    "count(*) FILTER (WHERE counts AND label = 'negative') AS negative, "
    "(count(*) FILTER (WHERE counts AND label = 'positive') - count(*) FILTER (WHERE counts AND label = 'negative'))"
    "::double precision / nullif(count(*) FILTER (WHERE counts), 0) AS net_sentiment"
)
_COUNTED_COLUMNS = {
    "reviews": "How many reviews.",
    "neutral": "How many are neutral by their label.",
    "unrecognised": "How many of the others the model knows no word of.",
    "positive": "How many the model calls positive, of those that are neither neutral nor unrecognised.",
    "negative": "How many of these it calls negative.",
    "net_sentiment": "Share positive less share negative of these, -1 to 1.",
}
_AS_COUNTED = (
    "As counted: not corrected for the model's errors; the table reports has both. Neutral and unrecognised reviews "
    "are in no share."
)

VIEWS: Mapping[str, View] = {
    "scored_reviews": View(
        "A row for each scored review, each once: one that stands in several batches of a branch, with the same id and "
        "the same text, has its first date, the first value of each kept column, its last score and its last label.",
        {
            "branch": "The branch.",
            "review_id": "The client's id of the review, or a digest of the row.",
            "text": "The review; missing where it was removed because of its age.",
            "created_on": "The day on which it was written, in UTC, where that is known.",
            "kept": "The columns that the branch keeps, by name: `kept->>'product'` is one as text.",
            "rater_label": "What the rater said: `positive`, `negative`, `neutral`, or nothing.",
            "score": "From -1 (surely negative) to 1 (surely positive), or with `scores_by_rating` from the lowest "
            "rating to the highest.",
            "label": "What the model calls it: `positive` or `negative`.",
            "recognised": "False where the model knows no word of the text.",
            "counts": "Whether it is counted in net sentiment: it is recognised, and not neutral by its label.",
            "model_version": "The version of the model.",
            "batch": "The batch that its score is of.",
        },
        """SELECT branch, review_id, text, created_on, {merged_kept} AS kept, rater_label, score, label, recognised,
            recognised AND coalesce(rater_label, '') <> 'neutral' AS counts, model_version, batch
        FROM (
            SELECT r.branch, r.review_id, min(r.text) AS text,
                (array_agg(r.created_on ORDER BY b.came_at) FILTER (WHERE r.created_on IS NOT NULL))[1]
                    AS created_on,
                array_agg(r.kept ORDER BY b.came_at DESC) FILTER (WHERE r.kept IS NOT NULL) AS each_kept,
                (array_agg(r.label ORDER BY b.came_at DESC) FILTER (WHERE r.label IS NOT NULL))[1] AS rater_label,
                (array_agg(s.score ORDER BY b.came_at DESC) FILTER (WHERE s.score IS NOT NULL))[1] AS score,
                (array_agg(s.label ORDER BY b.came_at DESC) FILTER (WHERE s.score IS NOT NULL))[1] AS label,
                (array_agg(s.recognised ORDER BY b.came_at DESC) FILTER (WHERE s.score IS NOT NULL))[1]
                    AS recognised,
                (array_agg(s.model_version ORDER BY b.came_at DESC) FILTER (WHERE s.score IS NOT NULL))[1]
                    AS model_version,
                (array_agg(s.batch ORDER BY b.came_at DESC) FILTER (WHERE s.score IS NOT NULL))[1] AS batch
            FROM {s}.reviews r
            JOIN (
                SELECT batch_digest, coalesce(first_taken_in_at, taken_in_at) AS came_at FROM {s}.batches
            ) b ON b.batch_digest = r.batch_digest
            LEFT JOIN {s}.scores s ON s.batch_digest = r.batch_digest AND s."row" = r."row"
            GROUP BY r.branch, r.review_id, coalesce(md5(r.text), r.text_digest)
        ) each_once
        WHERE score IS NOT NULL""",
    ),
    "net_sentiment_by_day": View(
        f"Net sentiment of each branch by the day on which reviews were written. {_AS_COUNTED}",
        {"branch": "The branch.", "day": "The day, in UTC; empty: unknown."} | _COUNTED_COLUMNS,
        f"SELECT branch, created_on AS day, {_COUNTED} FROM {{s}}.scored_reviews GROUP BY branch, created_on",
    ),
    "net_sentiment_by_kept": View(
        "Net sentiment of each branch by the value of each kept column, such as the product, and by day. "
        f"{_AS_COUNTED}",
        {
            "branch": "The branch.",
            "column_name": "The kept column, such as `product`.",
            "value": "Its value.",
            "day": "The day on which reviews were written, in UTC; empty: unknown.",
        }
        | _COUNTED_COLUMNS,
        f"""SELECT branch, column_name, value, day, {_COUNTED}
        FROM (
            SELECT r.branch, {{each_kept}}, r.created_on AS day, r.recognised, r.rater_label, r.counts, r.label
            FROM {{s}}.scored_reviews r, {{kept_of_r}}
        ) by_value
        GROUP BY branch, column_name, value, day""",
    ),
    "latest_drift_verdicts": View(
        "What the checks of drift and of degradation said of the newest batch of each branch, also if an old one was "
        "taken in again since.",
        {
            "branch": "The branch.",
            "batch": "The batch.",
            "kind": "`drift` of the texts or `degradation` of the scores.",
            "check_name": "The name of the check.",
            "verdict": "`ok`, `warn`, or `unknown`: there is too little to judge by.",
            "sentence": "What it found, in a sentence.",
            "effect": "How large the effect is, in the unit of threshold.",
            "threshold": "What the effect is compared with.",
            "checked_at": "When it was asked.",
        },
        """SELECT c.branch, c.batch, c.kind, c.check_name, c.verdict, c.sentence, c.effect, c.threshold, c.checked_at
        FROM {s}.checks c
        JOIN (
            SELECT batch_digest, row_number() OVER (
                PARTITION BY branch ORDER BY coalesce(first_taken_in_at, taken_in_at) DESC, batch DESC
            ) AS place
            FROM {s}.batches
        ) latest ON latest.batch_digest = c.batch_digest AND latest.place = 1
        WHERE c.kind IN ('drift', 'degradation')""",
    ),
}
_EACH_KEPT: Mapping[Dialect, tuple[str, str]] = {
    "duckdb": ("e.key AS column_name, e.value->>'$' AS value", "json_each(r.kept) e"),
    "postgres": ("e.key AS column_name, e.value AS value", "jsonb_each_text(r.kept) e(key, value)"),
}
_MERGED_KEPT: Mapping[Dialect, str] = {
    "duckdb": "list_reduce(each_kept, lambda one, next: json_merge_patch(one, next))",
    "postgres": "CASE WHEN cardinality(each_kept) = 1 THEN each_kept[1] ELSE (SELECT jsonb_object_agg(e.key, e.value "
    "ORDER BY k.place) FROM unnest(each_kept) WITH ORDINALITY k(kept, place), jsonb_each(k.kept) e) END",
}


def view_statements(schema: str, dialect: Dialect) -> Iterator[str]:
    """The statements that make the views, and say of tables, views and columns what they are."""
    columns, source = _EACH_KEPT[dialect]
    for name, view in VIEWS.items():
        query = view.query.format(s=schema, each_kept=columns, kept_of_r=source, merged_kept=_MERGED_KEPT[dialect])
        yield f"CREATE OR REPLACE VIEW {schema}.{name} AS {query}"
        yield _say_what("VIEW", f"{schema}.{name}", view.meaning)
        for column, comment in view.columns.items():
            yield _say_what("COLUMN", f"{schema}.{name}.{column}", comment)
    for name, table in TABLES.items():
        yield _say_what("TABLE", f"{schema}.{name}", table.meaning)
        for column, each in table.columns.items():
            yield _say_what("COLUMN", f'{schema}.{name}."{column}"', each.meaning)


def views_version() -> str:
    """Changes with the tables, the views, and what is said of them."""
    from hashlib import sha256

    said = [*view_statements("s", "duckdb"), *view_statements("s", "postgres")]
    return f"{layout_version()}-{sha256('|'.join(said).encode()).hexdigest()[:8]}"


def _say_what(kind: str, name: str, meaning: str) -> str:
    escaped = meaning.replace("'", "''")
    return f"COMMENT ON {kind} {name} IS '{escaped}'"
