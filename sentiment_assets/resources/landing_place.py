"""What lies in a landing place, and the only way to it: regular files below it, on any fsspec path, and nothing else.

A link is followed if it ends at a regular file of the landing place. Opening a named pipe would wait for ever.
"""

import errno
import os
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from upath import UPath

from sentiment_assets.ingestion.batch_key import fault_of_path
from sentiment_assets.ingestion.decoding import printable
from sentiment_assets.ingestion.formats import format_of
from sentiment_assets.ingestion.landing import change_token, is_landed
from sentiment_assets.ingestion.open_file import OpenFile
from sentiment_assets.ingestion.text_folders import Folder, is_text
from sentiment_assets.resources.home import is_local

_BYTES_AT_ONCE = 1 << 20
_OUT = "is a link that leads out of the landing place"
_KINDS = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a named pipe", stat.S_IFSOCK: "a socket"}


class NotAReviewFile(ValueError):
    """What a path leads to is nothing to read reviews from; the message says what it is, as the end of a sentence."""


@dataclass(frozen=True)
class Found:
    """What lies in a landing place."""

    tokens: dict[str, str] = field(default_factory=dict)
    """The change token of each regular file, by its path below the landing place."""
    odd: dict[str, str] = field(default_factory=dict)
    """What is the matter with anything else, by path, as the end of a sentence."""
    out_of_sight: set[str] = field(default_factory=set)
    """What could not be looked at: a file or a folder, whatever is in it."""


def look_into(place: UPath, folder: str = "") -> Found | None:
    """What lies there, or in one folder of it, but hidden and unfinished files; ``None`` if that is not there.

    What is odd keeps nothing else from being found. Raises what the file system does if the place is out of reach.
    """
    place.fs.invalidate_cache()
    start = f"{place.path.rstrip('/')}/{folder}".rstrip("/")
    if not place.fs.isdir(start):
        return None
    found = Found()
    if is_local(place):
        _look_on_disk(place, folder, found)
    else:
        _look_afar(place, start, found)
    return found


def open_landed(place: UPath, path: str) -> BinaryIO:
    """Open a file by its path below the landing place.

    Raises ``NotAReviewFile`` if the path does not stay below it or leads to no regular file, and ``OSError``.
    """
    if fault := fault_of_path(path):
        raise NotAReviewFile(fault)
    return _open_on_disk(place, path) if is_local(place) else place.joinpath(path).open("rb")


def take(place: UPath, path: str) -> OpenFile:
    """A file by its path below the landing place, on this host's disk: one that lies afar is copied to it first.

    Raises as ``open_landed``. The copy has no name, and goes when the file is closed.
    """
    opened = open_landed(place, path)
    if is_local(place):
        return OpenFile(opened)
    with opened, ExitStack() as stack:
        copy = stack.enter_context(tempfile.TemporaryFile())
        shutil.copyfileobj(opened, copy, _BYTES_AT_ONCE)
        copy.flush()
        stack.pop_all()
    return OpenFile(copy)


def read_texts(place: UPath, folder: str, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """The content of each file by its path in a folder below the landing place. Raises as ``open_landed``."""
    for path in paths:
        with open_landed(place, f"{folder}/{path}") as opened:
            yield path, opened.read()


def read_folder(place: UPath, path: str) -> Folder | None:
    """A folder of texts below the landing place; ``None`` if no text lies there. Raises as ``open_landed``."""
    if fault := fault_of_path(path):
        raise NotAReviewFile(fault)
    if is_local(place) and not _is_below(os.path.realpath(os.path.join(place.path, path)), place):
        raise NotAReviewFile(_OUT)
    found = look_into(place, path) or Found()
    if found.out_of_sight:
        raise PermissionError(errno.EACCES, f"{min(found.out_of_sight)} cannot be looked at")
    inside = {each.removeprefix(f"{path}/"): each in found.odd for each in sorted({**found.tokens, **found.odd})}
    texts = [each for each, is_odd in inside.items() if is_text(each) and not is_odd]
    others = tuple(each for each, is_odd in inside.items() if is_odd or not is_text(each))
    return Folder(dict(read_texts(place, path, texts)), others) if texts else None


def _look_afar(place: UPath, start: str, found: Found) -> None:
    root = place.path.rstrip("/")
    for name, info in place.fs.find(start, detail=True).items():
        path = str(name).removeprefix(root).removeprefix("/")
        kind = info.get("type", "file")
        fault = _fault_of_name(path) or fault_of_path(path) or ("" if kind == "file" else f"is of the kind {kind!r}")
        if fault:
            found.odd[path] = fault
        elif is_landed(path):
            found.tokens[path] = change_token(info)


def _look_on_disk(place: UPath, start: str, found: Found) -> None:
    folders = [start]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(os.path.join(place.path, folder)) as listed:
                entries = list(listed)
        except OSError as error:
            if not folder:
                raise
            _note_out_of_sight(folder, error, found)
            continue
        for entry in entries:
            path = f"{folder}/{entry.name}" if folder else entry.name
            try:
                if _is_folder_to_look_into(entry, path):
                    folders.append(path)
                if is_landed(path):
                    _note(place, path, entry, found)
            except FileNotFoundError:
                continue  # it went away while it was looked at
            except OSError as error:
                _note_out_of_sight(path, error, found)


def _is_folder_to_look_into(entry: "os.DirEntry[str]", path: str) -> bool:
    """Also one that is named like a file: the files in it are files like any other."""
    return entry.is_dir(follow_symlinks=False) and is_landed(f"{path}/") and not _fault_of_name(path)


def _note(place: UPath, path: str, entry: "os.DirEntry[str]", found: Found) -> None:
    """Add a file or what is odd; a folder whose name is no review file's is neither."""
    fault = _fault_of_name(path)
    if not fault and entry.is_dir(follow_symlinks=False) and not format_of(path)[0]:
        return
    is_link = entry.is_symlink()
    if not fault:
        fault = _fault_of_link(place, entry.path) if is_link else _fault_of_kind(entry.stat(follow_symlinks=False))
    if fault:
        found.odd[path] = fault
    else:  # of a link, the file that it leads to must change the token
        found.tokens[path] = change_token(place.fs.info(entry.path if is_link else entry))


def _note_out_of_sight(path: str, error: OSError, found: Found) -> None:
    found.odd[path] = f"cannot be looked at ({error.strerror or error})"
    found.out_of_sight.add(path)


def _fault_of_name(path: str) -> str:
    """A name that is no text can stand in no partition key."""
    return "" if printable(path) == path else "has a name that is not UTF-8"


def _fault_of_link(place: UPath, link: str) -> str:
    if not _is_below(os.path.realpath(link), place):
        return _OUT
    try:
        return _fault_of_kind(os.stat(link)).replace("is ", "is a link to ")
    except FileNotFoundError:
        return "is a link to nothing"
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        return "is a link that leads in a circle"


def _fault_of_kind(status: os.stat_result) -> str:
    if stat.S_ISREG(status.st_mode):
        return ""
    return f"is {_KINDS.get(stat.S_IFMT(status.st_mode), 'a device')}"


def _is_below(file: str, place: UPath) -> bool:
    return Path(file).is_relative_to(os.path.realpath(place.path))


def _open_on_disk(place: UPath, path: str) -> BinaryIO:
    file = os.path.realpath(os.path.join(place.path, path))
    if not _is_below(file, place):
        raise NotAReviewFile(_OUT)
    _require_regular(os.stat(file))
    # What was a file a moment ago may be a pipe or a link now: neither is waited for or followed.
    descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    try:
        _require_regular(os.fstat(descriptor))
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def _require_regular(status: os.stat_result) -> None:
    if fault := _fault_of_kind(status):
        raise NotAReviewFile(fault)
