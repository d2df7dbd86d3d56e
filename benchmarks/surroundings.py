"""What people read, and what is lost, when a disk is full or for reading alone, MLflow is locked, or a server stops.

Each row is a walk (``testing.crashes``) that something is in the way of. Then it is gone, *Re-execute from failure* is
pressed where the run has failed, and everything that people have of the branch is compared with what there is when
nothing was in the way. It mounts small file systems, so it is for Linux, and for root.

    python -m benchmarks.surroundings [--walks ingest train publish report "publish to PostgreSQL"]
"""

import argparse
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from textwrap import shorten
from typing import Literal

from testing.crashes import IN_STEPS, TO_POSTGRES, WALKS, hinder, prepare
from testing.hindrances import killed_candidate, locked_mlflow, stopped_postgres, without_mlflow
from testing.postgres import PostgresServer, postgres_server

_SIZE = "64m"
_FREE = (0, 30_000, 120_000)
"""Bytes that are left on a full disk; what a walk writes is some hundred thousand."""
_LOCKED, _STOPPED = 10.0, 5.0
_AWAY = ((15.0, 7), (60.0, 3))
"""Seconds without MLflow's server, and how often it is asked again: MLflow's own number is 7, within 4 minutes."""
_LONGEST = 320
_COLUMNS = ("walk", "in the way", "what people read first", "went on by", "differs")


def main() -> None:
    """Go through walks and hindrances, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--walks", nargs="+", choices=(*WALKS, TO_POSTGRES), default=["ingest", "train", "publish", "report"]
    )
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as servers:
        postgres = servers.enter_context(postgres_server()) if TO_POSTGRES in chosen.walks else None
        needed = [] if "ingest" in chosen.walks else ["ingest"]  # or there would be little to publish
        prepared = list(prepare(Path(folder), [*needed, *chosen.walks], postgres.url() if postgres else ""))
        walks = [each for each in prepared if each.name in chosen.walks]
        print("|", " | ".join(_COLUMNS), "|", flush=True)
        print("|", " | ".join("---" for _ in _COLUMNS), "|", flush=True)
        for walk in walks:
            for named, hindrance in _hindrances(walk.name, postgres).items():
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


_Hindrance = Callable[[Path], AbstractContextManager[None]]
_HINDRANCES: Mapping[str, _Hindrance] = {
    **{f"the disk is full but for {free:,} bytes": partial(_full, free=free) for free in _FREE},
    "the disk is for reading alone": _for_reading,
    f"MLflow's database is locked for {_LOCKED:g} s": partial(locked_mlflow, seconds=_LOCKED),
}


def _hindrances(walk: str, postgres: PostgresServer | None) -> Mapping[str, _Hindrance]:
    """What is put in the way of a walk, by what it is called."""
    if walk == TO_POSTGRES and postgres:
        modes: Sequence[Literal["fast", "immediate"]] = ("fast", "immediate")
        return {
            f"PostgreSQL is stopped ({mode}) for {_STOPPED:g} s": partial(
                stopped_postgres, server=postgres, mode=mode, seconds=_STOPPED
            )
            for mode in modes
        }
    if walk == IN_STEPS:
        return {
            f"MLflow's server is away for {seconds:g} s, and asked {tries} times more": partial(
                without_mlflow, seconds=seconds, tries=tries
            )
            for seconds, tries in _AWAY
        } | {"a candidate is killed": killed_candidate}
    return _HINDRANCES


if __name__ == "__main__":
    main()
