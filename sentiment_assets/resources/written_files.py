"""Files that are written whole or not at all, on any fsspec path."""

import io
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from upath import UPath

from sentiment_assets.learning.unfinished_file import with_remedy
from sentiment_assets.resources.home import is_local, make_folder

_UNFINISHED = re.compile(r"\.[0-9a-f]{32}\.part")
ABANDONED = 86_400.0
"""Seconds after which nobody writes any longer to what is unfinished: a file, or a version that is not current."""


def write_atomically(path: UPath, content: bytes) -> None:
    """Write ``content`` as ``written_atomically`` does."""
    with written_atomically(path) as stream:
        stream.write(content)


@contextmanager
def written_atomically(path: UPath) -> Iterator[BinaryIO]:
    """A stream to write to, so that a reader sees the old file or the whole new one, never part of one.

    Nothing is changed if writing fails, and the error names the file and what to do. On this machine, file and new
    folders are for this account alone, whatever its umask is.
    """
    if not is_local(path):
        buffer = io.BytesIO()
        yield buffer
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(buffer.getvalue())  # an object store shows an object once it is whole
        return
    folder = Path(path.path).parent
    unfinished = folder / f".{uuid4().hex}.part"
    try:
        with with_remedy(path.path):
            make_folder(folder)
            with open(unfinished, "xb", opener=for_this_account) as opened:
                yield opened
            os.replace(unfinished, path.path)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise


def remove_abandoned(folder: UPath) -> int:
    """Remove what killed processes have left unfinished in a folder of this machine and below, a day ago or longer ago.

    Returns how many files that were.
    """
    if not is_local(folder):
        return 0
    removed, before = 0, time.time() - ABANDONED
    for file in Path(folder.path).rglob(".*.part"):
        with suppress(FileNotFoundError):  # its process has finished it just now
            if _UNFINISHED.fullmatch(file.name) and file.stat().st_mtime < before:
                file.unlink()
                removed += 1
    return removed


def for_this_account(path: str, flags: int) -> int:
    """An ``opener`` of new files that no other account can read, whatever the umask is."""
    return os.open(path, flags, 0o600)
