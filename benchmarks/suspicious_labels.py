"""How well suspicious labels are found: a twentieth of the labels is flipped, and looked for.

    python -m benchmarks.suspicious_labels --reviews PATH [--features SET] [--draws N]

PATH is a Parquet file with columns text, label and split (train, test); others lie beside it, and some reviews are
drawn from them. Five per cent of the labels of train and validation are flipped, test is
left as it is. The default search is tried (of the feature set that is asked for), and the selected hyperparameter set
cross-fitted. Prints Markdown tables: how many of the first labels were flipped, by several ways to rank and to weigh
columns; what cross-fitting costs; and the test accuracy of a champion with the suspicious labels left in train, left
out, and corrected.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import get_args
from unittest.mock import patch

import numpy as np
import pandas as pd

from sentiment_assets.learning import cross_fitted_margins
from sentiment_assets.learning.candidate import Candidate, train_candidate
from sentiment_assets.learning.challenger import make_challenger
from sentiment_assets.learning.cost import measure_cost
from sentiment_assets.learning.cross_fitted_margins import cross_fit
from sentiment_assets.learning.cross_fitting import DEVELOPMENT
from sentiment_assets.learning.features import Features, build_features
from sentiment_assets.learning.hyperparameters import SearchSpace
from sentiment_assets.learning.settings import FeatureSet, FeatureSettings, SplitSettings
from sentiment_assets.learning.splitting import NEAR_DUPLICATE, TEST, TRAIN, VALIDATION, split_reviews, text_digests
from sentiment_assets.learning.suspicious_labels import SuspiciousLabels, find_suspicious_labels

_FLIPPED = 0.05
_SMALL = (("yelp_10k", 8_000), ("yelp_10k", 3_000), ("amazon_musical", 3_000), ("drug_raw_part", 3_000))
_SIMILARITY = SplitSettings().near_duplicate_similarity
_FIRST = (100, 250, 500)
_DRAWS = 3


@dataclass(frozen=True)
class Corpus:
    """A corpus of which some labels are flipped, and a candidate that was trained on it."""

    name: str
    splits: pd.DataFrame
    """With the flipped labels."""
    flipped: np.ndarray
    """True where the label of ``splits`` was flipped."""
    features: Features
    candidate: Candidate

    @property
    def n_flipped(self) -> int:
        """How many labels were."""
        return int(self.flipped.sum())


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reviews", type=Path, required=True, help="Parquet file of labelled reviews")
    parser.add_argument(
        "--features", choices=get_args(FeatureSet), default="words", help="feature set of the candidates"
    )
    parser.add_argument("--draws", type=int, default=_DRAWS, help="times that labels are flipped")
    chosen = parser.parse_args()
    large = [(chosen.reviews, None)]
    small = [(chosen.reviews.with_name(f"{name}.parquet"), n) for name, n in _SMALL]
    print(_row("corpus", "flipped", *(f"of the first {n}" for n in _FIRST), "listed", "of these", "found", "clean"))
    print(_row(*["---"] * (len(_FIRST) + 6)))
    costs, helped = [], []
    for file, n in small + large:
        rows = [_measured(file, n, seed, chosen.features) for seed in range(chosen.draws)]
        name = f"{file.stem}, {n or 'all'}"
        print(_row(name, *_means([found for found, _, _ in rows])), flush=True)
        helped.append(_row(name, *_means([kept for _, _, kept in rows])))
        if n is None:
            costs = _means([cost for _, cost, _ in rows])
    print("\n" + _row("test accuracy", "left in", "left out", "corrected"))
    print(_row(*["---"] * 4), *helped, sep="\n")
    print("\n" + _row("a candidate, s", "cross-fitting, s", "with column weights of train, of the first 500"))
    print(_row(*["---"] * 3), _row(*costs), sep="\n")


def _measured(file: Path, n: int | None, seed: int, feature_set: FeatureSet) -> tuple[list[float], ...]:
    corpus = _corpus(file, n, seed, feature_set=feature_set, share=_FLIPPED)
    cross_fitted, cost = measure_cost(lambda: cross_fit(corpus.candidate, corpus.features, corpus.splits))
    found = find_suspicious_labels(corpus.splits, cross_fitted)
    right = _right(found, corpus)
    clean = _corpus(file, n, seed, feature_set=feature_set, share=0.0)
    untouched = find_suspicious_labels(clean.splits, cross_fit(clean.candidate, clean.features, clean.splits))
    firsts = [right[:first].mean() if first <= corpus.n_flipped else np.nan for first in _FIRST]
    shares = [found.share, right.mean(), right.sum() / corpus.n_flipped, untouched.share]
    leaking = np.nan if n else _right(_with_columns_of_train(corpus), corpus)[: _FIRST[-1]].mean()
    costs = [corpus.candidate.cost.cpu_seconds, cost.cpu_seconds, leaking]
    return [corpus.n_flipped, *firsts, *shares], costs, _test_accuracies(corpus, found)


def _corpus(file: Path, n: int | None, seed: int, *, feature_set: FeatureSet, share: float) -> Corpus:
    reviews = pd.read_parquet(file).dropna(subset=["label"]).drop_duplicates("text")
    reviews = reviews.sample(min(n or len(reviews), len(reviews)), random_state=seed)
    official = pd.Series(None, reviews.index, "str")
    if {TRAIN, TEST} <= set(reviews["split"]):
        tenth = (reviews["split"] == TRAIN) & (text_digests(reviews["text"]) % np.uint64(10) == 0)
        official = reviews["split"].mask(tenth, VALIDATION).astype("str")
    batch = pd.DataFrame(
        {
            "review_id": [str(each) for each in range(len(reviews))],
            "text": reviews["text"].astype("str").array,
            "label": reviews["label"].astype("Int8").array,
            "split": official.array,
            "batch": "a",
        }
    )
    splits = split_reviews(batch, SplitSettings(), n_jobs=2).reviews
    development = np.flatnonzero(splits["split"].isin(DEVELOPMENT))
    flipped = np.zeros(len(splits), bool)
    drawn = np.random.default_rng(seed).choice(development, round(share * len(development)), replace=False)
    flipped[drawn] = True
    splits["label"] = np.where(flipped, 1 - splits["label"], splits["label"]).astype(np.int8)
    features = build_features(splits, FeatureSettings(), [feature_set], similarity=_SIMILARITY, n_jobs=2)
    sets = [each for each in SearchSpace().hyperparameter_sets() if each.features == feature_set]
    tried = [train_candidate(features, "benchmark", each, mlflow_run_id="none") for each in sets]
    best = min(tried, key=lambda each: each.cross_validated_hinge_loss or each.validation_hinge_loss)
    return Corpus(file.stem, splits, flipped, features, best)


def _right(found: SuspiciousLabels, corpus: Corpus) -> np.ndarray:
    """Which of the labels that were found were flipped, the most suspicious first."""
    flipped = set(corpus.splits["review_id"][corpus.flipped])
    return found.reviews["review_id"].isin(flipped).to_numpy()


def _with_columns_of_train(corpus: Corpus) -> SuspiciousLabels:
    """What is found when column weights are those of train, which have seen every label."""
    with patch.object(cross_fitted_margins, "weigh_anew", lambda rows, **_: rows):
        return find_suspicious_labels(corpus.splits, cross_fit(corpus.candidate, corpus.features, corpus.splits))


def _test_accuracies(corpus: Corpus, found: SuspiciousLabels) -> list[float]:
    """The champion's test accuracy with the suspicious labels left in train and validation, left out, and corrected."""
    suspicious = corpus.splits["review_id"].isin(set(found.reviews["review_id"])).to_numpy()
    label, split = corpus.splits["label"].to_numpy(), corpus.splits["split"]
    without = corpus.splits.assign(split=split.mask(suspicious, NEAR_DUPLICATE))
    corrected = corpus.splits.assign(label=np.where(suspicious, 1 - label, label).astype(np.int8))
    return [_test_accuracy(corpus, splits) for splits in (corpus.splits, without, corrected)]


def _test_accuracy(corpus: Corpus, splits: pd.DataFrame) -> float:
    settings = corpus.candidate.hyperparameters
    features = build_features(splits, FeatureSettings(), list(corpus.features.sets), similarity=_SIMILARITY, n_jobs=2)
    candidate = train_candidate(features, "benchmark", settings, mlflow_run_id="none")
    return make_challenger({"best": candidate}, features, splits, metric="hinge_loss").metrics["test_accuracy"]


def _means(rows: list[list[float]]) -> list[str]:
    means = np.mean(np.array(rows, float), axis=0)
    return ["–" if np.isnan(each) else f"{each:,.0f}" if each > 20 else f"{each:.3f}" for each in means]


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
