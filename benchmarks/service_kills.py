"""What becomes of walks whose MLflow server is killed, and of texts that a killed scoring service was asked about.

Each repetition of a walk (``testing.crashes``) kills MLflow's server (SIGKILL) at a random moment of it, and starts it
again three seconds later. Then *Re-execute from failure* is pressed where the run has failed, and everything that
people have of the branch is compared with what there is when nobody disturbs the walk. The scoring service is killed
while four clients ask it, and keeps the texts (``serve: {keep: true}``): each that was answered must be kept, once.

    python -m benchmarks.service_kills [--repetitions 24] [--first 0] [--walks ingest train] [--kills 30]
"""

import argparse
import random
import tempfile
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.markdown import print_heads, print_row
from testing.crashes import WALKS, hinder, prepare
from testing.hindrances import killed_mlflow
from testing.killed_service import ask_and_kill

_AWAY = 3.0
_COLUMNS = ("repetition", "walk", "killed after s", "of s", "failed tries", "went on by", "differs")


def main() -> None:
    """Kill, repeat and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=24, help="kills of MLflow's server")
    parser.add_argument("--first", type=int, default=0, help="number of the first repetition, which seeds its moment")
    parser.add_argument("--walks", nargs="+", choices=WALKS, default=WALKS)
    parser.add_argument("--kills", type=int, default=30, help="kills of the scoring service")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        _kill_mlflow(Path(folder), chosen.walks, chosen.first, chosen.repetitions)
    with tempfile.TemporaryDirectory() as folder:
        _kill_scoring(Path(folder), chosen.first, chosen.kills)


def _kill_mlflow(folder: Path, names: list[str], first: int, repetitions: int) -> None:
    if not repetitions:
        return
    walks = list(prepare(folder, names))
    print_heads(*_COLUMNS)
    for repetition in range(first, first + repetitions):
        walk = walks[repetition % len(walks)]
        after = random.Random(repetition).uniform(0, walk.seconds)  # noqa: S311 - no secrets
        with tempfile.TemporaryDirectory() as place:
            found = hinder(walk, Path(place) / "home", partial(killed_mlflow, after=after, seconds=_AWAY))
        differs = ", ".join(found.differs) or "nothing"
        moments = (f"{after:.1f}", f"{walk.seconds:.1f}")
        print_row(repetition, walk.name, *moments, len(found.said), found.recovered_by, differs)


def _kill_scoring(folder: Path, first: int, kills: int) -> None:
    asked = ask_and_kill(folder, kills=kills, chance=random.Random(first))  # noqa: S311 - no secrets
    away = np.median(asked.seconds_away) if asked.seconds_away else 0
    print(
        f"\nThe scoring service was killed {kills} times, and ready again after {away:.1f} s (median). It answered "
        f"{len(asked.answered):,} requests and broke off or refused {len(asked.broken_off):,}; {len(asked.kept):,} "
        f"texts are kept. Answered and not kept: {len(asked.lost)}; kept twice: {asked.twice}"
    )


if __name__ == "__main__":
    main()
