"""What tells files from those that are written in their place, without opening any of them."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass

from upath import UPath

from sentiment_assets.resources.home import is_local

_SETTLED = 100_000_000
"""Nanoseconds; of changes that lie nearer to each other, the time of a folder need not tell the second."""


@dataclass(frozen=True)
class FileStamps:
    """What was below a folder at one moment."""

    files: Mapping[str, str]
    """A stamp of each file, by its path from the folder; a file that was written again has another one."""
    folders: Mapping[str, int]
    """When each folder got or lost a name last, nanoseconds, by its path; empty where that would not tell a change."""

    def are_current(self) -> bool:
        """Whether surely no name was given or taken since, as happens when anything is stored (``write_atomically``).

        It asks for folders alone, so it costs nothing beside a look at all files. A file that somebody writes over in
        place keeps its name.
        """
        try:
            return bool(self.folders) and all(_changed(path) == time for path, time in self.folders.items())
        except FileNotFoundError:
            return False


def stamps_below(folder: UPath) -> FileStamps:
    """Look at all files below ``folder``; there are none where there is no such folder.

    On this machine a stamp is made of the file's number, size and times, because whatever is stored is a new file under
    the old name (``write_atomically``). An object store says in its listing what an object is known by.
    """
    if not is_local(folder):
        folder.fs.invalidate_cache(folder.path)  # or a listing of before could be told again
        found = folder.fs.find(folder.path, detail=True)
        return FileStamps(
            {path[len(folder.path) :].lstrip("/"): str(sorted(info.items())) for path, info in found.items()}, {}
        )
    now = time.time_ns()
    files: dict[str, str] = {}
    folders: dict[str, int] = {}
    _look_into(folder.path, "", files, folders)
    settled = all(now - changed > _SETTLED for changed in folders.values())
    return FileStamps(files, folders if settled else {})


def _look_into(folder: str, above: str, files: dict[str, str], folders: dict[str, int]) -> None:
    try:
        folders[folder] = _changed(folder)  # before its names are read: what changes meanwhile counts as a change
        entries = os.scandir(folder)
    except FileNotFoundError:  # nothing is stored yet, or another process has removed it
        return
    with entries:
        for entry in entries:
            if entry.is_dir():
                _look_into(entry.path, f"{above}{entry.name}/", files, folders)
            else:
                _look_at(entry, above, files)


def _look_at(entry: "os.DirEntry[str]", above: str, files: dict[str, str]) -> None:
    try:
        status = entry.stat()
    except FileNotFoundError:  # another process has removed it
        return
    times = f"{status.st_mtime_ns} {status.st_ctime_ns}"
    files[f"{above}{entry.name}"] = f"{status.st_ino} {status.st_size} {times}"


def _changed(folder: str) -> int:
    return os.stat(folder).st_mtime_ns
