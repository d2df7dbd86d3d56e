"""The model card: what people must know of a registered version before they use it, in Markdown.

It is made of what was measured when the version was registered, so its figures are those of the train run.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from sentiment_assets.learning.about_branch import AboutBranch
from sentiment_assets.learning.behaviour import BehaviourResult
from sentiment_assets.learning.challenger import Challenger
from sentiment_assets.learning.cross_fitting import DEVELOPMENT
from sentiment_assets.learning.decision import Decision, Outcome
from sentiment_assets.learning.metrics import errors, exact_ends
from sentiment_assets.learning.model import PinnedVersion
from sentiment_assets.learning.promotion import FEWEST_NEWEST, newest_reviews
from sentiment_assets.learning.splitting import TEST
from sentiment_assets.learning.training_data import TrainingData
from sentiment_assets.presentation.markdown import as_text, markdown_table
from sentiment_assets.presentation.wording import counted, percent, shorten

CARD_FILE = "model_card.md"
LONGEST = 5_000
"""Characters that MLflow's registry takes as the description of a version."""
_LONGEST_REASON = 1_500
_MOST_VALUES = 5
_FEWEST_OF_A_VALUE = 30
_MOST_FAILURES = 8
_LONGEST_TEXT = 80
_KEPT_OF = ["batch", "review_id"]
"""What names a review in the splits and in its batch."""
_ELSEWHERE = f"*More is in `report/{CARD_FILE}` of the train run.*"


@dataclass(frozen=True)
class ModelCard:
    """A card in parts, the most important one first."""

    parts: Sequence[str]

    @property
    def text(self) -> str:
        """All of it."""
        return "\n\n".join(self.parts)

    @property
    def description(self) -> str:
        """What MLflow's registry takes: as many parts as there is room for, and where the rest is."""
        if len(self.text) <= LONGEST:
            return self.text
        parts, left = [], LONGEST - len(_ELSEWHERE) - 2
        for part in self.parts:
            left -= len(part) + 2
            if left < 0:
                break
            parts.append(part)
        return "\n\n".join([*parts, _ELSEWHERE])


def make_model_card(
    about: AboutBranch,
    challenger: Challenger,
    decision: Decision,
    *,
    splits: pd.DataFrame,
    data: TrainingData,
    kept: pd.DataFrame,
    languages: Sequence[str],
    behaviour: BehaviourResult,
) -> ModelCard:
    """The card of a challenger. ``kept`` has the kept columns of each test review, in the order of ``splits``."""
    test = splits.drop(columns="text")[splits["split"] == TEST]
    right = ~errors(challenger.test_margins, test["label"].to_numpy())
    return ModelCard(
        [
            as_text(shorten(decision.reason, _LONGEST_REASON)),
            _purpose(about.name),
            _figures(challenger, test, right, data.batches),
            _data(about, data, languages, challenger.model.started_from),
            _limits(challenger.model.calibration.threshold, languages),
            _use(about.name),
            _ownership(about.owners),
            _behaviour(behaviour),
            *([_by_value(kept, right)] if len(kept.columns) else []),
        ]
    )


def summary(decision: Decision, *, challenger_version: str, champion_version: str | None) -> str:
    """What a train run has come to, in one short line; ``champion_version`` is that of before."""
    stays = f"version {champion_version} stays" if champion_version else "there is no champion"
    return {
        Outcome.PROMOTED: f"Promoted: version {challenger_version} is the champion.",
        Outcome.NOT_PROMOTED: f"Not promoted: version {challenger_version} waits, {stays}.",
        Outcome.UNCHANGED: f"Unchanged: version {challenger_version} is this very model.",
    }[decision.outcome]


def accuracy_in_words(challenger: Challenger) -> str:
    """The accuracy on test with its interval, in one short line."""
    value, n = challenger.metrics["test_accuracy"], int(challenger.metrics["test_reviews"])
    low, high = exact_ends(round(value * n), n)
    return f"{value:.3f} ({low:.3f} to {high:.3f}) on {counted(n, 'test review')}"


def columns_of_test_reviews(
    batches: Iterable[tuple[str, pd.DataFrame]], splits: pd.DataFrame, columns: Sequence[str]
) -> pd.DataFrame:
    """The kept ``columns`` of each test review, in the order of ``splits``; batches are looked at one by one.

    A column that a batch does not have is missing there, and so is all of a review that its batch no longer has.
    """
    test = splits.loc[splits["split"] == TEST, _KEPT_OF].astype(object)
    found = []
    for key, batch in batches:
        of_batch = batch["review_id"].isin(test.loc[test["batch"] == key, "review_id"])
        some = batch.loc[of_batch, [each for each in ("review_id", *columns) if each in batch]]
        found.append(some.drop_duplicates("review_id", keep="last").assign(batch=key).astype(object))
    every = pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=_KEPT_OF)
    return test.merge(every, how="left", on=_KEPT_OF).reindex(columns=list(columns))


def _purpose(branch: str) -> str:
    return (
        "## What it is for\n\n"
        f"It says whether a review of {as_text(branch)} is positive or negative, and how surely. It is for many "
        "reviews at once: shares, trends, and which reviews to read first.\n\n"
        "It is not for decisions about one person, nor for texts of another kind or language, nor for what a "
        "review is about."
    )


def _figures(challenger: Challenger, test: pd.DataFrame, right: np.ndarray, batch_keys: Sequence[str]) -> str:
    newest = newest_reviews(test, batch_keys, datetime.now(UTC))
    some = challenger.metrics
    rows = [_accuracy("all test reviews", right)]
    if FEWEST_NEWEST <= len(newest) < len(right):
        rows.append(_accuracy("the newest of them", right[newest]))
    measured = {
        "always the more frequent label": "test_majority_accuracy",
        "macro-F1": "test_macro_f1",
        "area under the ROC curve": "test_roc_auc",
        "Brier score": "test_brier_score",
        "expected calibration error": "test_expected_calibration_error",
    }
    told = [f"{name} {some[metric]:.4f}" for name, metric in measured.items() if metric in some]
    return (
        "## How good it is\n\nOn reviews that it was neither trained nor chosen on; intervals hold the truth in 95 of "
        f"100 cases.\n\n{markdown_table(['reviews', 'how many', 'accuracy', '95 % interval'], rows)}\n\n"
        f"On all test reviews: {'; '.join(told)}. The last two say how far its probabilities are from what is so (0: "
        "not at all); they were calibrated on reviews held out of training." + _by_rating(some)
    )


def _by_rating(metrics: Mapping[str, float]) -> str:
    """What is said of a version whose scores are calibrated to ratings; nothing of others."""
    if not metrics.get("test_rated_reviews"):
        return ""
    correlation, middle = metrics.get("test_rating_correlation"), metrics.get("test_middle_mean_score")
    return (
        "\n\nIts scores say where on the scale of ratings a review stands, and 0 is the middle. On "
        f"{counted(int(metrics['test_rated_reviews']), 'rated test review')}, neutral ones among them, they are off by "
        f"{metrics['test_rating_error']:.2f} ratings on average (always the median: "
        f"{metrics['test_rating_error_of_median']:.2f}), and by {metrics['test_balanced_rating_error']:.2f} if each "
        "fifth of the scale counts alike"
        + ("" if correlation is None else f"; rank correlation {correlation:.2f}")
        + ("" if middle is None else f"; those rated in the middle have a mean score of {middle:+.2f}")
        + "."
    )


def _accuracy(name: str, right: np.ndarray) -> list[str]:
    n, n_right = len(right), int(right.sum())
    low, high = exact_ends(n_right, n)
    return [name, f"{n:,}", f"{n_right / n:.4f}", f"{low:.4f} to {high:.4f}"]


def _data(
    about: AboutBranch, data: TrainingData, languages: Sequence[str], started_from: Sequence[PinnedVersion]
) -> str:
    rows = [[split, *(f"{n:,}" for n in of_label.values())] for split, of_label in data.sizes.items()]
    when = "no review has a date"
    if data.dates:
        some = "" if data.dated == 1 else f" ({percent(data.dated)} of the reviews have a date)"
        when = f"from {data.dates[0]} to {data.dates[1]}{some}"
    sisters = ", ".join(as_text(str(each)) for each in started_from)
    weights = f"- It starts from {sisters}, and has what was learnt there in it.\n" if sisters else ""
    return (
        f"## Data\n\n{markdown_table(['split', *next(iter(data.sizes.values()))], rows)}\n\n"
        f"- It was trained on {' and '.join(DEVELOPMENT)} together.\n{weights}"
        f"- Dates: {when}.\n"
        f"- Languages: {', '.join(as_text(each) for each in languages) or 'none that could be told'}.\n"
        f"- Where reviews come from: {as_text(about.sources)}.\n"
        f"- Labels: {as_text(about.label_rule)}"
    )


def _limits(threshold: float, languages: Sequence[str]) -> str:
    named = ", ".join(as_text(each) for each in languages)
    return (
        "## Limits\n\n"
        f"- It has learnt from {named or 'its own reviews'} only; of another language it knows next to nothing.\n"
        "- It has never learnt a neutral review: mixed and neutral ones get scores near 0, in either direction.\n"
        "- Irony, and what a text does not say in words of its own, it does not see.\n"
        "- A text of which it knows no n-gram has score 0 and confidence 0.5: that says nothing.\n"
        f"- A review is called positive from a probability of {threshold:.4g} on.\n"
        "- Texts change; the branch's drift and degradation checks say when it no longer suits them."
    )


def _use(branch: str) -> str:
    name = branch if branch.isidentifier() else "BRANCH"
    return (
        "## How to call it\n\n"
        f'```python\nfrom sentiment_assets import load_champion\n\nload_champion("{name}").score(["A text"])\n```\n\n'
        "`load_champion` takes the number of a version, too; over HTTP it is `POST /v1/BRANCH/score` of "
        "`sentiment-assets serve`; with MLflow alone `mlflow.pyfunc.load_model` and a column `text`."
    )


def _ownership(owners: Sequence[str]) -> str:
    named = ", ".join(as_text(each) for each in owners)
    return f"## Who owns it\n\n{named or 'Nobody is named: `owners` of the branch is empty.'}"


def _behaviour(behaviour: BehaviourResult) -> str:
    cases, failed = behaviour.cases, behaviour.failures
    if not cases:
        return "## Behavioural cases\n\nThe branch has none (`behaviour.yaml`)."
    lines = [
        f"- {as_text(str(each['group']))}, expected {as_text(str(each['expected']))}: "
        f"“{as_text(shorten(str(each['text']), _LONGEST_TEXT))}” ({as_text(str(each['score']))})"
        for each in failed[:_MOST_FAILURES]
    ]
    more = len(failed) - len(lines)
    return "\n".join(
        [
            f"## Behavioural cases\n\nIt gets {behaviour.n_passed:,} of {counted(len(cases), 'case')} right"
            + ("; wrong are:\n" if failed else "."),
            *lines,
            *([f"- and {more:,} more, in `report/behaviour_failures.csv` of the train run"] if more > 0 else []),
        ]
    )


def _by_value(kept: pd.DataFrame, right: np.ndarray) -> str:
    rows = [
        [as_text(str(column)), *_accuracy(as_text(shorten(str(value), _LONGEST_TEXT)), right[places])]
        for column in kept
        for value, places in _most_frequent(kept[column]).items()
    ]
    if not rows:
        return (
            f"## By kept column\n\nNo value of {', '.join(as_text(str(each)) for each in kept)} has "
            f"{_FEWEST_OF_A_VALUE} test reviews."
        )
    return (
        "## By kept column\n\nOn test reviews, the most frequent values with at least "
        f"{_FEWEST_OF_A_VALUE} of them.\n\n"
        f"{markdown_table(['column', 'value', 'how many', 'accuracy', '95 % interval'], rows)}"
    )


def _most_frequent(values: "pd.Series[str]") -> Mapping[str, np.ndarray]:
    """Where the most frequent values stand, of those that enough reviews have."""
    counts = values.astype("str").where(values.notna()).value_counts()
    chosen = counts[counts >= _FEWEST_OF_A_VALUE].index[:_MOST_VALUES]
    return {value: np.flatnonzero((values.astype("str") == value).to_numpy()) for value in chosen}
