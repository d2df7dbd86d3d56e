"""What reading a landed file costs, beside readers that check nothing: processor seconds and peak memory.

    python -m benchmarks.ingestion [--rows N] [--rounds N]

Makes a CSV of made-up reviews of 55 words, and reads it by turns: this project's `read_batch`, `pandas.read_csv`,
`pyarrow.csv` and, where it is installed, DuckDB. Each reading is a process of its own. Prints one Markdown table.
"""

import argparse
import csv
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

_MEGABYTE = 1024 * 1024


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    readers = [name for name in _READERS if name != "DuckDB" or find_spec("duckdb")]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "reviews.csv"
        _write(file, chosen.rows)
        print(
            f"{os.cpu_count()} processors, Python {sys.version.split()[0]}, {chosen.rows:,} rows in "
            f"{file.stat().st_size / _MEGABYTE:.0f} MB, medians of {chosen.rounds}.\n"
        )
        measured: dict[str, list[list[float]]] = {name: [] for name in readers}
        for _ in range(chosen.rounds):
            for name in readers:
                measured[name].append(_in_a_process(name, file, chosen.rows))
    print("| reader | processor seconds | rows per processor second | peak memory, MB | of it before reading, MB |")
    print("| --- | --- | --- | --- | --- |")
    for name, rounds in measured.items():
        seconds, peak, before = map(statistics.median, zip(*rounds, strict=True))
        print(f"| {name} | {seconds:.2f} | {chosen.rows / seconds:,.0f} | {peak:.0f} | {before:.0f} |")


def _write(file: Path, rows: int) -> None:
    """Reviews with what real ones have: commas, quotes, line ends, markup, letters beyond ASCII, distinct times."""
    rng = random.Random(0)  # noqa: S311
    words = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(2, 9))) for _ in range(5000)]
    words[:4] = ["schön,", '"wow"', "<br />", "line\nend"]
    frequent = [20.0] * 4 + [100.0] * (len(words) - 4)
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["review_id", "text", "label", "created_at", "product"])
        for row in range(rows):
            moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(1_700_000_000 + 97 * row))
            writer.writerow([f"r{row}", " ".join(rng.choices(words, frequent, k=55)), row % 2, moment, f"p{row % 500}"])


def _in_a_process(name: str, file: Path, rows: int) -> list[float]:
    command = f"from benchmarks.ingestion import print_cost; print_cost({name!r}, {str(file)!r}, {rows})"
    return [float(each) for each in subprocess.check_output([sys.executable, "-c", command], text=True).split()]


def print_cost(name: str, file: str, rows: int) -> None:
    """Print processor seconds of one reading, the peak of this process's memory and what it had before, in MB."""
    prepare = _READERS[name]
    read = prepare()
    before, started = _high_water(), time.process_time()
    count = read(file)
    seconds = time.process_time() - started
    if count != rows:
        raise ValueError(f"{name} read {count} rows")
    print(seconds, _high_water(), before)


def _high_water() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _ours() -> Callable[[str], int]:
    from sentiment_assets.ingestion.batch import read_batch
    from sentiment_assets.ingestion.open_file import OpenFile
    from sentiment_assets.ingestion.settings import IngestionSettings

    def read(file: str) -> int:
        with OpenFile(Path(file).open("rb")) as content:
            return len(read_batch(content, "reviews.csv", IngestionSettings()).reviews)

    return read


def _pandas() -> Callable[[str], int]:
    import pandas as pd

    return lambda file: len(pd.read_csv(file))


def _pyarrow() -> Callable[[str], int]:
    from pyarrow import csv as arrow_csv

    options = arrow_csv.ParseOptions(newlines_in_values=True)
    return lambda file: int(arrow_csv.read_csv(file, parse_options=options).num_rows)


def _duckdb() -> Callable[[str], int]:
    import duckdb

    return lambda file: int(duckdb.read_csv(file).to_arrow_table().num_rows)


_READERS: dict[str, Callable[[], Callable[[str], int]]] = {
    "`read_batch`": _ours,
    "`pandas.read_csv`": _pandas,
    "`pyarrow.csv`": _pyarrow,
    "DuckDB": _duckdb,
}


if __name__ == "__main__":
    main()
