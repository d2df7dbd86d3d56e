"""What tells files from those that are written in their place, without opening any of them."""

import os
from collections.abc import Iterator

from upath import UPath

from sentiment_assets.resources.home import is_local


def file_stamps(folder: UPath) -> dict[str, str]:
    """A stamp of each file below ``folder``, by its path from there; none where there is no such folder.

    A file that was written again has another stamp. On this machine a stamp is made of the file's number, size and
    times, because whatever is stored is a new file under the old name (``write_atomically``). An object store says in
    its listing what an object is known by.
    """
    if is_local(folder):
        return dict(_local_stamps(folder.path, ""))
    folder.fs.invalidate_cache(folder.path)  # or a listing of before could be told again
    found = folder.fs.find(folder.path, detail=True)
    return {path[len(folder.path) :].lstrip("/"): str(sorted(info.items())) for path, info in found.items()}


def _local_stamps(folder: str, above: str) -> Iterator[tuple[str, str]]:
    try:
        entries = os.scandir(folder)
    except FileNotFoundError:  # nothing is stored yet, or another process has removed it
        return
    with entries:
        for entry in entries:
            if entry.is_dir():
                yield from _local_stamps(entry.path, f"{above}{entry.name}/")
                continue
            try:
                status = entry.stat()
            except FileNotFoundError:
                continue
            yield (
                f"{above}{entry.name}",
                f"{status.st_ino} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}",
            )
