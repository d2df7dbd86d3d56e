"""Copies on this host of files that lie elsewhere, so that steps can map them: whole, shared, and bounded.

A file is copied when a step first asks for it, and all steps of the host map the one copy. Whenever a file is copied,
the copies of versions that nothing has asked for in the last hour are removed. Copies never take more of the disk than
they leave free: where the next one would, others go too, the versions that were asked for longest ago first. A version
that is asked for now is never removed.

A process that has mapped a file keeps what it has, whoever removes the file: the system frees the disk once nobody maps
it. Where the system refuses to remove such a file, as Windows does, it stays, and the next process tries again.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from filelock import FileLock
from upath import UPath

from sentiment_assets.resources.home import make_folder
from sentiment_assets.resources.written_files import written_atomically

_UNUSED = 3_600.0
"""Seconds after which the copies of a version that nothing has asked for since are removed."""
_ABANDONED = 86_400.0
"""Seconds after which nothing is being copied into a folder any more."""
_BLOCK = 1 << 23
_LOCK = ".lock"


def local_copy(file: UPath) -> Path:
    """The copy of a file of a version (``<asset>/<version>/<name>``), made if it is not there.

    Raises ``FileNotFoundError`` when there is no such file, and ``OSError`` when it does not arrive whole.
    """
    version = _folder_of_copies() / sha256(str(file.parent.parent).encode()).hexdigest()[:32] / file.parent.name
    make_folder(version)
    os.utime(version)
    copy = version / file.name
    if not copy.exists():
        with FileLock(f"{copy}{_LOCK}"):  # the other steps of this host wait for the first of them
            if not copy.exists():
                _fetch(file, copy)
    return copy


def _folder_of_copies() -> Path:
    return Path(tempfile.gettempdir()) / "sentiment_assets"


def _fetch(file: UPath, copy: Path) -> None:
    size = file.stat().st_size
    _make_room(size, kept=copy.parent)
    with written_atomically(UPath(copy)) as target, file.open("rb") as source:
        shutil.copyfileobj(source, target, _BLOCK)
        if target.tell() != size:
            raise OSError(f"{file.name} has {size:,} bytes, and {target.tell():,} of them arrived: run the step again")


def _make_room(size: int, kept: Path) -> None:
    """Remove the copies of versions that are not used, and of more of them where ``size`` bytes would not find room."""
    root = _folder_of_copies()
    held = sum(map(_size, _copies(root.glob("*/*"))))
    bound = (held + shutil.disk_usage(root).free) // 2
    used = {version: _modified(version) for version in root.glob("*/*") if version != kept}
    for version in sorted(used, key=used.__getitem__):
        age = time.time() - used[version]
        if age > _ABANDONED:
            shutil.rmtree(version, ignore_errors=True)
        elif age <= _UNUSED and held + size <= bound:
            return
        for copy in _copies([version]):
            held -= _size(copy)
            with suppress(OSError):  # another process has removed it, or maps it where that forbids it
                copy.unlink()


def _copies(versions: "Iterator[Path] | list[Path]") -> Iterator[Path]:
    """The whole files in those folders; what is being copied has a name that begins with a point."""
    for version in versions:
        for file in version.glob("[!.]*"):
            if file.suffix != _LOCK:
                yield file


def _size(file: Path) -> int:
    with suppress(FileNotFoundError):  # another process has removed it meanwhile
        return file.stat().st_size
    return 0


def _modified(folder: Path) -> float:
    with suppress(FileNotFoundError):
        return folder.stat().st_mtime
    return 0.0
