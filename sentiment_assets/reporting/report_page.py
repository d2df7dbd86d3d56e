"""The report as one HTML file that needs nothing else. Review text is escaped, never markup."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from sentiment_assets.monitoring.finding import Finding
from sentiment_assets.presentation.html import html_environment
from sentiment_assets.reporting.figures import ALL
from sentiment_assets.reporting.labelled_scores import LabelledScores
from sentiment_assets.reporting.neutral_band import NeutralBand
from sentiment_assets.reporting.telling_words import TellingWord


@dataclass(frozen=True)
class ModelQuality:
    """The champion, and how good it is on its test reviews."""

    version: str
    accuracy: float
    low: float
    high: float
    n_test: int
    threshold: float
    """The p above which it calls a review positive."""
    neutral_band: NeutralBand | None

    @property
    def least_positive_score(self) -> float:
        """The score above which it calls a review positive."""
        return 2 * self.threshold - 1


@dataclass(frozen=True)
class ReportPage:
    """Everything that the report of a branch shows."""

    branch: str
    written_at: str
    figures: pd.DataFrame
    """The figures as ``report_figures`` makes them."""
    kept: Sequence[str]
    period: str
    """day, week, month or batch."""
    undated: int
    """Reviews without a date among others that have one: in the whole, in no period."""
    repeated: int
    out_of_date: Sequence[str]
    by_other_versions: int
    """Reviews that another version than the champion has scored, whose error rates may be others."""
    by_sisters: Mapping[str, int]
    """How many reviews each sister has scored, by her version, such as ``movies/3``."""
    praise: Sequence[TellingWord]
    complaint: Sequence[TellingWord]
    by_label: Sequence[LabelledScores]
    """Neutral reviews between positive and negative ones; nothing where no review is neutral."""
    model: ModelQuality | None
    labels: str
    """How many labels look wrong, as a sentence; empty where nobody has looked."""
    drift: Sequence[Finding]
    """What the drift and degradation checks of the latest batch found."""
    latest_batch: str
    """The key of the latest batch."""
    picture: bytes
    """SVG."""

    @property
    def whole(self) -> pd.Series | None:
        """The row of all reviews, if there are any."""
        rows = self.figures[(self.figures["by"] == ALL) & (self.figures["period"] == ALL)]
        return rows.iloc[0] if len(rows) else None

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
    def mixed(self) -> float | None:
        """The share of these that have a mixed score; ``None`` without a neutral band, or where all have a label."""
        if self.whole is None or self.whole["mixed"] is None or not self.unlabelled:
            return None
        return float(self.whole["mixed"]) / self.unlabelled

    @property
    def labelled(self) -> int:
        """How many reviews are positive, neutral or negative by their label, where any is neutral."""
        return sum(each.reviews for each in self.by_label)

    def by(self, column: str) -> list[dict[Hashable, Any]]:
        """The whole of each value of a kept column, the most frequent first."""
        rows = self.figures[(self.figures["by"] == column) & (self.figures["period"] == ALL)]
        return rows.to_dict("records")


@dataclass(frozen=True)
class JoinedPage:
    """The report that joins all branches."""

    written_at: str
    branches: Sequence[Mapping[Hashable, Any]]
    """The row of all reviews of each branch."""
    missing: Sequence[str]
    """Branches without a scored review in a report yet."""
    picture: bytes


def render_report(page: ReportPage) -> str:
    """The report of a branch as HTML."""
    return html_environment(Path(__file__).parent).get_template("client_report.html.j2").render(page=page)


def render_joined(page: JoinedPage) -> str:
    """The report of all branches as HTML."""
    return html_environment(Path(__file__).parent).get_template("joined_report.html.j2").render(page=page)
