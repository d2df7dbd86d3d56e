"""Files without a name that large things lie in while they are made, and what is said where they cannot be written."""

import errno
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile, gettempdir
from typing import IO

_REMEDIES: Mapping[int | None, str] = {
    errno.ENOSPC: "make room on its disk",
    errno.EDQUOT: "raise the account's quota, or make room",
    errno.EROFS: "mount its disk for writing",
    errno.EACCES: "let this account write there",
    errno.EPERM: "let this account write there",
}


@contextmanager
def unfinished_file(folder: Path | None) -> Iterator[IO[bytes]]:
    """A file in ``folder``, or where this machine has its temporary files, which is gone once nobody maps it."""
    with with_remedy(folder or gettempdir()), TemporaryFile(dir=folder) as file:
        yield file


@contextmanager
def with_remedy(place: Path | str) -> Iterator[None]:
    """Have the error of a disk that is full, or may not be written to, name the place and what to do."""
    try:
        yield
    except OSError as error:
        if remedy := _REMEDIES.get(error.errno):
            raise OSError(error.errno, f"{error.strerror}: {remedy}, and run this again", str(place)) from error
        raise
