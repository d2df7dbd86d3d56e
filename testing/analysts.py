"""A warehouse of made-up reviews, and what the page for analysts shows of it."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from sentiment_assets.ingestion.content import content_digest
from sentiment_assets.learning.scored_batch import SCORED_FROM
from sentiment_assets.monitoring.check_record import CheckRecord
from sentiment_assets.monitoring.finding import Finding
from sentiment_assets.publishing.layout import TABLES
from sentiment_assets.publishing.tables import (
    ArrowTables,
    BatchToPublish,
    ModelVersion,
    batch_tables,
    joined,
    model_table,
    report_table,
)
from sentiment_assets.publishing.views import VIEWS
from sentiment_assets.publishing.warehouse import DuckdbFile, publish
from sentiment_assets.reporting.figures import ChampionTestScores, join_scores, report_figures
from testing.corpus import BAD, GOOD, made_up_reviews

NOW = datetime(2026, 3, 9, 7, tzinfo=UTC)
_PRODUCTS = ("lamp", "kettle", "tent")


def made_up_batch(branch: str, key: str, n: int, **how: float) -> BatchToPublish:
    """A batch of ``n`` scored reviews, three a day, of three products; ``how`` goes to ``made_up_reviews``.

    Its scores count telling words. Every tenth label is missing, and every tenth one after it is neutral.
    """
    made = pd.DataFrame(made_up_reviews(n, **how))  # type: ignore[arg-type]
    number = pd.Series(range(n))
    reviews = pd.DataFrame(
        {
            "review_id": made["review_id"],
            "text": made["text"],
            "label": made["label"].astype("Int8").mask(number % 10 < 2),
            "neutral": number % 10 == 1,
            "created_at": pd.Timestamp("2026-03-02", tz="UTC") + pd.to_timedelta(number // 3, unit="D"),
            "split": pd.Series(None, made.index, dtype=object),
            "product": [_PRODUCTS[each % 3] for each in number],
        }
    )
    return BatchToPublish(
        branch=branch,
        key=key,
        reviews=reviews,
        scored=scored_by_words(reviews),
        records=_records(key, reviews),
        taken_in_at=NOW,
        first_taken_in_at=NOW,
        scored_at=NOW,
    )


def scored_by_words(reviews: pd.DataFrame, version: str = "3") -> pd.DataFrame:
    """Scores, in the form of ``scored_reviews``, that count telling words."""
    rows = []
    for text in reviews["text"]:
        weighed = [(word, 0.5) for word in text.split() if word in GOOD]
        weighed += [(word, -0.5) for word in text.split() if word in BAD]
        margin = sum(weight for _, weight in weighed)
        score = max(-0.9, min(0.9, margin / 2))
        rows.append((score, int(margin > 0), 0.5 + abs(score) / 2, *map(list, zip(*weighed, strict=True))))
    scored = pd.DataFrame(rows, columns=["score", "label", "confidence", "words", "contributions"])
    scored.insert(0, "review_id", reviews["review_id"])
    scored["model_version"] = version
    scored.attrs = {SCORED_FROM: content_digest(reviews)}
    return scored


def _records(key: str, reviews: pd.DataFrame) -> Mapping[str, list[CheckRecord]]:
    findings = (
        Finding(
            name="vocabulary_drift", verdict="ok", sentence="1.2 % of the words are new.", effect=0.012, threshold=0.1
        ),
        Finding(name="length_drift", verdict="warn", sentence="Reviews are shorter.", effect=0.21, threshold=0.1),
    )
    return {"drift": [CheckRecord(key, NOW.isoformat(), "3", findings, content=content_digest(reviews))]}


@cache
def made_up_rows() -> ArrowTables:
    """Two branches, one of two batches, with a report and models."""
    batches = [
        made_up_batch("shop", "march.csv", 18, seed=1, positive_share=0.7),
        made_up_batch("shop", "more.csv", 9, seed=2),
        made_up_batch("travel", "march.csv", 12, seed=3),
    ]
    shop = [each for each in batches if each.branch == "shop"]
    reviews = join_scores({each.key: each.reviews for each in shop}, {each.key: _scores(each) for each in shop}).reviews
    figures = report_figures("shop", reviews, ("product",), _champion())
    versions = [
        ModelVersion(
            "1", NOW, NOW, is_champion=False, decision="Promoted: the first.", figures={"test_accuracy": 0.91}
        ),
        ModelVersion("2", NOW, None, is_champion=False, decision="Not promoted.", figures={"test_accuracy": 0.9}),
        ModelVersion("3", NOW, NOW, is_champion=True, decision="Promoted: better.", figures={"test_accuracy": 0.94}),
    ]
    rows = joined([batch_tables(each, NOW) for each in batches])
    return {**rows, **report_table("shop", {date(2026, 3, 9): figures}), **model_table("shop", versions)}


def _champion() -> ChampionTestScores:
    """What a champion said of forty test reviews, of which it took one in ten for the other kind."""
    labels = np.tile(np.array([1, 0], np.int8), 20)
    margins = np.where(labels == 1, 1.0, -1.0) * np.where(np.arange(40) % 10 == 0, -1, 1)
    return ChampionTestScores(
        version="3", margins=margins, scores=np.tanh(margins), labels=labels, trained_on=np.array([], np.uint64)
    )


def _scores(batch: BatchToPublish) -> pd.DataFrame:
    assert batch.scored is not None
    return batch.scored


@dataclass(frozen=True)
class Question:
    """What somebody asks, and the query that answers it."""

    asked: str
    query: str


QUESTIONS = (
    Question(
        "How does each branch do, day by day?",
        """SELECT branch, day, reviews, positive, negative, round(net_sentiment, 2) AS net
FROM sentiment.net_sentiment_by_day
WHERE day < DATE '2026-03-05'
ORDER BY branch, day""",
    ),
    Question(
        "And each product?",
        """SELECT value AS product, sum(reviews) AS reviews,
  round((sum(positive) - sum(negative)) / nullif(sum(positive + negative), 0), 2) AS net
FROM sentiment.net_sentiment_by_kept
WHERE branch = 'shop' AND column_name = 'product'
GROUP BY value
ORDER BY value""",
    ),
    Question(
        "Which words weigh most in bad reviews of lamps?",
        """SELECT w.word, count(*) AS reviews, round(sum(w.contribution), 1) AS weight
FROM sentiment.words w
JOIN sentiment.reviews r ON r.batch_digest = w.batch_digest AND r.row = w.row
JOIN sentiment.scores s ON s.batch_digest = w.batch_digest AND s.row = w.row
WHERE r.kept->>'product' = 'lamp' AND s.label = 'negative' AND w.contribution < 0
GROUP BY w.word
ORDER BY weight, w.word
LIMIT 4""",
    ),
    Question(
        "Is anything the matter with the newest batches?",
        """SELECT branch, batch, check_name, verdict, sentence
FROM sentiment.latest_drift_verdicts
WHERE verdict = 'warn'
ORDER BY branch, check_name""",
    ),
    Question(
        "What did the report say, corrected for the errors of the model, and which model is it?",
        """SELECT m.branch, m.version, m.test_accuracy, p.day, p.reviews, p.labelled,
  round(p.net_sentiment, 2) AS counted, round(p.adjusted, 2) AS corrected
FROM sentiment.models m
LEFT JOIN sentiment.reports p ON p.branch = m.branch AND p.column_name = 'all' AND p.period = 'all'
WHERE m.is_champion""",
    ),
)


def answer(file: Path, query: str) -> str:
    """The rows of a query on a DuckDB file as a Markdown table."""
    import duckdb

    with duckdb.connect(str(file), read_only=True) as warehouse:
        done = warehouse.execute(query)
        names = [column[0] for column in done.description or ()]
        rows = done.fetchall()
    lines = [names, ["---"] * len(names), *([_cell(value) for value in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _cell(value: object) -> str:
    return "" if value is None else str(value)


def questions_and_answers() -> str:
    """The questions of the page for analysts, each with its query and what the made-up warehouse answers."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "warehouse.duckdb"
        publish(DuckdbFile(file), made_up_rows())
        parts = [f"{each.asked}\n\n```sql\n{each.query};\n```\n\n{answer(file, each.query)}" for each in QUESTIONS]
    return "\n".join(parts)


def tables_of_the_warehouse() -> str:
    """The tables with their columns, as the comments in the warehouse say it."""
    parts = []
    for name, table in TABLES.items():
        rows = [f"| `{column}` | {each.kind} | {each.meaning} |" for column, each in table.columns.items()]
        parts.append(
            "\n".join(
                [
                    f"**`{name}`**: {table.meaning}",
                    "",
                    "| column | type | what it is |",
                    "| --- | --- | --- |",
                    *rows,
                    "",
                ]
            )
        )
    return "\n".join(parts)


def views_of_the_warehouse() -> str:
    """The views with their columns."""
    parts = []
    for name, view in VIEWS.items():
        rows = [f"| `{column}` | {comment} |" for column, comment in view.columns.items()]
        parts.append(
            "\n".join([f"**`{name}`**: {view.meaning}", "", "| column | what it is |", "| --- | --- |", *rows, ""])
        )
    return "\n".join(parts)
