"""Files that are replaced together: a folder for each version, and a file that names the current one.

Who reads sees all files of one version, whenever the process that writes another is killed, and on an object store as
on a disk: the file ``CURRENT`` is written last, and whole or not at all.
"""

import re
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from hashlib import sha256

from upath import UPath

from sentiment_assets.resources.written_files import ABANDONED, write_atomically

CURRENT = "CURRENT"
"""The file that names the version that counts."""
_VERSION = re.compile("[0-9a-f]{16}")
"""The name of a version: other folders are of a former release, and belong to the files beside them."""


def write_folder(folder: UPath, files: Mapping[str, bytes]) -> UPath:
    """Write files, by their paths in the folder, as its current version; returns where they lie.

    The version before it stays, for those who are reading it; the one before that is removed.
    """
    version = _digest(files)
    for name, content in files.items():
        write_atomically(folder / version / name, content)
    current, before = _versions(folder)
    if version != current:
        write_atomically(folder / CURRENT, f"{version}\n{current}".encode())
        remove_unused(folder, {CURRENT, version, current}, before)
    return folder / version


def current_folder(folder: UPath) -> UPath:
    """Where the current version lies; a former release had one only, in the folder itself."""
    return folder / version if (version := current_version(folder)) else folder


def current_version(folder: UPath) -> str:
    """The name of the current version; empty if there is none, or none with a name."""
    return _versions(folder)[0]


def remove_unused(path: UPath, kept: Collection[str], former: str = "") -> None:
    """Remove the versions in ``path`` that are not ``kept``: ``former``, and what nothing has written to for a day."""
    for folder in path.iterdir():
        with suppress(FileNotFoundError, NotADirectoryError):  # another process has removed it, or it is none of ours
            if (
                _VERSION.fullmatch(folder.name)
                and folder.name not in kept
                and (folder.name == former or _age(folder) > ABANDONED)
            ):
                folder.fs.rm(folder.path, recursive=True)


def _versions(folder: UPath) -> tuple[str, str]:
    """The current version, and the one before it; empty where there is none."""
    try:
        current, _, before = (folder / CURRENT).read_text().partition("\n")
    except FileNotFoundError:
        return "", ""
    return current, before


def _digest(files: Mapping[str, bytes]) -> str:
    digest = sha256()
    for name, content in sorted(files.items()):
        digest.update(f"{name} {len(content)} ".encode())
        digest.update(content)
    return digest.hexdigest()[:16]


def _age(folder: UPath) -> float:
    """Seconds since something in a folder was written last; 0 where it is empty, or nobody says when that was."""
    try:
        files = [each for each in folder.rglob("*") if each.is_file()]  # an object store dates no folders
        written = [folder.fs.modified(file.path).timestamp() for file in files]
    except NotImplementedError:
        return 0.0
    return time.time() - max(written) if written else 0.0
