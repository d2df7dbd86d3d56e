"""What makes a pull count once: a log of pulls in the platform's storage, and files that are shown once they count.

A pull is written in three steps. Its files are put aside in a hidden folder of the landing place. One entry of the log
is created, which says in one piece which files they are and where the source is to be read on: from this moment they
count. Then they get the names under which the landing sensor sees them. A process may die before the entry is there:
the next pull reads the same again, and what was put aside is swept away. It may die after it: the next pull shows the
files first. Two pulls at once cannot both create the entry of one number; the later one gives up.
"""

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from upath import UPath

from sentiment_assets.resources.home import is_local, make_folder
from sentiment_assets.resources.written_files import for_this_account

ASIDE = ".pulled"
"""The hidden folder of a landing place in which files lie that do not count yet."""
_KEPT = 10
"""Entries of the log that stay: the last one says where to read on, those before it are for people."""
_ENDING = ".json"


class PulledMeanwhile(RuntimeError):
    """Another pull of the same source was faster; nothing of this one counts."""


@dataclass(frozen=True)
class Entry:
    """A pull that counts."""

    number: int = 0
    """They are counted from 1; 0 before the first pull."""
    state: str = ""
    """Where the source is to be read on."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Where each of its files was put aside, by the path under which it lands; both below the landing place."""


class PullLog:
    """The log of one source, in ``folder``; its files land below ``place``."""

    def __init__(self, folder: UPath, place: UPath, source: str) -> None:
        self._folder, self._place, self._source = folder, place, source

    @property
    def place(self) -> UPath:
        """The landing place."""
        return self._place

    def last(self) -> Entry:
        """The last pull that counts, once its files are shown; what others have put aside before is swept away."""
        entry = self._read_last()
        self._show(entry)
        self._sweep(entry.number)
        return entry

    @contextmanager
    def put_aside(self, path: str) -> Iterator[tuple[str, BinaryIO]]:
        """A stream to write a file to that will land as ``path``, and the path where it lies until then."""
        number = self._read_last().number + 1
        aside = f"{ASIDE}/{self._source}/{number}-{uuid4().hex}/{path}"
        target = self._place.joinpath(aside)
        if is_local(target):
            make_folder(Path(target.path).parent)
            with open(target.path, "xb", opener=for_this_account) as stream:
                yield aside, stream
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as stream:
            yield aside, stream

    def count(self, after: Entry, state: str, files: Mapping[str, str]) -> Entry:
        """Make a pull count that has read on from ``after``, and show its files.

        Raises ``PulledMeanwhile`` if another pull counts since.
        """
        entry = Entry(after.number + 1, state, files)
        said = json.dumps({"state": state, "files": dict(files)}).encode()
        try:
            _create(self._path(entry.number), said)
        except FileExistsError:
            raise PulledMeanwhile(f"pull {entry.number} of {self._source} was made by another run") from None
        if max(self._numbers()) > entry.number:  # entries of long ago are gone: a slow pull may find its number free
            self._path(entry.number).unlink(missing_ok=True)
            raise PulledMeanwhile(f"pull {entry.number} of {self._source} was made by another run long ago")
        self._show(entry)
        for number in self._numbers():
            if number <= entry.number - _KEPT:
                self._path(number).unlink(missing_ok=True)
        self._sweep(entry.number)
        return entry

    def _read_last(self) -> Entry:
        number = max(self._numbers(), default=0)
        if not number:
            return Entry()
        said = json.loads(self._path(number).read_bytes())
        return Entry(number, said["state"], said["files"])

    def _numbers(self) -> Sequence[int]:
        self._folder.fs.invalidate_cache()
        if not self._folder.is_dir():
            return []
        names = [each.name for each in self._folder.iterdir()]
        stems = [name.removesuffix(_ENDING) for name in names if name.endswith(_ENDING)]
        return [int(each) for each in stems if each.isdecimal()]

    def _path(self, number: int) -> UPath:
        return self._folder / f"{number:06}{_ENDING}"

    def _show(self, entry: Entry) -> None:
        """Give each file the name under which it lands; one that has it is left alone, wherever somebody put it."""
        for path, aside in entry.files.items():
            with suppress(FileNotFoundError):  # shown before, by this pull or by one that came upon it
                _move(self._place.joinpath(aside), self._place.joinpath(path))

    def _sweep(self, number: int) -> None:
        """Remove what was put aside for pulls up to ``number``: what counts of it is shown, and the rest never will."""
        root = self._place.joinpath(ASIDE, self._source)
        self._place.fs.invalidate_cache()
        if not root.is_dir():
            return
        for folder in root.iterdir():
            of = folder.name.partition("-")[0]
            if of.isdecimal() and int(of) <= number:
                with suppress(FileNotFoundError):
                    folder.fs.rm(folder.path, recursive=True)


def copy_stream(source: BinaryIO, target: BinaryIO) -> None:
    """Copy what is left of a stream, a megabyte at a time."""
    shutil.copyfileobj(source, target, 1 << 20)


def _create(path: UPath, content: bytes) -> None:
    """Write a file that is not there yet, whole or not at all. Raises ``FileExistsError``."""
    if not is_local(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.fs.pipe_file(path.path, content, mode="create")  # an object store looks and writes in one step
        return
    folder = Path(path.path).parent
    make_folder(folder)
    unfinished = folder / f".{uuid4().hex}.part"
    try:
        with open(unfinished, "xb", opener=for_this_account) as stream:
            stream.write(content)
        os.link(unfinished, path.path)  # other than a renaming, it never takes the place of another file
    finally:
        unfinished.unlink(missing_ok=True)


def _move(source: UPath, target: UPath) -> None:
    """Raises ``FileNotFoundError`` if it is gone."""
    if is_local(source):
        make_folder(Path(target.path).parent)
        os.replace(source.path, target.path)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    source.fs.copy(source.path, target.path)
    source.fs.rm(source.path)
