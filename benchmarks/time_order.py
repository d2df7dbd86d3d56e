"""What a client would have had who lands reviews month by month: champion, first for ever, always newest, windowed.

    python -m benchmarks.time_order --reviews PATH [--first N] [--months N] [--last-days N]

PATH is a Parquet file with columns text, label (0, 1, or none: left out) and created_at. The first months, until so
many labelled reviews have landed, make the first model. From then on each stretch of ``--months`` months is scored by
what was there before it, and then landed, and a challenger is trained on all that has landed: the gate decides whether
it becomes the *champion*; *always newest* takes it as it is; *first for ever* never does; *windowed* is the champion of
a branch with ``splits: {last_days: N}``. Prints one Markdown table: accuracy in percent, the Brier score and the mean
error of net sentiment in points over all scored reviews, and how often a challenger was promoted.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from sentiment_assets.learning.behaviour_cases import NO_CASES
from sentiment_assets.learning.calibration import CannotCalibrate, brier_score
from sentiment_assets.learning.candidate import train_candidate
from sentiment_assets.learning.challenger import Challenger, make_challenger
from sentiment_assets.learning.features import build_features
from sentiment_assets.learning.hyperparameters import Hyperparameters
from sentiment_assets.learning.model import SentimentModel
from sentiment_assets.learning.promotion import compare_with_champion, decide, measure_champion
from sentiment_assets.learning.settings import FeatureSettings, PromotionRule, SplitSettings
from sentiment_assets.learning.splitting import UnusableSplits, require_usable, split_reviews

_HYPERPARAMETERS = Hyperparameters(features="words+characters", epochs=12, eta0=0.3, l2=1e-6)


@dataclass
class Policy:
    """One way to choose the model that scores, and what it answered so far."""

    splitting: SplitSettings = field(default_factory=SplitSettings)
    asks_gate: bool = True
    trains_again: bool = True
    model: SentimentModel | None = None
    promotions: int = 0
    probabilities: list[np.ndarray] = field(default_factory=list)


def main() -> None:
    """Walk through time and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reviews", type=Path, required=True, help="Parquet file of dated, labelled reviews")
    parser.add_argument("--first", type=int, default=300, help="labelled reviews before the first model")
    parser.add_argument("--months", type=int, default=1, help="months that land together")
    parser.add_argument("--last-days", type=int, default=730, help="the window")
    chosen = parser.parse_args()
    policies = {
        "champion": Policy(),
        "first for ever": Policy(trains_again=False),
        "always newest": Policy(asks_gate=False),
        f"windowed, {chosen.last_days} days": Policy(SplitSettings(last_days=chosen.last_days)),
    }
    labels = []
    for landed, stretch in _stretches(pd.read_parquet(chosen.reviews), chosen.first, chosen.months):
        for policy in policies.values():
            if policy.model is None or policy.trains_again:
                _train(policy, landed)
        models = [policy.model for policy in policies.values() if policy.model is not None]
        if len(models) < len(policies):
            continue
        labels.append(stretch["label"].to_numpy(np.int8))
        texts = stretch["text"].tolist()
        for policy, model in zip(policies.values(), models, strict=True):
            policy.probabilities.append(model.calibration.probabilities(model.margins(texts)))
    true = np.concatenate(labels)
    print(f"{len(true):,} reviews of {len(labels)} stretches, {true.mean():.0%} of them positive\n")
    print("| policy | accuracy | Brier | net sentiment off by | promoted |\n| --- | --- | --- | --- | --- |")
    for name, policy in policies.items():
        p = np.concatenate(policy.probabilities)
        off = [
            abs(2 * (each > 0.5).mean() - 2 * own.mean())
            for each, own in zip(policy.probabilities, labels, strict=True)
        ]
        weights = [len(each) for each in labels]
        print(
            f"| {name} | {100 * ((p > 0.5) == (true == 1)).mean():.1f} | {brier_score(p, true):.4f} "
            f"| {100 * np.average(off, weights=weights):.1f} | {policy.promotions} |"
        )


def _stretches(frame: pd.DataFrame, first: int, months: int) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """All that has landed, and the reviews that come next."""
    labelled = frame.dropna(subset=["label", "created_at"]).drop_duplicates("text").sort_values("created_at")
    reviews = pd.DataFrame(
        {
            "review_id": [str(number) for number in range(len(labelled))],
            "text": labelled["text"].to_numpy(str),
            "label": labelled["label"].to_numpy(np.int8),
            "created_at": pd.to_datetime(labelled["created_at"], utc=True).array,
            "split": None,
        }
    )
    month = (reviews["created_at"].dt.year * 12 + reviews["created_at"].dt.month) // months
    reviews["batch"] = month.astype(str)
    begin = int(month.iloc[first])
    for each in sorted(month[month > begin].unique()):
        yield reviews[month < each], reviews[month == each]


def _train(policy: Policy, landed: pd.DataFrame) -> None:
    """Train on what has landed, and take the challenger if the policy does."""
    similarity = policy.splitting.near_duplicate_similarity
    splits = split_reviews(landed, policy.splitting).reviews
    try:
        require_usable(splits)
        challenger = _challenger(splits, similarity)
    except (UnusableSplits, CannotCalibrate):
        return
    promoted = True
    if policy.model is not None and policy.asks_gate:
        standing = measure_champion(policy.model, splits)
        months = sorted(splits["batch"].unique(), key=int)
        comparison = compare_with_champion(challenger, standing, splits, similarity, batch_keys=months)
        decision = decide(
            challenger,
            champion=standing,
            comparison=comparison,
            splits=splits,
            rule=PromotionRule(),
            cases=NO_CASES,
        )
        promoted = decision.promote
    if promoted:
        policy.promotions += policy.model is not None
        policy.model = challenger.model


def _challenger(splits: pd.DataFrame, similarity: float | None) -> Challenger:
    features = build_features(splits, FeatureSettings(), ["words+characters"], similarity=similarity)
    candidate = train_candidate(features, "benchmark", _HYPERPARAMETERS, mlflow_run_id="none")
    return make_challenger({_HYPERPARAMETERS.key: candidate}, features, splits, metric="hinge_loss")


if __name__ == "__main__":
    main()
