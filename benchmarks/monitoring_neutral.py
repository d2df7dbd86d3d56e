"""How often harmless batches warn that hold neutral reviews, with and without these in the reference.

    python -m benchmarks.monitoring_neutral --corpora FOLDER [--batches N]

Every Parquet file of FOLDER whose reviews are neutral in at least 300 cases (columns text, label; a missing label is
neutral) is a corpus: half of it, up to 6,000 reviews, becomes a champion, and batches are drawn from the rest.

Prints a Markdown table: shares of batches of which any drift or degradation check warns.
"""

import argparse
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from benchmarks.corpora import Champion, ask, read_corpora, train_champion, without_neutral

_FEWEST_NEUTRAL, _MOST_TRAINED_ON = 300, 6_000
_SIZES = (200, 1_000)


def _unlabelled(batch: pd.DataFrame) -> pd.DataFrame:
    return batch.assign(label=pd.array([pd.NA] * len(batch), "Int8"), neutral=False)


def _half(batch: pd.DataFrame) -> pd.DataFrame:
    middle = len(batch) // 2
    return pd.concat([batch.iloc[:middle], _unlabelled(batch.iloc[middle:])], ignore_index=True)


_KINDS: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "unlabelled": _unlabelled,
    "half labelled": _half,
    "labelled": lambda batch: batch,
    "labelled, neutral dropped": lambda batch: batch[~batch["neutral"]],
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", type=Path, required=True, help="folder of Parquet files")
    parser.add_argument("--batches", type=int, default=100, help="batches of each row")
    chosen = parser.parse_args()
    print("| corpus, neutral | batches | n | N | warn, reference with neutral | by check | reference without |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name, reviews in read_corpora(chosen.corpora).items():
        if reviews["neutral"].sum() >= _FEWEST_NEUTRAL:
            _print_rows(name, reviews, chosen.batches)


def _print_rows(name: str, reviews: pd.DataFrame, batches: int) -> None:
    half = min(len(reviews) // 2, _MOST_TRAINED_ON)
    champion, pool = train_champion(reviews.iloc[:half]), reviews.iloc[half:]
    champions = (champion, without_neutral(champion))
    for kind, change in _KINDS.items():
        for n in _SIZES:
            drawn = [change(pool.sample(n, random_state=seed)) for seed in range(batches)]
            warned = Parallel(n_jobs=2)(delayed(_warnings)(champions, batch) for batch in drawn)
            with_neutral, without = zip(*warned, strict=True)
            by_check = Counter(check for names in with_neutral for check in names)
            told = ", ".join(f"{check} {count}" for check, count in by_check.most_common()) or "–"
            shares = [np.mean([bool(names) for names in each]) for each in (with_neutral, without)]
            print(
                f"| {name}, {reviews['neutral'].mean():.1%} | {kind} | {n:,} | {batches} | {shares[0]:.3f} | {told} | "
                f"{shares[1]:.3f} |",
                flush=True,
            )


def _warnings(champions: tuple[Champion, ...], batch: pd.DataFrame) -> list[list[str]]:
    return [[each.name for each in ask(champion, batch)[0] if each.warns] for champion in champions]


if __name__ == "__main__":
    main()
