"""A report, put together: figures for other tools and a page for people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from sentiment_assets.learning.periods import periods_of
from sentiment_assets.monitoring.accuracy import measure
from sentiment_assets.monitoring.check_record import CheckRecord
from sentiment_assets.monitoring.finding import Finding
from sentiment_assets.reporting.figures import (
    ALL,
    COLUMNS,
    NEUTRAL,
    ChampionTestScores,
    are_by_sister,
    join_scores,
    report_figures,
)
from sentiment_assets.reporting.labelled_scores import scores_by_label
from sentiment_assets.reporting.pictures import draw_branches, draw_over_time
from sentiment_assets.reporting.report_page import JoinedPage, ModelQuality, ReportPage, render_joined, render_report
from sentiment_assets.reporting.telling_words import telling_words


@dataclass(frozen=True)
class ClientReport:
    """A report in its two forms."""

    figures: pd.DataFrame
    html: str
    picture: bytes
    """SVG: the page's main picture; empty where there is nothing to draw."""
    out_of_date: Sequence[str] = ()


def make_client_report(
    branch: str,
    *,
    raw: Mapping[str, pd.DataFrame],
    scored: Mapping[str, pd.DataFrame],
    kept: Sequence[str],
    champion: ChampionTestScores | None,
    records: Sequence[CheckRecord],
    now: datetime,
    labels: str = "",
) -> ClientReport:
    """The report of a branch.

    ``raw`` and ``scored`` are by batch, the oldest first. ``records`` are what the drift and degradation checks found
    in the latest batch, ``labels`` is what there is to say of suspicious ones.
    """
    scored_reviews = join_scores(raw, scored)
    reviews = scored_reviews.reviews
    period, kind = periods_of(reviews)
    figures = report_figures(branch, reviews, kept, champion)
    over_time = figures[(figures["by"] == ALL) & (figures["period"] != ALL)]
    picture = draw_over_time(over_time if kind == "batch" else over_time.sort_values("period"))
    praise, complaint = telling_words(reviews[~reviews[NEUTRAL]])
    page = ReportPage(
        branch=branch,
        written_at=_written(now),
        figures=figures.astype(object).where(figures.notna(), None),
        kept=kept,
        period=kind,
        undated=int(period.isna().sum()),
        repeated=scored_reviews.repeated,
        out_of_date=scored_reviews.out_of_date,
        by_other_versions=int((reviews["model_version"] != champion.version).sum()) if champion else 0,
        by_sisters=reviews.loc[are_by_sister(reviews), "model_version"].value_counts().to_dict(),
        praise=praise,
        complaint=complaint,
        by_label=scores_by_label(reviews, champion),
        model=_quality(champion) if champion else None,
        labels=labels,
        drift=_findings(records),
        latest_batch=records[-1].batch if records else "",
        picture=picture,
    )
    return ClientReport(figures, render_report(page), picture, scored_reviews.out_of_date)


def join_reports(branches: Sequence[str], figures: Mapping[str, pd.DataFrame], now: datetime) -> ClientReport:
    """The report of all branches, from the figures of those that have any; those without reviews are named."""
    wholes = {branch: each[(each["by"] == ALL) & (each["period"] == ALL)] for branch, each in figures.items()}
    known = [branch for branch, whole in wholes.items() if len(whole)]
    over_time = {
        branch: figures[branch][(figures[branch]["by"] == ALL) & (figures[branch]["period"] != ALL)] for branch in known
    }
    picture = draw_branches(over_time) if over_time else b""
    page = JoinedPage(
        written_at=_written(now),
        branches=[wholes[branch].iloc[0].to_dict() for branch in known],
        missing=[branch for branch in branches if branch not in known],
        picture=picture,
    )
    filled = [figures[branch] for branch in known]
    together = pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=list(COLUMNS))
    return ClientReport(together, render_joined(page), picture)


def _quality(champion: ChampionTestScores) -> ModelQuality:
    measured = measure(champion.margins, champion.labels)
    return ModelQuality(
        version=champion.version,
        accuracy=measured.accuracy,
        low=measured.low,
        high=measured.high,
        n_test=len(champion.labels),
        threshold=champion.threshold,
        neutral_band=champion.neutral_band,
    )


def _findings(records: Sequence[CheckRecord]) -> list[Finding]:
    return [finding for record in records for finding in record.findings]


def _written(now: datetime) -> str:
    return now.strftime("%Y-%m-%d %H:%M UTC")
