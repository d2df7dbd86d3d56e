"""Files as they lie there. One is unpacked while it is read, so that no more of it is held than is needed."""

import bz2
import gzip
import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

import pyarrow as pa

from sentiment_assets.ingestion.formats import ZIP
from sentiment_assets.ingestion.open_file import Content, stream_of

MEGABYTE = 1024 * 1024
_HIDDEN = "__MACOSX/"
_MOST_NAMED = 5
_BESIDE_DATA = re.compile(
    r"(?i)(read[-_ ]?me|licen[cs]e)(\..+)?|_(SUCCESS|(committed|started)_\d+)|thumbs\.db|desktop\.ini"
)
"""What people, Spark and Windows put beside data, and which holds none."""
DAMAGED = (OSError, EOFError, ValueError, RuntimeError, zlib.error, lzma.LZMAError, zipfile.BadZipFile)
"""What the libraries raise for a file that is cut short, changed, or packed in a way they do not know."""
_Opener = Callable[[BinaryIO], Any]


class UnreadableFile(ValueError):
    """A file that fails as a whole; the message says why and what to do."""


@dataclass(frozen=True)
class PackedFile:
    """A file and its compression."""

    content: Content
    compression: str
    """One of gz, bz2, xz, zst and zip; empty: none."""
    allowed: int
    """The most bytes that it may expand to."""

    def opened(self) -> BinaryIO:
        """A stream of the content without its compression."""
        return io.BufferedReader(_OPENERS[self.compression](stream_of(self.content)), MEGABYTE)

    def whole(self) -> bytes:
        """The content without its compression, for formats that are not read from beginning to end."""
        if isinstance(self.content, bytes) and not self.compression:
            return self.content
        with self.opened() as stream:
            return stream.read()

    def require_bounded(self, size: int) -> None:
        """Raise ``UnreadableFile`` if the file expands to more than it may."""
        if size > self.allowed:
            raise UnreadableFile(
                f"its {len(self.content):,} bytes expand to more than {self.allowed:,}, and no file of reviews should; "
                "if this one is meant to, unpack it first, or raise `unpacking` in the branch's YAML"
            )

    def require_unpackable(self) -> None:
        """Unpack the content once to see how large it is, and keep nothing: no row is read of one that is too large."""
        if not self.compression:
            return
        size = 0
        try:
            with self.opened() as stream:
                while piece := stream.read(MEGABYTE):
                    size += len(piece)
                    self.require_bounded(size)
        except UnreadableFile:
            raise
        except DAMAGED as error:
            raise UnreadableFile(
                f"it cannot be decompressed as .{self.compression} ({error}); it may be cut short: land it again"
            ) from error
        if not size:
            raise UnreadableFile("nothing is left after decompression; land it again with its content")


def names_in_archive(content: Content) -> tuple[str, tuple[str, ...]]:
    """The name of the one file of data in a zip archive, and the names of what only stands beside it.

    Raises ``UnreadableFile`` that names them if there are more.
    """
    with opened_archive(content) as archive:
        only = _only_file(archive)
        return only, tuple(name for name in shown_files(archive) if name != only)


@contextmanager
def opened_archive(content: Content) -> Iterator[zipfile.ZipFile]:
    """A zip archive. Raises ``UnreadableFile`` if it cannot be read, also while it is."""
    try:
        with zipfile.ZipFile(stream_of(content)) as archive:
            yield archive
    except UnreadableFile:
        raise
    except DAMAGED as error:
        raise UnreadableFile(f"it is not a readable zip archive ({error}); land it again, or unpacked") from error


def shown_files(archive: zipfile.ZipFile) -> list[str]:
    """The names of the files in an archive, but those that are hidden."""
    files = [each.filename for each in archive.infolist() if not each.is_dir()]
    return [name for name in files if not name.startswith(_HIDDEN) and not name.rpartition("/")[2].startswith(".")]


def _only_file(archive: zipfile.ZipFile) -> str:
    every = shown_files(archive)
    shown = [name for name in every if not _BESIDE_DATA.fullmatch(name.rpartition("/")[2])] or every
    if len(shown) == 1:
        return shown[0]
    more = f" and {len(shown) - _MOST_NAMED} more" if len(shown) > _MOST_NAMED else ""
    listed = ", ".join(shown[:_MOST_NAMED]) + more or "nothing"
    raise UnreadableFile(f"it is an archive of {len(shown)} files ({listed}), and one is expected: land each by itself")


def _open_zip(packed: BinaryIO) -> Any:
    archive = zipfile.ZipFile(packed)
    return archive.open(_only_file(archive))


_OPENERS: Mapping[str, _Opener] = {
    "": lambda packed: packed,
    "gz": lambda packed: gzip.GzipFile(fileobj=packed),
    "bz2": bz2.BZ2File,
    "xz": lzma.LZMAFile,
    "zst": lambda packed: pa.CompressedInputStream(packed, "zstd"),
    ZIP: _open_zip,
}
