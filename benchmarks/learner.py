"""The learner's figures beside scikit-learn's, measured in one run on one machine (Linux).

    python -m benchmarks.learner --reviews PATH [--rounds N]

PATH is a Parquet file with columns review_id, text, label (0, 1) and split (train, test). A tenth of the official
training reviews, chosen by the hash of their text, is the validation split; test decides nothing. Both sides run as
processes of their own, one after the other:

- the platform: a branch with default settings, its files ingested, then the whole train job through the multiprocess
  executor into a fresh Dagster instance and a fresh MLflow database;
- the peer: a TfidfVectorizer of words (1, 3), one of characters within words (1, 5), and both side by side, with the
  same shares; the same hyperparameter sets as SGDClassifiers through joblib on two workers, selected by the same
  validation hinge loss, without tracking or orchestration. It scores with the feature set of the platform's champion.

Prints one Markdown table.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import dagster as dg
import joblib
import numpy as np
import pandas as pd
from scipy import sparse
from scipy.special import expit
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import SGDClassifier
from sklearn.pipeline import Pipeline, make_pipeline, make_union

from benchmarks.processes import with_descendants
from sentiment_assets.assets.trained_candidates import all_candidates_tags, read_candidate
from sentiment_assets.branch.definitions import batch_partitions_name, branch_definitions
from sentiment_assets.branch.settings import BranchSettings
from sentiment_assets.definitions import resources
from sentiment_assets.execution.steps import step_executor
from sentiment_assets.ingestion.batch_key import batch_key
from sentiment_assets.learning.calibration import expected_calibration_error
from sentiment_assets.learning.features import features_from_arrays
from sentiment_assets.learning.hyperparameters import BOTH, Hyperparameters, SearchSpace
from sentiment_assets.learning.metrics import accuracy, hinge_loss
from sentiment_assets.learning.settings import CHARACTERS, WORDS
from sentiment_assets.learning.splitting import TEST, TRAIN, VALIDATION, text_digests
from sentiment_assets.learning.vectorizer import NgramVectorizer
from sentiment_assets.learning.weighting import ColumnWeighting
from sentiment_assets.resources.mlflow_settings import tracking_uri
from sentiment_assets.resources.registry import champion_of
from sentiment_assets.resources.storage import Arrays, Storage

_BRANCH = "benchmark"
_SETS = SearchSpace().hyperparameter_sets()
_FILE = "reviews.parquet"
_WORKERS = 2
_LOOK_EVERY = 0.02
Figures = dict[str, float]


def main() -> None:
    """Measure both sides and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reviews", type=Path, required=True, help="Parquet file of labelled reviews")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of the vectorizing and scoring figures")
    chosen = parser.parse_args()
    print(f"{os.cpu_count()} processors, Python {sys.version.split()[0]}, {chosen.reviews.name},")
    print(f"{len(_SETS)} candidates, vectorizing and scoring medians of {chosen.rounds} rounds.\n", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        _land(chosen.reviews, scratch)
        _in_a_process(_ingest, scratch)
        ours, our_peak = _in_a_process(_train, scratch)
        theirs, their_peak = _in_a_process(_train_peer, scratch)
        rates, _ = _in_a_process(_rates, scratch, chosen.rounds)
    print("\n".join(_table(ours | {"megabytes": our_peak}, theirs | {"megabytes": their_peak}, rates)))


def job_named(name: str) -> dg.JobDefinition:
    """A job of the branch with default settings, for the processes that run its steps."""
    branch = branch_definitions(_BRANCH, BranchSettings(landing=f"landing/{_BRANCH}"))
    everything = dg.Definitions.merge(branch, dg.Definitions(executor=step_executor(), resources=resources()))
    return everything.resolve_job_def(name)


def _land(file: Path, scratch: Path) -> None:
    """Land the reviews for the branch, with a validation split taken from the official training half."""
    reviews = pd.read_parquet(file, columns=["review_id", "text", "label", "split"])
    validation = (reviews["split"] == TRAIN) & (text_digests(reviews["text"]) % np.uint64(10) == 0)
    landing = scratch / "landing" / _BRANCH
    landing.mkdir(parents=True)
    reviews.assign(split=reviews["split"].mask(validation, VALIDATION)).to_parquet(landing / _FILE)
    (scratch / "dagster.yaml").write_text("telemetry: {enabled: false}\n")


def _in_a_process(part: Callable[..., Figures], scratch: Path, *arguments: int) -> tuple[Figures, float]:
    """Call ``part`` in a new Python; its figures, and the largest resident megabytes of any process it started."""
    call = f"learner.print_figures(learner.{part.__name__}, {str(scratch)!r}, *{arguments})"
    places = {"SENTIMENT_HOME": str(scratch), "DAGSTER_HOME": str(scratch), "MLFLOW_TRACKING_URI": ""}
    with (scratch / f"{part.__name__}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", f"from benchmarks import learner; {call}"],
            env=os.environ | places,
            stdout=subprocess.PIPE,
            stderr=log,
        )
        peak = 0.0
        while process.poll() is None:
            peak = max(peak, *map(_high_water, with_descendants(process.pid)))
            time.sleep(_LOOK_EVERY)
    if process.returncode:
        raise RuntimeError((scratch / f"{part.__name__}.log").read_text()[-3000:])
    return json.loads(process.stdout.read()), peak


def print_figures(part: Callable[..., Figures], scratch: str, *arguments: int) -> None:
    """What the process of a part does."""
    print(json.dumps(part(Path(scratch), *arguments)))


def _high_water(process_id: int) -> float:
    """Largest resident megabytes so far, pages shared with other processes included."""
    try:
        status = Path(f"/proc/{process_id}/status").read_text()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1e3 for line in status.splitlines() if line.startswith("VmHWM")), 0.0)


def _ingest(_: Path) -> Figures:
    with dg.DagsterInstance.get() as instance:
        key = batch_key(_FILE)
        instance.add_dynamic_partitions(batch_partitions_name(_BRANCH), [key])
        return {"seconds": _execute(instance, f"{_BRANCH}_ingest", {"dagster/partition": key})}


def _train(_: Path) -> Figures:
    with dg.DagsterInstance.get() as instance:
        seconds = _execute(instance, f"{_BRANCH}_train", all_candidates_tags([each.key for each in _SETS]))
        event = instance.get_latest_materialization_event(dg.AssetKey([_BRANCH, "best_model"]))
    best = {name: value.value for name, value in event.asset_materialization.metadata.items()}
    accuracies = _test_accuracies()
    named = {"accuracy": "test_accuracy", "calibration_error": "test_expected_calibration_error"}
    return {
        "seconds": seconds,
        "gap": max(accuracies.values()) - accuracies[best["selected_candidate"]],
        **{name: best[metric] for name, metric in named.items()},
        **{name: best[name] for name in ("near_duplicates_set_aside", "leakage_tax")},
    }


def _execute(instance: dg.DagsterInstance, job: str, tags: Mapping[str, str]) -> float:
    reconstructable = dg.build_reconstructable_job(
        "benchmarks.learner", job_named.__name__, (job,), reconstructor_working_directory=str(Path(__file__).parents[1])
    )
    started = time.perf_counter()
    with dg.execute_job(reconstructable, instance, tags=dict(tags), raise_on_error=True):
        return time.perf_counter() - started


def _test_accuracies() -> dict[str, float]:
    """Of every candidate, to see how far the selected one is from the best; read after all is decided."""
    storage = Storage(root="data")
    stored = Arrays(root="data").create_io_manager(None).load_from_path(None, storage.path(_BRANCH, "features"))
    features = features_from_arrays(stored.arrays)
    candidates = {each.key: read_candidate(storage, _BRANCH, each.key) for each in _SETS}
    tests = {key: features.asked_by(each.hyperparameters).rows[TEST] for key, each in candidates.items()}
    return {key: accuracy(each.svc.margins(tests[key].rows), tests[key].labels) for key, each in candidates.items()}


def _train_peer(scratch: Path) -> Figures:
    reviews = _landed(scratch)
    parts = dict(iter(reviews.groupby("split")))
    labels = {name: part["label"].to_numpy() for name, part in parts.items()}
    started = time.perf_counter()
    rows = {name: _vectorized(vectorizer, parts) for name, vectorizer in _vectorizers().items()}
    for share in {each.word_share for each in _SETS if each.features == BOTH}:
        words, characters = rows["words"], rows["characters"]
        rows[f"{BOTH} {share}"] = {name: _beside(words[name], characters[name], share) for name in parts}
    fit = joblib.delayed(_fit)
    names = [f"{BOTH} {each.word_share}" if each.features == BOTH else str(each.features) for each in _SETS]
    asked = [(rows[name], each) for name, each in zip(names, _SETS, strict=True)]
    fitted = joblib.Parallel(n_jobs=_WORKERS)(fit(own[TRAIN], labels[TRAIN], each) for own, each in asked)
    margins = {
        name: [model.decision_function(own[name]) for (own, _), model in zip(asked, fitted, strict=True)]
        for name in (VALIDATION, TEST)
    }
    selected = int(np.argmin([hinge_loss(each, labels[VALIDATION]) for each in margins[VALIDATION]]))
    seconds = time.perf_counter() - started
    accuracies = [accuracy(each, labels[TEST]) for each in margins[TEST]]
    return {
        "seconds": seconds,
        "accuracy": accuracies[selected],
        "gap": max(accuracies) - accuracies[selected],
        "calibration_error": expected_calibration_error(expit(margins[TEST][selected]), labels[TEST]),
    }


def _beside(words: sparse.csr_matrix, characters: sparse.csr_matrix, word_share: float) -> sparse.csr_matrix:
    """Rows whose length is 1, and of whose squared length words have a share."""
    parts = [words * np.sqrt(word_share), characters * np.sqrt(1 - word_share)]
    return sparse.hstack(parts, format="csr", dtype=words.dtype)


def _vectorizers() -> dict[str, TfidfVectorizer]:
    """The peer's feature sets but for the one of both."""
    return {
        "words": TfidfVectorizer(ngram_range=(1, 3)),
        "characters": TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 5)),
    }


def _vectorized(vectorizer: TfidfVectorizer, parts: Mapping[str, pd.DataFrame]) -> dict[str, sparse.csr_matrix]:
    rows = {TRAIN: vectorizer.fit_transform(parts[TRAIN]["text"])}
    return rows | {name: vectorizer.transform(parts[name]["text"]) for name in (VALIDATION, TEST)}


def _fit(rows: sparse.csr_matrix, labels: np.ndarray, settings: Hyperparameters) -> SGDClassifier:
    return SGDClassifier(
        loss="hinge",
        alpha=settings.l2,
        learning_rate=settings.schedule,
        eta0=settings.eta0,
        max_iter=settings.epochs,
        tol=None,
        average=True,
        random_state=0,
    ).fit(rows, labels)


def _rates(scratch: Path, rounds: int) -> Figures:
    """Processor seconds of vectorizing the official training half, and of scoring the test half from text."""
    reviews = _landed(scratch)
    test = reviews["split"] == TEST
    texts, labels = reviews.loc[~test, "text"].tolist(), reviews.loc[~test, "label"].to_numpy()
    unseen = reviews.loc[test, "text"].tolist()
    ours = [make_pipeline(NgramVectorizer(**each.model_dump()), ColumnWeighting()) for each in (WORDS, CHARACTERS)]
    theirs = list(_vectorizers().values())
    champion = champion_of(_BRANCH, tracking_uri()).model
    kinds = ["words" if part.ngrams == WORDS else "characters" for part in champion.feature_set.parts]
    same = make_union(*(_vectorizers()[kind] for kind in kinds))
    scorer = make_pipeline(same, SGDClassifier(random_state=0)).fit(texts, labels)
    champion.score(unseen[:1])
    vectorize = [lambda: _fit_each(ours, texts, labels), lambda: _fit_each(theirs, texts, labels)]
    score = [lambda: champion.score(unseen), lambda: scorer.predict(unseen)]
    our_vectorize, their_vectorize = _alternate(rounds, *vectorize)
    our_score, their_score = _alternate(rounds, *score)
    return {
        "our_vectorize": our_vectorize,
        "their_vectorize": their_vectorize,
        "our_score": len(unseen) / our_score,
        "their_score": len(unseen) / their_score,
    }


def _fit_each(vectorizers: Sequence[Pipeline | TfidfVectorizer], texts: list[str], labels: np.ndarray) -> None:
    for each in vectorizers:
        each.fit_transform(texts, labels)


def _alternate(rounds: int, *sides: Callable[[], object]) -> list[float]:
    """Median processor seconds of each side, the sides taking turns."""
    seconds: list[list[float]] = [[] for _ in sides]
    for _ in range(rounds):
        for side, measured in zip(sides, seconds, strict=True):
            started = time.process_time()
            side()
            measured.append(time.process_time() - started)
    return [statistics.median(each) for each in seconds]


def _landed(scratch: Path) -> pd.DataFrame:
    return pd.read_parquet(scratch / "landing" / _BRANCH / _FILE)


def _table(ours: Figures, theirs: Figures, rates: Figures) -> list[str]:
    """The rows of the table; a ratio above 1 is in our favour where more is better, below 1 where less is."""
    rows = [
        ("test accuracy of the champion", ours["accuracy"], theirs["accuracy"], "{:.4f}", "≥ 0.9260"),
        ("best candidate on test less the selected, points", ours["gap"] * 100, theirs["gap"] * 100, "{:.2f}", "≤ 0.3"),
        (
            "vectorize the training half, words and characters, s",
            rates["our_vectorize"],
            rates["their_vectorize"],
            "{:.2f}",
            "≤ 1/6",
        ),
        ("train job, s", ours["seconds"], theirs["seconds"], "{:.1f}", "≤ 0.45"),
        ("peak memory of any one process, MB", ours["megabytes"], theirs["megabytes"], "{:,.0f}", "≤ 0.6"),
        (
            "score from text with the champion's feature set, reviews per processor second",
            rates["our_score"],
            rates["their_score"],
            "{:,.0f}",
            "≥ 6",
        ),
        (
            "expected calibration error on test",
            ours["calibration_error"],
            theirs["calibration_error"],
            "{:.4f}",
            "≤ 0.02",
        ),
    ]
    lines = ["| figure | ours | scikit-learn | ours / scikit-learn | to reach |", "| --- | --- | --- | --- | --- |"]
    for name, our, their, form, reach in rows:
        ratio = our / their if their else float("nan")
        lines.append(f"| {name} | {form.format(our)} | {form.format(their)} | {ratio:.2f} | {reach} |")
    set_aside, tax = ours["near_duplicates_set_aside"], ours["leakage_tax"] * 100
    return [*lines, "", f"{set_aside:.0f} near-duplicates set aside; with them in train, accuracy {tax:+.2f} points."]


if __name__ == "__main__":
    main()
