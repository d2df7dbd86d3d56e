"""What people read, and what is lost, when the data folder's disk is full or for reading alone, or MLflow is locked.

Each row is a walk (``testing.crashes``) that something is in the way of. Then it is gone, *Re-execute from failure* is
pressed where the run has failed, and everything that people have of the branch is compared with what there is when
nothing was in the way. It mounts small file systems, so it is for Linux, and for root.

    python -m benchmarks.surroundings [--walks ingest train publish report]
"""

import argparse
import os
import sqlite3
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from textwrap import shorten

from testing.crashes import WALKS, hinder, prepare

_SIZE = "64m"
_FREE = (0, 30_000, 120_000)
"""Bytes that are left on a full disk; what a walk writes is some hundred thousand."""
_LOCKED = 10.0
_LONGEST = 320
_COLUMNS = ("walk", "in the way", "what people read first", "went on by", "differs")


def main() -> None:
    """Go through walks and hindrances, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--walks", nargs="+", choices=WALKS, default=["ingest", "train", "publish", "report"])
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        walks = list(prepare(Path(folder), chosen.walks))
        print("|", " | ".join(_COLUMNS), "|", flush=True)
        print("|", " | ".join("---" for _ in _COLUMNS), "|", flush=True)
        for walk in walks:
            for named, hindrance in _HINDRANCES.items():
                with tempfile.TemporaryDirectory() as place, _own_disk(Path(place) / "home" / "data"):
                    found = hinder(walk, Path(place) / "home", hindrance)
                    said = shorten(found.said[0].replace(place, "…"), _LONGEST) if found.said else "nothing"
                    print(f"| {walk.name} | {named} | {said} | {found.recovered_by} | ", end="")
                    print(", ".join(found.differs) or "nothing", "|", flush=True)


@contextmanager
def _own_disk(place: Path) -> Iterator[None]:
    """A small disk for the data folder, with events and MLflow elsewhere, so that there is somebody left to tell."""
    place.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_SIZE}", "tmpfs", place], check=True)  # noqa: S607
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)  # noqa: S607


@contextmanager
def _full(home: Path, *, free: int) -> Iterator[None]:
    ballast = home / "data" / "ballast"
    with ballast.open("wb", buffering=0) as stream, suppress(OSError):  # it is full then
        while True:
            stream.write(bytes(1 << 12))
    os.truncate(ballast, ballast.stat().st_size - free)
    yield
    ballast.unlink()


@contextmanager
def _for_reading(home: Path) -> Iterator[None]:
    subprocess.run(["mount", "-o", "remount,ro", home / "data"], check=True)  # noqa: S607
    yield
    subprocess.run(["mount", "-o", "remount,rw", home / "data"], check=True)  # noqa: S607


@contextmanager
def _locked(home: Path) -> Iterator[None]:
    """Somebody holds MLflow's database for a while."""

    def hold() -> None:
        with closing(sqlite3.connect(home / "mlflow.db")) as database:
            database.execute("BEGIN EXCLUSIVE")
            time.sleep(_LOCKED)

    holding = threading.Thread(target=hold)
    holding.start()
    yield
    holding.join()


_HINDRANCES: Mapping[str, Callable[[Path], AbstractContextManager[None]]] = {
    **{f"the disk is full but for {free:,} bytes": partial(_full, free=free) for free in _FREE},
    "the disk is for reading alone": _for_reading,
    f"MLflow's database is locked for {_LOCKED:g} s": _locked,
}


if __name__ == "__main__":
    main()
