"""Accuracy by the number of labelled reviews, beside five pipelines of scikit-learn that learn from the same ones.

    python -m benchmarks.labelled --folder FOLDER [--labelled N ...] [--draws N]

FOLDER has Parquet files with columns text and label (0, 1, or none: left out). Of each file so many reviews are drawn
for splits, features, the default search and the challenger, as a branch with default settings has them; up to 3,000
others are scored by it and by the peers. The peers learn from all that are drawn, each with its regularisation chosen
by three folds; nothing on either side is chosen by the others. Prints one Markdown table: accuracy and macro-F1 in
percent, means and, of ours less the best peer's, the standard error over the draws; and the calibration error of ours.
"""

import argparse
import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.metrics import f1_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline, make_union

from benchmarks.corpora import train_on
from sentiment_assets.learning.calibration import expected_calibration_error

_LABELLED = (300, 1_000, 4_000)
_MOST_UNSEEN = 3_000
_SEED = 0
_OURS = "ours"
_CALIBRATION_ERROR = "calibration error"


class _LogCountRatios(BaseEstimator, TransformerMixin):
    """Presence of words times their naïve-Bayes log-count ratio (Wang and Manning 2012, NBSVM)."""

    def fit(self, rows: sparse.csr_matrix, labels: np.ndarray) -> "_LogCountRatios":
        counts = [1 + np.asarray((rows[labels == label] > 0).sum(axis=0)).ravel() for label in (0, 1)]
        shares = [each / each.sum() for each in counts]
        self.ratios_ = np.log(shares[1] / shares[0])
        return self

    def transform(self, rows: sparse.csr_matrix) -> sparse.csr_matrix:
        return (rows > 0).multiply(self.ratios_).tocsr()


def main() -> None:
    """Measure every file at every number of labelled reviews and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, help="folder of Parquet files of labelled reviews")
    parser.add_argument("--labelled", type=int, nargs="+", default=list(_LABELLED), help="how many reviews to draw")
    parser.add_argument("--draws", type=int, default=3, help="draws of each number")
    chosen = parser.parse_args()
    names = [_OURS, *_peers()]
    print(f"| corpus | labelled | {' | '.join(names)} | ours less the best peer | macro-F1 | {_CALIBRATION_ERROR} |")
    print("| --- |" + " --- |" * (len(names) + 4), flush=True)
    for file in sorted(chosen.folder.glob("*.parquet")):
        frame = pd.read_parquet(file, columns=["text", "label"]).dropna().drop_duplicates("text")
        for n in chosen.labelled:
            if len(frame) >= 2 * n:
                figures = Parallel(n_jobs=2)(delayed(_measure)(frame, n, draw) for draw in range(chosen.draws))
                print(_row(file.stem, n, figures), flush=True)


def _measure(frame: pd.DataFrame, n: int, draw: int) -> Mapping[str, float]:
    """Accuracy by side, and under ``<side> F1`` macro-F1, of one draw."""
    shuffled = frame.sample(frac=1, random_state=draw)
    drawn, unseen = shuffled.iloc[:n], shuffled.iloc[n : n + _MOST_UNSEEN]
    labels, texts = unseen["label"].to_numpy(np.int8), unseen["text"].tolist()
    model = train_on(drawn)["hinge_loss"].model
    probabilities = model.calibration.probabilities(model.margins(texts))
    given = {_OURS: probabilities > 0.5}
    for name, peer in _peers().items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            fitted = peer.fit(drawn["text"].tolist(), drawn["label"].to_numpy(np.int8))
        given[name] = fitted.predict(texts) == 1
    figures = {_CALIBRATION_ERROR: expected_calibration_error(probabilities, labels)}
    for name, positive in given.items():
        figures[name] = 100 * float((positive == (labels == 1)).mean())
        figures[f"{name} F1"] = 100 * float(f1_score(labels, positive, average="macro"))
    return figures


def _peers() -> Mapping[str, GridSearchCV]:
    """The peers by name, each a pipeline whose regularisation three folds choose."""

    def words() -> TfidfVectorizer:
        return TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)

    def characters() -> TfidfVectorizer:
        return TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)

    ratios = (CountVectorizer(ngram_range=(1, 2), binary=True), _LogCountRatios())
    sgd = make_pipeline(words(), SGDClassifier(random_state=_SEED, average=True))
    regressions = {
        "words + LR": make_pipeline(words(), _regression()),
        "characters + LR": make_pipeline(characters(), _regression()),
        "both + LR": make_pipeline(make_union(words(), characters()), _regression()),
        "NBSVM": make_pipeline(*ratios, _regression()),
    }
    peers = {"words + SGD": _chosen(sgd, {"sgdclassifier__alpha": [1e-5, 1e-4, 1e-3]})}
    return peers | {name: _chosen(each, {"logisticregression__C": [1, 10]}) for name, each in regressions.items()}


def _regression() -> LogisticRegression:
    return LogisticRegression(max_iter=300)


def _chosen(pipeline: Pipeline, grid: Mapping[str, list[float]]) -> GridSearchCV:
    return GridSearchCV(pipeline, grid, cv=3)


def _row(corpus: str, n: int, draws: list[Mapping[str, float]]) -> str:
    table = pd.DataFrame(draws)
    peers = list(_peers())
    accuracies = table[[_OURS, *peers]].mean()
    best = accuracies[peers].idxmax()
    ahead = table[_OURS] - table[best]
    error = ahead.std(ddof=1) / np.sqrt(len(draws)) if len(draws) > 1 else float("nan")
    f1 = table[f"{_OURS} F1"].mean(), max(table[f"{name} F1"].mean() for name in peers)
    cells = [corpus, f"{n:,}", *(f"{each:.1f}" for each in accuracies), f"{ahead.mean():+.1f} ± {error:.1f}"]
    cells += [f"{f1[0]:.1f} ({f1[0] - f1[1]:+.1f})", f"{table[_CALIBRATION_ERROR].mean():.3f}"]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
