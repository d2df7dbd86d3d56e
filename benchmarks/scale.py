"""What splits, features and one candidate cost as a branch grows: processor seconds, peak memory, exponent of time.

    python -m benchmarks.scale [--sizes N ...] [--lengths short long] [--features words] [--epochs N]

Makes up reviews from a store of sentences, short ones of about 50 words and long ones of about 230, of which one in
a hundred is an exact copy and one in a hundred a near-duplicate of another, and stores them as batches of 10,000. Each
step is the branch's own asset and runs in a process of its own; the candidate is trained without MLflow. The step
"train job" is all of the branch's, with twelve candidates of the chosen feature set, in processes of the run's own; its
seconds are those on the clock, its memory that of its largest process. Prints one Markdown table. Memory is the largest
that the process ever had in RAM, and what of it was no mapped file: mapped files are shared among processes, and given
back when memory is short. The exponent is the slope of log(seconds) on log(reviews).
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.processes import with_descendants

_BRANCH, _SEED = "benchmark", 0
_REVIEWS_OF_A_BATCH = 10_000
_SENTENCES = {"short": 5, "long": 23}
_LOOK_EVERY = 0.02
_ROOT = Path(__file__).parents[1]
TRAIN_JOB = "train job"


@dataclass(frozen=True)
class Measured:
    """What one step cost."""

    seconds: float
    """Processor seconds, those of its start left out; of the train job, seconds on the clock."""
    peak: float
    """Largest resident megabytes."""
    own: float
    """Largest resident megabytes that are no mapped file, looked at fifty times a second."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--lengths", choices=list(_SENTENCES), nargs="+", default=list(_SENTENCES))
    parser.add_argument("--features", choices=["words", "characters", "words+characters"], default="words")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--steps", choices=list(_STEPS), nargs="+", default=list(_STEPS)[:-1])
    chosen = parser.parse_args()
    print(f"{os.cpu_count()} processors, Python {sys.version.split()[0]}, {chosen.features}, {chosen.epochs} epochs.\n")
    print("| reviews | step | size | processor seconds | peak memory, MB | of it no mapped file, MB | exponent |")
    print("| --- | --- | --- | --- | --- | --- | --- |", flush=True)
    for length in chosen.lengths:
        measured: dict[str, dict[int, float]] = {name: {} for name in chosen.steps}
        for size in chosen.sizes:
            for name, cost in _measure(length, size, chosen):
                measured[name][size] = cost.seconds
                exponent = _exponent(measured[name])
                print(
                    f"| {length} | {name} | {size:,} | {cost.seconds:.2f} | {cost.peak:,.0f} | {cost.own:,.0f} "
                    f"| {exponent} |",
                    flush=True,
                )


def _exponent(seconds: dict[int, float]) -> str:
    """The slope over all sizes so far."""
    if len(seconds) < 2:
        return "–"
    slope, _ = np.polyfit(np.log(list(seconds)), np.log(list(seconds.values())), 1)
    return f"{slope:.2f}"


def _measure(length: str, size: int, chosen: argparse.Namespace) -> Iterator[tuple[str, Measured]]:
    """The cost of each step in turn, on a branch of its own with ``size`` reviews."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        (scratch / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
        _in_a_process(scratch, "store_batches", length, size)
        for name in chosen.steps:
            yield name, _in_a_process(scratch, "run_step", name, chosen.features, chosen.epochs)


def _in_a_process(scratch: Path, part: str, *arguments: object) -> Measured:
    """Call a function of this module in a new Python, and watch its memory."""
    call = f"from benchmarks import scale; scale.{part}(*{arguments!r})"
    places = {"SENTIMENT_HOME": str(scratch), "DAGSTER_HOME": str(scratch), "MLFLOW_TRACKING_URI": ""}
    log = scratch / f"{part}.log"
    with log.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-c", call], env=os.environ | places, stdout=subprocess.PIPE, stderr=said
        )
        peak = own = 0.0
        while process.poll() is None:
            for each in with_descendants(process.pid):
                high_water, anonymous = _memory(each)
                peak, own = max(peak, high_water), max(own, anonymous)
            time.sleep(_LOOK_EVERY)
    if process.returncode:
        raise RuntimeError(log.read_text()[-3000:])
    return Measured(json.loads(process.stdout.read()), peak, own)


def _memory(process_id: int) -> tuple[float, float]:
    """Largest resident megabytes so far, and those of now that are no mapped file."""
    try:
        status = Path(f"/proc/{process_id}/status").read_text()
    except OSError:
        return 0.0, 0.0
    lines = dict(line.split(":", 1) for line in status.splitlines())
    high_water, anonymous = (float(lines.get(name, "0").split()[0]) / 1e3 for name in ("VmHWM", "RssAnon"))
    return high_water, anonymous


def store_batches(length: str, size: int) -> None:
    """Store made-up reviews as the batches of a branch, without reading a file."""
    from sentiment_assets.assets.raw_reviews import NAME
    from sentiment_assets.resources.storage import FrameIOManager, Storage

    storage = Storage(root="data")
    for key, frame in _batches(length, size):
        FrameIOManager().dump_to_path(None, frame, storage.frame_path(_BRANCH, NAME, key))
    print(0.0)


def _batches(length: str, size: int) -> Iterator[tuple[str, pd.DataFrame]]:
    rng = np.random.default_rng(_SEED)
    sentences = [_sentences(tone) for tone in range(3)]
    for start in range(0, size, _REVIEWS_OF_A_BATCH):
        count = min(_REVIEWS_OF_A_BATCH, size - start)
        labels = rng.integers(0, 2, count)
        tones = np.where(rng.random((count, _SENTENCES[length])) < 0.3, labels[:, None], 2)
        tones = np.where(rng.random(tones.shape) < 0.03, 1 - labels[:, None], tones)
        which = rng.integers(0, len(sentences[0]), tones.shape)
        texts = [
            " ".join(sentences[tone][number] for tone, number in zip(*row, strict=True))
            for row in zip(tones.tolist(), which.tolist(), strict=True)
        ]
        for copy, original in rng.integers(0, count, (count // 100, 2)):
            texts[copy] = texts[original]
        for copy, original in rng.integers(0, count, (count // 100, 2)):
            texts[copy] = f"{texts[original]} indeed"
        yield (
            f"batch{start:09d}.csv",
            pd.DataFrame(
                {
                    "review_id": [f"r{start + number}" for number in range(count)],
                    "text": pd.array(texts, "str"),
                    "label": pd.array(labels, "Int8"),
                    "neutral": False,
                    "created_at": pd.NaT,
                    "split": pd.array([None] * count, "str"),
                }
            ),
        )


def _sentences(tone: int, n: int = 100_000) -> list[str]:
    """Sentences of 6 to 14 made-up words, frequent ones as frequent as in a language (Zipf), one of them telling."""
    rng = np.random.default_rng(tone)
    words = [f"{first}{second}{third}" for first in _SYLLABLES for second in _SYLLABLES for third in _SYLLABLES]
    shares = 1 / np.arange(10, len(words) + 10)
    sizes = rng.integers(6, 15, n)
    drawn = iter(rng.choice(len(words), sizes.sum(), p=shares / shares.sum()).tolist())
    telling = rng.integers(0, 300, n)
    return [
        " ".join([words[next(drawn)] for _ in range(size - 1)] + [f"tone{tone}x{number}."])
        for size, number in zip(sizes.tolist(), telling.tolist(), strict=True)
    ]


_SYLLABLES = [f"{first}{second}" for first in "bdfgklmnprst" for second in "aeiou"][:31]


def run_step(name: str, features: str, epochs: int) -> None:
    """Run one step on the branch in the home folder, and print its processor seconds."""
    from sentiment_assets.branch.settings import BranchSettings

    search = {"candidates": [{"features": features, "epochs": epochs, "eta0": 0.3, "l2": 1e-6}]}
    settings = BranchSettings.model_validate({"landing": f"landing/{_BRANCH}", "search": search})
    work = _STEPS[name](settings)
    clock = time.perf_counter if name == TRAIN_JOB else time.process_time
    started = clock()
    work()
    print(clock() - started)


def _asset(name: str) -> Callable[[object], Callable[[], None]]:
    def prepare(settings: object) -> Callable[[], None]:
        from testing.in_process import BranchInProcess

        import_module("sentiment_assets.learning.features")  # the clock starts when all is loaded
        branch = BranchInProcess(_instance(), _BRANCH, settings)
        branch.definitions.resolve_job_def(f"{_BRANCH}_train")

        def work() -> None:
            if not branch.train(name).success:
                raise RuntimeError(f"{name} failed: see above")

        return work

    return prepare


def _instance() -> Any:
    """The Dagster instance of the home folder, which knows the batches that are stored there."""
    import dagster as dg

    from sentiment_assets.branch.definitions import batch_partitions_name
    from sentiment_assets.resources.storage import Storage

    instance = dg.DagsterInstance.get()
    stored = Storage(root="data").path(_BRANCH, "raw_reviews")
    instance.add_dynamic_partitions(batch_partitions_name(_BRANCH), sorted(each.stem for each in stored.iterdir()))
    return instance


def _candidate(settings: object) -> Callable[[], None]:
    from sentiment_assets.learning.candidate import train_candidate
    from sentiment_assets.learning.features import features_from_arrays
    from sentiment_assets.resources.storage import Arrays, Storage

    [hyperparameters] = settings.search.hyperparameter_sets(settings.features)
    path = Storage(root="data").path(_BRANCH, "features")

    def work() -> None:
        stored = Arrays(root="data").create_io_manager(None).load_from_path(None, path)
        train_candidate(features_from_arrays(stored.arrays), stored.version, hyperparameters, mlflow_run_id="none")

    return work


def _train_job(settings: object) -> Callable[[], None]:
    import dagster as dg

    from sentiment_assets.assets.trained_candidates import all_candidates_tags
    from sentiment_assets.learning.hyperparameters import SearchSpace

    [chosen] = settings.search.candidates
    job = dg.build_reconstructable_job(
        "benchmarks.scale", train_job.__name__, (chosen.features,), reconstructor_working_directory=str(_ROOT)
    )
    keys = [each.key for each in SearchSpace(grid=_grid(chosen.features)).hyperparameter_sets()]

    def work() -> None:
        dg.execute_job(job, instance, tags=all_candidates_tags(keys), raise_on_error=True)

    instance = _instance()
    return work


def train_job(features: str) -> object:
    """The train job of a branch with twelve candidates of one feature set, for the processes that run its steps."""
    import dagster as dg

    from sentiment_assets.branch.definitions import branch_definitions
    from sentiment_assets.branch.settings import BranchSettings
    from sentiment_assets.definitions import resources
    from sentiment_assets.execution.steps import step_executor

    settings = {"landing": f"landing/{_BRANCH}", "search": {"grid": _grid(features)}}
    branch = branch_definitions(_BRANCH, BranchSettings.model_validate(settings))
    everything = dg.Definitions.merge(branch, dg.Definitions(executor=step_executor(), resources=resources()))
    return everything.resolve_job_def(f"{_BRANCH}_train")


def _grid(features: str) -> dict[str, list[object]]:
    return {"features": [features], "epochs": [4, 12], "eta0": [0.3, 1.0], "l2": [0.0, 1e-6, 1e-5]}


_STEPS: dict[str, Callable[[object], Callable[[], None]]] = {
    "splits": _asset("splits"),
    "features": _asset("features"),
    "candidate": _candidate,
    TRAIN_JOB: _train_job,
}


if __name__ == "__main__":
    main()
