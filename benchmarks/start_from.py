"""What a sister is worth to a new branch: accuracy with few labels, without and with films as the sister.

    python -m benchmarks.start_from --folder FOLDER [--labelled N ...] [--draws N] [--branches NAME ...] [--alone]

FOLDER has imdb.parquet, whose train part the sister learns from, and a Parquet file for each new branch, with columns
text and label (0, 1, or none: left out). Of each so many reviews are drawn for splits, features, the default search and
the challenger, as a branch with default settings has them; up to 3,000 others are scored. Prints one Markdown table,
means over the draws: accuracy of the sister alone, of the best candidate without her, of the best with her, and of the
one that the search chooses among both, less the first of these with the standard error. With ``--alone`` nothing is
trained but the sister: the table has her accuracy, Brier score and calibration error as she is, and with her scores
recalibrated on so many labels, and the smallest accuracy of a draw.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from benchmarks.corpora import as_reviews
from sentiment_assets.learning.calibration import brier_score, expected_calibration_error
from sentiment_assets.learning.candidate import train_candidate
from sentiment_assets.learning.challenger import make_challenger
from sentiment_assets.learning.features import build_features
from sentiment_assets.learning.hyperparameters import Hyperparameters, SearchSpace
from sentiment_assets.learning.metrics import accuracy
from sentiment_assets.learning.model import PinnedVersion, SentimentModel, model_digest
from sentiment_assets.learning.settings import FeatureSettings, SplitSettings
from sentiment_assets.learning.sister import Sister, labelled_margins, recalibrated, set_known_aside
from sentiment_assets.learning.splitting import split_reviews

_LABELLED = (100, 300, 1_000)
_BRANCHES = ("yelp_10k", "drug_raw_part")
_MOST_UNSEEN = 3_000
_FILMS = "films"
_OF_FILMS = Hyperparameters(features="words+characters", epochs=12, eta0=0.3, l2=1e-6)
_FIGURES_ALONE = (
    *("accuracy", "Brier", "calibration error", "accuracy, recalibrated", "Brier", "calibration error"),
    "worst accuracy",
)
_SIDES = ("sister alone", "own", "with sister", "chosen")


def main() -> None:
    """Train the sister, measure every branch at every number of labelled reviews, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, help="folder of Parquet files of labelled reviews")
    parser.add_argument("--labelled", type=int, nargs="+", default=list(_LABELLED), help="how many reviews to draw")
    parser.add_argument("--draws", type=int, default=5, help="draws of each number")
    parser.add_argument("--branches", nargs="+", default=list(_BRANCHES), help="names of the files of new branches")
    parser.add_argument("--alone", action="store_true", help="what a branch without a champion is scored with")
    chosen = parser.parse_args()
    films = pd.read_parquet(chosen.folder / "imdb.parquet")
    model = train_sister(films[films["split"] == "train"])
    sister = Sister(PinnedVersion(_FILMS, "1", model_digest(model)), model)
    names = _FIGURES_ALONE if chosen.alone else (*_SIDES, "chosen less own")
    print(f"| new branch | labelled | {' | '.join(names)} |")
    print("| --- |" + " --- |" * (len(names) + 1), flush=True)
    for name in chosen.branches:
        frame = pd.read_parquet(chosen.folder / f"{name}.parquet", columns=["text", "label"])
        frame = frame.dropna().drop_duplicates("text")
        for n in chosen.labelled:
            if chosen.alone:
                print(_row_alone(name, n, measure_alone(sister.model, frame, n, chosen.draws)), flush=True)
                continue
            figures = Parallel(n_jobs=2)(delayed(measure)(sister, frame, n, draw) for draw in range(chosen.draws))
            print(_row(name, n, figures), flush=True)


def train_sister(reviews: pd.DataFrame) -> SentimentModel:
    """The challenger of a branch of these reviews, by one hyperparameter set."""
    splits = split_reviews(as_reviews(reviews.dropna(subset="label").drop_duplicates("text")), SplitSettings()).reviews
    features = build_features(splits, FeatureSettings(), ["words+characters"], n_jobs=2)
    candidate = train_candidate(features, "benchmark", _OF_FILMS, mlflow_run_id="none")
    return make_challenger({_OF_FILMS.key: candidate}, features, splits, metric="hinge_loss", n_jobs=2).model


def measure(sister: Sister, frame: pd.DataFrame, n: int, draw: int) -> Mapping[str, float]:
    """Accuracy on unseen reviews by side, of one draw."""
    shuffled = frame.sample(frac=1, random_state=draw)
    drawn, unseen = shuffled.iloc[:n], shuffled.iloc[n : n + _MOST_UNSEEN]
    splitting, settings, sisters = SplitSettings(), FeatureSettings(), {_FILMS: sister}
    similarity = splitting.near_duplicate_similarity
    splits = set_known_aside(split_reviews(as_reviews(drawn), splitting).reviews, [sister], similarity)
    features = build_features(splits, settings, similarity=similarity, sisters=sisters)
    sets = SearchSpace().hyperparameter_sets(settings, [_FILMS])
    every = {each.key: train_candidate(features, "benchmark", each, mlflow_run_id="none") for each in sets}
    searches = {
        "own": {key: each for key, each in every.items() if each.hyperparameters.start_from is None},
        "with sister": {key: each for key, each in every.items() if each.hyperparameters.start_from},
        "chosen": every,
    }
    models = {
        side: make_challenger(search, features, splits, metric="hinge_loss", sisters=sisters).model
        for side, search in searches.items()
    }
    texts, labels = unseen["text"].tolist(), unseen["label"].to_numpy(np.int8)
    models["sister alone"] = sister.model
    return {side: accuracy(model.margins(texts), labels) for side, model in models.items()}


def measure_alone(model: SentimentModel, frame: pd.DataFrame, n: int, draws: int) -> pd.DataFrame:
    """A row for each draw of ``n`` labels: the sister as she is and recalibrated, on up to 3,000 other reviews."""
    rows = []
    for draw in range(draws):
        shuffled = frame.sample(frac=1, random_state=draw)
        unseen = shuffled.iloc[n : n + _MOST_UNSEEN]
        labels, margins = unseen["label"].to_numpy(np.int8), model.margins(unseen["text"].tolist())
        fitted, _ = recalibrated(model, [labelled_margins(model, shuffled.iloc[:n])])
        for_each = (model, margins), (fitted, np.where(margins != 0, margins + fitted.intercept - model.intercept, 0.0))
        row = []
        for scored, its in for_each:
            p = scored.calibration.probabilities(its)
            row += [accuracy(its, labels), brier_score(p, labels), expected_calibration_error(p, labels)]
        rows.append(row)
    return pd.DataFrame(rows)


def _row_alone(branch: str, n: int, draws: pd.DataFrame) -> str:
    cells = [branch, f"{n:,}", *(f"{each:.3f}" for each in draws.mean()), f"{draws[3].min():.3f}"]
    return f"| {' | '.join(cells)} |"


def _row(branch: str, n: int, draws: list[Mapping[str, float]]) -> str:
    table = pd.DataFrame(draws)
    ahead = table["chosen"] - table["own"]
    error = ahead.std(ddof=1) / np.sqrt(len(draws)) if len(draws) > 1 else float("nan")
    cells = [branch, f"{n:,}", *(f"{table[side].mean():.3f}" for side in _SIDES)]
    return f"| {' | '.join(cells)} | {ahead.mean():+.3f} ± {error:.3f} |"


if __name__ == "__main__":
    main()
