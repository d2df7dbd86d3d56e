"""The gate: whether the challenger takes the champion's place.

1. A challenger that is the champion itself changes nothing (``decide_unchanged``, by the digest that is registered).
2. Without a champion, the first model must know positive from negative reviews (``decide_first_promotion``).
3. Otherwise both are compared on the test reviews that the champion has not seen, and on the newest of these
   (``compare_with_champion``), and the branch's rule is applied to the comparison (``decide_promotion``).
4. A challenger that the rule lets in must get at least as many behavioural cases right as the champion (``decide``).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from sentiment_assets.learning.behaviour import check_behaviour
from sentiment_assets.learning.behaviour_cases import BehaviourCases
from sentiment_assets.learning.challenger import Challenger
from sentiment_assets.learning.decision import Decision, Outcome
from sentiment_assets.learning.known_texts import are_known
from sentiment_assets.learning.label_swaps import swap_test
from sentiment_assets.learning.metrics import errors, label_metric, majority_label
from sentiment_assets.learning.model import SentimentModel
from sentiment_assets.learning.paired_comparison import (
    PairedComparison,
    compare_paired,
    fewest_reviews,
    judge,
)
from sentiment_assets.learning.ranking import measure_ranking
from sentiment_assets.learning.settings import BEST, PromotionRule, SelectionMetric
from sentiment_assets.learning.splitting import TEST, reviews_of
from sentiment_assets.presentation.wording import counted, percent

_NEWEST_SHARE = 0.25
FEWEST_NEWEST = 50


@dataclass(frozen=True)
class ChampionTestMargins:
    """The champion, on the same test reviews as the challenger."""

    model: SentimentModel
    test_margins: np.ndarray
    """float64, shape (n_test_reviews,)."""


def measure_champion(champion: SentimentModel, splits: pd.DataFrame) -> ChampionTestMargins:
    """Score the test reviews with the champion."""
    return ChampionTestMargins(champion, champion.margins(reviews_of(splits, TEST)["text"]))


def compare_with_champion(
    challenger: Challenger,
    champion: ChampionTestMargins,
    splits: pd.DataFrame,
    similarity: float | None,
    *,
    batch_keys: Sequence[str],
) -> PairedComparison | None:
    """Compare on the test reviews that the champion does not know, ``None`` if it knows all.

    It knows those that it was trained on (their official split came later), and their near-duplicates from
    ``similarity`` on (``SplitSettings.near_duplicate_similarity``; ``None``: near-duplicates are let be). The
    challenger knows none: its near-duplicates were set aside before it was trained. ``batch_keys`` are all batches
    there are, in their order.
    """
    test = reviews_of(splits, TEST)
    known = are_known(champion.model, test["text"], test["text_digest"].to_numpy(), similarity=similarity)
    if known.all():
        return None
    labels = test["label"].to_numpy()

    def compare(chosen: np.ndarray) -> PairedComparison:
        ours, theirs = challenger.test_margins[chosen], champion.test_margins[chosen]
        return compare_paired(ours, theirs, labels[chosen], metric=challenger.metric)

    found = compare(np.flatnonzero(~known))
    newest = np.flatnonzero(~known)[newest_reviews(test[~known], batch_keys, datetime.now(UTC))]
    if len(newest) < FEWEST_NEWEST or len(np.unique(labels[newest])) == 1:
        return found
    return replace(found, newest=compare(newest))


def newest_reviews(reviews: pd.DataFrame, batch_keys: Sequence[str], now: datetime) -> np.ndarray:
    """Positions of the newest reviews, about a quarter: by date where most have one before ``now``, else by batch.

    Batches are taken whole, the last ones that make a quarter or less, or the last one alone if it has up to a half:
    the order of rows in a file, by label perhaps, is no order of time. There are none where the last batch has more.
    ``batch_keys`` are all batches in their order, which ``reviews`` are not in; one that is gone counts as the first.
    """
    n = round(_NEWEST_SHARE * len(reviews))
    dates = reviews["created_at"] if "created_at" in reviews else pd.Series(pd.NaT, reviews.index)
    dated = np.flatnonzero(dates.notna() & (dates <= now)) if dates.notna().any() else np.empty(0, np.int64)
    if 2 * len(dated) > len(reviews):
        return dated[np.argsort(dates.iloc[dated].to_numpy(), kind="stable")][-n:]
    there = set(reviews["batch"])
    batches = pd.Index([key for key in batch_keys if key in there], dtype="str")
    number = batches.get_indexer(pd.Index(reviews["batch"])) + 1
    sizes = np.cumsum(np.bincount(number, minlength=len(batches) + 1)[::-1])
    taken = max(int((sizes <= n).sum()), int(2 * sizes[0] <= len(reviews)))
    return np.flatnonzero(number > len(batches) - taken)


def decide(
    challenger: Challenger,
    *,
    champion: ChampionTestMargins | None,
    comparison: PairedComparison | None,
    splits: pd.DataFrame,
    rule: PromotionRule,
    cases: BehaviourCases,
) -> Decision:
    """Apply the rule to the comparison with the champion, if there is one, and let no behaviour get worse."""
    if champion is None:
        labels = splits.loc[splits["split"] == TEST, "label"].to_numpy()
        return decide_first_promotion(challenger.test_margins, labels, rule, challenger.metric)
    if comparison is None:
        return Decision(
            Outcome.NOT_PROMOTED,
            "Not promoted: the champion was trained on every test review or a near-duplicate of it, so none can "
            "compare them.",
        )
    decision = decide_promotion(comparison, rule)
    if not decision.promote:
        return decision
    ours, theirs = check_behaviour(challenger.model, cases), check_behaviour(champion.model, cases)
    if ours.n_passed >= theirs.n_passed:
        return decision
    return Decision(
        Outcome.NOT_PROMOTED,
        f"Not promoted: the challenger passes {ours.n_passed} of {len(ours.cases)} behavioural cases, the champion "
        f"{theirs.n_passed}. Otherwise: {decision.reason}",
    )


def decide_unchanged(champion_version: str) -> Decision:
    """Leave everything as it is, because the challenger has the digest of the champion, whose version this is."""
    return Decision(Outcome.UNCHANGED, f"Unchanged: version {champion_version} is this very model.")


def decide_promotion(comparison: PairedComparison, rule: PromotionRule) -> Decision:
    """Apply the branch's rule to a comparison with the champion; while nothing can be told, the champion stays.

    Where the newest reviews tell which model is better, they decide, so that a model for today's reviews is not held
    back by those of years ago; each of the two comparisons then has half of the level.
    """
    alpha = rule.alpha / (2 if comparison.newest else 1)
    verdict, where = judge(comparison, alpha), ""
    if comparison.newest and (of_newest := judge(comparison.newest, alpha)) in {"better", "worse"}:
        verdict, where = of_newest, " on the newest reviews"
    figures = _figures(comparison)
    if rule.rule == "manual":
        return Decision(Outcome.NOT_PROMOTED, f"Not promoted: the rule is manual. For your choice: {figures}.")
    if comparison.n < rule.fewest_test_reviews:
        return Decision(
            Outcome.NOT_PROMOTED,
            f"Not promoted: {comparison.n:,} test reviews that the champion does not know are too few to compare "
            f"them, fewest_test_reviews is {rule.fewest_test_reviews}; {figures}.",
        )
    if verdict == "undecided":
        return Decision(
            Outcome.NOT_PROMOTED,
            f"Not promoted: {comparison.n:,} test reviews cannot tell which model is better, at least "
            f"{fewest_reviews(alpha, comparison.n_tests)} are needed at level {alpha:g}; {figures}.",
        )
    promote = verdict == "better" if rule.rule == "if_better" else verdict != "worse"
    outcome, word = (Outcome.PROMOTED, "Promoted") if promote else (Outcome.NOT_PROMOTED, "Not promoted")
    return Decision(
        outcome, f"{word}: the challenger is {verdict}{where} at level {rule.alpha:g} (rule {rule.rule}); {figures}."
    )


def decide_first_promotion(
    margins: np.ndarray, labels: np.ndarray, rule: PromotionRule, metric: SelectionMetric = "hinge_loss"
) -> Decision:
    """Let a first model in, where there is no champion, if it surely ranks positive reviews above negative ones.

    It answers n test reviews, n at least 1. It need not be right more often than the more frequent label alone: where
    nineteen of twenty reviews are positive no model is, and its scores say much all the same. But its labels may not
    surely be worse by what the branch is judged by (``swap_test``), which is the error rate where hinge loss is.
    """
    ranking, n = measure_ranking(margins, labels), len(labels)
    if ranking is None:
        return _too_little_for_a_first(f"all {n:,} test reviews have the same label")
    wrong, majority_wrong = errors(margins, labels), labels != majority_label(labels)
    figures = (
        f"in {percent(ranking.area)} of pairs of a positive and a negative test review the positive one has the larger "
        f"margin (p {ranking.p_chance:.3f} for chance); {n - int(wrong.sum()):,} of {n:,} are given the right label, "
        f"{n - int(majority_wrong.sum()):,} would be by always answering the more frequent one"
    )
    if rule.rule == "manual":
        return Decision(Outcome.NOT_PROMOTED, f"Not promoted: the rule is manual. For your choice: {figures}.")
    if n < rule.fewest_test_reviews:
        return _too_little_for_a_first(
            f"{n:,} test reviews are too few, fewest_test_reviews is {rule.fewest_test_reviews}; {figures}"
        )
    if ranking.p_chance > rule.alpha:
        return _too_little_for_a_first(f"at level {rule.alpha:g} chance explains what the model knows; {figures}")
    judged_by = label_metric(metric)
    p_worse, _ = swap_test(wrong, majority_wrong, labels, metric=judged_by)
    if p_worse <= rule.alpha:
        return _too_little_for_a_first(f"the {BEST[judged_by]} is that of the more frequent label alone; {figures}")
    return Decision(Outcome.PROMOTED, f"Promoted: there was no champion; {figures}.")


def _too_little_for_a_first(reason: str) -> Decision:
    return Decision(
        Outcome.NOT_PROMOTED,
        f"Not promoted: no champion yet, but {reason}. Land more labelled reviews, of both labels.",
    )


def _figures(comparison: PairedComparison) -> str:
    ours, theirs = comparison.challenger_label_loss, comparison.champion_label_loss
    by_metric = {
        "macro_f1": f"its macro-F1 is {1 - ours:.4f}, the champion's {1 - theirs:.4f}; ",
        "balanced_error_rate": f"its balanced error rate is {ours:.4f}, the champion's {theirs:.4f}; ",
    }.get(comparison.metric, "")
    newest = ""
    if comparison.newest:
        newest = (
            f"; on the newest {comparison.newest.n:,} of them its accuracy is "
            f"{comparison.newest.challenger_accuracy:.4f}, the champion's {comparison.newest.champion_accuracy:.4f}"
        )
    now = counted(comparison.only_challenger_wrong, "review is", "reviews are")
    before = counted(comparison.only_champion_wrong, "was", "were")
    return (
        f"on the same {comparison.n:,} test reviews its accuracy is {comparison.challenger_accuracy:.4f}, the "
        f"champion's {comparison.champion_accuracy:.4f}; {by_metric}its hinge loss is "
        f"{abs(comparison.hinge_difference):.4f} {'below' if comparison.hinge_difference < 0 else 'above'} the "
        f"champion's (p {comparison.p_hinge_worse:.3f} for worse, "
        f"{comparison.p_hinge_better:.3f} for better); {now} wrong only now, "
        f"{before} wrong only before "
        f"(p {comparison.p_errors_worse:.3f} for worse, {comparison.p_errors_better:.3f} for better)"
        f"{newest}"
    )
