"""A report, put together: figures for other tools, pages for people, and the reviews behind both."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from hashlib import sha256
from typing import Any

import numpy as np
import pandas as pd

from sentiment_assets.monitoring.accuracy import measure
from sentiment_assets.monitoring.check_record import CheckRecord
from sentiment_assets.monitoring.finding import Finding
from sentiment_assets.monitoring.quality_checks import QUALITY_CHECKS
from sentiment_assets.presentation.charts import as_svg_file
from sentiment_assets.reporting.drill_down import TableOfReviews, held_of, reviews_files
from sentiment_assets.reporting.figures import (
    ALL,
    BATCH,
    COLUMNS,
    MOST_VALUES,
    ChampionTestScores,
    ScoredReviews,
    are_by_sister,
    join_scores,
    periods_where_it_is_time,
    report_figures,
    written_between,
)
from sentiment_assets.reporting.headline import Headline, bands_of, headline_of
from sentiment_assets.reporting.labelled_scores import scores_by_label
from sentiment_assets.reporting.messages import ENGLISH
from sentiment_assets.reporting.quotes import Quotable, quotes_of
from sentiment_assets.reporting.report_page import (
    JoinedBranch,
    JoinedPage,
    Kept,
    ModelQuality,
    QuotedWord,
    ReportPage,
    Row,
    Since,
    kept_of,
    moments_of,
    render_alone,
    render_joined,
    render_report,
    sources_of,
)
from sentiment_assets.reporting.telling_words import (
    ChangedWord,
    FoundWords,
    TellingWord,
    Word,
    changed_words,
    find_words,
    telling_words,
)

_SUMMARY = "summary"
"""The attribute of a report's figures that holds what the report of all branches says of it."""
_MOST_FILES_NAMED = 5


@dataclass(frozen=True)
class ClientReport:
    """A report in its forms."""

    figures: pd.DataFrame
    html: str
    """The page of all reviews."""
    picture: bytes
    """SVG: net sentiment over time; empty where there is nothing to draw."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """What lies beside the page, by name: the pages of values, and the reviews."""
    out_of_date: Sequence[str] = ()
    page: ReportPage | None = None

    def page_alone(self, place: str) -> str:
        """The page for where nothing lies beside it; it says that the whole report lies in ``place``."""
        return render_alone(self.page, place) if self.page else self.html


@dataclass(frozen=True)
class FormerReport:
    """The report before this one."""

    day: date
    figures: pd.DataFrame


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
    former: FormerReport | None = None,
    days: tuple[date, date] | None = None,
) -> ClientReport:
    """The report of a branch, or of the reviews that were written on some ``days``, from the first to the last.

    ``raw`` and ``scored`` are by batch, the oldest first. ``records`` are what the checks found: of quality in the
    latest batch and, last, of drift in the latest that could be compared with the champion. ``labels`` is what there
    is to say of suspicious ones.
    """
    joined = join_scores(raw, scored)
    chosen = written_between(joined, *days) if days else joined
    making = _Making(branch=branch, scored=chosen, kept=kept, champion=champion, now=now, only=days)
    reviews, scored_reviews = making.reviews, making.scored
    page = making.page(ALL, ALL)
    beside = making.of_values()
    told = _told([page, *beside.values()])
    table = TableOfReviews(
        branch=branch,
        reviews=reviews,
        period=making.period,
        kind=making.kind,
        kept=kept,
        found=making.found,
        told=told,
        neutral_band=champion.neutral_band if champion else None,
        messages=ENGLISH,
    )
    whole = replace(
        page,
        sources=sources_of(making.shown_figures),
        kept=[making.kept_column(column, beside) for column in kept if column in reviews],
        since=_since(making.shown_figures, former) if former else None,
        repeated=scored_reviews.repeated,
        out_of_date=scored_reviews.out_of_date,
        by_other_versions=int((reviews["model_version"] != champion.version).sum()) if champion else 0,
        by_label=scores_by_label(reviews, champion),
        model=_quality(champion) if champion else None,
        labels=labels,
        drift=[each for each in _findings(records) if each.name not in QUALITY_CHECKS],
        quality=[each for each in _findings(records) if each.name in QUALITY_CHECKS],
        latest_batch=records[-1].batch if records else "",
    )
    pages = {_file_of(*of, kept): render_report(each).encode() for of, each in beside.items()}
    figures = making.figures
    figures.attrs = {_SUMMARY: _summary(whole)}
    return ClientReport(
        figures=figures,
        html=render_report(whole),
        picture=as_svg_file(whole.picture),
        files={**pages, **(reviews_files(table) if len(reviews) else {})},
        out_of_date=scored_reviews.out_of_date,
        page=whole,
    )


def join_reports(
    branches: Sequence[str], figures: Mapping[str, pd.DataFrame], now: datetime, *, reports_at: str
) -> ClientReport:
    """The report of all branches, from the figures of those that have any; those without reviews are named.

    ``reports_at`` is the address of the server of reports: each branch leads to its own latest one there.
    """
    filled = {branch: each for branch, each in figures.items() if len(each)}
    page = JoinedPage(
        written_at=now,
        messages=ENGLISH,
        branches=[_joined_branch(each) for each in filled.values()],
        missing=[branch for branch in branches if branch not in filled],
        reports_at=reports_at,
    )
    parts = [each.assign() for each in filled.values()]
    for each in parts:
        each.attrs = {}
    together = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))
    return ClientReport(together, render_joined(page), b"")


@dataclass(frozen=True)
class _Making:
    """What the pages of a report are made of; each part is found once."""

    branch: str
    scored: ScoredReviews
    kept: Sequence[str]
    champion: ChampionTestScores | None
    now: datetime
    only: tuple[date, date] | None = None
    """The days whose reviews alone count."""

    @property
    def reviews(self) -> pd.DataFrame:
        return self.scored.reviews

    @cached_property
    def _periods(self) -> tuple["pd.Series[str]", str]:
        return periods_where_it_is_time(self.reviews)

    @property
    def period(self) -> "pd.Series[str]":
        return self._periods[0]

    @property
    def kind(self) -> str:
        return self._periods[1]

    @cached_property
    def figures(self) -> pd.DataFrame:
        return report_figures(self.branch, self.reviews, self.kept, self.champion)

    @cached_property
    def shown_figures(self) -> pd.DataFrame:
        """The figures with ``None`` for what is missing, as pages ask for it."""
        return self.figures.astype(object).where(self.figures.notna(), None)

    @cached_property
    def found(self) -> FoundWords:
        return find_words(self.reviews)

    @cached_property
    def _quotable(self) -> Quotable:
        return Quotable.of(self.reviews)

    def page(self, by: str, value: str) -> ReportPage:
        """The page of all reviews, or of a value of a kept column, with what both have."""
        figures = self.shown_figures
        own = figures[(figures["by"] == by) & (figures["value"] == value)]
        headline = headline_of(own, self.kind, self.now, self.only)
        chosen = np.ones(len(self.reviews), bool) if by == ALL else (self.reviews[by] == value).to_numpy(bool)
        found = self.found if by == ALL else self.found.within(chosen)
        praise, complaint = telling_words(found)
        return ReportPage(
            branch=self.branch,
            written_at=self.now,
            only=self.only,
            messages=ENGLISH,
            figures=own,
            kind=self.kind,
            headline=headline,
            days=_days(self.reviews.loc[chosen, "created_at"]),
            praise=self._quoted(praise),
            complaint=self._quoted(complaint),
            changed=self._changed(found, headline, chosen),
            value=None if by == ALL else (by, value),
            undated=int(self.period[chosen].isna().sum()) if self.kind else 0,
            by_sisters=self.reviews.loc[chosen & are_by_sister(self.reviews), "model_version"].value_counts().to_dict(),
            held=held_of(self.reviews),
            total=len(self.reviews),
        )

    def of_values(self) -> dict[tuple[str, str], ReportPage]:
        """The pages of the values of kept columns that have few enough of them."""
        return {
            (column, value): self.page(column, value)
            for column in self.kept
            if column in self.reviews and self._n_values(column) <= MOST_VALUES
            for value in self._values(column)
        }

    def kept_column(self, column: str, pages: Mapping[tuple[str, str], ReportPage]) -> Kept:
        """What the page of all reviews says of a kept column."""
        return kept_of(
            self.shown_figures,
            column,
            n_values=self._n_values(column),
            files={value: _file_of(by, value, self.kept) for by, value in pages if by == column},
            kind=self.kind,
            messages=ENGLISH,
        )

    def _values(self, column: str) -> list[str]:
        own = self.figures[(self.figures["by"] == column) & (self.figures["period"] == ALL)]
        return own["value"].tolist()

    def _n_values(self, column: str) -> int:
        return int(self.reviews[column].nunique())

    def _quoted(self, words: Sequence[TellingWord]) -> list[QuotedWord]:
        """Words with their quotes; no review is quoted twice."""
        quoted, used = [], set[str]()
        for word in words:
            quotes = quotes_of(word, self._quotable, used)
            used |= {each.text for each in quotes}
            quoted.append(QuotedWord(word, quotes))
        return quoted

    def _changed(self, found: FoundWords, headline: Headline, chosen: np.ndarray) -> list[ChangedWord]:
        if headline.change is None:
            return []
        told = chosen & ~self.reviews["neutral"].to_numpy(bool)
        moments = (headline.change.now, headline.change.before)
        now, before = (told & (self.period == moment).to_numpy(bool) for moment in moments)
        return changed_words(found, now, before)


def _told(pages: Sequence[ReportPage]) -> list[Word]:
    """Every word that a page names, once."""
    return list({id(word): word for page in pages for word in _words_of(page)}.values())


def _words_of(page: ReportPage) -> Iterator[Word]:
    yield from (each.telling.word for each in (*page.praise, *page.complaint))
    yield from (each.word for each in page.changed)


def _file_of(column: str, value: str, kept: Sequence[str]) -> str:
    """The name of the page of a value."""
    return f"value-{list(kept).index(column) + 1}-{sha256(value.encode()).hexdigest()[:10]}.html"


def _days(dates: "pd.Series[pd.Timestamp]") -> tuple[str, str] | None:
    known = dates.dropna()
    return (f"{known.min():%Y-%m-%d}", f"{known.max():%Y-%m-%d}") if len(known) else None


def _since(figures: pd.DataFrame, former: FormerReport) -> Since | None:
    """What is different from the report before, where both say something."""
    earlier = former.figures.astype(object).where(former.figures.notna(), None)
    wholes = [each[(each["by"] == ALL) & (each["period"] == ALL)] for each in (earlier, figures)]
    if not all(map(len, wholes)):
        return None
    both = pd.concat(wholes, ignore_index=True)
    adjusted, counted = bands_of(both)
    corrected = all(adjusted)
    before, now = adjusted if corrected else counted
    if before is None or now is None:
        return None
    files = [each.loc[each["by"] == BATCH, "value"].tolist() for each in (earlier, figures)]
    new = [name for name in files[1] if name not in set(files[0])] if files[0] else []
    more = [f"+ {len(new) - _MOST_FILES_NAMED}"] if len(new) > _MOST_FILES_NAMED else []
    return Since(
        day=former.day.isoformat(),
        more=int(both["reviews"].iloc[1] - both["reviews"].iloc[0]),
        before=before.value,
        now=now.value,
        corrected=corrected,
        new_files=[*new[-_MOST_FILES_NAMED:], *more],
    )


def _summary(page: ReportPage) -> dict[str, Any]:
    change = page.headline.change
    said = (
        {"now": change.now, "before": change.before}
        | {end: getattr(change.value, end) for end in ("value", "low", "high")}
        if change
        else None
    )
    return {"kind": page.kind, "warnings": len(page.warnings), "change": said}


def _joined_branch(figures: pd.DataFrame) -> JoinedBranch:
    """A branch from its figures; those of a former release have no summary."""
    summary = figures.attrs.get(_SUMMARY, {"kind": "", "warnings": 0, "change": None})
    own = figures[figures["by"] == ALL]
    periods = own[own["period"] != ALL]
    whole: Row = own[own["period"] == ALL].iloc[0].to_dict()
    return JoinedBranch(
        whole=whole,
        change=summary["change"],
        kind=summary["kind"],
        warnings=summary["warnings"],
        moments=moments_of(periods.to_dict("records"), summary["kind"], ENGLISH),
    )


def _quality(champion: ChampionTestScores) -> ModelQuality:
    measured = measure(champion.margins, champion.labels)
    return ModelQuality(
        version=champion.version,
        accuracy=measured.accuracy,
        low=measured.low,
        high=measured.high,
        n_test=len(champion.labels),
        least_positive_score=champion.least_positive_score,
        scores_by_rating=champion.scores_by_rating,
        neutral_band=champion.neutral_band,
    )


def _findings(records: Sequence[CheckRecord]) -> list[Finding]:
    return [finding for record in records for finding in record.findings]
