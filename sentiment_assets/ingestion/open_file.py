"""A file that lies open on a disk: it is read as often as needed, and never held as a whole."""

import io
import os
from typing import TYPE_CHECKING, BinaryIO, Self

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class OpenFile:
    """The bytes that a file had when it was opened. It must be closed, and is a context manager that does so."""

    def __init__(self, file: BinaryIO) -> None:
        """Take over a file that has a descriptor."""
        self._file = file
        self._at_first = os.fstat(file.fileno())

    def __len__(self) -> int:
        return self._at_first.st_size

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def opened(self) -> BinaryIO:
        """A stream from the beginning, which keeps its place whatever other streams read."""
        return io.BufferedReader(_Stream(self._file.fileno(), len(self)))

    @property
    def has_changed(self) -> bool:
        """Whether somebody wrote into the file since it was opened."""
        now = os.fstat(self._file.fileno())
        return (now.st_size, now.st_mtime_ns) != (self._at_first.st_size, self._at_first.st_mtime_ns)


Content = bytes | OpenFile
"""What is in a file, in memory or on a disk."""


def stream_of(content: Content) -> BinaryIO:
    """The bytes of a file from the beginning."""
    return content.opened() if isinstance(content, OpenFile) else io.BytesIO(content)


class _Stream(io.RawIOBase):
    """A part of a file, from its beginning, that is read by position."""

    def __init__(self, descriptor: int, size: int) -> None:
        self._descriptor, self._size, self._place = descriptor, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._place = max(0, offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence])
        return self._place

    def tell(self) -> int:
        return self._place

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        wanted = memoryview(buffer)[: max(0, self._size - self._place)]
        count = os.preadv(self._descriptor, [wanted], self._place)
        self._place += count
        return count
