"""Why a text has its score: its words marked, with what each added."""

import json
import re
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sentiment_assets import load_champion
from sentiment_assets.branch.files import UnknownBranch
from sentiment_assets.ingestion.decoding import on_one_line
from sentiment_assets.resources.mlflow_settings import MlflowAway
from sentiment_assets.resources.registry import ChangedModel, NoSuchVersion

_SHOWN, _BAR = 15, 24
_TOWARDS_POSITIVE, _TOWARDS_NEGATIVE = "bold green", "bold red underline"


class CannotExplain(ValueError):
    """There is no champion, or the text says nothing; the message says what to do."""


@dataclass(frozen=True)
class Word:
    """A word or n-gram of the text."""

    word: str
    contribution: float
    """What it added to the margin."""


@dataclass(frozen=True)
class Curve:
    """A margin m becomes the score tanh((slope·m + log_odds) / 2)."""

    slope: float
    log_odds: float


@dataclass(frozen=True)
class ExplainedScore:
    """A score and what it is made of."""

    branch: str
    model_version: str
    text: str
    score: float
    label: int
    """1 is positive, 0 negative."""
    confidence: float
    words: tuple[Word, ...]
    """All words that the model knows, the heaviest first; with the intercept they add up to the margin."""
    intercept: float
    curve: Curve
    """How the margin becomes the score."""

    @property
    def margin(self) -> float:
        """What the words and the intercept add up to."""
        return sum(each.contribution for each in self.words) + self.intercept


def explain(text: str, branch: str) -> ExplainedScore:
    """Score a text with a branch's champion. Raises ``CannotExplain``."""
    try:
        champion = load_champion(branch)
    except NoSuchVersion as error:
        made = (
            f"the job {branch}_train makes one, once labelled reviews have landed; `sentiment-assets status` says more"
        )
        raise CannotExplain(f"{error}. If {branch!r} is the branch that you mean: {made}") from error
    except (ChangedModel, MlflowAway, UnknownBranch) as error:
        raise CannotExplain(str(error)) from error
    _, reasons = champion.read([text])
    if reasons:
        raise CannotExplain(f"the text has no score: {reasons[0]}")
    answer = champion.score([text])
    words = champion.explain(text)
    calibration = champion.model.calibration
    curve = calibration.rating_curve or calibration
    return ExplainedScore(
        branch=branch,
        model_version=champion.version,
        text=text,
        score=float(answer["score"].iloc[0]),
        label=int(answer["label"].iloc[0]),
        confidence=float(answer["confidence"].iloc[0]),
        words=tuple(Word(str(word), float(added)) for word, added in words.itertuples(index=False)),
        intercept=champion.model.intercept if len(words) else 0.0,
        curve=Curve(curve.slope, curve.log_odds),
    )


def as_json(explained: ExplainedScore) -> str:
    """One JSON object, for programs."""
    return json.dumps(asdict(explained), indent=2, ensure_ascii=False)


def show(console: Console, explained: ExplainedScore) -> None:
    """Print it for people."""
    label = "positive" if explained.label else "negative"
    console.print(
        f"[bold]{explained.score:+.2f}[/bold]  {label}, confidence {explained.confidence:.2f}, "
        f"by version {explained.model_version} of {explained.branch}",
        highlight=False,
    )
    console.print(marked(explained), soft_wrap=True)
    if not explained.words:
        console.print("The model knows no word of this text.")
        return
    table = Table("word", "added", "", box=None)
    heaviest = abs(explained.words[0].contribution) or 1.0  # all of them may have a weight of 0
    for each in explained.words[:_SHOWN]:
        bar = Text("█" * round(abs(each.contribution) / heaviest * _BAR), _style(each.contribution))
        table.add_row(Text(on_one_line(each.word)), f"{each.contribution:+.3f}", bar)
    rest = sum(each.contribution for each in explained.words[_SHOWN:])
    if len(explained.words) > _SHOWN:
        table.add_row(f"{len(explained.words) - _SHOWN:,} others", f"{rest:+.3f}", "")
    table.add_row("with no word", f"{explained.intercept:+.3f}", "")
    table.add_row("together, the margin", f"{explained.margin:+.3f}", "")
    console.print(table)
    curve = explained.curve
    offset = f" {curve.log_odds:+.3f}" if curve.log_odds else ""
    console.print(
        f"The score is the margin, brought between -1 and 1: tanh(({curve.slope:.3f} x margin{offset}) / 2)",
        highlight=False,
        soft_wrap=True,
    )


def marked(explained: ExplainedScore) -> Text:
    """The text with its heaviest words marked, those towards negative also underlined."""
    text = Text("\n".join(map(on_one_line, explained.text.splitlines())))
    for each in reversed(explained.words[:_SHOWN]):
        whole = r"\W+".join(re.escape(part) for part in each.word.split())
        text.highlight_regex(re.compile(rf"(?<!\w){whole}(?!\w)", re.IGNORECASE), _style(each.contribution))
    return text


def _style(contribution: float) -> str:
    return _TOWARDS_POSITIVE if contribution > 0 else _TOWARDS_NEGATIVE
