"""The report as HTML pages: one of all reviews and one of each value. Review text is escaped, never markup."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from math import isnan, nan
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from sentiment_assets.monitoring.finding import Finding
from sentiment_assets.presentation.charts import Moment, over_time, range_on_scale, sparkline
from sentiment_assets.presentation.html import html_environment
from sentiment_assets.presentation.wording import points
from sentiment_assets.reporting.drill_down import LABEL, NEGATIVE, POSITIVE, kept_key, link
from sentiment_assets.reporting.figures import ALL, BATCH
from sentiment_assets.reporting.headline import Headline, is_complete, places_in_time
from sentiment_assets.reporting.labelled_scores import LabelledScores
from sentiment_assets.reporting.messages import Messages
from sentiment_assets.reporting.neutral_band import NeutralBand
from sentiment_assets.reporting.quotes import Quote
from sentiment_assets.reporting.telling_words import ChangedWord, TellingWord

PAGE = "report.html"
_MOST_SOURCES = 24
_MOST_MULTIPLES = 12
_TEMPLATE, _JOINED_TEMPLATE = "client_report.html.j2", "joined_report.html.j2"

Row = Mapping[Hashable, Any]


@dataclass(frozen=True)
class ModelQuality:
    """The champion, and how good it is on its test reviews."""

    version: str
    accuracy: float
    low: float
    high: float
    n_test: int
    least_positive_score: float
    """The score above which it calls a review positive."""
    scores_by_rating: bool
    neutral_band: NeutralBand | None


@dataclass(frozen=True)
class QuotedWord:
    """A word with the reviews that say it."""

    telling: TellingWord
    quotes: Sequence[Quote]


@dataclass(frozen=True)
class Since:
    """What is different from the last report."""

    day: str
    more: int
    """How many reviews were added; negative if some are gone."""
    before: float
    now: float
    corrected: bool
    """Whether both are corrected for the model's errors, and not as counted."""
    new_files: Sequence[str]


@dataclass(frozen=True)
class Kept:
    """A kept column: what is said of its most frequent values."""

    column: str
    rows: Sequence[Row]
    """The whole of each value, the most frequent first."""
    n_values: int
    """How many values there are."""
    files: Mapping[str, str]
    """The name of the page of each value that has one."""
    over_time: Sequence[tuple[str, Sequence[Moment]]]
    """The values that have periods, with these."""


@dataclass(frozen=True)
class ReportPage:
    """Everything that a page of a report shows: the one of all reviews, or that of a value of a kept column."""

    branch: str
    written_at: datetime
    messages: Messages
    figures: pd.DataFrame
    """The rows of what the page is about, whole and by period, with ``None`` for what is missing."""
    kind: str
    """day, week or month; "" where no review has a date."""
    headline: Headline
    days: tuple[str, str] | None
    """The first and the last day of the reviews."""
    only: tuple[date, date] | None
    """The days whose reviews alone the report is about; ``None`` for all."""
    praise: Sequence[QuotedWord]
    complaint: Sequence[QuotedWord]
    changed: Sequence[ChangedWord]
    value: tuple[str, str] | None = None
    """The kept column and the value that the page is about; ``None`` for all reviews."""
    sources: Sequence[Row] = ()
    """The figures of each batch, the oldest first."""
    kept: Sequence[Kept] = ()
    since: Since | None = None
    undated: int = 0
    """Reviews without a date among others that have one: in the whole, in no period."""
    repeated: int = 0
    out_of_date: Sequence[str] = ()
    by_other_versions: int = 0
    """Reviews that another version than the champion has scored, whose error rates may be others."""
    by_sisters: Mapping[str, int] | None = None
    """How many reviews each sister has scored, by her version, such as ``movies/3``."""
    by_label: Sequence[LabelledScores] = ()
    """Neutral reviews between positive and negative ones; nothing where no review is neutral."""
    model: ModelQuality | None = None
    labels: str = ""
    """How many labels look wrong, as a sentence; empty where nobody has looked."""
    drift: Sequence[Finding] = ()
    """What the drift and degradation checks found of the latest batch of which they could tell."""
    quality: Sequence[Finding] = ()
    """What the quality checks of the latest batch found."""
    latest_batch: str = ""
    """The key of the batch that ``drift`` is about."""
    held: int = 0
    """How many reviews the page behind the numbers holds."""
    total: int = 0
    """How many there are."""
    elsewhere: str = ""
    """Where the whole report lies, if this page stands alone and its links would lead nowhere."""

    @property
    def name(self) -> str:
        """What the page is about."""
        return self.value[1] if self.value else self.branch

    @cached_property
    def whole(self) -> Row | None:
        """The row of all reviews, if there are any."""
        rows = self.figures[self.figures["period"] == ALL].to_dict("records")
        return rows[0] if rows else None

    @cached_property
    def periods(self) -> Sequence[Row]:
        """The row of each period, the earliest first."""
        return self.figures[self.figures["period"] != ALL].to_dict("records")

    @cached_property
    def moments(self) -> list[Moment]:
        """The periods as a picture shows them."""
        return moments_of(self.periods, self.kind, self.messages)

    @property
    def picture(self) -> Markup:
        """Net sentiment over time; nothing where there are no two periods."""
        return over_time(self.moments, alternative_of(self.moments, self.messages)) if self.is_over_time else Markup()

    @property
    def spark(self) -> Markup:
        """The same in small, without letters."""
        return sparkline(self.moments, alternative_of(self.moments, self.messages)) if self.is_over_time else Markup()

    @property
    def is_over_time(self) -> bool:
        """Whether there is a course of time to tell of."""
        return len(self.moments) > 1

    @property
    def unfinished(self) -> str:
        """The name of the last period if it has not ended yet."""
        if not self.periods or is_complete(str(self.periods[-1]["period"]), self.kind, self.written_at):
            return ""
        return self.messages.period(str(self.periods[-1]["period"]), self.kind)

    @property
    def shown_sources(self) -> Sequence[Row]:
        """The last batches."""
        return self.sources[-_MOST_SOURCES:]

    @property
    def neutral(self) -> LabelledScores | None:
        """The neutral reviews, if there are any."""
        return next((each for each in self.by_label if each.label == "neutral"), None)

    @property
    def counted(self) -> int:
        """How many reviews net sentiment is about: all but the neutral ones."""
        return 0 if self.whole is None else int(self.whole["reviews"] - self.whole["neutral"])

    @property
    def unlabelled(self) -> int:
        """How many of these have no label."""
        return 0 if self.whole is None else int(self.counted - self.whole["labelled"])

    @property
    def negative(self) -> int:
        """How many of these the model calls negative."""
        return 0 if self.whole is None else int(self.counted - self.whole["unrecognised"] - self.whole["positive"])

    @property
    def mixed(self) -> float | None:
        """The share of these that have a mixed score; ``None`` without a neutral band, or where all have a label."""
        if self.whole is None or self.whole["mixed"] is None or not self.unlabelled:
            return None
        return float(self.whole["mixed"]) / self.unlabelled

    @property
    def labelled(self) -> int:
        """How many reviews are positive, neutral or negative by their label, where any is neutral."""
        return sum(each.reviews for each in self.by_label)

    @property
    def first_sentence(self) -> Markup:
        """Which way reviewers lean, and whether that has changed."""
        t, headline = self.messages, self.headline
        if headline.band is None:
            return Markup()
        ends = {name: points(getattr(headline.band, name)) for name in ("low", "high")}
        return t(f"leans_{headline.lean}", name=self.name, points=points(headline.band.value), **ends) + self._change()

    def _change(self) -> Markup:
        t, change = self.messages, self.headline.change
        if change is None:
            return t("no_change")
        way = "up" if change.value.value >= 0 else "down"
        now, before = (t.period(each, self.kind) for each in (change.now, change.before))
        size = points(abs(change.value.value)).lstrip("+")
        return t(f"change_{way}" if change.is_sure else f"change_chance_{way}", now=now, before=before, size=size)

    @property
    def corrected_how(self) -> Markup:
        """What the large figure is corrected by."""
        labelled = int(self.whole["labelled"]) if self.whole else 0
        if not self.headline.corrected:
            return self.messages("not_corrected")
        by = "both" if labelled and self.unlabelled else "labels" if labelled else "rates"
        return self.messages(f"corrected_by_{by}", labelled=self.number(labelled, rated=[POSITIVE, NEGATIVE]))

    @property
    def warnings(self) -> list[Markup]:
        """What a client should know before relying on the figures, in their words."""
        t = self.messages
        said = [
            t(f"warns_{each.name}") if t.known(f"warns_{each.name}") else t("warns_other", name=each.name)
            for each in (*self.drift, *self.quality)
            if each.warns
        ]
        said += [t("warns_sister", number=f"{n:,}", version=by) for by, n in (self.by_sisters or {}).items()]
        if self.out_of_date:
            said.append(t("warns_out_of_date", names=", ".join(self.out_of_date)))
        return said

    def number(self, count: int, **chosen: str | Sequence[str]) -> Markup:
        """A number of reviews, as a link to these where the page has such links."""
        written = f"{count:,}"
        if not count or self.elsewhere:
            return Markup.escape(written)
        if self.value:
            chosen = {kept_key(self.value[0]): self.value[1], **chosen}
        return Markup('<a href="{}">{}</a>').format(link(**chosen), written)

    def of_kept(self, count: int, column: str, value: str) -> Markup:
        """A number of reviews with a value of a kept column."""
        return self.number(count, **{kept_key(column): value})

    def label_link(self, count: int, label: str) -> Markup:
        """A number of reviews that are counted as something."""
        return self.number(count, **{LABEL: label})

    def range_of(self, row: Row) -> Markup:
        """The best known figure of a row with its band, on a scale."""
        value, low, high = best_of(row)
        ends = {"points": points(value), "low": points(low), "high": points(high)}
        return range_on_scale(value, low, high, self.messages("range", **ends))

    def multiple(self, moments: Sequence[Moment]) -> Markup:
        """A small picture of a value over time."""
        return sparkline(moments, alternative_of(moments, self.messages))


@dataclass(frozen=True)
class JoinedBranch:
    """A branch in the report that joins all."""

    whole: Row
    change: Mapping[str, Any] | None
    """The change that the summary of its figures names."""
    kind: str
    warnings: int
    moments: Sequence[Moment]

    @property
    def best(self) -> tuple[float, float, float]:
        """Its net sentiment with its band, the best that is known."""
        return best_of(self.whole)

    @property
    def needs_attention(self) -> bool:
        """Whether it has a warning, or has surely fallen."""
        return self.warnings > 0 or bool(self.change and self.change["high"] < 0)


@dataclass(frozen=True)
class JoinedPage:
    """The report that joins all branches."""

    written_at: datetime
    messages: Messages
    branches: Sequence[JoinedBranch]
    missing: Sequence[str]
    """Branches without a scored review in a report yet."""
    reports_at: str
    """The address of the server of reports."""

    @property
    def by_need(self) -> list[JoinedBranch]:
        """The branches, those that need attention first, then by their net sentiment."""
        values = {id(each): best_of(each.whole)[0] for each in self.branches}
        return sorted(self.branches, key=lambda each: (not each.needs_attention, *_unknown_last(values[id(each)])))

    def range_of(self, row: Row) -> Markup:
        """The best known figure of a branch with its band, on a scale."""
        value, low, high = best_of(row)
        ends = {"points": points(value), "low": points(low), "high": points(high)}
        return range_on_scale(value, low, high, self.messages("range", **ends))

    def spark(self, branch: JoinedBranch) -> Markup:
        """A branch over time, without letters."""
        if len(branch.moments) < 2:
            return Markup()
        return sparkline(branch.moments, alternative_of(branch.moments, self.messages))


def best_of(row: Row) -> tuple[float, float, float]:
    """Net sentiment of a row with its band: corrected, or else as counted; nan where neither is known."""
    for names in (("adjusted", "adjusted_low", "adjusted_high"), ("net_sentiment", "net_low", "net_high")):
        if row[names[0]] is not None and not pd.isna(row[names[0]]):
            return float(row[names[0]]), float(row[names[1]]), float(row[names[2]])
    return nan, nan, nan


def _unknown_last(value: float) -> tuple[bool, float]:
    return isnan(value), value


def moments_of(rows: Sequence[Row], kind: str, messages: Messages) -> list[Moment]:
    """Periods, the earliest first, as pictures show them."""
    places = places_in_time([str(row["period"]) for row in rows], kind) if kind else []
    return [
        Moment(
            place,
            messages.period(str(row["period"]), kind, short=True),
            *best_of(row),
            counted=nan if row["net_sentiment"] is None else float(row["net_sentiment"]),
            reviews=int(row["reviews"]),
        )
        for place, row in zip(places, rows, strict=False)
    ]


def kept_of(
    figures: pd.DataFrame, column: str, *, n_values: int, files: Mapping[str, str], kind: str, messages: Messages
) -> Kept:
    """What is said of a kept column, from its figures."""
    own = figures[figures["by"] == column]
    periods = {
        value: moments_of(rows.to_dict("records"), kind, messages)
        for value, rows in own[own["period"] != ALL].groupby("value", sort=False)
    }
    wholes = own[own["period"] == ALL].to_dict("records")
    return Kept(
        column=column,
        rows=wholes,
        n_values=n_values,
        files=files,
        over_time=[
            (row["value"], periods[row["value"]])
            for row in wholes[:_MOST_MULTIPLES]
            if len(periods.get(row["value"], ())) > 1
        ],
    )


def sources_of(figures: pd.DataFrame) -> Sequence[Row]:
    """The figures of each batch."""
    return figures[figures["by"] == BATCH].to_dict("records")


def alternative_of(moments: Sequence[Moment], messages: Messages) -> str:
    """What a picture shows, for those who do not see it."""
    said = []
    for each in moments:
        ends = {"name": each.name, "points": points(each.value), "low": points(each.low), "high": points(each.high)}
        said.append(messages("chart_unknown" if each.value != each.value else "chart_figure_between", **ends))
    return str(messages("chart", figures="; ".join(said)))


def render_report(page: ReportPage) -> str:
    """The page as HTML."""
    return html_environment(Path(__file__).parent).get_template(_TEMPLATE).render(page=page, t=page.messages)


def render_alone(page: ReportPage, place: str) -> str:
    """The page as HTML that stands without the files beside it, and says that these lie in ``place``."""
    return render_report(replace(page, elsewhere=place))


def render_joined(page: JoinedPage) -> str:
    """The report of all branches as HTML."""
    return html_environment(Path(__file__).parent).get_template(_JOINED_TEMPLATE).render(page=page, t=page.messages)
