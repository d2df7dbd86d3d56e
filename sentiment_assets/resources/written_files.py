"""Files that are written whole or not at all, on any fsspec path."""

import io
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from upath import UPath

from sentiment_assets.resources.home import is_local, make_folder


def write_atomically(path: UPath, content: bytes) -> None:
    """Write ``content`` as ``written_atomically`` does."""
    with written_atomically(path) as stream:
        stream.write(content)


@contextmanager
def written_atomically(path: UPath) -> Iterator[BinaryIO]:
    """A stream to write to, so that a reader sees the old file or the whole new one, never part of one.

    Nothing is changed if writing fails. On this machine, file and new folders are for this account alone, whatever its
    umask is.
    """
    if not is_local(path):
        buffer = io.BytesIO()
        yield buffer
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(buffer.getvalue())  # an object store shows an object once it is whole
        return
    folder = Path(path.path).parent
    make_folder(folder)
    unfinished = folder / f".{uuid4().hex}.part"
    try:
        with open(unfinished, "xb", opener=for_this_account) as opened:
            yield opened
        os.replace(unfinished, path.path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def for_this_account(path: str, flags: int) -> int:
    """An ``opener`` of new files that no other account can read, whatever the umask is."""
    return os.open(path, flags, 0o600)


def write_folder(folder: UPath, files: Mapping[str, bytes], last: str) -> None:
    """Write the files of a folder, by their paths in it, so that all of them become visible together.

    What the folder held before is gone. On this machine they are written into a folder aside, which is then put in its
    place. An object store has no such move: there ``last``, the file that people open, is written when all others are.
    """
    if not is_local(folder):
        former = {file.path: file for file in folder.rglob("*") if file.is_file()} if folder.exists() else {}
        for name in (*(each for each in files if each != last), last):
            write_atomically(folder / name, files[name])
            former.pop((folder / name).path, None)
        for file in former.values():
            file.unlink()
        return
    place = Path(folder.path)
    make_folder(place.parent)
    aside, former_place = (place.parent / f".{uuid4().hex}.part" for _ in range(2))
    try:
        for name, content in files.items():
            write_atomically(UPath(aside / name), content)
        if place.exists():
            place.rename(former_place)
        aside.rename(place)
    finally:
        if not place.exists() and former_place.exists():
            former_place.rename(place)
        for each in (aside, former_place):
            shutil.rmtree(each, ignore_errors=True)
