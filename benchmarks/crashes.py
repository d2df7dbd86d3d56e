"""What becomes of a pull, an ingest, a train run, scores, a publication and a report when their processes are killed.

Each repetition copies a home folder, begins one of the walks, kills (SIGKILL) a step or the run with all its steps at a
random moment of it, and brings it to its end: by itself, or by what one click on *Re-execute from failure* does. Then
everything that people have of the branch is compared with what there is when nobody disturbs the walk.

    python -m benchmarks.crashes [--repetitions 60] [--first 0] [--walks train publish] [--between 1.5 3]
"""

import argparse
import random
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from benchmarks.markdown import print_heads, print_row
from testing.crashes import WALKS, Killed, disturb, prepare

_COLUMNS = ("repetition", "walk", "killed", "after s", "of s", "went on by", "s until done", "differs")
_SUMMED_UP = ("walk", "killed", "repetitions", "as undisturbed", "by itself", "by the next schedule", "by a click", "s")


def main() -> None:
    """Repeat, print, and sum up."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=60)
    parser.add_argument("--first", type=int, default=0, help="number of the first repetition, which seeds its moment")
    parser.add_argument("--walks", nargs="+", choices=WALKS, default=WALKS)
    parser.add_argument("--minutes", type=float, default=1e9, help="no repetition begins after so many minutes")
    parser.add_argument(
        "--between", nargs=2, type=float, metavar="SECOND", help="kill between these seconds of the undisturbed walk"
    )
    chosen = parser.parse_args()
    between = tuple(chosen.between) if chosen.between else None
    until, outcomes = time.monotonic() + 60 * chosen.minutes, defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        walks = list(prepare(Path(folder), chosen.walks))
        print_heads(*_COLUMNS)
        for repetition in range(chosen.first, chosen.first + chosen.repetitions):
            if time.monotonic() > until:
                break
            walk = walks[repetition % len(walks)]
            with tempfile.TemporaryDirectory() as place:
                chance = random.Random(repetition)  # noqa: S311 - no secrets
                found = disturb(walk, Path(place) / "home", chance, between)
            outcomes[walk.name, found.victim].append(found)
            moments = (f"{found.killed_after:.1f}", f"{walk.seconds:.1f}")
            differs = ", ".join(found.differs) or "nothing"
            print_row(
                repetition, walk.name, found.victim, *moments, found.recovered_by, f"{found.seconds:.0f}", differs
            )
    print()
    print_heads(*_SUMMED_UP)
    for (name, victim), each in sorted(outcomes.items()):
        print_row(name, victim, *_summed_up(each))


def _summed_up(outcomes: list[Killed]) -> tuple[object, ...]:
    same = sum(not each.differs for each in outcomes)
    ways = [each.recovered_by for each in outcomes]
    seconds = sorted(each.seconds for each in outcomes)
    counted = (ways.count(way) for way in ("nothing", "the next schedule", "a click"))
    return len(outcomes), same, *counted, f"{seconds[0]:.0f} to {seconds[-1]:.0f}"


if __name__ == "__main__":
    main()
