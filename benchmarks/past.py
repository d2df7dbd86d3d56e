"""What a file of 50 rows costs by what came before it: processor seconds of its whole ingest, with checks and scores.

    python -m benchmarks.past [--earlier BATCHES:REVIEWS ...] [--files N]

For each pair of earlier batches and reviews, in a process and a home folder of its own: a small champion is trained, a
past is made up (each batch with its side frames and a record of each group of checks; its reviews are never read, so
their file holds one), and N more files of 50 rows are taken in, in one process. The first of them finds everything as
a release without tables and histories has left it. Prints one Markdown table.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

_PASTS = ("10:500", "1000:50000", "3000:150000", "10:10000", "10:1000000", "10:4000000", "3000:4000000")
_ROWS, _FILES = 50, 6


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--earlier", nargs="+", default=list(_PASTS), metavar="BATCHES:REVIEWS")
    parser.add_argument("--files", type=int, default=_FILES, help="files of 50 rows that are taken in after the past")
    chosen = parser.parse_args()
    print(f"{os.cpu_count()} processors, Python {sys.version.split()[0]}; median of files 2 to {chosen.files}.\n")
    print("| earlier batches | earlier reviews | first file, processor s | a file after it | the dearest of these |")
    print("| --- | --- | --- | --- | --- |", flush=True)
    for past in chosen.earlier:
        batches, reviews = (int(each) for each in past.split(":"))
        command = f"from benchmarks.past import print_cost; print_cost({batches}, {reviews}, {chosen.files})"
        said = subprocess.check_output([sys.executable, "-c", command], text=True).splitlines()[-1]
        first, *after = (float(each) for each in said.split())
        middle, dearest = statistics.median(after), max(after)
        print(f"| {batches:,} | {reviews:,} | {first:.2f} | {middle:.2f} | {dearest:.2f} |", flush=True)


def print_cost(batches: int, reviews: int, files: int) -> None:
    """Print the processor seconds of each of so many files of 50 rows, after a past of that size."""
    import dagster as dg

    from testing.batches import as_file, batch
    from testing.in_process import BranchInProcess, home_of

    with tempfile.TemporaryDirectory() as folder, home_of(Path(folder)), dg.DagsterInstance.ephemeral() as instance:
        branch = BranchInProcess(instance)
        _require(branch.take_in("first.csv", as_file(batch(600, seed=0))))
        _require(branch.train())
        _require(branch.take_in("model.csv", as_file(batch(_ROWS, seed=1))))
        _make_past(instance, batches, reviews)
        seconds = []
        for number in range(files):
            key = branch.land(f"new_{number}.csv", as_file(batch(_ROWS, seed=2 + number)))
            started = time.process_time()
            _require(branch.ingest(key))
            seconds.append(time.process_time() - started)
    print(*seconds)


def _make_past(instance: object, batches: int, reviews: int) -> None:
    """Store and register batches of random texts, with the records of ``model.csv`` under their names."""
    from sentiment_assets.assets.stored_batch import REVIEWS, SIDE_FRAMES, TEXT_DIGESTS, write_side_frames
    from sentiment_assets.branch.definitions import batch_partitions_name
    from sentiment_assets.resources.check_records import GROUPS, load_records, save_record
    from sentiment_assets.resources.storage import Storage, frame_to_bytes, read_frame, write_atomically

    storage, rng = Storage(root="data"), np.random.default_rng(0)
    one = read_frame(storage.frame_path("acme", REVIEWS, "model.csv")).head(1)
    records = {group: load_records(storage, "acme", group, ["model.csv"])[0] for group in GROUPS}
    keys = [f"past_{number:06}.csv" for number in range(batches)]
    for key, rows in zip(keys, np.diff(np.linspace(0, reviews, batches + 1).astype(int)), strict=True):
        digests = rng.integers(0, 2**64, rows, np.uint64)
        labels = pd.array(rng.integers(0, 2, rows), "Int8")
        beside = {TEXT_DIGESTS: pd.DataFrame({"text_digest": digests, "label": labels})}
        one.attrs[SIDE_FRAMES] = write_side_frames(storage, "acme", key, beside).version
        write_atomically(storage.frame_path("acme", REVIEWS, key), frame_to_bytes(one))
        for group, record in records.items():
            save_record(storage, "acme", group, replace(record, batch=key))
    instance.add_dynamic_partitions(batch_partitions_name("acme"), keys)  # type: ignore[attr-defined]


def _require(result: object) -> None:
    if not result.success:  # type: ignore[attr-defined]
        raise RuntimeError("a run of the benchmark failed")


if __name__ == "__main__":
    main()
