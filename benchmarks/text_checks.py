"""How many reviews a processor second is enough for, in the quality checks and in the drift checks of a batch.

    python -m benchmarks.text_checks [--rows N ...]

Makes batches of made-up reviews of 8 to 100 words, a few of them beyond ASCII, and checks each in a process of its own,
against a champion of 3,000 reviews. Prints one Markdown table.
"""

import argparse
import os
import random
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pandas as pd

from testing.corpus import made_up_reviews

if TYPE_CHECKING:
    from sentiment_assets.learning.model import SentimentModel
    from sentiment_assets.monitoring.reference import Reference

_ROWS = (10_000, 50_000, 250_000)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=list(_ROWS))
    chosen = parser.parse_args()
    print(f"{os.cpu_count()} processors, Python {sys.version.split()[0]}.\n")
    print("| reviews | quality, reviews per processor s | drift, reviews per processor s | both |")
    print("| --- | --- | --- | --- |", flush=True)
    for rows in chosen.rows:
        command = f"from benchmarks.text_checks import print_cost; print_cost({rows})"
        said = subprocess.check_output([sys.executable, "-c", command], text=True)
        quality, drift = (float(each) for each in said.split())
        print(
            f"| {rows:,} | {rows / quality:,.0f} | {rows / drift:,.0f} | {rows / (quality + drift):,.0f} |", flush=True
        )


def print_cost(rows: int) -> None:
    """Print the processor seconds of the quality checks and of the drift checks of so many reviews."""
    from sentiment_assets.monitoring.batch_checks import check_drift
    from sentiment_assets.monitoring.batch_to_check import BatchToCheck
    from sentiment_assets.monitoring.language import languages_of
    from sentiment_assets.monitoring.other_batches import look_at_others
    from sentiment_assets.monitoring.quality import batch_quality
    from sentiment_assets.monitoring.quality_batch import QualityBatch
    from sentiment_assets.monitoring.settings import MonitoringSettings

    champion, reviews, alone = made_champion(_reviews(3_000, seed=1)), _reviews(rows), look_at_others([], [])
    languages_of(["What the library knows of languages is unpacked once a process."])
    batch = QualityBatch(
        reviews=reviews,
        rows_in=rows,
        rows_quarantined=0,
        rows_duplicate=0,
        others=alone,
        checked_at=datetime.now(UTC),
    )
    started = time.process_time()
    batch_quality(batch, MonitoringSettings())
    quality = time.process_time() - started
    to_check = BatchToCheck(key="a.csv", reviews=reviews, champion=champion, others=alone, checked_at="now")
    started = time.process_time()
    check_drift(to_check, MonitoringSettings())
    print(quality, time.process_time() - started)


@dataclass(frozen=True)
class Champion:
    """A model with what batches are compared with."""

    version: str
    model: "SentimentModel"
    reference: "Reference | None"


def made_champion(reviews: pd.DataFrame) -> Champion:
    """A champion that was trained on reviews, and its reference."""
    from sentiment_assets.learning.candidate import train_candidate
    from sentiment_assets.learning.challenger import make_challenger
    from sentiment_assets.learning.features import build_features
    from sentiment_assets.learning.hyperparameters import Hyperparameters
    from sentiment_assets.learning.settings import FeatureSettings, NgramSettings, SplitSettings
    from sentiment_assets.learning.splitting import split_reviews
    from sentiment_assets.monitoring.reference import make_reference

    splits = split_reviews(reviews.assign(batch="b"), SplitSettings()).reviews
    features = build_features(splits, FeatureSettings(ngrams=NgramSettings(longest=2, columns_log2=16)))
    candidate = train_candidate(features, "v1", Hyperparameters(epochs=4, eta0=1, l2=1e-5), mlflow_run_id="run")
    challenger = make_challenger({"one": candidate}, features, splits, metric="hinge_loss")
    model = challenger.model
    return Champion("1", model, make_reference(challenger, splits))


def _reviews(rows: int, seed: int = 0) -> pd.DataFrame:
    """Reviews of frequent and rare words, as ``raw_reviews`` has them."""
    rng = random.Random(seed)  # noqa: S311
    frequent = sorted({word for _, text, _ in made_up_reviews(2_000, 0, 0.5) for word in text.split()})
    rare = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(2, 9))) for _ in range(3_000)]
    words, weights = [*frequent, *rare, "café", "it’s", "naïve"], [100] * len(frequent) + [1] * 3_000 + [3] * 3
    texts = [" ".join(rng.choices(words, weights, k=rng.randint(8, 100))) for _ in range(rows)]
    return pd.DataFrame(
        {
            "review_id": [str(each) for each in range(rows)],
            "text": pd.Series(texts, dtype="str"),
            "label": pd.array([each % 2 for each in range(rows)], "Int8"),
            "created_at": pd.Series(pd.NaT, range(rows), "datetime64[us, UTC]"),
            "split": pd.Series(None, range(rows), "str"),
        }
    )


if __name__ == "__main__":
    main()
