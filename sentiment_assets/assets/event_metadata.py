"""What assets and checks leave in Dagster's events for others to read: the keys, and how they are read.

Metadata that only people look at need no constant; what code reads again has one here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dagster as dg

from sentiment_assets.learning.decision import Decision, Outcome

if TYPE_CHECKING:
    from sentiment_assets.monitoring.finding import Finding

ROW_COUNT = "dagster/row_count"
FILE_DIGEST = "file_digest"
ROWS_LABELLED = "rows_labelled"
ROWS_QUARANTINED = "rows_quarantined"
MODEL_VERSION = "model_version"
LABELS_SEEN = "labels_seen"
"""How many labelled reviews a branch had when a sister scored a batch."""
RECALIBRATED_ON = "recalibrated_on"
"""On how many of these her scores were recalibrated; 0 if they are as they were."""
INSTEAD_OF = "instead_of_champion"
"""The champion's version, where somebody had a batch scored with a version that he named; empty if there was none."""
SELECTED_CANDIDATE = "selected_candidate"
CHAMPION_VERSION = "champion_version"
REPORT_FILE = "report_file"
FAILED = "failed"
"""What an observation of a batch says that could not be taken in, or scored: why."""
TRANSIENT = "transient"
"""What it says, too, where the reason may pass by itself, such as a landing place that is away."""
FIGURES_EVENT = "figures_event"
"""The number of the last event of the report or the models that a publication has sent what it says of."""
TOLD_AGAIN = "told_again"
"""Marks the event of a partition that a resumed run passes over: it says what a former run has stored."""

_OUTCOME, _DECISION, _CHALLENGER_VERSION, _MODEL_LINK = "outcome", "decision", "challenger_version", "mlflow_model"
_WAKES_SOMEBODY, _DRIFT_PAGE, _IS_NEWS = "wakes_somebody", "drift_page", "is_news"
_NUMBERS = ("effect", "statistic", "p_value", "threshold")
_FORMER_WAKES_SOMEBODY = "pages"
_FORMER_WORDS = {"Promoted": Outcome.PROMOTED, "Not promoted": Outcome.NOT_PROMOTED}
"""A run that is under way during an update writes its events as the former release did: no outcome, but these words."""

Metadata = Mapping[str, dg.MetadataValue]


@dataclass(frozen=True)
class RecordedDecision:
    """What ``best_model`` decided about a challenger, as its event says."""

    outcome: str
    """A value of ``Outcome``."""
    reason: str
    challenger_version: str
    model_link: str


def decision_metadata(
    decision: Decision, *, challenger_version: str, champion_version: str, model_link: dg.UrlMetadataValue
) -> dict[str, Any]:
    """Write a decision; ``read_decision`` reads it."""
    return {
        _OUTCOME: decision.outcome.value,
        _DECISION: decision.reason,
        _CHALLENGER_VERSION: challenger_version,
        CHAMPION_VERSION: champion_version,
        _MODEL_LINK: model_link,
    }


def read_decision(metadata: Metadata) -> RecordedDecision:
    """Read a decision, also one of a run that began with a former release."""
    reason, version, link = (str(metadata[key].value) for key in (_DECISION, _CHALLENGER_VERSION, _MODEL_LINK))
    if _OUTCOME in metadata:
        return RecordedDecision(str(metadata[_OUTCOME].value), reason, version, link)
    former = (outcome for word, outcome in _FORMER_WORDS.items() if reason.startswith(word))
    return RecordedDecision(next(former, Outcome.UNCHANGED), reason, version, link)


@dataclass(frozen=True)
class RecordedCheck:
    """What the evaluation of a check says beside its sentence."""

    wakes_somebody: bool
    numbers: Mapping[str, str]
    """Effect, statistic, p_value and threshold by name, as far as the check has them."""
    drift_page: str | None
    """A link to the branch's drift page."""
    is_news: bool
    """Whether it had not failed before, though what it looked at is of an older run."""


def check_metadata(finding: "Finding", *, wakes_somebody: bool) -> dict[str, Any]:
    """Write what a finding says in numbers; ``read_check`` reads it."""
    numbers = {name: getattr(finding, name) for name in _NUMBERS}
    known = {name: value for name, value in numbers.items() if value is not None}
    return {"verdict": finding.verdict, **known, _WAKES_SOMEBODY: wakes_somebody}


def drift_page_metadata(link: dg.UrlMetadataValue, file: str) -> dict[str, Any]:
    """Write where the branch's drift page is: in MLflow, and as a file."""
    return {_DRIFT_PAGE: link, "drift_page_file": file}


def news_metadata(*, is_news: bool) -> dict[str, Any]:
    """Write whether a check that is asked again, of what an older run took in, had not failed before."""
    return {_IS_NEWS: is_news}


def read_check(metadata: Metadata) -> RecordedCheck:
    """Read what ``check_metadata``, ``drift_page_metadata`` and ``news_metadata`` wrote, also in a former release.

    A check that has none of it is read too.
    """
    page = metadata.get(_DRIFT_PAGE)
    wakes = metadata.get(_WAKES_SOMEBODY, metadata.get(_FORMER_WAKES_SOMEBODY))
    news = metadata.get(_IS_NEWS)
    return RecordedCheck(
        wakes_somebody=wakes is not None and wakes.value is True,
        numbers={name: str(metadata[name].value) for name in _NUMBERS if name in metadata},
        drift_page=None if page is None else str(page.value),
        is_news=news is not None and news.value is True,
    )


def failure_of_batch(error: Exception) -> dict[str, str | bool]:
    """What an observation says of a batch that failed: why, and whether another try may help."""
    transient = isinstance(error, dg.Failure) and error.allow_retries
    return {FAILED: why_failed(error), **({TRANSIENT: True} if transient else {})}


def why_failed(error: Exception) -> str:
    """What the code meant people to read, or else the exception."""
    said = error.description if isinstance(error, dg.Failure) else None
    return said or f"{type(error).__name__}: {error}"
