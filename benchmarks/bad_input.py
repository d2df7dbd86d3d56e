"""What becomes of generated files that nobody should send: of each a batch that adds up, or a refusal that says why.

Each file is made from its kind and number (``testing.bad_files``), lands, is taken in as a run of ``<branch>_ingest``
does, and its quality is looked at. Prints a row for each kind, and below each file with another outcome, or that took
long, so that it can be made again. A process that may hold no more than some gigabytes does it.

    python -m benchmarks.bad_input [--files 10000] [--first 0] [--kinds JSON packed]
"""

import argparse
import faulthandler
import logging
import os
import resource
import tempfile
from collections import Counter
from textwrap import shorten

from testing.bad_files import KINDS, make_landing
from testing.bad_input import GOOD_OUTCOMES, OUTCOMES, outcome_of

_LONG = 10.0
_HANGS = 300
_MOST_MEMORY = 6 << 30
_LONGEST = 400


def main() -> None:
    """Take in and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=10_000, help="of all kinds together")
    parser.add_argument("--first", type=int, default=0, help="number of the first file of each kind")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    chosen = parser.parse_args()
    logging.disable(logging.WARNING)
    faulthandler.enable()
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    print("|", " | ".join(("kind", "files", *OUTCOMES, "slowest, s")), "|", flush=True)
    print("|", " | ".join(["---"] * (3 + len(OUTCOMES))), "|", flush=True)
    odd: list[str] = []
    total = Counter[str]()
    for place, kind in enumerate(chosen.kinds):
        count = chosen.files // len(chosen.kinds) + (place < chosen.files % len(chosen.kinds))
        counts, slowest = _take_in_all(kind, range(chosen.first, chosen.first + count), odd)
        total += counts
        _print(kind, counts, slowest)
    _print("all", total, None)
    print(f"\nmost memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")
    print(*odd, sep="\n")


def _take_in_all(kind: str, numbers: range, odd: list[str]) -> tuple[Counter[str], float]:
    counts, slowest = Counter[str](), 0.0
    with tempfile.TemporaryDirectory() as home:
        os.environ["SENTIMENT_HOME"] = home
        for number in numbers:
            faulthandler.dump_traceback_later(_HANGS, exit=True)
            landing = make_landing(kind, number)
            outcome = outcome_of(landing)
            counts[outcome.kind] += 1
            slowest = max(slowest, outcome.seconds)
            if outcome.kind not in GOOD_OUTCOMES or outcome.seconds > _LONG:
                said = shorten(outcome.said, _LONGEST)
                odd.append(f"{kind} {number} ({landing.settings}): {outcome.kind}, {outcome.seconds:.1f} s: {said!r}")
    faulthandler.cancel_dump_traceback_later()
    return counts, slowest


def _print(kind: str, counts: Counter[str], slowest: float | None) -> None:
    figures = [f"{each:,}" for each in (counts.total(), *(counts[outcome] for outcome in OUTCOMES))]
    print("|", " | ".join([kind, *figures, "" if slowest is None else f"{slowest:.1f}"]), "|", flush=True)


if __name__ == "__main__":
    main()
