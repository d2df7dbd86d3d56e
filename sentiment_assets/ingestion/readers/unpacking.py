"""Compressed files, unpacked piece by piece: one that expands without end is refused before it fills the memory."""

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa

from sentiment_assets.ingestion.readers.source import MEGABYTE, UnreadableFile, too_large

_READERS: Mapping[str, Callable[[io.BytesIO], Any]] = {
    "gz": lambda packed: gzip.GzipFile(fileobj=packed),
    "bz2": bz2.BZ2File,
    "xz": lzma.LZMAFile,
    "zst": lambda packed: pa.CompressedInputStream(packed, "zstd"),
}
_HIDDEN = ("__MACOSX/", ".")
_MOST_NAMED = 5


def unpack(content: bytes, compression: str, allowed: int) -> bytes:
    """The content without its compression (gz, bz2, xz or zst). Raises ``UnreadableFile``."""
    try:
        with _READERS[compression](io.BytesIO(content)) as stream:
            return _bounded(stream, len(content), allowed)
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise UnreadableFile(
            f"it cannot be decompressed as .{compression} ({error}); it may be cut short: land it again"
        ) from error


def unpack_zip(content: bytes, allowed: int) -> tuple[str, bytes]:
    """The name and the content of the one file in a zip archive. Raises ``UnreadableFile``."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            name = _only_file([each.filename for each in archive.infolist() if not each.is_dir()])
            with archive.open(name) as stream:
                return name, _bounded(stream, len(content), allowed)
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise UnreadableFile(f"it cannot be unpacked as a zip archive ({error}); land it again, or unpacked") from error


def _only_file(names: list[str]) -> str:
    shown = [name for name in names if not name.startswith(_HIDDEN) and not name.rpartition("/")[2].startswith(".")]
    if len(shown) != 1:
        listed = ", ".join(shown[:_MOST_NAMED]) + (
            f" and {len(shown) - _MOST_NAMED} more" if len(shown) > _MOST_NAMED else ""
        )
        raise UnreadableFile(
            f"it is an archive of {len(shown)} files ({listed or 'nothing'}), and one is expected: land each by itself"
        )
    return shown[0]


def _bounded(stream: Any, packed: int, allowed: int) -> bytes:
    pieces, size = [], 0
    while piece := stream.read(MEGABYTE):
        size += len(piece)
        if size > allowed:
            raise too_large(packed, allowed)
        pieces.append(piece)
    return b"".join(pieces)
