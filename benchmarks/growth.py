"""How much each thing that happens adds to the home folder, and what ``<branch>_tidy`` leaves of it.

A branch with the default search takes made-up reviews in, is trained, scores and reports, on an instance on disk; the
sizes are those of the folders and databases before and after each. At the end all of it is made 100 days older, and
tidied.

    python -m benchmarks.growth [--reviews 1000] [--times 3]
"""

import argparse
import shutil
import tempfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import dagster as dg
from sqlalchemy import text

from sentiment_assets.branch.settings import BranchSettings
from testing.corpus import as_csv, made_up_reviews
from testing.in_process import BranchInProcess, home_of

_PLACES = {"data": "data", "Dagster": "dagster", "MLflow's database": "mlflow.db", "MLflow's files": "mlartifacts"}
_DAYS = 100


def main() -> None:
    """Let things happen, and print what each has added."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reviews", type=int, default=1_000, help="of each file that lands")
    parser.add_argument("--times", type=int, default=3, help="that each thing happens, of which the medians are shown")
    chosen = parser.parse_args()
    _row("what happens", *(f"{each}, kB" for each in _PLACES))
    _row(*("---" for _ in range(1 + len(_PLACES))))
    with tempfile.TemporaryDirectory() as folder, home_of(Path(folder)):
        (Path(folder) / "dagster").mkdir()
        with dg.instance_for_test(temp_dir=str(Path(folder) / "dagster")) as instance:
            branch = BranchInProcess(instance, settings=BranchSettings(landing="landing/acme"))
            _grow(branch, Path(folder), chosen.reviews, chosen.times)
            _age(branch, Path(folder))
            _measured("tidied, 100 days later", Path(folder), lambda _: branch.run("tidy"), 1)


def _grow(branch: BranchInProcess, home: Path, reviews: int, times: int) -> None:
    def take_in(number: int) -> Any:
        return branch.take_in(f"{number}.csv", as_csv(made_up_reviews(reviews, seed=number)))

    take_in(1_000)
    branch.train()
    _measured(f"a file of {reviews:,} reviews is taken in and scored", home, take_in, times)
    branch.train()  # on as many reviews as in those that are measured
    _measured("a train run of 36 candidates", home, lambda _: branch.train(), times)
    _measured("a report", home, lambda _: branch.report(), times)


def _measured(what: str, home: Path, happen: Callable[[int], Any], times: int) -> None:
    added: list[list[float]] = []
    for number in range(times):
        before = _sizes(home)
        if not happen(number).success:
            raise SystemExit(f"failed: {what}")
        added.append([after - former for after, former in zip(_sizes(home), before, strict=True)])
    _row(what, *(f"{median(each) / 1_000:,.0f}" for each in zip(*added, strict=True)))


def _sizes(home: Path) -> list[int]:
    """Bytes in each place."""
    found = [home / each for each in _PLACES.values()]
    return [sum(file.stat().st_size for file in (each, *each.rglob("*")) if file.is_file()) for each in found]


def _age(branch: BranchInProcess, home: Path) -> None:
    """Make the runs and the reports 100 days older, with one report more, so that there is something to remove."""
    storage: Any = branch.instance.run_storage
    with storage.connect() as connection:
        connection.execute(text(f"UPDATE runs SET create_timestamp = datetime(create_timestamp, '-{_DAYS} days')"))  # noqa: S608
    reports = home / "data" / branch.name / "reports"
    for each in list(reports.iterdir()):
        older = date.fromisoformat(each.name) - timedelta(days=_DAYS)
        shutil.copytree(each, reports / f"{older}")


def _row(*cells: str) -> None:
    print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
