"""Unbalanced reviews: what class weights bring, and the threshold of a branch that is judged by macro-F1.

    python -m benchmarks.unbalanced --folder FOLDER [--labelled N ...] [--draws N]

FOLDER has Parquet files with columns text and label (0, 1, or none: left out). Of each file so many reviews are drawn
for a branch with default settings, once with ``class_weight: none`` and once with ``balanced``, the default; up to
4,000 others are scored. Prints one Markdown table of means over the draws: the share of positive reviews, the area
under the ROC curve, the Brier score, accuracy in percent, and macro-F1 in percent with the default's threshold of one
half and with ``selection_metric: macro_f1``.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from sklearn.metrics import roc_auc_score

from benchmarks.corpora import train_on
from sentiment_assets.learning.calibration import brier_score
from sentiment_assets.learning.hyperparameters import DEFAULT_GRID, SearchSpace
from sentiment_assets.learning.metrics import accuracy, rates_per_label
from sentiment_assets.learning.settings import SelectionMetric

_MOST_UNSEEN = 4_000
_WEIGHTS = ("none", "balanced")
_MACRO_F1: SelectionMetric = "macro_f1"
_COLUMNS = (
    "corpus",
    "labelled",
    "positive",
    "class_weight",
    "ROC area",
    "Brier",
    "accuracy",
    "macro-F1",
    "chosen for it",
)


def main() -> None:
    """Measure every file at every number of labelled reviews and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, help="folder of Parquet files of labelled reviews")
    parser.add_argument("--labelled", type=int, nargs="+", default=[300, 1_000, 4_000], help="how many to draw")
    parser.add_argument("--draws", type=int, default=3, help="draws of each number")
    chosen = parser.parse_args()
    print(f"| {' | '.join(_COLUMNS)} |\n|{' --- |' * len(_COLUMNS)}", flush=True)
    for file in sorted(chosen.folder.glob("*.parquet")):
        frame = pd.read_parquet(file, columns=["text", "label"]).dropna().drop_duplicates("text")
        for n in chosen.labelled:
            if len(frame) < 1.4 * n:
                continue
            draws = Parallel(n_jobs=2)(delayed(_measure)(frame, n, draw) for draw in range(chosen.draws))
            for weights, figures in zip(_WEIGHTS, np.mean(draws, axis=0), strict=True):
                share, area, brier, *rates = figures
                cells = [f"{100 * share:.0f} %", weights, f"{area:.3f}", f"{brier:.3f}"]
                cells += [f"{100 * rate:.1f}" for rate in rates]
                print(f"| {file.stem} | {n:,} | {' | '.join(cells)} |", flush=True)


def _measure(frame: pd.DataFrame, n: int, draw: int) -> list[list[float]]:
    """The figures of one draw, with each class weight."""
    shuffled = frame.sample(frac=1, random_state=draw)
    drawn, unseen = shuffled.iloc[:n], shuffled.iloc[n : n + _MOST_UNSEEN]
    return [list(_figures(drawn, unseen, weights)) for weights in _WEIGHTS]


def _figures(drawn: pd.DataFrame, unseen: pd.DataFrame, weights: str) -> Iterator[float]:
    grid = DEFAULT_GRID.model_copy(update={"class_weight": [weights]})
    labels, texts = unseen["label"].to_numpy(np.int8), unseen["text"].tolist()
    challengers = train_on(drawn, SearchSpace(grid=grid), _MACRO_F1)
    plain, for_macro_f1 = challengers["hinge_loss"].model, challengers[_MACRO_F1].model
    margins = plain.margins(texts)
    yield float(labels.mean())
    yield float(roc_auc_score(labels, margins))
    yield brier_score(plain.calibration.probabilities(margins), labels)
    yield accuracy(margins, labels)
    yield rates_per_label(margins, labels)["macro_f1"]
    yield rates_per_label(for_macro_f1.margins(texts), labels)["macro_f1"]


if __name__ == "__main__":
    main()
